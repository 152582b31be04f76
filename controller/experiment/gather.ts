/** From the caches to the facts about one Experiment. Synchronous, so that all of them are of the same instant. */
import { LIMITS } from "../../kube/object/budget.ts";
import { controllerOf, isOfKind } from "../../kube/object/ownerReference.ts";
import { affordable } from "../../kube/validation/judgement.ts";
import { whyHeldBack } from "../../kube/validation/size.ts";
import { type Violation, violationText } from "../../kube/validation/violation.ts";
import type { Experiment } from "../../schema/experiment.ts";
import { ROLLOUT_KIND } from "../../schema/kinds.ts";
import { EXPERIMENT_NAME, EXPERIMENT_TEMPLATE } from "../../schema/labels.ts";
import { experimentViolations } from "../rules/experiment/experiment.ts";
import type { ReplicaSetFacts, ServiceFacts } from "../rollout/model/model.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import { knownTemplates } from "../rollout/facts/templateStores.ts";
import type { ExperimentFacts } from "./facts/experimentFacts.ts";
import { replicaSetNameOf } from "./make/replicaSet.ts";

type Learned = Pick<ExperimentFacts, "refusals" | "namesTaken">;

/** What a pass has learned before it has sent anything. */
export const NOTHING_LEARNED: Learned = { refusals: new Map(), namesTaken: [] };

/** Undefined: it is gone, waits for room in memory, or its analysis templates have not been read yet. `key`: "namespace/name". */
export function gatherExperiment(stores: Stores, key: string, learned: Learned): ExperimentFacts | undefined {
  const experiment = stores.experiments.get(key);
  if (experiment === undefined) return undefined;
  if (waitsForRoom(experiment)) return undefined;
  const { uid = "", namespace } = experiment.metadata;
  const names = (experiment.spec.analyses ?? []).length > 0;
  const templates = names ? knownTemplates(stores.templates, namespace) : undefined;
  if (templates === "waiting") return undefined;
  return {
    experiment,
    invalid: whyInvalid(experiment),
    replicaSets: replicaSetsOf(stores, experiment),
    services: servicesOf(stores, experiment),
    runs: new Map(
      stores.analysisRuns
        .by("owner", uid)
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map((run) => [run.metadata.name, run]),
    ),
    templates,
    rollout: rolloutOf(stores, experiment),
    ...learned,
  };
}

/** Sentences that say all by themselves are the reference's. */
const reasonOf = (violation: Violation): string =>
  /^(?:Experiment |Rollout has |This experiment |MinReadySeconds )/.test(violation.detail)
    ? violation.detail
    : violationText(violation);

/** One for which there is no room now is looked at again when there is (controller/rollout/facts/refill.ts). */
function waitsForRoom(experiment: Experiment): boolean {
  const why = whyHeldBack(experiment);
  return why !== undefined && !why.startsWith("too large");
}

function whyInvalid(experiment: Experiment): string | undefined {
  const why = whyHeldBack(experiment);
  if (why !== undefined) return why;
  const judged = affordable(experiment, LIMITS.judgement, () => experimentViolations(experiment)[0]);
  const violation = "made" in judged ? judged.made : judged;
  return violation === undefined ? undefined : reasonOf(violation);
}

/** A template has one; if somebody has made a second, the one with the name that Sluice gives counts. */
function replicaSetsOf({ replicaSets }: Stores, experiment: Experiment): ReadonlyMap<string, ReplicaSetFacts> {
  const found = new Map<string, ReplicaSetFacts>();
  for (const { facts } of replicaSets.by("controller", experiment.metadata.uid ?? "")) {
    const template = facts.annotations[EXPERIMENT_TEMPLATE] ?? "";
    if (facts.annotations[EXPERIMENT_NAME] !== experiment.metadata.name || template === "") continue;
    if (found.has(template) && facts.name !== replicaSetNameOf(experiment, template)) continue;
    found.set(template, facts);
  }
  return found;
}

const servicesOf = ({ services }: Stores, { metadata }: Experiment): ReadonlyMap<string, ServiceFacts> =>
  new Map(
    services
      .by("experiment", metadata.uid ?? "")
      .map(({ facts }) => [facts.experiment?.template ?? "", facts] as const),
  );

function rolloutOf({ rollouts }: Stores, experiment: Experiment): string | undefined {
  const owner = controllerOf(experiment);
  if (owner === undefined || !isOfKind(owner, ROLLOUT_KIND)) return undefined;
  return rollouts.by("owner", owner.uid)[0]?.metadata.name;
}

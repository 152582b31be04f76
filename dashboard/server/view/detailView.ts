/** All of one Rollout as its page shows it. Pure. */
import type { Explanation } from "../../../controller/rollout/explain/explain.ts";
import { blueGreenOf, canaryOf, fullWeight } from "../../../controller/rollout/model/defaults.ts";
import type { ReplicaSetInfo, RolloutInfo } from "../../../controller/view/info.ts";
import { routersOf } from "../../../providers/traffic/routers.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import { HASH_LABEL, STEP_INDEX } from "../../../schema/labels.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { Rollout, TrafficWeights } from "../../../schema/rollout.ts";
import type {
  ConditionView,
  Detail,
  EventView,
  ExperimentView,
  May,
  RevisionView,
  RunView,
  Switch,
  Traffic,
} from "../../model.ts";
import { cardView, type StepObjects, stepViews } from "./cardView.ts";

export interface DetailFacts {
  readonly rollout: Rollout;
  readonly info: RolloutInfo;
  /** Undefined: not all that it is made of can be read. */
  readonly explanation: Explanation | undefined;
  readonly runs: readonly RunView[];
  readonly experiments: readonly ExperimentView[];
  /** The same, as they are stored: their labels say which step they belong to. */
  readonly stored: { readonly runs: readonly AnalysisRun[]; readonly experiments: readonly Experiment[] };
  /** Pod template hashes of ReplicaSets, by name. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly events: readonly EventView[];
  readonly may: May;
  readonly troubles: readonly string[];
}

export function detailView(facts: DetailFacts): Detail {
  const { rollout, info, explanation, may, troubles } = facts;
  const { workloadRef } = rollout.spec;
  const card = cardView(rollout, info, explanation);
  const [traffic, switched] = [trafficOf(rollout, info), switchOf(rollout)];
  return {
    card,
    steps: stepViews(rollout, explanation, objectsOfSteps(facts)),
    explanation: explanation ?? unexplained(card),
    revisions: info.replicaSets.map((set) => revisionView(set, facts)),
    ...(traffic === undefined ? {} : { traffic }),
    ...(switched === undefined ? {} : { switch: switched }),
    runs: facts.runs,
    experiments: facts.experiments,
    conditions: (rollout.status?.conditions ?? []).map(conditionView),
    events: facts.events,
    containers: info.containers,
    initContainers: info.initContainers,
    workload: workloadRef === undefined ? "" : `${workloadRef.kind ?? ""}/${workloadRef.name ?? ""}`,
    restartedAt: rollout.status?.restartedAt ?? "",
    may,
    troubles,
  };
}

const unexplained = ({ name, namespace, sentence }: Detail["card"]): Explanation => ({
  name,
  namespace,
  standing: "waiting",
  reason: "NotReconciled",
  sentence,
  facts: [],
  goesOnWhen: [],
  commands: [],
});

type Condition = NonNullable<NonNullable<Rollout["status"]>["conditions"]>[number];

const conditionView = ({ type, status, reason, message, lastTransitionTime }: Condition): ConditionView => ({
  type,
  status,
  reason: reason ?? "",
  message: message ?? "",
  changedAt: lastTransitionTime ?? "",
});

function revisionView(replicaSet: ReplicaSetInfo, { rollout, hashes, runs, experiments }: DetailFacts): RevisionView {
  const { revision, images, pods } = replicaSet;
  const tags = (["stable", "canary", "active", "preview", "ping", "pong"] as const).filter((tag) => replicaSet[tag]);
  const isCurrent = hashes.get(replicaSet.objectMeta.name) === rollout.status?.currentPodHash;
  const notUndoable =
    revision === 0 ? "it has no revision number" : isCurrent ? "it is the current revision" : undefined;
  const named = (all: readonly { readonly name: string; readonly revision: number }[]): readonly string[] =>
    all.filter((each) => revision !== 0 && each.revision === revision).map(({ name }) => name);
  return {
    revision,
    tags,
    replicaSet,
    images,
    ...(notUndoable === undefined ? {} : { notUndoable }),
    pods,
    runs: named(runs),
    experiments: named(experiments),
  };
}

/** Of the revision that the steps bring in: objects of an earlier one have gone through the same steps. */
function objectsOfSteps({ rollout, stored }: DetailFacts): ReadonlyMap<number, StepObjects> {
  const hash = rollout.status?.currentPodHash ?? "";
  const found = new Map<number, StepObjects>();
  const note = (object: AnalysisRun | Experiment, as: keyof StepObjects): void => {
    const { labels = {}, name } = object.metadata;
    const index = labels[STEP_INDEX];
    if (labels[HASH_LABEL] !== hash || index === undefined || !/^\d+$/.test(index)) return;
    found.set(Number(index), { ...found.get(Number(index)), [as]: name });
  };
  const age = (a: AnalysisRun | Experiment, b: AnalysisRun | Experiment): number =>
    (a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1;
  for (const run of stored.runs.toSorted(age)) note(run, "run");
  for (const experiment of stored.experiments.toSorted(age)) note(experiment, "experiment");
  return found;
}

function trafficOf(rollout: Rollout, info: RolloutInfo): Traffic | undefined {
  const canary = canaryOf(rollout);
  if (canary === undefined) return undefined;
  const full = fullWeight(rollout);
  const { stableRS = "", currentPodHash = "" } = rollout.status ?? {};
  const { weights } = rollout.status?.canary ?? {};
  const actual = Number(info.actualWeight);
  const isOver = stableRS === currentPodHash;
  const share = (given: TrafficWeights["canary"] | undefined, made: Share): Share => ({
    hash: given?.podTemplateHash ?? made.hash,
    service: given?.serviceName ?? made.service,
    weight: given?.weight ?? made.weight,
  });
  // Once an update is over there is one revision, which all requests reach.
  const toCanary = isOver ? 0 : actual;
  return {
    fullWeight: full,
    stable: share(weights?.stable, { hash: stableRS, service: canary.stableService ?? "", weight: full - toCanary }),
    canary: share(weights?.canary, { hash: currentPodHash, service: canary.canaryService ?? "", weight: toCanary }),
    additional: (weights?.additional ?? []).map((each) => share(each, { hash: "", service: "", weight: 0 })),
    wanted: Number(info.setWeight),
    ...(weights?.verified === undefined ? {} : { verified: weights.verified }),
    routers: routersOf(rollout).map(({ kind }) => kind),
  };
}

interface Share {
  readonly hash: string;
  readonly service: string;
  readonly weight: number;
}

function switchOf(rollout: Rollout): Switch | undefined {
  const strategy = blueGreenOf(rollout);
  if (strategy === undefined) return undefined;
  const { activeSelector = "", previewSelector = "" } = rollout.status?.blueGreen ?? {};
  return {
    active: { service: strategy.activeService ?? "", hash: activeSelector },
    preview: { service: strategy.previewService ?? "", hash: previewSelector },
  };
}

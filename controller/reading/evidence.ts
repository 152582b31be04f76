/** What an explanation is made of, from caches that are filled as the controller's own are, and what is asked beside them. */
import { isCompleted } from "../analysis/decide/phase.ts";
import { runStanding } from "../analysis/explain/standing.ts";
import { type ExperimentEvidence, experimentClause } from "../experiment/explain/explainExperiment.ts";
import { gatherExperiment, NOTHING_LEARNED } from "../experiment/gather.ts";
import { checkPods } from "../rollout/apply/podRequests.ts";
import type { Drivers, Evidence, RunStanding } from "../rollout/explain/evidence.ts";
import { createGatherer, type Gatherer } from "../rollout/facts/gather.ts";
import { toldPlugins, toldRefusals, toldRouterPlugins } from "../rollout/explain/told.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import type { PodCheck, ReplicaSetFacts } from "../rollout/model/model.ts";
import { restartDue } from "../rollout/revision/restart.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import type { Experiment } from "../../schema/experiment.ts";
import type { AnalysisRun } from "../../schema/analysis.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { exhaustedBudgets } from "./budgets.ts";
import { driversOf } from "./drivers.ts";

type CheckPods = (...of: Parameters<typeof checkPods>) => Promise<PodCheck | undefined>;

export interface Asking {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** What the pods of a ReplicaSet show that lacks some; by default the API server is asked. Undefined: nobody looks. */
  readonly check?: CheckPods;
}

/** The caches as the controller has them, and beside them what it does without. */
export interface Caches {
  readonly stores: Stores;
  /** By the uid of their owner, whole: of a run that is over the controller holds only how it ended. */
  readonly runs: Pick<ReadonlyMap<string | undefined, readonly AnalysisRun[]>, "get">;
  /** Of each Rollout, by its key. */
  readonly instances: Pick<ReadonlyMap<string, string>, "get">;
}

/** The controller's own gathering of facts; of plugins what the status tells of them. */
export function toldGatherer(stores: Stores): Gatherer {
  const plugins = {
    of(uid: string) {
      const [rollout] = stores.rollouts.by("owner", uid);
      return rollout === undefined ? "waiting" : { facts: toldPlugins(rollout), inFlight: undefined };
    },
  } as const;
  const routerPlugins = {
    of(uid: string) {
      const [rollout] = stores.rollouts.by("owner", uid);
      return rollout === undefined ? "waiting" : toldRouterPlugins(rollout);
    },
  } as const;
  return createGatherer(stores, false, plugins, routerPlugins);
}

/** @param drivers by instance: those that were read are in it afterwards */
export async function evidenceOf(
  scope: Asking,
  caches: Caches,
  drivers: Map<string, Promise<Drivers>>,
  found: Evidence["snapshot"],
): Promise<Evidence> {
  const { client, clock, check } = scope;
  const snapshot = { ...found, ...toldRefusals(found.rollout) };
  const { rollout, replicaSets } = snapshot;
  const now = clock.now();
  const checks = await checksOf(client, replicaSets, now, check);
  const running = caches.stores.experiments
    .by("owner", rollout.metadata.uid ?? "")
    .filter(({ status }) => !isCompleted(status?.phase));
  const experiments = await Promise.all(running.map((one) => experimentEvidence(scope, caches, one)));
  const instance = caches.instances.get(keyOf(rollout)) ?? "";
  const reading = drivers.get(instance) ?? driversOf(client, instance, now);
  drivers.set(instance, reading);
  return {
    snapshot,
    now,
    checks,
    runs: runsOf(caches, rollout),
    experiments: new Map(
      experiments.flatMap((one) =>
        one === undefined ? [] : [[one.facts.experiment.metadata.name, experimentClause(one)] as const],
      ),
    ),
    exhausted: restartDue(rollout, now) === undefined ? [] : await exhaustedBudgets(client, rollout),
    instance,
    drivers: await reading,
    isLate: false,
  };
}

const runsOf = ({ runs }: Caches, { metadata: { uid = "" } }: Rollout | Experiment): ReadonlyMap<string, RunStanding> =>
  new Map((runs.get(uid) ?? []).map((run) => [run.metadata.name, runStanding(run)]));

/** Undefined: there is no room for it. */
export async function experimentEvidence(
  { client, clock, check }: Asking,
  caches: Caches,
  experiment: Experiment,
): Promise<ExperimentEvidence | undefined> {
  const facts = gatherExperiment(caches.stores, keyOf(experiment), NOTHING_LEARNED);
  if (facts === undefined) return undefined;
  const now = clock.now();
  const checks = await checksOf(client, [...facts.replicaSets.values()], now, check);
  return { facts, now, checks, runs: runsOf(caches, experiment) };
}

async function checksOf(
  client: KubeClient,
  sets: readonly ReplicaSetFacts[],
  now: number,
  check: CheckPods = checkPods,
): Promise<Evidence["checks"]> {
  const lacking = sets.filter(({ replicas, status }) => status.availableReplicas < replicas);
  const checks = new Map<string, PodCheck>();
  for (const set of lacking) {
    const found = await check(client, set, now);
    if (found !== undefined) checks.set(set.uid, found);
  }
  return checks;
}

/**
 * What the controller would know of Rollouts, read once: its own caches, filled from lists, and its own gathering of
 * facts. Nothing is written.
 */
import { isCompleted } from "../../controller/analysis/decide/phase.ts";
import { runStanding } from "../../controller/analysis/explain/standing.ts";
import { type ExperimentEvidence, experimentClause } from "../../controller/experiment/explain/explainExperiment.ts";
import { gatherExperiment, NOTHING_LEARNED } from "../../controller/experiment/gather.ts";
import { gatherPass } from "../../controller/rollout/apply/gatherPass.ts";
import { createMemories } from "../../controller/rollout/apply/passMemory.ts";
import { checkPods } from "../../controller/rollout/apply/podRequests.ts";
import type { Drivers, Evidence, RunStanding } from "../../controller/rollout/explain/evidence.ts";
import { toldPlugins, toldRefusals, toldRouterPlugins } from "../../controller/rollout/explain/told.ts";
import { createGatherer } from "../../controller/rollout/facts/gather.ts";
import { keysOfObject, neededOf, type OptionalStore } from "../../controller/rollout/facts/optionalStore.ts";
import { createStores, type Stores } from "../../controller/rollout/facts/stores.ts";
import type { PodCheck, ReplicaSetFacts } from "../../controller/rollout/model/model.ts";
import { restartDue } from "../../controller/rollout/revision/restart.ts";
import { ApiError, isNotFound } from "../../kube/client/apiError.ts";
import { ANALYSIS_RUNS, EXPERIMENTS, REPLICA_SETS, ROLLOUTS, SERVICES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import { keyOf, type Stored } from "../../kube/runtime/cache.ts";
import type { Resource } from "../../schema/kube.ts";
import type { Experiment } from "../../schema/experiment.ts";
import type { AnalysisRun } from "../../schema/analysis.ts";
import { HASH_LABEL, INSTANCE_LABEL } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { inOrder, listed } from "../get/shelves.ts";
import { driversOf } from "./drivers.ts";
import { exhaustedBudgets } from "./budgets.ts";

export interface Scope {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  /** Of the Rollouts: labelSelector, fieldSelector. */
  readonly query: Readonly<Record<string, string>>;
}

/** How one of them stands: facts to decide on, or that it is being deleted. */
export type Known =
  { readonly kind: "known"; readonly evidence: Evidence } | { readonly kind: "leaving"; readonly rollout: Rollout };

/** All Rollouts of the scope, by namespace and name. @throws {ApiError} */
export async function readRollouts(scope: Scope): Promise<readonly Known[]> {
  const { client, clock } = scope;
  const caches = await readCaches(scope, ROLLOUTS);
  const { stores } = caches;
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
  const gatherer = createGatherer(stores, false, plugins, routerPlugins);
  const memories = createMemories();
  const drivers = new Map<string, Promise<Drivers>>();
  const known: Known[] = [];
  for (const rollout of inOrder(stores.rollouts)) {
    if (rollout.metadata.deletionTimestamp !== undefined) {
      known.push({ kind: "leaving", rollout });
      continue;
    }
    const facts = await gatherPass({ client, clock, gatherer, memories }, keyOf(rollout));
    if (facts !== undefined)
      known.push({ kind: "known", evidence: await evidenceOf(scope, caches, drivers, facts.snapshot) });
  }
  return known;
}

/** @param drivers by instance: those that were read are in it afterwards */
async function evidenceOf(
  scope: Scope,
  caches: Caches,
  drivers: Map<string, Promise<Drivers>>,
  found: Evidence["snapshot"],
): Promise<Evidence> {
  const { client, clock } = scope;
  const snapshot = { ...found, ...toldRefusals(found.rollout) };
  const { rollout, replicaSets } = snapshot;
  const now = clock.now();
  const checks = await checksOf(client, replicaSets, now);
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
async function experimentEvidence(
  { client, clock }: Scope,
  caches: Caches,
  experiment: Experiment,
): Promise<ExperimentEvidence | undefined> {
  const facts = gatherExperiment(caches.stores, keyOf(experiment), NOTHING_LEARNED);
  if (facts === undefined) return undefined;
  const now = clock.now();
  const checks = await checksOf(client, [...facts.replicaSets.values()], now);
  return { facts, now, checks, runs: runsOf(caches, experiment) };
}

async function checksOf(
  client: KubeClient,
  sets: readonly ReplicaSetFacts[],
  now: number,
): Promise<Evidence["checks"]> {
  const lacking = sets.filter(({ replicas, status }) => status.availableReplicas < replicas);
  const checks = new Map<string, PodCheck>();
  for (const set of lacking) checks.set(set.uid, await checkPods(client, set, now));
  return checks;
}

/** All AnalysisRuns of the scope, by namespace and name. @throws {ApiError} */
export async function readRuns(
  scope: Scope,
): Promise<readonly { readonly namespace: string; readonly run: RunStanding }[]> {
  const found: Stored[] = [];
  await listed(scope.client, ANALYSIS_RUNS, scope, (raw) => found.push(raw));
  return inOrder(found).map((run) => ({
    namespace: run.metadata.namespace ?? "",
    run: runStanding(run as AnalysisRun),
  }));
}

/** All Experiments of the scope, by namespace and name. @throws {ApiError} */
export async function readExperiments(scope: Scope): Promise<readonly ExperimentEvidence[]> {
  const caches = await readCaches(scope, EXPERIMENTS);
  const all = inOrder(caches.stores.experiments);
  const found = await Promise.all(all.map((experiment) => experimentEvidence(scope, caches, experiment)));
  return found.filter((each) => each !== undefined);
}

/** The caches as the controller has them, and beside them what it does without. */
interface Caches {
  readonly stores: Stores;
  /** By the uid of their owner, whole: of a run that is over the controller holds only how it ended. */
  readonly runs: ReadonlyMap<string | undefined, readonly AnalysisRun[]>;
  /** Of each Rollout, by its key. */
  readonly instances: ReadonlyMap<string, string>;
}

interface Shelf {
  upsert(raw: never): void;
}

/**
 * The controller's own kinds, then those that objects refer to. Of every instance: a person asks for an object by its name.
 *
 * @param asked what the query of the scope is about, Rollouts or Experiments; for Experiments no Rollouts are read
 */
async function readCaches(scope: Scope, asked: Resource): Promise<Caches> {
  const stores = createStores();
  const runs: AnalysisRun[] = [];
  const instances = new Map<string, string>();
  const fill = async (resource: Resource, shelf: Shelf, query = {}): Promise<void> => {
    const where = { namespace: scope.namespace, query: resource === asked ? scope.query : query };
    try {
      await listed(scope.client, resource, where, (raw) => shelf.upsert(raw as never));
    } catch (error) {
      // Without Rollouts there is nothing to explain; of the others there are none then.
      if (asked === EXPERIMENTS || resource === ROLLOUTS || !isNotFound(error)) throw error;
    }
  };
  const withInstance = {
    upsert(raw: Rollout) {
      instances.set(keyOf(raw), raw.metadata.labels?.[INSTANCE_LABEL] ?? "");
      stores.rollouts.upsert(raw);
    },
  };
  const kept = {
    upsert(run: AnalysisRun) {
      runs.push(run);
      stores.analysisRuns.upsert(run);
    },
  };
  await Promise.all([
    ...(asked === ROLLOUTS ? [fill(ROLLOUTS, withInstance)] : []),
    fill(EXPERIMENTS, stores.experiments),
    fill(REPLICA_SETS, stores.replicaSets, { labelSelector: HASH_LABEL }),
    fill(SERVICES, stores.services),
    fill(ANALYSIS_RUNS, kept),
  ]);
  // Kinds that are held only where one of the objects needs them: templates, workloads, routers' objects.
  await Promise.all(stores.optional.map((store) => fillNeeded(scope, stores, store)));
  return { stores, runs: Map.groupBy(runs, (run) => controllerOf(run)?.uid), instances };
}

async function fillNeeded(scope: Scope, stores: Stores, store: OptionalStore): Promise<void> {
  const { kind } = store;
  const keys = neededOf(kind, stores);
  if (keys.size === 0) return;
  const namespace = kind.isClusterScoped === true ? undefined : scope.namespace;
  try {
    await listed(scope.client, kind.api, { namespace }, (raw) => {
      if (kind.isWhole === true || keysOfObject(kind, raw).some((key) => keys.has(key))) store.objects.upsert(raw);
    });
    for (const key of keys) store.seen.add(key);
    store.complete = true;
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 403)) throw error;
    const why = error.status === 404 ? "the API server does not serve" : "you may not list";
    store.refused = `${why} ${kind.resource}`;
  }
}

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
import { toldPlugins, toldRefusals } from "../../controller/rollout/explain/told.ts";
import { createGatherer } from "../../controller/rollout/facts/gather.ts";
import { keysOfObject, needOf, type OptionalStore } from "../../controller/rollout/facts/optionalStore.ts";
import { createStores, type Stores } from "../../controller/rollout/facts/stores.ts";
import type { PodCheck, ReplicaSetFacts } from "../../controller/rollout/model/model.ts";
import { restartDue } from "../../controller/rollout/revision/restart.ts";
import { ApiError } from "../../kube/client/apiError.ts";
import { pagesOf } from "../../kube/client/pagedLists.ts";
import { collectionPath } from "../../kube/client/path.ts";
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

/** A person waits: fewer requests matter more than memory. */
const PAGE = { mostObjects: 1_000, mostBytes: 16 * 2 ** 20 };

/** How one of them stands: facts to decide on, or that it is being deleted. */
export type Known =
  { readonly kind: "known"; readonly evidence: Evidence } | { readonly kind: "leaving"; readonly rollout: Rollout };

/** All Rollouts of the scope, by namespace and name. @throws {ApiError} */
export async function readRollouts(scope: Scope): Promise<readonly Known[]> {
  const { client, clock } = scope;
  const stores = createStores();
  const instances = new Map<string, string>();
  const runs: Runs = new Map();
  await fill(scope, stores, { instances, runs });
  const plugins = {
    of(uid: string) {
      const [rollout] = stores.rollouts.by("owner", uid);
      return rollout === undefined ? "waiting" : { facts: toldPlugins(rollout), inFlight: undefined };
    },
  } as const;
  const gatherer = createGatherer(stores, false, plugins);
  const memories = createMemories();
  const drivers = new Map<string, Promise<Drivers>>();
  const rollouts = [...stores.rollouts.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const known: Known[] = [];
  for (const rollout of rollouts) {
    if (rollout.metadata.deletionTimestamp !== undefined) {
      known.push({ kind: "leaving", rollout });
      continue;
    }
    const facts = await gatherPass({ client, clock, gatherer, memories }, keyOf(rollout));
    if (facts !== undefined)
      known.push({
        kind: "known",
        evidence: await evidenceOf(scope, { stores, instances, runs, drivers }, facts.snapshot),
      });
  }
  return known;
}

/** By the uid of their owner. The controller's caches keep only the end of a run that is over. */
type Runs = Map<string, AnalysisRun[]>;

interface Read {
  readonly stores: Stores;
  /** Of Rollouts: the controller's caches do without most labels. */
  readonly instances: ReadonlyMap<string, string>;
  readonly runs: Runs;
  /** By instance. */
  readonly drivers: Map<string, Promise<Drivers>>;
}

async function evidenceOf(
  { client, clock }: Scope,
  { stores, instances, runs, drivers }: Read,
  found: Evidence["snapshot"],
): Promise<Evidence> {
  const snapshot = { ...found, ...toldRefusals(found.rollout) };
  const { rollout, replicaSets } = snapshot;
  const now = clock.now();
  const checks = await checksOf(client, replicaSets, now);
  const running = stores.experiments
    .by("owner", rollout.metadata.uid ?? "")
    .filter(({ status }) => !isCompleted(status?.phase));
  const experiments = await Promise.all(running.map((one) => experimentEvidence({ client, clock }, stores, runs, one)));
  const instance = instances.get(keyOf(rollout)) ?? "";
  const reading = drivers.get(instance) ?? driversOf(client, instance, now);
  drivers.set(instance, reading);
  return {
    snapshot,
    now,
    checks,
    runs: runsOf(runs, rollout),
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

function runsOf(runs: Runs, { metadata: { uid = "" } }: Rollout | Experiment): ReadonlyMap<string, RunStanding> {
  return new Map((runs.get(uid) ?? []).map((run) => [run.metadata.name, runStanding(run)]));
}

function remember(runs: Runs, run: AnalysisRun): void {
  const uid = controllerOf(run)?.uid;
  if (uid !== undefined) runs.set(uid, [...(runs.get(uid) ?? []), run]);
}

/** Undefined: its analysis templates were not read, or there is no room for it. */
async function experimentEvidence(
  { client, clock }: Pick<Scope, "client" | "clock">,
  stores: Stores,
  runs: Runs,
  experiment: Experiment,
): Promise<ExperimentEvidence | undefined> {
  const facts = gatherExperiment(stores, keyOf(experiment), NOTHING_LEARNED);
  if (facts === undefined) return undefined;
  const now = clock.now();
  const checks = await checksOf(client, [...facts.replicaSets.values()], now);
  return { facts, now, checks, runs: runsOf(runs, experiment) };
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

async function list(
  { client, namespace }: Pick<Scope, "client" | "namespace">,
  resource: Resource,
  sink: (raw: Stored) => void,
  query: Readonly<Record<string, string>> = {},
): Promise<void> {
  const path = collectionPath(resource, namespace);
  for await (const { items } of pagesOf<Stored>({ client, path, query, ...PAGE }))
    for (const item of items ?? []) sink(item);
}

/** All AnalysisRuns of the scope, by namespace and name. @throws {ApiError} */
export async function readRuns(
  scope: Scope,
): Promise<readonly { readonly namespace: string; readonly run: RunStanding }[]> {
  const found: Stored[] = [];
  await list(scope, ANALYSIS_RUNS, (raw) => found.push(raw), scope.query);
  return found
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map((run) => ({ namespace: run.metadata.namespace ?? "", run: runStanding(run as AnalysisRun) }));
}

/** All Experiments of the scope, by namespace and name. @throws {ApiError} */
export async function readExperiments(scope: Scope): Promise<readonly ExperimentEvidence[]> {
  const stores = createStores();
  const runs: Runs = new Map();
  const own = (resource: Resource, shelf: Shelf, query = {}): Promise<void> =>
    list(scope, resource, (raw) => shelf.upsert(raw as never), query);
  await Promise.all([
    own(EXPERIMENTS, stores.experiments, scope.query),
    own(REPLICA_SETS, stores.replicaSets, { labelSelector: HASH_LABEL }),
    own(SERVICES, stores.services),
    own(ANALYSIS_RUNS, { upsert: (run: AnalysisRun) => (stores.analysisRuns.upsert(run), remember(runs, run)) }),
  ]);
  await fillOptional(scope, stores);
  const all = [...stores.experiments.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const found = await Promise.all(all.map((experiment) => experimentEvidence(scope, stores, runs, experiment)));
  return found.filter((each) => each !== undefined);
}

interface Shelf {
  upsert(raw: never): void;
}

/**
 * The caches as the controller has them: its own kinds, then those that the Rollouts refer to. Of every instance: a person
 * asks for a Rollout by its name.
 */
async function fill(
  scope: Scope,
  stores: Stores,
  { instances, runs }: { readonly instances: Map<string, string>; readonly runs: Runs },
): Promise<void> {
  const fillOne = async (resource: Resource, shelf: Shelf, query = {}): Promise<void> => {
    const take = (raw: Stored): void => {
      const { labels } = raw.metadata as { readonly labels?: Readonly<Record<string, string>> };
      if (resource === ROLLOUTS) instances.set(keyOf(raw), labels?.[INSTANCE_LABEL] ?? "");
      if (resource === ANALYSIS_RUNS) remember(runs, raw as AnalysisRun);
      shelf.upsert(raw as never);
    };
    try {
      await list(scope, resource, take, query);
    } catch (error) {
      // Without Rollouts there is nothing to explain; of the others there are none then.
      if (resource === ROLLOUTS || !isUnserved(error)) throw error;
    }
  };
  await Promise.all([
    fillOne(ROLLOUTS, stores.rollouts, scope.query),
    fillOne(REPLICA_SETS, stores.replicaSets, { labelSelector: HASH_LABEL }),
    fillOne(SERVICES, stores.services),
    fillOne(ANALYSIS_RUNS, stores.analysisRuns),
    fillOne(EXPERIMENTS, stores.experiments),
  ]);
  await fillOptional(scope, stores);
}

/** Kinds that are held only where one of the objects needs them: templates, workloads, routers' objects. */
const fillOptional = async (scope: Scope, stores: Stores): Promise<void> =>
  void (await Promise.all(stores.optional.map((store) => fillNeeded(scope, stores, store))));

const isUnserved = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

async function fillNeeded(scope: Scope, { rollouts, experiments }: Stores, store: OptionalStore): Promise<void> {
  const { kind } = store;
  const running = experiments.by("need", needOf(kind)).filter(({ status }) => !isCompleted(status?.phase));
  const needed = [
    ...rollouts.by("need", needOf(kind)).flatMap((rollout) => kind.neededBy(rollout)),
    ...running.flatMap((experiment) => kind.neededByExperiment?.(experiment) ?? []),
  ];
  if (needed.length === 0) return;
  const keys = new Set(needed);
  const where = { ...scope, namespace: kind.isClusterScoped === true ? undefined : scope.namespace };
  try {
    await list(where, kind.api, (raw) => {
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

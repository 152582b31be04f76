/**
 * What the controller would know of Rollouts, read once: its own caches, filled from lists, and its own gathering of
 * facts. Nothing is written.
 */
import { runStanding } from "../../controller/analysis/explain/standing.ts";
import type { ExperimentEvidence } from "../../controller/experiment/explain/explainExperiment.ts";
import { type Caches, evidenceOf, experimentEvidence, toldGatherer } from "../../controller/reading/evidence.ts";
import { fillNeeded } from "../../controller/reading/needed.ts";
import { inOrder, listed } from "../../controller/reading/shelves.ts";
import { gatherPass } from "../../controller/rollout/apply/gatherPass.ts";
import { createMemories } from "../../controller/rollout/apply/passMemory.ts";
import type { Drivers, Evidence, RunStanding } from "../../controller/rollout/explain/evidence.ts";
import { createStores } from "../../controller/rollout/facts/stores.ts";
import { isNotFound } from "../../kube/client/apiError.ts";
import { ANALYSIS_RUNS, EXPERIMENTS, REPLICA_SETS, ROLLOUTS, SERVICES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import { keyOf, type Stored } from "../../kube/runtime/cache.ts";
import type { Resource } from "../../schema/kube.ts";
import type { AnalysisRun } from "../../schema/analysis.ts";
import { HASH_LABEL, INSTANCE_LABEL } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";

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
  const gatherer = toldGatherer(stores);
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

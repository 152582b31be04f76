/**
 * AnalysisRuns and Experiments that a status names and the cache does not hold: it may be behind, so that they are read
 * once before anything follows from that. What the API server does not have either is gone
 * (docs/behaviour/reconciling.md#what-a-status-names).
 */
import { objectPath } from "../../../kube/client/path.ts";
import { readIfThere } from "../../../kube/client/readIfThere.ts";
import { ANALYSIS_RUNS, EXPERIMENTS } from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import { isControlledBy } from "../../../kube/object/ownerReference.ts";
import type { Store } from "../../../kube/runtime/cache.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { Resource } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { hasEnded } from "../course/analysisKinds.ts";
import type { Stores } from "../facts/stores.ts";

type Kept = AnalysisRun | Experiment;

type Held<T extends Kept> = Pick<Store<T, never, T>, "get" | "upsert">;

const TIMEOUT_MS = 5_000;

/** Puts those that are there, and that `owner` controls, into the cache. @throws {ApiError} */
async function read<T extends Kept>(
  client: Pick<KubeClient, "request">,
  owner: Rollout | Experiment,
  {
    resource,
    store,
    names,
  }: { readonly resource: Resource; readonly store: Held<T>; readonly names: Iterable<string> },
): Promise<void> {
  const { namespace } = owner.metadata;
  for (const name of new Set(names)) {
    if (name === "" || store.get(`${namespace}/${name}`) !== undefined) continue;
    const path = objectPath(resource, { namespace, name });
    const live = await readIfThere<T>(client, path, { timeoutMs: TIMEOUT_MS });
    if (live !== undefined && isControlledBy(live, owner)) store.upsert(live);
  }
}

/** Those of a Rollout. @throws {ApiError} */
export async function readNamedByRollout(
  client: Pick<KubeClient, "request">,
  stores: Pick<Stores, "analysisRuns" | "experiments">,
  rollout: Rollout,
): Promise<void> {
  const { canary, blueGreen } = rollout.status ?? {};
  const runs = [
    canary?.currentStepAnalysisRunStatus,
    canary?.currentBackgroundAnalysisRunStatus,
    blueGreen?.prePromotionAnalysisRunStatus,
    blueGreen?.postPromotionAnalysisRunStatus,
  ];
  const names = runs.map((run) => run?.name ?? "");
  await read(client, rollout, { resource: ANALYSIS_RUNS, store: stores.analysisRuns, names });
  const experiment = canary?.currentExperiment ?? "";
  await read(client, rollout, { resource: EXPERIMENTS, store: stores.experiments, names: [experiment] });
}

/** Runs of an Experiment that have not ended, as far as its status knows. @throws {ApiError} */
export async function readNamedByExperiment(
  client: Pick<KubeClient, "request">,
  stores: Pick<Stores, "analysisRuns">,
  experiment: Experiment,
): Promise<void> {
  const waited = (experiment.status?.analysisRuns ?? []).filter(({ phase }) => !hasEnded({ phase }));
  const names = waited.map(({ analysisRun }) => analysisRun);
  await read(client, experiment, { resource: ANALYSIS_RUNS, store: stores.analysisRuns, names });
}

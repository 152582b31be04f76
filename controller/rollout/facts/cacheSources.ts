/**
 * The caches that are filled at the start, and what is watched for them
 * (docs/behaviour/reconciling.md#what-is-watched).
 */
import { ANALYSIS_RUNS, EXPERIMENTS, REPLICA_SETS, ROLLOUTS, SERVICES } from "../../../kube/client/resources.ts";
import type { Source } from "../../../kube/runtime/runController.ts";
import type { ReplicaSet, Service } from "../../../schema/kube.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { HASH_LABEL, INSTANCE_LABEL } from "../../../schema/labels.ts";
import type { CachedReplicaSet, CachedService, Stores } from "./stores.ts";

export interface Sources {
  readonly rollouts: Source<Rollout, Rollout>;
  readonly replicaSets: Source<CachedReplicaSet, ReplicaSet>;
  readonly services: Source<CachedService, Service>;
  readonly analysisRuns: Source<AnalysisRun, AnalysisRun>;
  readonly experiments: Source<Experiment, Experiment>;
}

/** `instanceId`: only Rollouts, AnalysisRuns and Experiments labelled with it are watched; "": only those without the label. */
export const sourcesOf = (stores: Stores, instanceId: string): Sources => ({
  rollouts: { cache: stores.rollouts, resource: ROLLOUTS, labelSelector: ofInstance(instanceId) },
  replicaSets: { cache: stores.replicaSets, resource: REPLICA_SETS, labelSelector: HASH_LABEL },
  services: { cache: stores.services, resource: SERVICES },
  analysisRuns: { cache: stores.analysisRuns, resource: ANALYSIS_RUNS, labelSelector: ofInstance(instanceId) },
  experiments: { cache: stores.experiments, resource: EXPERIMENTS, labelSelector: ofInstance(instanceId) },
});

const ofInstance = (instanceId: string): string =>
  instanceId === "" ? `!${INSTANCE_LABEL}` : `${INSTANCE_LABEL}=${instanceId}`;

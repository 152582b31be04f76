/** What is sent for each action of an Experiment. Pure. */
import { collectionPath, objectPath } from "../../../kube/client/path.ts";
import { ANALYSIS_RUNS, EXPERIMENTS, REPLICA_SETS, SERVICES } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import { mergePatch } from "../../../kube/object/mergePatch.ts";
import type { Experiment, ExperimentStatus } from "../../../schema/experiment.ts";
import type { ExperimentAction } from "../decide/decision.ts";

const MERGE = "application/merge-patch+json";

/** Of the main resource: the kind has no status subresource. An Experiment that has changed is decided about again. */
export function statusRequest({ metadata, status = {} }: Experiment, next: ExperimentStatus): KubeRequest {
  const { name, namespace, uid, resourceVersion } = metadata;
  const changes = mergePatch({ ...status }, { ...next }) ?? {};
  return {
    method: "PATCH",
    path: objectPath(EXPERIMENTS, { namespace, name }),
    contentType: MERGE,
    body: { metadata: { uid, resourceVersion }, status: changes },
  };
}

export function requestOf(action: ExperimentAction, namespace: string): KubeRequest {
  const { name } = action;
  switch (action.kind) {
    case "createReplicaSet":
      return { method: "POST", path: collectionPath(REPLICA_SETS, namespace), body: action.manifest };
    case "updateReplicaSet": {
      const { resourceVersion, annotations, replicas } = action;
      const metadata = { resourceVersion, ...(annotations === undefined ? {} : { annotations }) };
      return {
        method: "PATCH",
        path: objectPath(REPLICA_SETS, { namespace, name }),
        contentType: MERGE,
        body: { metadata, ...(replicas === undefined ? {} : { spec: { replicas } }) },
      };
    }
    case "createService":
      return { method: "POST", path: collectionPath(SERVICES, namespace), body: action.manifest };
    case "deleteService":
      return {
        method: "DELETE",
        path: objectPath(SERVICES, { namespace, name }),
        body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: action.uid } },
      };
    case "createAnalysisRun":
      return { method: "POST", path: collectionPath(ANALYSIS_RUNS, namespace), body: action.manifest };
    case "terminateAnalysisRun":
      return {
        method: "PATCH",
        path: objectPath(ANALYSIS_RUNS, { namespace, name }),
        contentType: MERGE,
        body: { metadata: { uid: action.uid }, spec: { terminate: true } },
      };
    default:
      return action satisfies never;
  }
}

/** What is written about an AnalysisRun. */
import { objectPath } from "../../../kube/client/path.ts";
import { ANALYSIS_RUNS } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import { mergePatch } from "../../../kube/object/mergePatch.ts";
import type { AnalysisRun, AnalysisRunStatus } from "../../../schema/analysis.ts";

/** Of the main resource: the kind has no status subresource. A run that has changed meanwhile is decided about again. */
export function statusRequest({ metadata, status = { phase: "" } }: AnalysisRun, next: AnalysisRunStatus): KubeRequest {
  const { name, namespace, uid, resourceVersion } = metadata;
  const changes = mergePatch({ ...status }, { ...next }) ?? {};
  return {
    method: "PATCH",
    path: objectPath(ANALYSIS_RUNS, { namespace, name }),
    contentType: "application/merge-patch+json",
    body: { metadata: { uid, resourceVersion }, status: changes },
  };
}

export function deletionRequest({ metadata: { name, namespace, uid } }: AnalysisRun): KubeRequest {
  return {
    method: "DELETE",
    path: objectPath(ANALYSIS_RUNS, { namespace, name }),
    body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background", preconditions: { uid } },
  };
}

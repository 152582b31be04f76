/** How many replicas a manifest that is being applied states, where the object alone does not tell. */
import type { Review } from "../review/review.ts";
import { record } from "../review/record.ts";
import { annotationIn, replicasOf } from "./objects.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Undefined: the write is no apply, or its manifest leaves the number open. A write that leaves a Deployment at 0 may mean
 * our 0, or may state it: `kubectl apply` brings its manifest along; in a server-side apply the fields of the manifest are
 * those that its manager owns, and they have the values of the manifest.
 */
export function statedReplicas(review: Review): number | undefined {
  const { object, oldObject, isApply, fieldManager } = review;
  if (isApply) return appliesReplicas(object, fieldManager) ? replicasOf(object) : undefined;
  const manifest = annotationIn(object, LAST_APPLIED);
  if (manifest === undefined || manifest === annotationIn(oldObject, LAST_APPLIED)) return undefined;
  const replicas = record(record(parsed(manifest))?.["spec"])?.["replicas"];
  return typeof replicas === "number" ? replicas : undefined;
}

function appliesReplicas(object: unknown, manager: string): boolean {
  const entries = record(record(object)?.["metadata"])?.["managedFields"];
  if (!Array.isArray(entries)) return false;
  return entries.some((each) => {
    const entry = record(each);
    if (entry?.["manager"] !== manager || entry["operation"] !== "Apply") return false;
    return record(record(entry["fieldsV1"])?.["f:spec"])?.["f:replicas"] !== undefined;
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

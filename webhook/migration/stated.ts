/** How many replicas a manifest that is being applied states, where the object alone does not tell. */
import type { Review } from "../review/review.ts";
import { record } from "../review/record.ts";
import { annotationIn } from "./objects.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Undefined: the write is no `kubectl apply`, or its manifest leaves the number open. A write that leaves a Deployment at 0
 * may mean our 0, or may state it: `kubectl apply` brings its manifest along.
 */
export function statedReplicas({ object, oldObject }: Review): number | undefined {
  const manifest = annotationIn(object, LAST_APPLIED);
  if (manifest === undefined || manifest === annotationIn(oldObject, LAST_APPLIED)) return undefined;
  const replicas = record(record(parsed(manifest))?.["spec"])?.["replicas"];
  return typeof replicas === "number" ? replicas : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** How many replicas a manifest that is being applied states, where the object alone does not tell. */
import type { Review } from "../review/review.ts";
import { record } from "../review/record.ts";
import { equal } from "../../kube/object/equality.ts";
import { annotationIn, replicasOf } from "./objects.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Undefined: the write applies no manifest, or one that leaves the number open. A write that leaves a Deployment at 0 may
 * mean our 0, or may state it. `kubectl apply` brings its manifest along; of a server-side apply the API server notes which
 * fields it states, in the object that we are sent.
 */
export function statedReplicas(review: Review): number | undefined {
  return statedByAnnotation(review) ?? (isStatedByApply(review) ? replicasOf(review.object) : undefined);
}

function statedByAnnotation({ object, oldObject }: Review): number | undefined {
  const manifest = annotationIn(object, LAST_APPLIED);
  if (manifest === undefined || manifest === annotationIn(oldObject, LAST_APPLIED)) return undefined;
  const replicas = record(record(parsed(manifest))?.["spec"])?.["replicas"];
  return typeof replicas === "number" ? replicas : undefined;
}

/**
 * A review does not say whether it is about an apply, and an apply that changes nothing leaves no trace. But a client that
 * writes in another way under the same name gets an entry of its own, which that write changes.
 */
function isStatedByApply({ object, oldObject, fieldManager }: Review): boolean {
  const applied = fieldsOf(object, fieldManager, "Apply");
  if (
    applied === undefined ||
    !equal(entryOf(object, fieldManager, "Update"), entryOf(oldObject, fieldManager, "Update"))
  )
    return false;
  return record(applied["f:spec"])?.["f:replicas"] !== undefined;
}

const fieldsOf = (object: unknown, manager: string, operation: string): Readonly<Record<string, unknown>> | undefined =>
  record(entryOf(object, manager, operation)?.["fieldsV1"]);

/** What the API server notes of the fields that a client has written in this way (metadata.managedFields). */
function entryOf(object: unknown, manager: string, operation: string): Readonly<Record<string, unknown>> | undefined {
  const entries = record(record(object)?.["metadata"])?.["managedFields"];
  if (!Array.isArray(entries)) return undefined;
  return entries
    .map((entry) => record(entry))
    .find(
      (entry) =>
        entry?.["manager"] === manager && entry["operation"] === operation && (entry["subresource"] ?? "") === "",
    );
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

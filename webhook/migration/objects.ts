/** What the migration reads of the objects in a review, and how it changes them. */
import type { PatchOperation } from "../review/review.ts";
import { record } from "../review/record.ts";
import { MANAGED_BY_ROLLOUT, REPLICAS_WANTED } from "../../schema/labels.ts";

/** Undefined where there is no such annotation, or it is no text. */
export function annotationIn(object: unknown, name: string): string | undefined {
  const value = record(record(record(object)?.["metadata"])?.["annotations"])?.[name];
  return typeof value === "string" ? value : undefined;
}

/** `spec.replicas`; 1 where it is left out, as the API server sets it. */
export function replicasOf(object: unknown): number {
  const replicas = record(record(object)?.["spec"])?.["replicas"];
  return typeof replicas === "number" ? replicas : 1;
}

/**
 * The Rollout that has, or is about to have, the pods of this Deployment (docs/behaviour/admission.md#deployments-that-migrate):
 * the one of its stamp; before there is one, the one of its own name while it is held at 0 for it.
 */
export function rolloutOfDeployment(deployment: unknown): string | undefined {
  const stamp = annotationIn(deployment, MANAGED_BY_ROLLOUT);
  if (stamp !== undefined) return stamp;
  if (annotationIn(deployment, REPLICAS_WANTED) === undefined || replicasOf(deployment) !== 0) return undefined;
  const name = record(record(deployment)?.["metadata"])?.["name"];
  return typeof name === "string" ? name : undefined;
}

/** Whether a controller made this object, and would make it again as it was. */
export function isOwned(object: unknown): boolean {
  const owners = record(record(object)?.["metadata"])?.["ownerReferences"];
  return Array.isArray(owners) && owners.some((owner) => record(owner)?.["controller"] === true);
}

export function isGoing(object: unknown): boolean {
  return (record(record(object)?.["metadata"])?.["deletionTimestamp"] ?? undefined) !== undefined;
}

/** Sets annotations, or takes them away where the value is undefined; nothing for those that are so already. */
export function annotate(object: unknown, wanted: Readonly<Record<string, string | undefined>>): PatchOperation[] {
  const changes = Object.entries(wanted).filter(([name, value]) => annotationIn(object, name) !== value);
  const hasAny = record(record(record(object)?.["metadata"])?.["annotations"]) !== undefined;
  const place: PatchOperation[] =
    hasAny || changes.length === 0 ? [] : [{ op: "add", path: "/metadata/annotations", value: {} }];
  return [
    ...place,
    ...changes.map(([name, value]): PatchOperation => {
      const path = `/metadata/annotations/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      return value === undefined ? { op: "remove", path } : { op: "add", path, value };
    }),
  ];
}

/** The mutating webhook as a pure function: a review and what is known in, a JSON patch or a refusal out. */
import {
  MANAGED_BY_ROLLOUT,
  PAUSED_FOR_ROLLOUT,
  REPLICAS_BEFORE,
  REPLICAS_LEFT,
  REPLICAS_WANTED,
} from "../../schema/labels.ts";
import { SYSTEM_NAMESPACES } from "../../controller/migration/facts/optIn.ts";
import type { Answer, Review } from "../review/review.ts";
import { reviewAutoscaler } from "./autoscaler.ts";
import { reviewDeployment } from "./deployment.ts";
import { type Migrations, type NamespaceMode, untouched } from "./migrations.ts";
import { annotationIn } from "./objects.ts";
import { reviewScale } from "./scale.ts";

export interface Ours {
  /** The controller's own namespace. */
  readonly namespace: string;
  /** The name by which the API server knows the controller; undefined while we do not know it. */
  readonly user: string | undefined;
  /** Of several installations in a cluster, this one; "": the one without a name. */
  readonly instanceId: string;
}

/** Dry runs are answered like other writes: nothing here has an effect. */
export function reviewMigration(
  review: Review,
  migrations: Migrations,
  ours: Ours,
  namespaceMode?: NamespaceMode,
): Answer {
  const { group, kind, subResource, operation, namespace } = review;
  if (operation !== "CREATE" && operation !== "UPDATE") return untouched;
  if (namespace === ours.namespace || SYSTEM_NAMESPACES.includes(namespace)) return untouched;
  // The loop writes no Scale, and `kubectl scale` names no field manager: on a developer's machine they look the same.
  if (kind === "Scale") return subResource === "scale" ? reviewScale(review, migrations) : untouched;
  if (subResource !== "" || isByLoop(review, ours)) return untouched;
  if (group === "apps" && kind === "Deployment") return reviewDeployment(review, migrations, namespaceMode);
  const isAutoscaler = group === "autoscaling" && kind === "HorizontalPodAutoscaler";
  return isAutoscaler ? reviewAutoscaler(review, migrations, ours.instanceId) : untouched;
}

const MARKS = [MANAGED_BY_ROLLOUT, REPLICAS_BEFORE, REPLICAS_WANTED, REPLICAS_LEFT, PAUSED_FOR_ROLLOUT];

/**
 * The loop names no field manager; kubectl and others do, also where they have the loop's user, as on a developer's machine.
 * While we do not know our own name, what changes the marks of the migration is taken for the loop's.
 */
function isByLoop({ user, fieldManager, object, oldObject, operation }: Review, ours: Ours): boolean {
  if (fieldManager !== "" && fieldManager !== "sluice") return false;
  if (ours.user !== undefined) return user === ours.user;
  return operation === "UPDATE" && MARKS.some((mark) => annotationIn(object, mark) !== annotationIn(oldObject, mark));
}

/**
 * What migrating writes: each action is data, its request is made here and sent in one place. Preconditions make a request
 * fail where the object has changed since it was decided; the next pass decides again.
 */
import { collectionPath, objectPath } from "../../../kube/client/path.ts";
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, ROLLOUTS } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import type { Json } from "../../../kube/object/json.ts";
import type { ConditionReason } from "../../../schema/reasons.ts";
import { timestamp } from "../../../kube/object/time.ts";
import { INSTANCE_LABEL, PAUSED_FOR_ROLLOUT, REPLICAS_CARRIED, SCALE_TARGET_BEFORE } from "../../../schema/labels.ts";
import type { Seen } from "./adoption.ts";
import type { ManagedFields } from "../facts/managers.ts";

export type MigrationAction =
  /** Sets annotations of the Deployment, and its size where that is lost otherwise; null takes an annotation away. */
  | {
      readonly kind: "markDeployment";
      readonly resourceVersion: string;
      readonly annotations: Readonly<Record<string, string | null>>;
      readonly replicas?: number;
    }
  /** Makes the Rollout; the Deployment is where it was, or goes, by the mode. */
  | { readonly kind: "createRollout"; readonly rollout: Json }
  /** The size that the owner of the Deployment wants becomes that of the Rollout; `isSized` false: it is only noted. */
  | {
      readonly kind: "carryReplicas";
      readonly resourceVersion: string;
      readonly wanted: number;
      readonly isSized: boolean;
    }
  /** Holds the Deployment, at 0, back from being called a success, or ends that; only the pause that is ours. */
  | { readonly kind: "pauseDeployment"; readonly resourceVersion: string; readonly paused: boolean }
  /** Conditions that the Deployment tells of its Rollout by, and the types that it is to lose. */
  | {
      readonly kind: "tellDeployment";
      readonly resourceVersion: string;
      readonly conditions: readonly TellingCondition[];
      readonly gone: readonly string[];
    }
  /** Lets others state its size in a server-side apply: `entries` are those of metadata.managedFields that stay. */
  | { readonly kind: "letGoOfSize"; readonly resourceVersion: string; readonly entries: readonly ManagedFields[] }
  /** The HorizontalPodAutoscaler of this name scales the Deployment again. */
  | { readonly kind: "pointBackAutoscaler"; readonly seen: Omit<Seen, "namespace">; readonly before: Json }
  /** Its finalizer gives the Deployment its pods back first. */
  | { readonly kind: "deleteRollout"; readonly uid: string };

/** Without times: these come with the request. */
export interface FormCondition {
  readonly type: "Reconciling" | "Stalled" | "Progressing";
  readonly status: "True" | "False";
  readonly reason: ConditionReason;
  readonly message: string;
}

export interface TellingCondition extends FormCondition {
  /** Its status was another one before, or it was not there. */
  readonly turned: boolean;
}

interface Place {
  readonly namespace: string;
  /** Of the Deployment, and of the Rollout. */
  readonly name: string;
}

const MERGE = "application/merge-patch+json";

/** `now`: milliseconds since the epoch, for the times of conditions. */
export function migrationRequest(action: MigrationAction, place: Place, now: number): KubeRequest {
  switch (action.kind) {
    case "markDeployment": {
      const { resourceVersion, annotations, replicas } = action;
      const spec = replicas === undefined ? {} : { spec: { replicas } };
      const body = { metadata: { resourceVersion, annotations }, ...spec };
      return { method: "PATCH", path: objectPath(DEPLOYMENTS, place), body, contentType: MERGE };
    }
    case "createRollout":
      return { method: "POST", path: collectionPath(ROLLOUTS, place.namespace), body: action.rollout };
    case "carryReplicas": {
      const { resourceVersion, wanted, isSized } = action;
      const metadata = { resourceVersion, annotations: { [REPLICAS_CARRIED]: String(wanted) } };
      const body = isSized ? { metadata, spec: { replicas: wanted } } : { metadata };
      return { method: "PATCH", path: objectPath(ROLLOUTS, place), body, contentType: MERGE };
    }
    case "pauseDeployment": {
      const { resourceVersion, paused } = action;
      const metadata = { resourceVersion, annotations: { [PAUSED_FOR_ROLLOUT]: paused ? "true" : null } };
      const body = { metadata, spec: { paused: paused ? true : null } };
      return { method: "PATCH", path: objectPath(DEPLOYMENTS, place), body, contentType: MERGE };
    }
    case "letGoOfSize": {
      const { resourceVersion, entries } = action;
      const body = { metadata: { resourceVersion, managedFields: entries } };
      return { method: "PATCH", path: objectPath(DEPLOYMENTS, place), body, contentType: MERGE };
    }
    case "tellDeployment":
      return tell(action, place, timestamp(now));
    case "pointBackAutoscaler": {
      const { name, ...seen } = action.seen;
      const metadata = { ...seen, annotations: { [SCALE_TARGET_BEFORE]: null, [INSTANCE_LABEL]: null } };
      const body = { metadata, spec: { scaleTargetRef: action.before } };
      const path = objectPath(HORIZONTAL_POD_AUTOSCALERS, { namespace: place.namespace, name });
      return { method: "PATCH", path, body, contentType: MERGE };
    }
    case "deleteRollout": {
      const preconditions = { uid: action.uid };
      const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background", preconditions };
      return { method: "DELETE", path: objectPath(ROLLOUTS, place), body };
    }
    default:
      return action satisfies never;
  }
}

/** Conditions are merged by their type: those that others write stay. */
function tell(
  { resourceVersion, conditions, gone }: Extract<MigrationAction, { readonly kind: "tellDeployment" }>,
  place: Place,
  at: string,
): KubeRequest {
  const told = conditions.map(({ turned, ...condition }) => ({
    ...condition,
    lastUpdateTime: at,
    ...(turned ? { lastTransitionTime: at } : {}),
  }));
  const body = {
    metadata: { resourceVersion },
    status: { conditions: [...told, ...gone.map((type) => ({ type, $patch: "delete" }))] },
  };
  const path = objectPath(DEPLOYMENTS, { ...place, subresource: "status" });
  return { method: "PATCH", path, body, contentType: "application/strategic-merge-patch+json" };
}

/** In messages: "Cannot make Rollout …". */
export const wordsOf = ({ kind }: MigrationAction, { name }: Place): string =>
  ({
    markDeployment: `mark Deployment "${name}"`,
    createRollout: `make Rollout "${name}"`,
    carryReplicas: `size Rollout "${name}"`,
    pauseDeployment: `pause, or resume, Deployment "${name}"`,
    letGoOfSize: `leave the size of Deployment "${name}" to others`,
    tellDeployment: `write conditions of Deployment "${name}"`,
    pointBackAutoscaler: `point an autoscaler at Deployment "${name}" again`,
    deleteRollout: `delete Rollout "${name}"`,
  })[kind];

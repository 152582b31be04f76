/**
 * What migrating writes: each action is data, its request is made here and sent in one place. Preconditions make a request
 * fail where the object has changed since it was decided; the next pass decides again.
 */
import { collectionPath, objectPath } from "../../../kube/client/path.ts";
import { DEPLOYMENTS, ROLLOUTS } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import type { Json } from "../../../kube/object/json.ts";
import { REPLICAS_CARRIED } from "../../../schema/labels.ts";

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
  /** The size that the owner of the Deployment wants becomes that of the Rollout. */
  | { readonly kind: "carryReplicas"; readonly resourceVersion: string; readonly replicas: number }
  /** Its finalizer gives the Deployment its pods back first. */
  | { readonly kind: "deleteRollout"; readonly uid: string };

interface Place {
  readonly namespace: string;
  /** Of the Deployment, and of the Rollout. */
  readonly name: string;
}

const MERGE = "application/merge-patch+json";

export function migrationRequest(action: MigrationAction, place: Place): KubeRequest {
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
      const { resourceVersion, replicas } = action;
      const metadata = { resourceVersion, annotations: { [REPLICAS_CARRIED]: String(replicas) } };
      const body = { metadata, spec: { replicas } };
      return { method: "PATCH", path: objectPath(ROLLOUTS, place), body, contentType: MERGE };
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

/** In messages: "Cannot make Rollout …". */
export const wordsOf = ({ kind }: MigrationAction, { name }: Place): string =>
  ({
    markDeployment: `mark Deployment "${name}"`,
    createRollout: `make Rollout "${name}"`,
    carryReplicas: `size Rollout "${name}"`,
    deleteRollout: `delete Rollout "${name}"`,
  })[kind];

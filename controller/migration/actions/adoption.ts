/** The writes of a takeover in mode adopt, and how requests are made of them (docs/migration.md#mode-adopt). */
import { collectionPath, objectPath } from "../../../kube/client/path.ts";
import {
  DEPLOYMENTS,
  HORIZONTAL_POD_AUTOSCALERS,
  PODS,
  REPLICA_SETS,
  ROLLOUTS,
} from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import { controllerReference } from "../../../kube/object/ownerReference.ts";
import type { Json } from "../../../kube/object/json.ts";
import { ROLLOUT_KIND } from "../../../schema/kinds.ts";
import type { ObjectMeta, OwnerReference, Resource } from "../../../schema/kube.ts";
import {
  ADOPTS,
  HASH_LABEL,
  INSTANCE_LABEL,
  MANAGED_BY_ROLLOUT,
  REPLICAS_WANTED,
  REVISION,
  SCALE_TARGET_BEFORE,
} from "../../../schema/labels.ts";

/** The object as it was decided about: a write that finds another version, or another object, changes nothing. */
export type Seen = Pick<ObjectMeta, "name" | "namespace" | "uid" | "resourceVersion">;

export type AdoptionAction =
  /** Marks the Deployment as one that a Rollout takes the place of. */
  | { readonly kind: "stampDeployment"; readonly seen: Seen }
  /** It is not to be adopted any more. `replicas`: what its owner has asked for meanwhile. */
  | { readonly kind: "unstampDeployment"; readonly seen: Seen; readonly replicas: number | undefined }
  | { readonly kind: "createHeldRollout"; readonly namespace: string; readonly object: Json }
  /** Its Deployment has changed meanwhile, or is not to be migrated any more; nothing belongs to it yet. */
  | { readonly kind: "deleteHeldRollout"; readonly seen: Seen }
  /** Deletes the Deployment and leaves its ReplicaSets and pods. */
  | { readonly kind: "orphanDeployment"; readonly seen: Seen }
  /** `revision` undefined: it has none. */
  | {
      readonly kind: "takeReplicaSet";
      readonly seen: Seen;
      readonly owners: readonly OwnerReference[];
      readonly rollout: Seen;
      readonly hash: string;
      readonly revision: string | undefined;
    }
  | { readonly kind: "labelPod"; readonly seen: Seen; readonly hash: string }
  /** `instance` as of `handOver`: the one whose webhook points it back. */
  | {
      readonly kind: "retargetAutoscaler";
      readonly seen: Seen;
      readonly before: Json;
      readonly rollout: string;
      readonly instance: string;
    }
  /** Lets the controller drive the Rollout. `instance`: the label by which it knows its Rollouts; "": none. */
  | { readonly kind: "handOver"; readonly seen: Seen; readonly instance: string };

/** A HorizontalPodAutoscaler that somebody does not let us change. */
export interface Refused {
  readonly name: string;
  readonly why: string;
}

const patch = (resource: Resource, seen: Seen, metadata: object, others: object = {}): KubeRequest => ({
  method: "PATCH",
  path: objectPath(resource, seen),
  contentType: "application/merge-patch+json",
  body: { metadata: { uid: seen.uid, resourceVersion: seen.resourceVersion, ...metadata }, ...others },
});

const remove = (resource: Resource, seen: Seen, propagationPolicy: string): KubeRequest => ({
  method: "DELETE",
  path: objectPath(resource, seen),
  body: {
    apiVersion: "v1",
    kind: "DeleteOptions",
    propagationPolicy,
    preconditions: { uid: seen.uid, resourceVersion: seen.resourceVersion },
  },
});

export function adoptionRequest(action: AdoptionAction): KubeRequest {
  switch (action.kind) {
    case "stampDeployment":
      return patch(DEPLOYMENTS, action.seen, { annotations: { [MANAGED_BY_ROLLOUT]: action.seen.name } });
    case "unstampDeployment":
      return patch(
        DEPLOYMENTS,
        action.seen,
        { annotations: { [MANAGED_BY_ROLLOUT]: null, [REPLICAS_WANTED]: null } },
        action.replicas === undefined ? {} : { spec: { replicas: action.replicas } },
      );
    case "createHeldRollout":
      return { method: "POST", path: collectionPath(ROLLOUTS, action.namespace), body: action.object };
    case "deleteHeldRollout":
      return remove(ROLLOUTS, action.seen, "Background");
    case "orphanDeployment":
      return remove(DEPLOYMENTS, action.seen, "Orphan");
    case "takeReplicaSet":
      return takeReplicaSet(action);
    case "labelPod": {
      // Its status changes all the time: the uid is enough.
      const { uid, name, namespace } = action.seen;
      const metadata = { uid, labels: { [HASH_LABEL]: action.hash } };
      return {
        method: "PATCH",
        path: objectPath(PODS, { name, namespace }),
        contentType: "application/merge-patch+json",
        body: { metadata },
      };
    }
    case "retargetAutoscaler": {
      const { seen, before, rollout, instance } = action;
      const scaleTargetRef = { ...ROLLOUT_KIND, name: rollout };
      const annotations = {
        [SCALE_TARGET_BEFORE]: JSON.stringify(before),
        ...(instance === "" ? {} : { [INSTANCE_LABEL]: instance }),
      };
      return patch(HORIZONTAL_POD_AUTOSCALERS, seen, { annotations }, { spec: { scaleTargetRef } });
    }
    case "handOver":
      return patch(ROLLOUTS, action.seen, {
        labels: { [INSTANCE_LABEL]: action.instance === "" ? null : action.instance },
        annotations: { [ADOPTS]: null },
      });
    default:
      return action satisfies never;
  }
}

/** Owner and labels in one write: there is no moment at which it is labelled and belongs to nobody. */
function takeReplicaSet(action: Extract<AdoptionAction, { readonly kind: "takeReplicaSet" }>): KubeRequest {
  const { seen, owners, rollout, hash, revision } = action;
  const labels = { [HASH_LABEL]: hash };
  return patch(
    REPLICA_SETS,
    seen,
    {
      labels,
      ...(revision === undefined ? {} : { annotations: { [REVISION]: revision } }),
      ownerReferences: [...owners, controllerReference(ROLLOUT_KIND, { metadata: rollout })],
    },
    { spec: { template: { metadata: { labels } } } },
  );
}

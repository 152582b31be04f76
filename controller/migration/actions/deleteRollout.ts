import { objectPath } from "../../../kube/client/path.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";

/** Deletes the Rollout that was decided about, with its pods, and no later one of its name. */
export interface DeleteRollout {
  readonly kind: "deleteRollout";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export const deleteRollout = ({ namespace, name, uid, resourceVersion }: DeleteRollout): KubeRequest => ({
  method: "DELETE",
  path: objectPath(ROLLOUTS, { namespace, name }),
  body: {
    apiVersion: "v1",
    kind: "DeleteOptions",
    propagationPolicy: "Background",
    preconditions: { uid, resourceVersion },
  },
});

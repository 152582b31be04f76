import { collectionPath } from "../../../kube/client/path.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import type { Json } from "../../../kube/object/json.ts";

/** Makes the Rollout of a Deployment. Where one of its name is there already the next pass says what that means. */
export interface CreateRollout {
  readonly kind: "createRollout";
  readonly namespace: string;
  readonly name: string;
  readonly object: Json;
}

export const createRollout = ({ namespace, object }: CreateRollout): KubeRequest => ({
  method: "POST",
  path: collectionPath(ROLLOUTS, namespace),
  body: object,
});

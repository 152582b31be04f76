import { collectionPath } from "../../../kube/client/path.ts";
import { HORIZONTAL_POD_AUTOSCALERS } from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import type { ObjectMeta } from "../../../schema/kube.ts";
import { objectAt } from "../convert/objects.ts";

interface Place {
  readonly namespace: string;
  readonly name: string;
}

export interface Autoscaler {
  readonly metadata: ObjectMeta;
  readonly [member: string]: unknown;
}

/**
 * The HorizontalPodAutoscalers of the object of this kind at this place; of a Deployment but for those that somebody else
 * makes (KEDA), who would change them back. @throws {ApiError}
 */
export async function autoscalersOf(
  client: KubeClient,
  { namespace, name }: Place,
  timeoutMs: number,
  kind: "Deployment" | "Rollout" = "Deployment",
): Promise<readonly Autoscaler[]> {
  const path = collectionPath(HORIZONTAL_POD_AUTOSCALERS, namespace);
  const { items = [] } = await client.request<{ readonly items?: readonly Autoscaler[] }>({
    method: "GET",
    path,
    timeoutMs,
  });
  return items.filter((autoscaler) => {
    if (kind === "Deployment" && controllerOf(autoscaler) !== undefined) return false;
    const target = objectAt(autoscaler, "spec", "scaleTargetRef");
    return target["kind"] === kind && target["name"] === name;
  });
}

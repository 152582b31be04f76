/**
 * Services that a Rollout has let go of must select all pods again, not only those of a revision
 * (docs/behaviour/traffic.md#services-that-are-let-go).
 */
import { canBeName, objectPath } from "../../kube/client/path.ts";
import { ROLLOUTS, SERVICES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { isNotFound } from "../../kube/client/apiError.ts";
import type { Service } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { HASH_LABEL, MANAGED_BY } from "../../schema/labels.ts";
import { servicesOf, type Stores } from "../rollout/facts/stores.ts";

export interface ServiceCleanupPorts {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly validForMs: () => number;
}

const TIMEOUT_MS = 5_000;

/**
 * The Rollout as the API server has it now: another instance's, which our cache does not hold, counts too. `name` may come
 * from an annotation or an owner reference, and hold anything. @throws {ApiError}
 */
export async function liveRollout(client: KubeClient, namespace: string, name: string): Promise<Rollout | undefined> {
  if (!canBeName(name)) return undefined;
  try {
    return await client.request<Rollout>({ method: "GET", path: objectPath(ROLLOUTS, { namespace, name }) });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Takes the revision out of the selector of one Service, `key` "namespace/name", if the Rollout that manages it is gone
 * or does not name it any more. @throws {ApiError}
 */
export async function releaseService({ client, stores, validForMs }: ServiceCleanupPorts, key: string): Promise<void> {
  const service = stores.services.get(key);
  const manager = service?.facts.annotations[MANAGED_BY];
  if (service === undefined || manager === undefined) return;
  const { namespace, name, resourceVersion } = service.metadata;
  const cached = stores.rollouts.get(`${namespace}/${manager}`);
  if (cached !== undefined && servicesOf(cached).includes(name)) return;
  const rollout = await liveRollout(client, namespace, manager);
  if (rollout !== undefined && servicesOf(rollout).includes(name)) return;
  if (validForMs() <= TIMEOUT_MS) return;
  const body = {
    metadata: { resourceVersion, annotations: { [MANAGED_BY]: null } },
    spec: { selector: { [HASH_LABEL]: null } },
  };
  const path = objectPath(SERVICES, { namespace, name });
  const written = await client.request<Service>({
    method: "PATCH",
    path,
    body,
    contentType: "application/merge-patch+json",
    timeoutMs: TIMEOUT_MS,
  });
  stores.services.written(written);
}

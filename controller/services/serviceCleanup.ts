/**
 * Services that a Rollout has let go of must select all pods again, not only those of a revision
 * (docs/behaviour/traffic.md#services-that-are-let-go).
 */
import { canBeName, objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import { ROLLOUTS, SERVICES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Service } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { HASH_LABEL, MANAGED_BY } from "../../schema/labels.ts";
import { sameFacts, servicesOf, type CachedService, type Stores } from "../rollout/facts/stores.ts";
import type { Sources } from "../rollout/facts/cacheSources.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import { type ControllerRow, keysIn, watch, type Watch } from "../../kube/runtime/runController.ts";

export interface ServiceCleanupPorts {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly validForMs: () => number;
}

const TIMEOUT_MS = 5_000;

/**
 * The Rollout as the API server has it now: one of another instance, which our cache does not hold, counts too. `name`
 * may come from an annotation or an owner reference, and be any text. @throws {ApiError}
 */
export async function liveRollout(client: KubeClient, namespace: string, name: string): Promise<Rollout | undefined> {
  return canBeName(name) ? readIfThere<Rollout>(client, objectPath(ROLLOUTS, { namespace, name })) : undefined;
}

/** Services as a row: takes the revision out of the selector once their Rollout is gone or does not name them. */
export function servicesRow(
  ports: ServiceCleanupPorts,
  sources: Sources,
): ControllerRow<CachedService, ServiceRelease> {
  const { stores } = ports;
  return {
    kind: "Services",
    noun: "Service",
    watches: watchesOf(stores, sources),
    keys: () => keysIn(stores.services),
    gather: (key) => letGoService(ports, key),
    decide: releaseOf,
    apply: ({ facts, decision }) => send(ports, facts, decision),
  };
}

function watchesOf({ services }: Stores, sources: Sources): Watch[] {
  return [
    watch(sources.rollouts, (queue, old, next, origin) => {
      if (origin === "own") return;
      const kept = new Set(next === undefined ? [] : servicesOf(next));
      for (const name of old === undefined ? [] : servicesOf(old)) {
        if (!kept.has(name)) queue.add(`${old?.metadata.namespace}/${name}`);
      }
      if (old === undefined || next !== undefined) return;
      for (const service of services.by("manager", keyOf(old))) queue.add(keyOf(service));
    }),
    watch(sources.services, (queue, old, next, origin) => {
      if (origin !== "own" && next !== undefined && !sameFacts(old, next)) queue.add(keyOf(next));
    }),
  ];
}

/** The Service of `key`, "namespace/name", if no Rollout manages it any more though it is marked. @throws {ApiError} */
async function letGoService({ client, stores }: ServiceCleanupPorts, key: string): Promise<CachedService | undefined> {
  const service = stores.services.get(key);
  const manager = service?.facts.annotations[MANAGED_BY];
  if (service === undefined || manager === undefined) return undefined;
  const { namespace, name } = service.metadata;
  const cached = stores.rollouts.get(`${namespace}/${manager}`);
  if (cached !== undefined && servicesOf(cached).includes(name)) return undefined;
  const rollout = await liveRollout(client, namespace, manager);
  return rollout !== undefined && servicesOf(rollout).includes(name) ? undefined : service;
}

/** A merge patch. */
type ServiceRelease = ReturnType<typeof releaseOf>;

const releaseOf = ({ metadata: { resourceVersion } }: CachedService) => ({
  metadata: { resourceVersion, annotations: { [MANAGED_BY]: null } },
  spec: { selector: { [HASH_LABEL]: null } },
});

async function send(ports: ServiceCleanupPorts, service: CachedService, body: ServiceRelease): Promise<void> {
  const { client, stores, validForMs } = ports;
  if (validForMs() <= TIMEOUT_MS) return;
  const written = await client.request<Service>({
    method: "PATCH",
    path: objectPath(SERVICES, service.metadata),
    body,
    contentType: "application/merge-patch+json",
    timeoutMs: TIMEOUT_MS,
  });
  // Rollouts that name the Service are reconciled again: none of them has decided on this write.
  stores.services.upsert(written);
}

/** The keeper's watches: single objects by name, and the EndpointSlices of the Service. */
import { createStore } from "../../kube/runtime/cache.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { collectionPath, nameSelector } from "../../kube/client/path.ts";
import { ENDPOINT_SLICES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { type KubeObject, runReflector } from "../../kube/runtime/watch.ts";
import { type Resource, resourceName } from "../../schema/kube.ts";

export interface WatchPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called when something has changed. */
  readonly onChange: () => void;
  readonly onError: (what: string, error: unknown, failures: number) => void;
}

export interface WatchedObject<T> {
  /** As the API server last sent it; undefined when it does not exist. */
  current(): T | undefined;
  readonly hasSynced: Promise<void>;
  /** Takes the result of a write or a read of ours, ahead of the watch. */
  learned(object: T): void;
  /** Call it when a read of ours did not find the object. */
  gone(): void;
}

/** Watches the kind with the name as a field selector: RBAC allows that by resource name. */
export function watchObject<T extends KubeObject>(
  ports: WatchPorts,
  resource: Resource,
  { namespace, name }: { readonly namespace?: string; readonly name: string },
): WatchedObject<T> {
  // A deleted object's tombstone must not block a new object of the same name, which has another uid.
  const store = createStore<T, never, T>({ transform: withoutManagedFields });
  store.onChange(ports.onChange);
  const { hasSynced } = runReflector<T>({
    ...ports,
    path: collectionPath(resource, namespace),
    query: { fieldSelector: nameSelector(name) },
    sink: store,
    onError: (error, failures) => ports.onError(`${resourceName(resource)} "${name}"`, error, failures),
  });
  const current = (): T | undefined => {
    const [object] = store.values();
    return object;
  };
  return {
    current,
    hasSynced,
    learned: (object) => void store.written(object),
    gone: () => {
      const object = current();
      if (object !== undefined) store.remove(object);
    },
  };
}

function withoutManagedFields<T extends KubeObject>(raw: T): T {
  const { managedFields: _, ...metadata } = raw.metadata as T["metadata"] & { managedFields?: unknown };
  return { ...raw, metadata };
}

/** discovery.k8s.io/v1, as far as we use it. */
interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly Endpoint[] | null;
}

interface Endpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: { readonly ready?: boolean | null };
  readonly targetRef?: { readonly name?: string; readonly uid?: string };
}

export interface WatchedReplicas {
  /** Pods behind the Service that are ready and not terminating, except the one of this name. */
  readyBeside(pod?: string): number;
  readonly hasSynced: Promise<void>;
}

/** Which replicas are ready in the cluster's own view, which also decides where the API server's calls go. */
export function watchReplicas(ports: WatchPorts, namespace: string, service: string): WatchedReplicas {
  const store = createStore<EndpointSlice, never, EndpointSlice>({
    transform: ({ metadata: { name, namespace, uid, resourceVersion }, endpoints }) => ({
      metadata: { name, namespace, uid, resourceVersion },
      endpoints: endpoints ?? [],
    }),
  });
  store.onChange(ports.onChange);
  const { hasSynced } = runReflector<EndpointSlice>({
    ...ports,
    path: collectionPath(ENDPOINT_SLICES, namespace),
    query: { labelSelector: `kubernetes.io/service-name=${service}` },
    sink: store,
    onError: (error, failures) => ports.onError("endpointslices", error, failures),
  });
  return { hasSynced, readyBeside: (pod) => readyPods(store.values(), pod) };
}

/** A pod is in one slice for each address family, but is one replica. */
export function readyPods(slices: Iterable<EndpointSlice>, except?: string): number {
  const pods = new Set<string>();
  for (const { endpoints } of slices) {
    for (const { addresses, conditions, targetRef } of endpoints ?? []) {
      // Unknown counts as ready, by the API's definition; terminating pods are not ready.
      if (conditions?.ready === false || (except !== undefined && targetRef?.name === except)) continue;
      pods.add(targetRef?.uid ?? addresses?.[0] ?? "");
    }
  }
  return pods.size;
}

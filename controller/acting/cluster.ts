/** The cluster that a person's tool works on, and the one object of it that it watches. */
import { objectPath, collectionPath, nameSelector } from "../../kube/client/path.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import { type KubeObject, runReflector } from "../../kube/runtime/watch.ts";
import type { Resource } from "../../schema/kube.ts";

export interface Cluster {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly clock: Clock;
  /** Aborted when the person wants it to end. */
  readonly signal: AbortSignal;
}

export const pathIn = ({ namespace }: Cluster, resource: Resource, name: string, subresource?: "status") =>
  objectPath(resource, { namespace, name, subresource });

export interface Watcher<T> {
  /** The object as it is now: at first, and after each change. */
  readonly seen: (object: T) => void;
  /** It is not there, or not any more. */
  readonly gone: () => void;
  /** The watch failed, and is tried again. `failures` in a row, from 1. */
  readonly failed: (error: unknown, failures: number) => void;
}

/** Watches one object until `signal` aborts. */
export function watchOne<T extends KubeObject>(
  { client, clock, namespace }: Cluster,
  [resource, name]: readonly [Resource, string],
  { seen, gone, failed }: Watcher<T>,
  signal: AbortSignal,
): void {
  const key = `${namespace}/${name}`;
  const isMine = (object: T): boolean => keyOf(object) === key;
  runReflector<T>({
    client,
    clock,
    path: collectionPath(resource, namespace),
    query: { fieldSelector: nameSelector(name) },
    sink: {
      upsert: (object) => (isMine(object) && !signal.aborted ? seen(object) : undefined),
      remove: (object) => (isMine(object) && !signal.aborted ? gone() : undefined),
      prune: (keys) => (keys.has(key) || signal.aborted ? undefined : gone()),
    },
    signal,
    onError: failed,
  });
}

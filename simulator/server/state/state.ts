/** What the parts of the server share. */
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Kind } from "./kinds.ts";
import type { Registry } from "./registry.ts";
import { noSuchPath } from "./refusals.ts";
import type { Collection, Slot, Store } from "./store.ts";

export interface World {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: () => number;
  /** The present second, as Kubernetes writes it. */
  readonly now: () => string;
}

/** @throws {StatusError} 404 for a kind that is not served. */
export const collectionOf = ({ store }: World, kind: Kind): Collection => {
  const collection = store.collection(kind.key);
  if (collection === undefined) throw noSuchPath();
  return collection;
};

export const slotOf = (world: World, kind: Kind, namespace: string | undefined, name: string): Slot | undefined =>
  world.store.find(collectionOf(world, kind), kind.resource.namespaced ? (namespace ?? "") : "", name);

/** The state of a server as plain data, to be saved and loaded by a later server that goes on from there. */
import type { ApiCore, ApiObject } from "../../model/model.ts";
import { definitionsKey } from "../state/kinds.ts";
import type { Collection } from "../state/store.ts";
import type { World } from "../state/state.ts";

export interface SavedState {
  /** Of the latest change, even of an object that is gone: later numbers go on from here. */
  readonly resourceVersion: string;
  /** By "replicasets.apps". */
  readonly objects: Readonly<Record<string, readonly ApiObject[]>>;
}

export function savedState(core: ApiCore): SavedState {
  const objects: Record<string, readonly ApiObject[]> = {};
  for (const { group, name } of core.resources()) {
    const key = group === "" ? name : `${name}.${group}`;
    const held = objects[key] ?? core.list(key);
    if (held.length > 0) objects[key] = held;
  }
  return { resourceVersion: core.resourceVersion, objects };
}

/** Definitions first, since the others are of the kinds that they add. @throws {Error} for a kind that is not served */
export function restore(world: World, { resourceVersion, objects }: SavedState): void {
  const { [definitionsKey]: definitions = [], ...others } = objects;
  const version = Number(resourceVersion);
  const held = (key: string, list: readonly ApiObject[]): (readonly [Collection, ApiObject])[] => {
    const collection = world.store.collection(key);
    if (collection === undefined) throw new Error(`there are ${key} in it, and nothing that defines them`);
    return list.map((object) => [collection, object]);
  };
  world.store.restore(version, held(definitionsKey, definitions));
  world.store.restore(
    version,
    Object.entries(others).flatMap(([key, list]) => held(key, list)),
  );
}

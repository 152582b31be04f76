/** Which kinds are served: the built-in ones, and custom ones while their definition is there. */
import { builtinKinds, type Kind } from "./kinds.ts";
import type { Resource } from "../../model/model.ts";
import type { Store } from "./store.ts";

export interface Registry {
  /** In its storage version. */
  byKey(key: string): Kind | undefined;
  byPath(group: string, version: string, name: string): Kind | undefined;
  /** By the apiVersion and kind of an owner reference; in any version. */
  byGroupKind(group: string, kind: string): Kind | undefined;
  /** All versions, in order of registration. */
  all(): Iterable<Kind>;
  resources(): readonly Resource[];
  /** @param versions of one kind; `stored` is the one in which its objects are kept. */
  add(versions: readonly Kind[], stored: Kind): void;
  remove(key: string): void;
}

const pathOf = (group: string, version: string, name: string): string => `${group}/${version}/${name}`;

export const createRegistry = (store: Store): Registry => {
  const stored = new Map<string, Kind>();
  const served = new Map<string, Kind>();
  let resources: readonly Resource[] | undefined;
  const remove = (key: string): void => {
    stored.delete(key);
    for (const [path, kind] of served) if (kind.key === key) served.delete(path);
    resources = undefined;
  };
  const add = (versions: readonly Kind[], storage: Kind): void => {
    remove(storage.key);
    stored.set(storage.key, storage);
    store.open(storage);
    for (const kind of versions) {
      const { group, version, name } = kind.resource;
      served.set(pathOf(group, version, name), kind);
    }
  };
  for (const kind of builtinKinds) add([kind], kind);
  return {
    byKey: (key) => stored.get(key),
    byPath: (group, version, name) => served.get(pathOf(group, version, name)),
    byGroupKind(group, name) {
      for (const { resource, key } of served.values()) {
        if (resource.group === group && resource.kind === name) return stored.get(key);
      }
      return undefined;
    },
    all: () => served.values(),
    resources: () => (resources ??= [...served.values()].map(({ resource }) => resource)),
    add,
    remove,
  };
};

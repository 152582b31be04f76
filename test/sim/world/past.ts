/** Earlier states of the API server, for lists that are out of date, and conflicting writes by another client. */
import type { ApiCore, ApiObject } from "../../../simulator/model/model.ts";
import { ROUTED } from "../planes/planes.ts";

export interface Past {
  /** A collection as it was at an instant (ms since the epoch), as a list answer; undefined when there is no record. */
  readonly list: (resource: string, atMs: number) => unknown;
  /** Another client writes an annotation of the object at a path, if it exists. */
  readonly touch: (path: string) => void;
}

const partsOf = (path: string): readonly string[] => path.split("/").slice(path.startsWith("/apis") ? 4 : 3);

/** "replicasets.apps" of a path to a collection or an object. */
export function resourceOf(path: string): string {
  const group = path.startsWith("/apis") ? path.split("/")[2] : undefined;
  const [first = "", , plural = ""] = partsOf(path);
  const own = first === "namespaces" ? plural : first;
  return group === undefined ? own : `${own}.${group}`;
}

const kept = new Set(["rollouts.argoproj.io", "replicasets.apps", "services"]);
const touched = new Set([...kept, ...ROUTED, "deployments.apps"]);
export const TOUCHED = "example.com/touched";

/** `as` runs writes as another client. */
export function rememberPast(core: ApiCore, as: (act: () => void) => void): Past {
  const log: { atMs: number; resource: string; version: string; key: string; object: ApiObject | undefined }[] = [];
  core.onChange(({ type, resource, object }) => {
    if (!kept.has(resource)) return;
    const { namespace = "", name, resourceVersion: version } = object.metadata;
    const key = `${namespace}/${name}`;
    log.push({ atMs: core.clock.now(), resource, version, key, object: type === "DELETED" ? undefined : object });
  });
  return {
    list(resource, atMs) {
      if (!kept.has(resource)) return undefined;
      const objects = new Map<string, ApiObject>();
      let resourceVersion: string | undefined;
      for (const { atMs: then, resource: of, version, key, object } of log) {
        if (then > atMs) break;
        resourceVersion = version;
        if (of !== resource) continue;
        if (object === undefined) objects.delete(key);
        else objects.set(key, object);
      }
      // Before the first change there is no version from which to watch.
      return resourceVersion === undefined
        ? undefined
        : { metadata: { resourceVersion }, items: [...objects.values()] };
    },
    touch(path) {
      const [, namespace, , name] = partsOf(path);
      const resource = resourceOf(path);
      if (!touched.has(resource) || name === undefined) return;
      if (core.get({ resource, namespace, name }) === undefined) return;
      as(() => {
        core.modify({ resource, namespace, name }, (object) => {
          const times = Number(object.metadata.annotations?.[TOUCHED] ?? "0") + 1;
          const annotations = { ...object.metadata.annotations, [TOUCHED]: String(times) };
          return { ...object, metadata: { ...object.metadata, annotations } };
        });
      });
    },
  };
}

/**
 * Follows the objects of a namespace by watches, and keeps each version of them. Versions are numbered across all kinds,
 * so what was so when something else happened can be told exactly, whatever the order in which watches deliver.
 */
import type { KubeObject, WatchEvent } from "./api.ts";
import type { World } from "./clusterWorld.ts";

/** What is there at one moment, by `Kind/name`. */
export type Live = ReadonlyMap<string, KubeObject>;

export interface Recorded {
  /** What is there now, as far as watches have told. */
  now(): Live;
  /** Waits until `holds`; the error says what was there instead. */
  until(what: string, holds: (live: Live) => boolean, timeoutMs?: number): Promise<void>;
  /** Calls `visit` with what was there after each change, in the order in which the API server stored them. */
  replay(visit: (live: Live, changed: string) => void): void;
  stop(): void;
}

interface Version {
  readonly number: number;
  readonly key: string;
  readonly object: KubeObject | undefined;
}

/** The path of all objects of a kind in a namespace. */
export function collectionOf(apiVersion: string, kind: string, namespace: string): string {
  const lower = kind.toLowerCase();
  const plural = lower.endsWith("s") ? `${lower}es` : `${lower}s`;
  return `${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}/namespaces/${namespace}/${plural}`;
}

export const pathOf = ({ apiVersion = "", kind = "", metadata }: KubeObject, namespace: string): string =>
  `${collectionOf(apiVersion, kind, namespace)}/${metadata.name}`;

export const keyOf = ({ kind = "", metadata }: KubeObject): string => `${kind}/${metadata.name}`;

/** @param kinds what is followed, as [apiVersion, kind] */
export async function recordNamespace(
  { harness: { api, failure }, namespace }: World,
  kinds: readonly (readonly [apiVersion: string, kind: string])[],
): Promise<Recorded> {
  const begin: Version[] = [];
  const later: Version[] = [];
  const live = new Map<string, KubeObject>();
  const broken: string[] = [];
  const stopping = new AbortController();

  async function follow(apiVersion: string, kind: string): Promise<void> {
    const path = collectionOf(apiVersion, kind, namespace);
    const { items, resourceVersion } = await api.list(path);
    for (const item of items) {
      const object = { ...item, apiVersion, kind };
      live.set(keyOf(object), object);
      begin.push({ number: 0, key: keyOf(object), object });
    }
    void watch(path, resourceVersion);
  }
  const take = ({ type, object }: WatchEvent<KubeObject>): void => {
    if (type === "BOOKMARK" || type === "ERROR") return;
    const key = keyOf(object);
    const next = type === "DELETED" ? undefined : object;
    if (next === undefined) live.delete(key);
    else live.set(key, next);
    later.push({ number: Number(object.metadata.resourceVersion), key, object: next });
  };
  async function watch(path: string, resourceVersion: string): Promise<void> {
    try {
      for await (const event of api.watch(path, resourceVersion, stopping.signal)) take(event);
    } catch (error) {
      if (!stopping.signal.aborted) broken.push(`the watch of ${path} broke: ${String(error)}`);
    }
  }
  await Promise.all(kinds.map(([apiVersion, kind]) => follow(apiVersion, kind)));

  return {
    now: () => live,
    until: async (what, holds, timeoutMs = 60_000) => {
      const end = Date.now() + timeoutMs;
      while (!holds(live)) {
        if (broken.length > 0) throw new Error(broken.join("\n"));
        if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${what}\n${textOf(live)}`);
        await Promise.race([Bun.sleep(25), failure]);
      }
    },
    replay: (visit) => {
      const at = new Map<string, KubeObject>();
      for (const { key, object } of [...begin, ...later.toSorted((a, b) => a.number - b.number)]) {
        if (object === undefined) at.delete(key);
        else at.set(key, object);
        visit(at, key);
      }
    },
    stop: () => stopping.abort(),
  };
}

function textOf(live: Live): string {
  const lines = Array.from(live, ([key, { metadata, spec, status }]) => {
    const { labels, annotations } = metadata;
    return `${key} ${JSON.stringify(key.startsWith("Rollout/") ? status : { labels, annotations, spec })}`;
  });
  return `seen instead:\n  ${lines.filter((line) => !line.startsWith("ReplicaSet/")).join("\n  ")}`;
}

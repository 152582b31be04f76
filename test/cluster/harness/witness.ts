/** Records every change of pods, ReplicaSets' sizes and Services' selectors, so that a test can show there was none. */
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { KubeObject, WatchEvent } from "./api.ts";
import type { ReplicaSetView, ServiceView } from "./rolloutView.ts";
import type { World } from "./clusterWorld.ts";

export interface Witness {
  /**
   * A line for each change since the beginning, or since the line of this number: `size web-6d4b 4 -> 3`,
   * `service web -> 6d4b`, `pod web-6d4b-x comes`, `… goes`, `… restarts`, `relabelled`. Recorded when watches deliver
   * it.
   */
  changes(from?: number): readonly string[];
  /** Pods that were restarted, or that went though their ReplicaSet did not become smaller by as many. */
  lost(): readonly string[];
  /** The fewest pods that were ready at any time; behind this Service, or at all. */
  leastReady(service?: string): number;
  /** Later changes are not recorded. */
  stop(): void;
}

interface PodView extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

interface Seen {
  readonly pods: Map<string, PodView>;
  readonly sets: Map<string, ReplicaSetView>;
  readonly services: Map<string, ServiceView>;
}

const restartsOf = ({ status }: PodView): number =>
  (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
const goes = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
const isReady = (pod: PodView): boolean =>
  !goes(pod) && pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
const setOf = (object: KubeObject): string => object.metadata.ownerReferences?.[0]?.name ?? "nobody";
const text = (value: unknown): string => JSON.stringify(value ?? {});

function podChanges(old: PodView | undefined, next: PodView | undefined): string[] {
  const pod = next ?? old;
  if (pod === undefined) return [];
  const what = `pod ${pod.metadata.name}`;
  if (old === undefined) return [`${what} comes`];
  if (!goes(old) && (next === undefined || goes(next))) return [`${what} goes`];
  if (next === undefined) return [];
  return [
    ...(restartsOf(next) > restartsOf(old) ? [`${what} restarts`] : []),
    ...(text(next.metadata.labels) === text(old.metadata.labels) ? [] : [`${what} relabelled`]),
  ];
}

function setChanges(old: ReplicaSetView | undefined, next: ReplicaSetView | undefined): string[] {
  const sizes = [old, next].map((set) => set?.spec.replicas);
  const name = (next ?? old)?.metadata.name;
  return sizes[0] === sizes[1] ? [] : [`size ${name} ${sizes[0] ?? "none"} -> ${sizes[1] ?? "none"}`];
}

function serviceChanges(old: ServiceView | undefined, next: ServiceView | undefined): string[] {
  if (text(old?.spec.selector) === text(next?.spec.selector)) return [];
  return [`service ${(next ?? old)?.metadata.name} -> ${next?.spec.selector?.[HASH_LABEL] ?? "no hash"}`];
}

/** Whether it is ready, and selected by the Service if one is named. */
function readyNow({ pods, services }: Seen, service: string | undefined): number {
  const selector = Object.entries(services.get(service ?? "")?.spec.selector ?? {});
  const behind = ({ metadata }: PodView): boolean =>
    selector.every(([key, value]) => metadata.labels?.[key] === value) &&
    (service === undefined || selector.length > 0);
  return [...pods.values()].filter((pod) => isReady(pod) && behind(pod)).length;
}

/** Watches a namespace until `stop`, beginning with the objects that exist. */
export async function newWitness({ harness: { api }, namespace }: World): Promise<Witness> {
  const seen: Seen = { pods: new Map(), sets: new Map(), services: new Map() };
  const lines: string[] = [];
  const least = new Map<string | undefined, number>();
  const shrunkBy = new Map<string, number>();
  const went = new Map<string, string[]>();
  const restarted: string[] = [];
  const stopping = new AbortController();

  const check = (): void => {
    for (const service of [undefined, ...seen.services.keys()]) {
      least.set(service, Math.min(least.get(service) ?? Infinity, readyNow(seen, service)));
    }
  };
  async function follow<T extends KubeObject>(
    path: string,
    known: Map<string, T>,
    changes: (old: T | undefined, next: T | undefined) => string[],
  ): Promise<() => void> {
    const { items, resourceVersion } = await api.list<T>(path);
    for (const item of items) known.set(item.metadata.name, item);
    const on = ({ type, object }: WatchEvent<T>): void => {
      if (type === "BOOKMARK" || type === "ERROR") return;
      const { name } = object.metadata;
      const [old, next] = [known.get(name), type === "DELETED" ? undefined : object];
      if (next === undefined) known.delete(name);
      else known.set(name, next);
      shrink(shrunkBy, old, next);
      for (const line of changes(old, next)) {
        lines.push(line);
        if (line.endsWith(" goes")) went.set(setOf(object), [...(went.get(setOf(object)) ?? []), line]);
        if (line.endsWith(" restarts")) restarted.push(line);
      }
      check();
    };
    return () => void watch(on);
    async function watch(notify: typeof on): Promise<void> {
      try {
        for await (const event of api.watch<T>(path, resourceVersion, stopping.signal)) notify(event);
      } catch (error) {
        if (!stopping.signal.aborted) lines.push(`the watch of ${path} broke: ${String(error)}`);
      }
    }
  }
  const begin = await Promise.all([
    follow(`/apis/apps/v1/namespaces/${namespace}/replicasets`, seen.sets, setChanges),
    follow(`/api/v1/namespaces/${namespace}/services`, seen.services, serviceChanges),
    follow(`/api/v1/namespaces/${namespace}/pods`, seen.pods, podChanges),
  ]);
  check();
  for (const start of begin) start();
  return {
    changes: (from = 0) => lines.slice(from),
    lost: () => [...restarted, ...Array.from(went, ([set, gone]) => gone.slice(shrunkBy.get(set) ?? 0)).flat()],
    leastReady: (service) => least.get(service) ?? 0,
    stop: () => stopping.abort(),
  };
}

/** A ReplicaSet that became smaller, or is gone, may lose as many pods. */
function shrink(shrunkBy: Map<string, number>, old: KubeObject | undefined, next: KubeObject | undefined): void {
  const size = (object: KubeObject | undefined): number =>
    (object as Partial<ReplicaSetView> | undefined)?.spec?.replicas ?? 0;
  const by = size(old) - size(next);
  const name = (next ?? old)?.metadata.name;
  if (by > 0 && name !== undefined) shrunkBy.set(name, (shrunkBy.get(name) ?? 0) + by);
}

/** The changes of a ReplicaSet's size that reverse the one before it: traffic that went back and forth. */
export function turnedBack(changes: readonly string[]): string[] {
  const ways = new Map<string, number>();
  return changes.filter((line) => {
    const [, set = "", before = "", after = ""] = /^size (\S+) (\w+) -> (\w+)$/.exec(line) ?? [];
    if (set === "" || before === "none" || after === "none") return false;
    const way = Math.sign(Number(after) - Number(before));
    const turned = way === -(ways.get(set) ?? way);
    ways.set(set, way);
    return turned;
  });
}

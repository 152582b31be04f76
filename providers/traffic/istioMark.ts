/**
 * The mark on a VirtualService whose requests a Rollout divides at this moment: what is needed to give them back to
 * stable when the Rollout is gone (docs/behaviour/traffic.md#what-is-left-on-a-virtualservice). It goes when the update is
 * over, so that the object is what it was in Git.
 */
import { at, items, type Place, root, text, texts, whole } from "../../kube/validation/place.ts";

export const SPLIT_MARK = "sluice.dev/split-by-rollouts";

/** What a Rollout divides in one VirtualService, and between whom. */
export interface Split {
  /** First labels of their hosts; "" where subsets alone distinguish the two. */
  readonly stable: string;
  readonly canary: string;
  /** "" without a DestinationRule. */
  readonly stableSubset: string;
  readonly canarySubset: string;
  /** Subsets whose weights stay as they are. */
  readonly keptSubsets: readonly string[];
  readonly routes: readonly string[];
  readonly tlsRoutes: readonly { readonly port: number; readonly sniHosts: readonly string[] }[];
  readonly tcpRoutes: readonly { readonly port: number }[];
  /** Names of header and mirror routes that are the Rollout's. */
  readonly managed: readonly string[];
  /** Hosts of experiments that are among the destinations. */
  readonly experiments: readonly string[];
  readonly total: number;
  /** The name of the cookie by which sessions stay with the canary, "" without; its routes are among `managed`. */
  readonly cookie: string;
}

/** By the holder: "namespace/name". A text that is not such a map, or a part of it, counts as absent. */
type Marks = ReadonlyMap<string, Split>;

export const holderOf = (namespace: string, name: string): string => `${namespace}/${name}`;

/** @param metadata the VirtualService's */
export function marksOn(metadata: Place): Marks {
  const given = text(at(metadata, "annotations", SPLIT_MARK));
  const found = root(given === "" ? undefined : parsed(given)).value;
  if (typeof found !== "object" || found === null || Array.isArray(found)) return new Map();
  return new Map(Object.entries(found).map(([holder, mark]) => [holder, splitIn(root(mark))]));
}

export const markOf = (metadata: Place, namespace: string, name: string): Split | undefined =>
  marksOn(metadata).get(holderOf(namespace, name));

function parsed(given: string): unknown {
  try {
    return JSON.parse(given) as unknown;
  } catch {
    return undefined;
  }
}

const splitIn = (mark: Place): Split => ({
  stable: text(at(mark, "stable")),
  canary: text(at(mark, "canary")),
  stableSubset: text(at(mark, "stableSubset")),
  canarySubset: text(at(mark, "canarySubset")),
  keptSubsets: texts(at(mark, "keptSubsets")),
  ...selectionIn(mark),
  managed: texts(at(mark, "managed")),
  experiments: texts(at(mark, "experiments")),
  total: whole(at(mark, "total")) ?? 100,
  cookie: text(at(mark, "cookie")),
});

/** The routes that a Rollout's entry for a VirtualService, or a mark, selects. */
export const selectionIn = (entry: Place): Pick<Split, "routes" | "tlsRoutes" | "tcpRoutes"> => ({
  routes: texts(at(entry, "routes")),
  tlsRoutes: items(at(entry, "tlsRoutes")).map((route) => ({
    port: whole(at(route, "port")) ?? 0,
    sniHosts: texts(at(route, "sniHosts")),
  })),
  tcpRoutes: items(at(entry, "tcpRoutes")).map((route) => ({ port: whole(at(route, "port")) ?? 0 })),
});

/** The annotation's text; null when nobody's is left. Members that say nothing are left out. */
export function marksText(marks: Marks): string | null {
  if (marks.size === 0) return null;
  const told = (split: Split): object =>
    Object.fromEntries(
      Object.entries(split).filter(
        ([key, value]) =>
          !(key === "total" && value === 100) && value !== "" && !(Array.isArray(value) && value.length === 0),
      ),
    );
  return JSON.stringify(Object.fromEntries([...marks].map(([holder, split]) => [holder, told(split)])));
}

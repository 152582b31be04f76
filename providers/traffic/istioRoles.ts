/** Whose the destinations of a VirtualService's routes are (docs/behaviour/traffic.md#istio). */
import { isList, isObject } from "../../kube/object/json.ts";
import { at, root, text, whole } from "../../kube/validation/place.ts";
import type { Split } from "./istioMark.ts";

export type Role = "canary" | "stable" | "experiment" | "kept" | "foreign" | "none";

/** Who may be among the destinations of a route. */
export interface Parties {
  readonly split: Split;
  readonly kept: ReadonlySet<string>;
  /** Hosts of experiments that run. */
  readonly experiments: ReadonlySet<string>;
}

export const partiesOf = (split: Split, experiments: Iterable<string> = []): Parties => ({
  split,
  kept: new Set(split.keptSubsets),
  experiments: new Set(experiments),
});

/** Whose a destination is. A subset says it before the host, which both may share. */
export function roleOf(destination: unknown, { split, kept, experiments }: Parties): Role {
  const place = at(root(destination), "destination");
  const subset = text(at(place, "subset"));
  const host = firstLabel(text(at(place, "host")));
  if (host === "") return "none";
  if (subset !== "" && subset === split.canarySubset) return "canary";
  if (subset !== "" && subset === split.stableSubset) return "stable";
  if (host === split.canary) return "canary";
  if (host === split.stable) return "stable";
  if (experiments.has(host)) return "experiment";
  return subset !== "" && kept.has(subset) ? "kept" : "foreign";
}

/** "" of a host that begins with a dot, which is nobody's. */
export const firstLabel = (host: string): string => host.split(".", 1)[0] ?? "";

export const weightOf = (destination: unknown): number => whole(at(root(destination), "weight")) ?? 0;

export const destinationsOf = (route: unknown): readonly unknown[] => {
  const list = isObject(route) ? route["route"] : undefined;
  return isList(list) ? list : [];
};

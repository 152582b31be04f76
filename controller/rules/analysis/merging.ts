/**
 * What several templates become when they are used together: the rules that judge a Rollout and the code that makes its
 * AnalysisRuns merge by these functions (docs/behaviour/analysis.md#templates-become-a-run).
 */
import { at, items, type Place, present, repeated, text } from "../../../kube/validation/place.ts";
import { once } from "../../../kube/object/budget.ts";
import { conflictOf } from "./arguments.ts";
import type { Collection, Missing } from "./templateCollection.ts";

/** The elements of a list of all templates, in their order. */
export const listed = ({ found }: Collection, member: string): readonly Place[] =>
  found.flatMap(({ spec }) => items(at(spec, member)));

/** Names that metrics of the templates share. Steps that share their templates share the problems of these. */
export function repeatedMetrics(collection: Collection): readonly string[] {
  const [first, ...others] = collection.found;
  const subject = others.length === 0 ? first?.spec.value : collection;
  return once("metrics of several templates", subject, () => twice(listed(collection, "metrics"), "name"));
}

const twice = (places: readonly Place[], member: string): readonly string[] => [
  ...new Set(repeated(places.map((place) => at(place, member))).map(text)),
];

/** Rules of an analysis (`dryRun` or `measurementRetention` of its own) before those of its templates. */
export const rulesOf = (own: Place, collection: Collection, member: Modifier): readonly Place[] => [
  ...items(at(own, member)),
  ...listed(collection, member),
];

export type Modifier = "dryRun" | "measurementRetention";

const RULES = {
  dryRun: "Dry-Run metric rules",
  measurementRetention: "Measurement Retention metric rules",
} as const satisfies Readonly<Record<Modifier, string>>;

export const repeatedMetric = (name: string): string => `two metrics have the same name '${name}'`;

/** Metric names that two rules have; in the reference's words. */
export const repeatedRules = (own: Place, collection: Collection, member: Modifier): readonly string[] =>
  twice(rulesOf(own, collection, member), "metricName").map(
    (name) => `two ${RULES[member]} have the same name '${name}'`,
  );

export interface MergedArguments {
  /** By name: the first one that has a value, or the last one where none has. */
  readonly merged: ReadonlyMap<string, Place>;
  /** Those with a source that one of `merged` without any has replaced: they count where the owner gives no value. */
  readonly hidden: ReadonlyMap<string, Place>;
  /** In the reference's words. */
  readonly conflicts: readonly string[];
}

/** The arguments of the templates, before anybody gives them other values. */
export function mergeArguments(collection: Collection): MergedArguments {
  const merged = new Map<string, Place>();
  const hidden = new Map<string, Place>();
  const conflicts: string[] = [];
  for (const argument of listed(collection, "args")) {
    const name = text(at(argument, "name"));
    const earlier = merged.get(name);
    const conflict = earlier === undefined ? undefined : conflictOf(earlier, argument);
    if (conflict !== undefined) conflicts.push(conflict);
    if (earlier !== undefined && present(at(earlier, "value"))) continue;
    merged.set(name, argument);
    if (isResolved(argument)) hidden.delete(name);
    else if (earlier !== undefined && isResolved(earlier)) hidden.set(name, earlier);
  }
  return { merged, hidden, conflicts };
}

/** It has a value, or a source of one. */
export const isResolved = (argument: Place): boolean =>
  present(at(argument, "value")) || present(at(argument, "valueFrom"));

export const notResolved = (name: string): string => `args.${name} was not resolved`;

/** `AnalysisTemplate 'a' not found, which AnalysisTemplate 'b' includes`. */
export const missingText = ({ title, heldBack, includedBy }: Missing): string =>
  `${title} ${heldBack === undefined ? "not found" : `is ${heldBack}`}${includedBy === undefined ? "" : `, which ${includedBy} includes`}`;

export const circleText = (titles: readonly string[]): string =>
  `a template cannot include itself: ${titles.join(" → ")}`;

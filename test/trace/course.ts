/**
 * How the objects that traffic depends on changed between two keyframes: each object's states one after the other, and
 * the order of the changes among them all, which is that of the API server's versions. A write that changes nothing is
 * none, and a change back and forth, again and again, is told once: how often differs from run to run.
 */
import type { KubeObject } from "../cluster/harness/api.ts";
import { leaves } from "./facts.ts";
import type { Change, Kind } from "./observe.ts";

type Leaves = ReadonlyMap<string, string>;

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

/** What requests depend on. */
function leavesOf(kind: Kind, object: KubeObject): Leaves {
  if (kind === "Service") return new Map(leaves("selector", fields(object["spec"])["selector"]));
  const annotations = kind === "Ingress" ? object.metadata.annotations : {};
  return new Map([...leaves("", annotations), ...leaves("", object["spec"])]);
}

const changed = (before: Leaves, after: Leaves): string[] => [
  ...[...after].filter(([path, value]) => before.get(path) !== value).map(([path, value]) => `${path}=${value}`),
  ...[...before.keys()].filter((path) => !after.has(path)).map((path) => `-${path}`),
];

const versionOf = ({ object }: Change): number => Number(object.metadata.resourceVersion);

/** Without the last two, where they repeat the two before them. */
function settled(texts: readonly string[]): string[] {
  const [a, b, c, d] = texts.slice(-4);
  return [...(d !== undefined && a === c && b === d ? texts.slice(0, -2) : texts)];
}

/** @param from how many of the changes came before the earlier keyframe */
export function courseFacts(changes: readonly Change[], from: number): ReadonlyMap<string, string> {
  const states = new Map<string, Leaves>();
  const courses = new Map<string, string[]>();
  let order: string[] = [];
  const sorted = [...changes.slice(0, from), ...changes.slice(from).toSorted((a, b) => versionOf(a) - versionOf(b))];
  for (const [index, { kind, object, isGone }] of sorted.entries()) {
    const name = `${kind.toLowerCase()} ${object.metadata.name}`;
    const known = states.get(name);
    const now: Leaves = isGone ? new Map() : leavesOf(kind, object);
    const differences = changed(known ?? new Map(), now);
    if (isGone) states.delete(name);
    else states.set(name, now);
    const text = isGone ? "deleted" : `${known === undefined ? "created: " : ""}${differences.join(", ")}`;
    if (index < from || (differences.length === 0 && known !== undefined && !isGone)) continue;
    courses.set(name, settled([...(courses.get(name) ?? []), text]));
    if (order.at(-1) !== name) order = settled([...order, name]);
  }
  return new Map([
    ...[...courses].map(([name, texts]) => [`course of ${name}`, texts.join(" → ")] as const),
    ["course", order.join(" → ")] as const,
  ]);
}

/**
 * Objects of the user's in which a list names the targets of the traffic, each with its weight. While a Rollout divides
 * the traffic there, an annotation says so (docs/behaviour/traffic.md#what-is-left-of-weights): so what it leaves in the
 * middle of an update is found, and all of it goes to stable. An object without a split has no mark: it is as in Git.
 */
import { isObject, type Json } from "../../kube/object/json.ts";
import { TRAFFIC_SPLIT } from "../../schema/labels.ts";
import type { MergePatch, ObjectRef, Release, RoutedObject, RoutingInput, Traffic } from "./router.ts";

/** By the names that the object has for them. */
export interface Split {
  readonly stable: string;
  readonly canary: string;
  /** The name of the cookie by which sessions stay with one of the two; absent: none of ours does that. */
  readonly cookie?: string;
}

/** The weight of each target that has one to be written. */
export type Weights = ReadonlyMap<string, number>;

/** A mark that cannot be read counts as none, and is written anew. */
export function marksOn({ metadata }: Pick<RoutedObject, "metadata">): ReadonlyMap<string, Split> {
  const text = metadata.annotations?.[TRAFFIC_SPLIT];
  const marks = new Map<string, Split>();
  for (const [name, split] of Object.entries(text === undefined ? {} : parsed(text))) {
    if (!isObject(split)) continue;
    const { stable, canary, cookie } = split;
    if (typeof stable !== "string" || typeof canary !== "string") continue;
    marks.set(name, { stable, canary, ...(typeof cookie === "string" ? { cookie } : {}) });
  }
  return marks;
}

function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

const marked = (marks: ReadonlyMap<string, Split>): string | null =>
  marks.size === 0 ? null : JSON.stringify(Object.fromEntries(marks));

/** What a Rollout wants of its two targets; those that it had before get nothing any more. */
export function wantedWeights({ rollout, traffic }: RoutingInput, split: Split, object: RoutedObject): Weights {
  const before = marksOn(object).get(rollout.metadata.name);
  const left = before === undefined ? [] : [before.canary, before.stable];
  const gone = left.filter((name) => name !== split.canary && name !== split.stable);
  return new Map([
    ...gone.map((name) => [name, 0] as const),
    [split.canary, traffic.canaryWeight],
    [split.stable, stableShare(traffic)],
  ]);
}

/** These routers know no weights of experiments. */
const stableShare = ({ total, canaryWeight }: Traffic): number => Math.max(0, total - canaryWeight);

const ALL = 100;

/** For routers that count to 100 alone, beside one that counts further. */
export const outOfHundred = (traffic: Traffic): Traffic =>
  traffic.total === ALL
    ? traffic
    : { ...traffic, total: ALL, canaryWeight: Math.round((traffic.canaryWeight * ALL) / traffic.total) };

/** The patch that brings the mark of a Rollout in line, and the spec with it; undefined when nothing changes. */
export function markedPatch(
  { rollout, traffic }: RoutingInput,
  split: Split,
  object: RoutedObject,
  spec: MergePatch | undefined,
): MergePatch | undefined {
  const marks = new Map(marksOn(object));
  const { name } = rollout.metadata;
  if (traffic.canaryWeight > 0) marks.set(name, split);
  else marks.delete(name);
  const old = object.metadata.annotations?.[TRAFFIC_SPLIT] ?? null;
  const next = marked(marks);
  const patch = {
    ...(old === next ? {} : { metadata: { annotations: { [TRAFFIC_SPLIT]: next } } }),
    ...(spec === undefined ? {} : { spec }),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** The list with other weights, at the first target of each name; the same list when all weights are right already. */
export function reweighed(
  targets: readonly unknown[],
  weights: Weights,
  nameOf: (target: Json) => string | undefined,
): readonly unknown[] {
  const open = new Map(weights);
  const next = targets.map((target) => {
    const name = isObject(target) ? nameOf(target) : undefined;
    const weight = name === undefined ? undefined : open.get(name);
    if (!isObject(target) || name === undefined || weight === undefined) return target;
    open.delete(name);
    return target["weight"] === weight ? target : { ...target, weight };
  });
  return next.every((target, index) => target === targets[index]) ? targets : next;
}

/**
 * @param patchOf the changes of the spec of an object that give its targets these weights, and leave nothing else of what
 * the marks in `left` say; undefined: none
 */
export function splitRelease(
  patchOf: (ref: ObjectRef, object: RoutedObject, weights: Weights, left: readonly Split[]) => MergePatch | undefined,
): Release {
  return {
    holders: (object) => [...marksOn(object).keys()],
    plan(ref, object, gone) {
      const marks = marksOn(object);
      const stay = new Map([...marks].filter(([name]) => !gone.has(name)));
      if (stay.size === marks.size) return undefined;
      const weights = new Map<string, number>();
      const left = [...marks].filter(([name]) => gone.has(name)).map(([, split]) => split);
      for (const { canary, stable } of left) weights.set(canary, 0).set(stable, ALL);
      const spec = patchOf(ref, object, weights, left);
      return {
        kind: "patch",
        ref,
        resourceVersion: object.metadata.resourceVersion ?? "",
        patch: {
          metadata: { annotations: { [TRAFFIC_SPLIT]: marked(stay) } },
          ...(spec === undefined ? {} : { spec }),
        },
        failure: `error releasing ${ref.resource.kind} \`${ref.name}\``,
      };
    },
  };
}

/** What a scenario is: manifests, and what people do to them. Data, so that any two controllers can play the same. */
import type { KubeObject } from "../cluster/harness/api.ts";
import type { RolloutSpec } from "../../schema/rollout.ts";

type Phase = "Healthy" | "Paused" | "Progressing" | "Degraded" | "Any";

/**
 * When a keyframe is taken: once the Rollout has this phase (`Any`: whatever phase) and nothing changes any more. `step
 * N` requires this index of the current step, `sizes 5 0` for the sizes of the ReplicaSets (oldest first) and as many
 * pods, `after 9s` for that much time since the edit, `message M` (last) for a text in the status' message.
 */
export type Until = Phase | `${Phase} ${string}`;

/** What a user does; named like the commands of the plugin. */
export type Edit =
  | "promote"
  | "promote --full"
  | "abort"
  | "retry"
  | "pause"
  | "resume"
  | "restart"
  | "undo"
  | "wait"
  | { readonly image: string }
  | { readonly undo: number }
  | { readonly scale: number }
  /** A merge patch of the Rollout's spec. */
  | { readonly spec: Merge<RolloutSpec> }
  /** A merge patch of any object, by default of the Rollout: for example `Service/active`. */
  | { readonly patch: object; readonly of?: string }
  | { readonly create: KubeObject }
  /** `Service/active`, or `ReplicaSet/2`: that of a revision. */
  | { readonly remove: string };

/** null removes a member. */
type Merge<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Merge<T[K]> | null }
    : T;

/** One edit or several at once, then the goal. */
type Chapter = readonly [edit: Edit | readonly Edit[], until: Until];

interface Example {
  /** A file of the shared examples. */
  readonly example: string;
  /** Name of its Rollout. */
  readonly name: string;
}

export interface Scenario {
  /** Unique, in the form of a Kubernetes name. */
  readonly name: string;
  readonly rollout: KubeObject | Example;
  /** Made before the Rollout. */
  readonly objects?: readonly KubeObject[];
  /** The goal of the installation; "Healthy" by default. */
  readonly first?: Until;
  readonly story: readonly Chapter[];
  /** Whether keyframes also tell in which order Services and routers' objects were changed (course.ts). */
  readonly tellsCourse?: boolean;
}

export const isExample = (rollout: Scenario["rollout"]): rollout is Example => "example" in rollout;

/** A parsed `Until`. */
export interface Goal {
  readonly phase: string;
  readonly step: number | undefined;
  readonly sizes: readonly number[] | undefined;
  readonly afterMs: number;
  readonly message: string | undefined;
}

const form =
  /^(?<phase>\w+)(?: step (?<step>\d+))?(?: sizes (?<sizes>\d+(?: \d+)*))?(?: after (?<after>\d+)s)?(?: message (?<message>.+))?$/;

/** @throws on a text that is not an `Until`, which is a mistake in a scenario. */
export function goalOf(until: Until): Goal {
  const { phase, step, sizes, after, message } = form.exec(until)?.groups ?? {};
  if (phase === undefined) throw new Error(`Cannot wait for "${until}": see Until in test/trace/scenario.ts`);
  return {
    phase,
    step: step === undefined ? undefined : Number(step),
    sizes: sizes?.split(" ").map(Number),
    afterMs: Number(after ?? 0) * 1000,
    message,
  };
}

const editText = (edit: Edit): string => {
  if (typeof edit === "string") return edit;
  if ("create" in edit) return `create ${edit.create.kind} ${edit.create.metadata.name}`;
  return Object.entries(edit)
    .map(([word, value]) => `${word} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" ");
};

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

export const editsOf = ([edits]: Chapter): readonly Edit[] => (isList(edits) ? edits : [edits]);

/** A chapter as the title of its keyframe. */
export const titleOf = (chapter: Chapter): string => `${editsOf(chapter).map(editText).join(", ")} → ${chapter[1]}`;

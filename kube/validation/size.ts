/**
 * Objects that are too large to be judged. No real object is, but one that is stored holds up every review and the loop
 * for as long as the rules walk over it, and takes memory for as long as it is stored.
 *
 * The webhook has limits of its own before this one (webhook/http/body.ts, `weigh`): those keep a review from being
 * parsed at all, so they count only bytes, both of the objects and of what is around them. The limits here are for
 * objects that have been parsed already, from a cache, a list or a file, and count the spec alone.
 */
import { at, root } from "./place.ts";
import { invalid, type Violation } from "./violation.ts";

const MAX_MEMBERS = 10_000;
const MAX_DEPTH = 200;
/** Of names and texts in UTF-8. `kubectl apply` allows an object 256 KiB; the largest real specs have 100 KiB. */
const MAX_BYTES = 512 * 2 ** 10;

/** The member in which a cache puts the reason for not holding an object whole (controller/rollout/facts/slim.ts). */
const HELD_BACK = Symbol("held back");

/** An object of which a cache holds only a part, with the reason, which stays with the object. */
export const heldBack = <T extends object>(rest: T, why: string): T => ({ ...rest, [HELD_BACK]: why });

/** Why an object is not held whole, for people; undefined when it is. */
export function whyHeldBack(object: unknown): string | undefined {
  if (typeof object !== "object" || object === null) return undefined;
  const { [HELD_BACK]: why } = object as { readonly [HELD_BACK]?: string };
  return why;
}

/** The reason for the rules not to judge an object, if any. Without recursion, and it stops at the limit. */
export function sizeViolations(object: unknown): readonly Violation[] {
  const spec = at(root(object), "spec");
  const why = whyHeldBack(object) ?? tooLarge(spec.value);
  return why === undefined ? [] : [invalid("too-large", spec, why, "…")];
}

/** `too large to judge: it has more than 10000 members`; undefined when the spec is not too large. */
export function tooLarge(spec: unknown): string | undefined {
  const { depth, members, bytes } = measure(spec, { depth: MAX_DEPTH, members: MAX_MEMBERS });
  if (depth > MAX_DEPTH) return `too large to judge: it is nested more than ${MAX_DEPTH} levels deep`;
  if (members > MAX_MEMBERS) return `too large to judge: it has more than ${MAX_MEMBERS} members`;
  return bytes > MAX_BYTES
    ? `too large to judge: it has ${bytes} bytes of names and texts, ${MAX_BYTES} are allowed`
    : undefined;
}

/**
 * The same for a value whose number of members is not limited; `whose` for people: "its status has". The length of the
 * text does not depend on the value: it may itself be written into the value.
 */
export const tooLong = (value: unknown, whose = "it has"): string | undefined =>
  measure(value).bytes > MAX_BYTES
    ? `too large to judge: ${whose} more than ${MAX_BYTES} bytes of names and texts`
    : undefined;

export interface Size {
  /** Levels of lists and maps. */
  readonly depth: number;
  readonly members: number;
  /** Of names and texts. */
  readonly bytes: number;
}

/** How large a value is. Without recursion; it stops counting at `limits`. */
export function measure(value: unknown, limits: Omit<Size, "bytes"> = UNLIMITED): Size {
  let level: readonly unknown[] = [value];
  let [members, bytes, depth] = [0, 0, 0];
  for (; level.length > 0 && depth <= limits.depth; depth++) {
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each === "string") bytes += bytesOf(each);
      if (typeof each !== "object" || each === null) continue;
      // The names are counted before a list of the values is made.
      const inside: readonly unknown[] = Array.isArray(each) ? each : Object.keys(each);
      members += inside.length;
      if (members > limits.members) return { depth, members, bytes };
      if (!Array.isArray(each)) for (const name of inside) bytes += (name as string).length;
      for (const member of Array.isArray(each) ? each : Object.values(each)) {
        if (typeof member === "string") bytes += bytesOf(member);
        else if (typeof member === "object") next.push(member);
      }
    }
    level = next;
  }
  return { depth: level.length > 0 ? depth : depth - 1, members, bytes };
}

const UNLIMITED = { depth: Number.POSITIVE_INFINITY, members: Number.POSITIVE_INFINITY };

/** Short texts are mostly ASCII, and there are many of them. */
const bytesOf = (text: string): number => (text.length < 100 ? text.length : Buffer.byteLength(text));

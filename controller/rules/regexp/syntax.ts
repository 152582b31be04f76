/**
 * Go's regular expressions (RE2) as a tree: what `dryRun` and `measurementRetention` name metrics with. Not JavaScript's,
 * because the two differ in what is an expression at all (`(?i)x`, `\z`, `(?=x)`), and an expression that is none
 * matches nothing (validation.md §5.3).
 */
import { bracketed, escapedClass, type CharTest, folded } from "./classes.ts";
import { Cursor, RegexpError } from "./cursor.ts";
import { escapedCode } from "./escapes.ts";

export type Assertion = "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordEdge" | "noWordEdge";

export type Regexp =
  | { readonly kind: "char"; readonly test: CharTest }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly parts: readonly Regexp[] }
  | { readonly kind: "either"; readonly parts: readonly Regexp[] }
  | { readonly kind: "repeat"; readonly part: Regexp; readonly min: number; readonly max: number };

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

/** Of the whole expression. */
interface Groups {
  depth: number;
}

const MAX_DEPTH = 1_000;
const NO_FLAGS: Flags = { ignoreCase: false, multiLine: false, dotAll: false };
const MAX_REPEAT = 1_000;

/** Undefined for what Go would not compile. */
export function parseRegexp(pattern: string): Regexp | undefined {
  const cursor = new Cursor(pattern);
  try {
    const tree = alternatives(cursor, NO_FLAGS, { depth: 0 });
    return cursor.done ? tree : undefined;
  } catch (error) {
    if (error instanceof RegexpError) return undefined;
    throw error;
  }
}

/** Flags set in the middle of a group hold until its end, over `|` too. */
function alternatives(cursor: Cursor, outer: Flags, groups: Groups): Regexp {
  const parts: Regexp[][] = [[]];
  let flags = outer;
  while (!cursor.done && !cursor.sees(")")) {
    if (cursor.take("|")) {
      parts.push([]);
      continue;
    }
    const changed = flagGroup(cursor, flags);
    if (changed !== undefined) {
      flags = changed;
      continue;
    }
    // A repetition belongs to what stands last, be it quoted, or before flags.
    const counts = repetition(cursor);
    if (counts !== undefined) parts.at(-1)?.push(repeated(cursor, parts.at(-1)?.pop(), ...counts));
    else if (cursor.take(String.raw`\Q`)) parts.at(-1)?.push(...quoted(cursor, flags));
    else parts.at(-1)?.push(atom(cursor, flags, groups));
  }
  const sequences = parts.map((list): Regexp => ({ kind: "sequence", parts: list }));
  return sequences.length === 1 && sequences[0] !== undefined ? sequences[0] : { kind: "either", parts: sequences };
}

/** `(?i)`: no group, but flags from here on. Undefined when there is none here. */
function flagGroup(cursor: Cursor, flags: Flags): Flags | undefined {
  const [, on, off] = cursor.match(/\(\?([imsU]*)(?:-([imsU]+))?\)/y) ?? [];
  return on === undefined ? undefined : withFlags(flags, on, off ?? "");
}

const withFlags = (flags: Flags, on: string, off: string): Flags => ({
  ignoreCase: (flags.ignoreCase || on.includes("i")) && !off.includes("i"),
  multiLine: (flags.multiLine || on.includes("m")) && !off.includes("m"),
  dotAll: (flags.dotAll || on.includes("s")) && !off.includes("s"),
});

function atom(cursor: Cursor, flags: Flags, groups: Groups): Regexp {
  if (cursor.take("(")) return group(cursor, flags, groups);
  if (cursor.take("[")) return char(bracketed(cursor, flags.ignoreCase));
  if (cursor.take(".")) return char((code) => flags.dotAll || code !== 0x0a);
  if (cursor.take("^")) return { kind: "assert", assertion: flags.multiLine ? "lineStart" : "textStart" };
  if (cursor.take("$")) return { kind: "assert", assertion: flags.multiLine ? "lineEnd" : "textEnd" };
  const assertion = cursor.match(/\\[AzbB]/y)?.[0];
  if (assertion !== undefined) return { kind: "assert", assertion: ASSERTIONS[assertion.slice(1)] ?? "textEnd" };
  const class_ = escapedClass(cursor);
  if (class_ !== undefined) return char(flags.ignoreCase ? folded(class_) : class_);
  return literal(cursor.sees("\\") ? escapedCode(cursor) : cursor.next(), flags);
}

const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: "textStart",
  z: "textEnd",
  b: "wordEdge",
  B: "noWordEdge",
};

const char = (test: CharTest): Regexp => ({ kind: "char", test });

function literal(wanted: number, flags: Flags): Regexp {
  const same: CharTest = (code) => code === wanted;
  return char(flags.ignoreCase ? folded(same) : same);
}

/** `\Q…\E`, or up to the end. */
function quoted(cursor: Cursor, flags: Flags): Regexp[] {
  const atoms: Regexp[] = [];
  while (!cursor.done && !cursor.take(String.raw`\E`)) atoms.push(literal(cursor.next(), flags));
  return atoms;
}

function group(cursor: Cursor, flags: Flags, groups: Groups): Regexp {
  if (++groups.depth > MAX_DEPTH) throw new RegexpError("nested too deep");
  const inner = cursor.sees("?") ? specialGroup(cursor, flags) : flags;
  const tree = alternatives(cursor, inner, groups);
  if (!cursor.take(")")) throw new RegexpError("missing )");
  groups.depth--;
  return tree;
}

/** `(?P<name>`, `(?<name>`, `(?:` and `(?i:`; looking ahead or behind does not exist. */
function specialGroup(cursor: Cursor, flags: Flags): Flags {
  if (cursor.match(/\?P?<\w+>/y) !== undefined) return flags;
  const [, on, off] = cursor.match(/\?([imsU]*)(?:-([imsU]+))?:/y) ?? [];
  if (on === undefined) throw new RegexpError("unknown group");
  return withFlags(flags, on, off ?? "");
}

/** One repetition at most, lazy or not: which characters a match takes does not matter here. */
function repeated(cursor: Cursor, part: Regexp | undefined, min: number, max: number): Regexp {
  if (part === undefined) throw new RegexpError("nothing to repeat");
  cursor.take("?");
  if (repetition(cursor) !== undefined) throw new RegexpError("repetition of a repetition");
  return { kind: "repeat", part, min, max };
}

function repetition(cursor: Cursor): readonly [min: number, max: number] | undefined {
  if (cursor.take("*")) return [0, Infinity];
  if (cursor.take("+")) return [1, Infinity];
  if (cursor.take("?")) return [0, 1];
  // Braces that hold no count stand for themselves.
  const [, low, comma, high] = cursor.match(/\{(\d+)(,)?(\d*)\}/y) ?? [];
  if (low === undefined || (comma === undefined && high !== "")) return undefined;
  const min = Number(low);
  const max = comma === undefined ? min : high === "" ? Infinity : Number(high);
  if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity) || max < min) throw new RegexpError("repeat count");
  return [min, max];
}

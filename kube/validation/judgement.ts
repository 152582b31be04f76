/**
 * The frame of every judgement of a whole object: the object's size, the cost of its rules and the number of
 * violations are limited. An object beyond a limit gets a violation that names the limit.
 */
import { type Limits, tooCostly, TooCostlyError, within } from "../object/budget.ts";
import type { Findings } from "./findings.ts";
import { at, type Place, root } from "./place.ts";
import { sizeViolations } from "./size.ts";
import { invalid, type Violation } from "./violation.ts";

/** The most violations of one object; with so many mistakes the first ones are enough. */
const MAX_FOUND = 1_000;

/** Rules whose violation means that there may be more mistakes than those reported. */
const INCOMPLETE: ReadonlySet<string> = new Set(["too-large", "too-costly", "too-many"]);

/** Whether an object was judged completely: whatever is not among its violations is right. */
export const isWhole = (violations: readonly Violation[]): boolean =>
  !violations.some(({ rule }) => INCOMPLETE.has(rule));

const specOf = (object: unknown): Place => at(root(object), "spec");

/** The result of `judge` on an object, or the violation that explains why there is no result. */
export function judgement<T>(object: unknown, limits: Limits, judge: () => T): { readonly made: T } | Violation {
  const [tooLarge] = sizeViolations(object);
  return tooLarge ?? affordable(object, limits, judge);
}

/** The same for an object that is known not to be too large. */
export function affordable<T>(object: unknown, limits: Limits, judge: () => T): { readonly made: T } | Violation {
  const made = within(limits, () => ({ made: judge() }));
  if (!(made instanceof TooCostlyError)) return made;
  return invalid("too-costly", specOf(object), tooCostly(made, limits), "…");
}

/** The findings of a judgement; when it could not be completed, its violation refuses the object. */
export function findingsWithin(object: unknown, limits: Limits, judge: () => Findings): Findings {
  const judged = judgement(object, limits, judge);
  if (!("made" in judged)) return { refuse: [judged], warn: [] };
  const { refuse, warn } = judged.made;
  return { refuse: atMost(object, refuse), warn: atMost(object, warn) };
}

function atMost(object: unknown, found: readonly Violation[]): readonly Violation[] {
  const more = found.length - MAX_FOUND;
  if (more <= 0) return found;
  return [...found.slice(0, MAX_FOUND), invalid("too-many", specOf(object), `and ${more} more are wrong`, "…")];
}

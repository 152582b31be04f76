/**
 * The frame of every judgement of a whole object: it is not too large, its rules keep within a budget, and what they find
 * is not more than anybody reads. What does not fit is itself a violation, which says why.
 */
import { type Limits, tooCostly, TooCostlyError, within } from "../object/budget.ts";
import type { Findings } from "./findings.ts";
import { at, type Place, root } from "./place.ts";
import { sizeViolations } from "./size.ts";
import { invalid, type Violation } from "./violation.ts";

/** Found in one object; whoever has so many mistakes reads the first ones. */
const MAX_FOUND = 1_000;

/** Rules that say that more may be wrong than is told. */
const INCOMPLETE: ReadonlySet<string> = new Set(["too-large", "too-costly", "too-many"]);

/** Whether an object was judged to its end, so that what is not among its violations is right. */
export const isWhole = (violations: readonly Violation[]): boolean =>
  !violations.some(({ rule }) => INCOMPLETE.has(rule));

const specOf = (object: unknown): Place => at(root(object), "spec");

/** What `judge` makes of an object, or the violation that says why that cannot be had. */
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

/** The findings of a judgement; one that could not be had refuses. */
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

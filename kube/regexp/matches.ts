/**
 * Go's regular expressions, by RE2JS: not JavaScript's, because the two differ in what is an expression at all
 * (`(?i)x`, `\z`, `(?=x)`), and because a backtracking matcher would let one of them block the whole process. They
 * come from users, so the cost of an expression is taken off the budget before it is compiled and before it is matched.
 */
import { RE2JS, RE2JSException } from "re2js";
import { spend } from "../object/budget.ts";
import { weigh } from "./weigh.ts";

/** Steps that are left for all regular expressions that share it, besides those of kube/object/budget.ts. */
export interface Budget {
  steps: number;
}

/** Some 10 ms. */
export const usualBudget = (): Budget => ({ steps: 200_000 });

/** A pattern that is longer, or compiles to more instructions, is too costly, whatever is left of the budget. */
export const MAX_PATTERN = 4_096;
const MAX_SIZE = 20_000;
/** For a character and an instruction, when no two characters lead to the same states. */
const STEPS_PER_STATE = 2;
/** Characters that JavaScript compares in a step, when the text is full of beginnings of the searched part. */
const COMPARED_PER_STEP = 50;
const PLAIN = /^[\w -]*$/;

/**
 * What a pattern compiles to. "none": Go does not compile it. "costly": it is not compiled, and whether Go would is
 * left open. A lone surrogate is U+FFFD, as in what Go reads.
 */
export type Compiled = RE2JS | "none" | "costly";

/** Like the other functions here: @throws {TooCostlyError} when the budget of kube/object/budget.ts is used up */
export function compileRegexp(pattern: string, budget: Budget): Compiled {
  const compiled = compileNamed(pattern, budget, false);
  return typeof compiled === "object" && "problem" in compiled ? "none" : compiled;
}

/**
 * With the names of its groups, of which no two may be the same.
 * @returns why it is no regular expression, in Go's words, when it is none
 */
export function compileNamed(
  pattern: string,
  budget: Budget,
  named = true,
): RE2JS | "costly" | { readonly problem: string } {
  if (pattern.length > MAX_PATTERN || !affords(budget, pattern.length)) return "costly";
  const { steps, size, nameless } = weigh(pattern.toWellFormed());
  if (size > MAX_SIZE || !affords(budget, steps)) return "costly";
  try {
    return RE2JS.compile(named ? pattern.toWellFormed() : nameless);
  } catch (error) {
    if (error instanceof RE2JSException) return { problem: error.message };
    throw error;
  }
}

/** Whether the text has a match anywhere; undefined when that is too costly. */
export function searchRegexp(compiled: RE2JS, text: string, budget: Budget): boolean | undefined {
  if (!affords(budget, STEPS_PER_STATE * compiled.programSize() * (text.length + 1))) return undefined;
  return compiled.test(text.toWellFormed());
}

/**
 * Whether a pattern matches one of the texts (unanchored, as Go's MatchString). False for a pattern that is not a
 * regular expression; undefined when the budget, after the patterns checked before, does not suffice to find out.
 */
export function regexpSearch(
  texts: readonly string[],
  budget: Budget = usualBudget(),
): (pattern: string) => boolean | undefined {
  return (pattern) => {
    if (PLAIN.test(pattern)) return plainSearch(texts, pattern, budget);
    const compiled = compileRegexp(pattern, budget);
    if (compiled === "costly") return undefined;
    if (compiled === "none") return false;
    for (const text of texts) {
      const found = searchRegexp(compiled, text, budget);
      if (found !== false) return found;
    }
    return false;
  };
}

/** Most patterns are plain names. */
function plainSearch(texts: readonly string[], pattern: string, budget: Budget): boolean | undefined {
  if (pattern.length > MAX_PATTERN) return undefined;
  for (const text of texts) {
    if (!affords(budget, 1 + (text.length * pattern.length) / COMPARED_PER_STEP)) return undefined;
    if (text.includes(pattern)) return true;
  }
  return false;
}

function affords(budget: Budget, steps: number): boolean {
  budget.steps -= steps;
  if (budget.steps < 0) return false;
  spend(steps, "matching regular expressions");
  return true;
}

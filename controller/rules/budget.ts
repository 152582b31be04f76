/**
 * What it may cost to judge one object. Objects are written by strangers, and everybody's reviews and the loop share one
 * thread: whoever asks for more than any real object needs is told so, instead of holding all others up.
 *
 * A judgement is synchronous, so the budget is that of the call around it (`within`): rules need not hand it on, and none
 * can forget to. Whatever walks, compares, expands or parses says what it costs by `spend`, before it does it. A step is
 * about what looking at one member costs, some 50 ns.
 */

/** The budget is used up; `message` says by what: "matching regular expressions". */
export class TooCostlyError extends Error {
  override readonly name = "TooCostlyError";
}

interface Budget {
  left: number;
}

/** Some 25 ms; the largest real objects take a hundredth of it. */
export const JUDGEMENT_STEPS = 500_000;

let current: Budget | undefined;

/**
 * Runs `work`, which must not wait for anything, within a budget of its own, or within what is left of the one around it.
 * @returns what `work` returns, or why it had to end early; what else it throws is passed on
 */
export function within<T>(steps: number, work: () => T): T | TooCostlyError {
  const outer = current;
  const granted = Math.min(steps, outer?.left ?? steps);
  const budget = { left: granted };
  current = budget;
  try {
    return work();
  } catch (error) {
    if (error instanceof TooCostlyError) return error;
    throw error;
  } finally {
    current = outer;
    if (outer !== undefined) outer.left -= granted - Math.max(0, budget.left);
  }
}

/**
 * Takes steps off the budget, if there is one.
 * @throws {TooCostlyError} when it is used up
 */
export function spend(steps: number, on: string): void {
  if (current === undefined) return;
  current.left -= steps;
  if (current.left < 0) throw new TooCostlyError(on);
}

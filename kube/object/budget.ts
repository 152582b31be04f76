/**
 * What it may cost to judge an object, or to decide about one. Anybody may write objects, and all reviews and the loop
 * share one thread and one memory: an object that needs more than any real one is refused with that reason, instead of
 * holding up all others.
 *
 * Judging and deciding are synchronous, so the budget is that of the call around them (`within`): rules need not pass
 * it on, and cannot forget to. Code that walks, compares, expands or parses counts its cost by `spend`, and code that
 * builds texts counts it by `spendBytes`, before it does the work. A step costs about as much as reading one member,
 * some 50 ns.
 */

export interface Limits {
  /** Of time, a step being some 50 ns. */
  readonly steps: number;
  /** Of texts that are built, in UTF-16 units or bytes. */
  readonly bytes: number;
}

/** What each kind of work may take. The largest real objects need less than a twentieth of it. */
export const LIMITS = {
  /** All rules on one object, once. */
  judgement: { steps: 250_000, bytes: 4 * 2 ** 20 },
  /** The effect of an edited template on the Rollouts that use it: on all, and on one of them. */
  users: { steps: 100_000, bytes: 2 * 2 ** 20 },
  user: { steps: 20_000, bytes: 2 ** 20 },
  /** What follows from the spec of a Rollout alone: its hashes, and its first mistake. */
  facts: { steps: 250_000, bytes: 8 * 2 ** 20 },
  /** Other objects of a Rollout: ReplicaSets, Services, routers' objects. */
  snapshot: { steps: 200_000, bytes: 4 * 2 ** 20 },
  /** Deciding what to do about it. */
  decision: { steps: 400_000, bytes: 16 * 2 ** 20 },
} as const satisfies Readonly<Record<string, Limits>>;

type Unit = keyof Limits;

/** The budget is used up; `message` names the work that used it up: "matching regular expressions". */
export class TooCostlyError extends Error {
  override readonly name = "TooCostlyError";
  readonly unit: Unit;

  constructor(on: string, unit: Unit = "steps") {
    super(on);
    this.unit = unit;
  }
}

/**
 * For people: `too costly to judge: walking over its members takes more than 250000 steps`.
 * @param limits those that were exceeded
 */
export function tooCostly({ message, unit }: TooCostlyError, limits: Limits, verb = "judge"): string {
  return unit === "steps"
    ? `too costly to ${verb}: ${message} takes more than ${limits.steps} steps`
    : `too large to ${verb}: ${message} makes more than ${limits.bytes} bytes of text`;
}

interface Budget {
  steps: number;
  bytes: number;
  readonly limits: Limits;
  /** What has been found out already; shared with the budget around this one. */
  readonly known: Map<string, Map<unknown, unknown>>;
}

const ENDLESS: Limits = { steps: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

let current: Budget | undefined;

/**
 * Runs `work`, which must not wait for anything, within a budget of its own, or within what is left of the one around
 * it.
 * @param limits a number is one of steps
 * @returns what `work` returns, or why it had to end early; what else it throws is passed on
 */
export function within<T>(limits: Limits | number, work: () => T): T | TooCostlyError {
  try {
    return cost(work, typeof limits === "number" ? { ...ENDLESS, steps: limits } : limits).result;
  } catch (error) {
    if (error instanceof TooCostlyError) return error;
    throw error;
  }
}

/**
 * Runs `work` and returns what it spent.
 * @throws {TooCostlyError} when that is more than `limits`
 */
export function cost<T>(work: () => T, limits: Limits = ENDLESS): Limits & { readonly result: T } {
  const outer = current;
  const budget: Budget = {
    steps: 0,
    bytes: 0,
    limits: outer === undefined ? limits : least(limits, left(outer)),
    known: outer?.known ?? new Map<string, Map<unknown, unknown>>(),
  };
  current = budget;
  try {
    const result = work();
    return { result, steps: budget.steps, bytes: budget.bytes };
  } finally {
    current = outer;
    if (outer !== undefined) {
      const spent = least(budget, budget.limits);
      outer.steps += spent.steps;
      outer.bytes += spent.bytes;
    }
  }
}

const least = (a: Limits, b: Limits): Limits => ({
  steps: Math.min(a.steps, b.steps),
  bytes: Math.min(a.bytes, b.bytes),
});

const left = ({ limits, steps, bytes }: Budget): Limits => ({
  steps: limits.steps - steps,
  bytes: limits.bytes - bytes,
});

/**
 * Takes steps off the budget, if there is one.
 * @throws {TooCostlyError} when it is used up
 */
export function spend(steps: number, on: string): void {
  if (current === undefined) return;
  current.steps += steps;
  if (current.steps > current.limits.steps) throw new TooCostlyError(on);
}

/**
 * Takes a text that is about to be built off the budget, and the time that building it takes.
 * @throws {TooCostlyError} when it is used up
 */
export function spendBytes(bytes: number, on: string): void {
  if (current === undefined) return;
  current.bytes += bytes;
  if (current.bytes > current.limits.bytes) throw new TooCostlyError(on, "bytes");
  spend(bytes >>> TEXT_SHIFT, on);
}

/** A step pays for 128 characters of a text that is read from end to end. */
const TEXT_SHIFT = 7;

/** Takes the cost of reading a text from end to end off the budget. */
export function spendText(text: string, on: string): void {
  if (text.length >>> TEXT_SHIFT > 0) spend(text.length >>> TEXT_SHIFT, on);
}

/** Takes the cost of sorting so many texts off the budget. */
export const spendSort = (count: number, on: string): void => spend((count * Math.log2(count)) / 2, on);

/**
 * What `work` finds out about a subject, worked out once in a judgement: the same template stands in many steps, and
 * the same condition in many metrics. Subjects are compared as a Map compares its keys.
 */
export function once<T>(what: string, subject: unknown, work: () => T): T {
  const known = current?.known;
  if (known === undefined) return work();
  let answers = known.get(what);
  if (answers === undefined) known.set(what, (answers = new Map()));
  if (answers.has(subject)) return answers.get(subject) as T;
  const answer = work();
  answers.set(subject, answer);
  return answer;
}

/**
 * What an evaluation may cost, and what it works with. A condition comes from users and runs in the one thread of the
 * controller: nested loops and doubled texts end with an error instead of blocking everything else.
 */
import type { Spend } from "./compare.ts";
import type { LastRegexp } from "./matching.ts";
import { isAscii } from "../syntax/goText.ts";
import { ExpressionError } from "../syntax/problem.ts";
import type { Value } from "../syntax/value.ts";

/** Nodes and elements that are visited: what takes longer than some 50 ns counts as several. */
const MAX_WORK = 100_000;
/** Elements of lists and maps that are made, as in expr. */
const MAX_ELEMENTS = 1_000_000;
/** Bytes of texts that are made. */
const MAX_TEXT = 4_000_000;

export interface Machine {
  readonly variables: (readonly [name: string, value: Value])[];
  /** The other names that are known: `result` and the functions. */
  readonly environment: ReadonlyMap<string, Value>;
  /** The innermost loop. */
  loop: Loop | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How often now() was called: each call gives another time. */
  asked: number;
  work: number;
  elements: number;
  textBytes: number;
  regexp: LastRegexp | undefined;
  readonly spend: Spend;
}

export interface Loop {
  readonly items: readonly Value[];
  index: number;
  /** `#acc` */
  accumulated: Value;
}

export function newMachine(environment: ReadonlyMap<string, Value>, now: number): Machine {
  const machine: Machine = {
    variables: [],
    environment,
    loop: undefined,
    now,
    asked: 0,
    work: 0,
    elements: 0,
    textBytes: 0,
    regexp: undefined,
    spend: (work) => {
      machine.work += work;
      if (machine.work > MAX_WORK) throw new ExpressionError("it takes too long: too many steps");
    },
  };
  return machine;
}

/** How much work is left. */
export const workLeft = ({ work }: Machine): number => MAX_WORK - work;

/** To be called before a list or map of that size is made. */
export function spendElements(machine: Machine, count: number): void {
  machine.elements += count;
  if (machine.elements >= MAX_ELEMENTS) throw new ExpressionError("it takes too much memory: too many elements");
  machine.spend(count / 8);
}

/** To be called before a text is walked through, character by character. Where there are other than ASCII's they are put together. */
export function spendWalk(spend: Spend, bytes: string): void {
  spend(bytes.length / 16);
  if (!isAscii(bytes)) spend(2 * bytes.length);
}

/** To be called before a text of that size is made. */
export function spendText(machine: Machine, bytes: number): void {
  machine.textBytes += bytes;
  if (machine.textBytes > MAX_TEXT) throw new ExpressionError("it takes too much memory: too long a text");
  machine.spend(bytes / 32);
}

/** Sprig's arithmetic and conversions to numbers. */
import { spend } from "../../../kube/object/budget.ts";
import { toFloat, toInt } from "./cast.ts";
import { shownValue } from "./format.ts";
import { fitsInt64 } from "./literals.ts";
import type { Method } from "./methods.ts";
import { type Int, int, int64, List, Problem, type Value } from "./values.ts";

const COUNTING = "counting";

function untilStep(start: number, stop: number, step: number): number[] {
  if (stop < start ? step >= 0 : step <= 0) return [];
  const count = Math.ceil((stop - start) / step);
  spend(count * 4, COUNTING);
  return Array.from({ length: count }, (_, i) => start + i * step);
}

const ints = (all: number[]): List => new List(all.map(int), "int");

function seq(...all: number[]): string {
  const [first = 1, second = 1, third = 1] = all;
  if (all.length === 0 || all.length > 3) return "";
  const [start, end, given] =
    all.length === 1 ? [1, first, 1] : all.length === 2 ? [first, second, 1] : [first, third, second];
  if (all.length < 3) return untilStep(start, end + (end < start ? -1 : 1), end < start ? -1 : 1).join(" ");
  if (end < start && given > 0) return "";
  return untilStep(start, end + (end < start ? -1 : 1), given).join(" ");
}

/** A decimal number: n × 10^exponent, which sprig computes with. */
interface Decimal {
  readonly n: bigint;
  readonly exponent: number;
}

function decimal(value: Value): Decimal {
  const of = toFloat(value);
  if (!Number.isFinite(of))
    throw new Problem(`Cannot create a Decimal from ${Number.isNaN(of) ? "NaN" : of > 0 ? "+Inf" : "-Inf"}`);
  const [mantissa = "0", power = "0"] = of.toExponential().split("e");
  const [whole = "0", rest = ""] = mantissa.split(".");
  return { n: BigInt(whole + rest), exponent: Number(power) - rest.length };
}

const scaled = ({ n, exponent }: Decimal, to: number): bigint => n * 10n ** BigInt(exponent - to);

function aligned(a: Decimal, b: Decimal, work: (x: bigint, y: bigint) => bigint): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return { n: work(scaled(a, exponent), scaled(b, exponent)), exponent };
}

/** How many digits a quotient has behind the point. */
const PLACES = 16;

function divided(a: Decimal, b: Decimal): Decimal {
  if (b.n === 0n) throw new Problem("decimal division by 0");
  const shift = a.exponent - b.exponent + PLACES;
  const [top, bottom] = shift >= 0 ? [a.n * 10n ** BigInt(shift), b.n] : [a.n, b.n * 10n ** BigInt(-shift)];
  const size = (n: bigint): bigint => (n < 0n ? -n : n);
  const [quotient, rest] = [size(top) / size(bottom), size(top) % size(bottom)];
  const rounded = rest * 2n >= size(bottom) ? quotient + 1n : quotient;
  return { n: top < 0n === bottom < 0n ? rounded : -rounded, exponent: -PLACES };
}

const folded =
  (work: (a: Decimal, b: Decimal) => Decimal) =>
  (first: Value, ...others: Value[]): number => {
    let all = decimal(first);
    for (const other of others) {
      // Products grow with each number.
      spend(200, COUNTING);
      all = work(all, decimal(other));
      if (Math.abs(all.exponent) > 10_000) throw new Problem("the number has too many digits");
    }
    return Number(`${all.n}e${all.exponent}`);
  };

const added = folded((a, b) => aligned(a, b, (x, y) => x + y));

function round(value: Value, places: number, ...on: number[]): number {
  const power = 10 ** places;
  const digit = power * toFloat(value);
  const isUp = digit - Math.trunc(digit) >= (on[0] ?? 0.5);
  return (isUp ? Math.ceil(digit) : Math.floor(digit)) / power;
}

function divisor(value: Value): bigint {
  const n = toInt(value);
  if (n === 0n) throw new Problem("runtime error: integer divide by zero");
  return n;
}

const least = (a: bigint, b: bigint): bigint => (b < a ? b : a);
const most = (a: bigint, b: bigint): bigint => (b > a ? b : a);
const chosen =
  (work: (a: bigint, b: bigint) => bigint) =>
  (first: Value, ...others: Value[]): Int =>
    int64(others.map(toInt).reduce(work, toInt(first)));
const chosenFloat =
  (work: (...all: number[]) => number) =>
  (first: Value, ...others: Value[]): number =>
    others.map(toFloat).reduce((a, b) => work(a, b), toFloat(first));

function parsed(text: string, base: 8 | 10): bigint {
  if (!(base === 8 ? /^[+-]?[0-7]+$/ : /^[+-]?\d+$/).test(text) || text.length > 100) return 0n;
  const size = BigInt((base === 8 ? "0o" : "") + text.replace(/^[+-]/, ""));
  return text.startsWith("-") ? -size : size;
}

function atoi(text: string): Int {
  const n = parsed(text, 10);
  return int(n >= 2n ** 63n ? 2n ** 63n - 1n : n < -(2n ** 63n) ? -(2n ** 63n) : n);
}

function toDecimal(value: Value): Int {
  const n = parsed(shownValue(value), 8);
  return int64(fitsInt64(n) ? n : 0n);
}

function until(count: number): List {
  return ints(untilStep(0, count, count < 0 ? -1 : 1));
}

export const NUMBERS: Readonly<Record<string, Method>> = {
  add: ["a…", (...all: Value[]) => int64(all.map(toInt).reduce((a, b) => a + b, 0n))],
  add1: ["a", (value: Value) => int64(toInt(value) + 1n)],
  add1f: ["a", (value: Value) => added(value, 1)],
  addf: ["a…", (...all: Value[]) => added(0, ...all)],
  atoi: ["s", atoi],
  biggest: ["aa…", chosen(most)],
  ceil: ["a", (value: Value) => Math.ceil(toFloat(value))],
  div: ["aa", (a: Value, b: Value) => int64(toInt(a) / divisor(b))],
  divf: ["aa…", folded(divided)],
  float64: ["a", toFloat],
  floor: ["a", (value: Value) => Math.floor(toFloat(value))],
  int: ["a", (value: Value) => int(toInt(value))],
  int64: ["a", (value: Value) => int64(toInt(value))],
  max: ["aa…", chosen(most)],
  maxf: ["aa…", chosenFloat(Math.max)],
  min: ["aa…", chosen(least)],
  minf: ["aa…", chosenFloat(Math.min)],
  mod: ["aa", (a: Value, b: Value) => int64(toInt(a) % divisor(b))],
  mul: [
    "aa…",
    (a: Value, ...others: Value[]) => int64(others.map(toInt).reduce((x, y) => BigInt.asIntN(64, x * y), toInt(a))),
  ],
  mulf: ["aa…", folded((a, b) => ({ n: a.n * b.n, exponent: a.exponent + b.exponent }))],
  round: ["aif…", round],
  seq: ["i…", seq],
  sub: ["aa", (a: Value, b: Value) => int64(toInt(a) - toInt(b))],
  subf: ["aa…", folded((a, b) => aligned(a, b, (x, y) => x - y))],
  toDecimal: ["a", toDecimal],
  until: ["i", until],
  untilStep: ["iii", (start: number, stop: number, step: number) => ints(untilStep(start, stop, step))],
};

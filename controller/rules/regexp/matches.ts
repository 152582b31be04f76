/**
 * Whether a Go regular expression matches, in time that grows with pattern × text and no faster: the expressions come
 * from users, and a backtracking matcher would let one of them hold up everybody's admission.
 */
import { type Assertion, parseRegexp, type Regexp } from "./syntax.ts";
import type { CharTest } from "./classes.ts";

type Instruction =
  | { readonly kind: "char"; readonly test: CharTest }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "fork"; readonly to: readonly number[] }
  | { readonly kind: "match" };

/** How much may still be spent on matching: instructions times characters, about a microsecond each. */
export interface Work {
  left: number;
}

const MAX_INSTRUCTIONS = 5_000;

export const someWork = (): Work => ({ left: 50_000 });

/**
 * Whether one of the texts holds a match (unanchored, as Go's MatchString). False for a pattern that is no regular
 * expression; undefined when finding out would take more work than is left.
 */
export function regexpMatchesSome(pattern: string, texts: readonly string[], work: Work): boolean | undefined {
  // Most are plain names.
  if (/^[\w -]*$/.test(pattern)) return texts.some((text) => text.includes(pattern));
  if (!spent(work, pattern.length)) return undefined;
  const tree = parseRegexp(pattern);
  if (tree === undefined) return false;
  const program: Instruction[] = [];
  if (!emit(program, tree)) return undefined;
  program.push({ kind: "match" });
  const length = texts.reduce((sum, text) => sum + text.length + 1, 1);
  return spent(work, program.length * length) ? texts.some((text) => matches(program, text)) : undefined;
}

function spent(work: Work, amount: number): boolean {
  if (work.left < amount) return false;
  work.left -= amount;
  return true;
}

/** Appends the instructions of a tree; false when they become too many. */
function emit(program: Instruction[], tree: Regexp): boolean {
  if (program.length > MAX_INSTRUCTIONS) return false;
  switch (tree.kind) {
    case "char":
    case "assert":
      program.push(tree);
      return true;
    case "sequence":
      return tree.parts.every((part) => emit(program, part));
    case "either":
      return emitEither(program, tree.parts);
    case "repeat":
      return emitRepeat(program, tree.part, tree.min, tree.max);
    default:
      return tree satisfies never;
  }
}

function emitEither(program: Instruction[], parts: readonly Regexp[]): boolean {
  const start = reserve(program);
  const starts: number[] = [];
  const ends: number[] = [];
  for (const part of parts) {
    starts.push(program.length);
    if (!emit(program, part)) return false;
    ends.push(reserve(program));
  }
  program[start] = { kind: "fork", to: starts };
  for (const end of ends) program[end] = { kind: "fork", to: [program.length] };
  return true;
}

function emitRepeat(program: Instruction[], part: Regexp, min: number, max: number): boolean {
  for (let times = 0; times < min; times++) if (!emit(program, part)) return false;
  if (max === Infinity) {
    const start = reserve(program);
    if (!emit(program, part)) return false;
    program.push({ kind: "fork", to: [start] });
    program[start] = { kind: "fork", to: [start + 1, program.length] };
    return true;
  }
  const exits: number[] = [];
  for (let times = min; times < max; times++) {
    exits.push(reserve(program));
    if (!emit(program, part)) return false;
  }
  for (const exit of exits) program[exit] = { kind: "fork", to: [exit + 1, program.length] };
  return true;
}

/** The place of a fork whose ways are known only later. */
const reserve = (program: Instruction[]): number => program.push({ kind: "fork", to: [] }) - 1;

function matches(program: readonly Instruction[], text: string): boolean {
  const codes = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  let states: readonly number[] = [];
  for (let index = 0; index <= codes.length; index++) {
    const reached = closure(program, [...states, 0], codes, index);
    if (reached.some((state) => program[state]?.kind === "match")) return true;
    const code = codes[index];
    if (code === undefined) return false;
    states = reached.filter((state) => takes(program[state], code)).map((state) => state + 1);
  }
  return false;
}

const takes = (instruction: Instruction | undefined, code: number): boolean =>
  instruction?.kind === "char" && instruction.test(code);

/** Every instruction that is reached without taking a character. */
function closure(
  program: readonly Instruction[],
  from: readonly number[],
  codes: readonly number[],
  index: number,
): readonly number[] {
  const seen = new Set<number>(from);
  for (const state of seen) {
    const instruction = program[state];
    if (instruction?.kind === "fork") for (const to of instruction.to) seen.add(to);
    if (instruction?.kind === "assert" && holds(instruction.assertion, codes, index)) seen.add(state + 1);
  }
  return [...seen];
}

function holds(assertion: Assertion, codes: readonly number[], index: number): boolean {
  switch (assertion) {
    case "textStart":
      return index === 0;
    case "textEnd":
      return index === codes.length;
    case "lineStart":
      return index === 0 || codes[index - 1] === 0x0a;
    case "lineEnd":
      return index === codes.length || codes[index] === 0x0a;
    case "wordEdge":
      return isWord(codes[index - 1]) !== isWord(codes[index]);
    case "noWordEdge":
      return isWord(codes[index - 1]) === isWord(codes[index]);
    default:
      return assertion satisfies never;
  }
}

const isWord = (code: number | undefined): boolean =>
  code !== undefined && /^[0-9A-Za-z_]$/.test(String.fromCodePoint(code));

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

const MAX_INSTRUCTIONS = 5_000;

/** Instructions times characters, about a tenth of a microsecond each. */
const USUAL_WORK = 100_000;

/**
 * Whether a pattern matches one of the texts (unanchored, as Go's MatchString). False for a pattern that is no regular
 * expression; undefined when finding out would take too long, after all patterns that were asked for before. `budget` holds
 * what is left (instructions times characters).
 */
export function regexpSearch(
  texts: readonly string[],
  budget = { work: USUAL_WORK },
): (pattern: string) => boolean | undefined {
  const length = texts.reduce((sum, text) => sum + text.length + 1, 1);
  const affords = (work: number): boolean => {
    budget.work -= work;
    return budget.work >= 0;
  };
  return (pattern) => {
    if (!affords(texts.length + pattern.length)) return undefined;
    // Most are plain names.
    if (/^[\w -]*$/.test(pattern)) return texts.some((text) => text.includes(pattern));
    const tree = parseRegexp(pattern);
    if (tree === undefined) return false;
    const program: Instruction[] = [];
    if (!emit(program, tree) || !affords(program.length * length)) return undefined;
    program.push({ kind: "match" });
    return texts.some((text) => matches(program, text));
  };
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

/** All ways at once: the states that are reached before each character, none of them twice. */
function matches(program: readonly Instruction[], text: string): boolean {
  const codes = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  // For each state the last character before which it was reached.
  const reachedAt = new Int32Array(program.length).fill(-1);
  let states: number[] = [0];
  for (let index = 0; index <= codes.length; index++) {
    const next: number[] = [0];
    // Grows while it is walked: a fork leads on without taking a character.
    for (const state of states) {
      if (reachedAt[state] === index) continue;
      reachedAt[state] = index;
      const instruction = program[state];
      if (instruction === undefined || instruction.kind === "match") return true;
      if (instruction.kind === "fork") states.push(...instruction.to);
      else if (instruction.kind === "assert") {
        if (holds(instruction.assertion, codes, index)) states.push(state + 1);
      } else if (index < codes.length && instruction.test(codes[index] ?? 0)) next.push(state + 1);
    }
    states = next;
  }
  return false;
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

/** Calls of functions and methods: how many arguments they take, of which types. */
import { spend, spendBytes, TooCostlyError } from "../../../kube/object/budget.ts";
import { fail, NONE, type Final, type State } from "./state.ts";
import { written, type Node, type NumberNode, type Operand } from "./nodes.ts";
import {
  ANY,
  Any,
  Dict,
  Func,
  held,
  Int,
  int,
  isTrue,
  Problem,
  typeName,
  type Signature,
  type Value,
} from "./values.ts";

/** What the letters of a signature stand for. */
const TYPES: Readonly<Record<string, string>> = {
  a: ANY,
  b: "bool",
  d: "time.Duration",
  f: "float64",
  i: "int",
  m: `map[string]${ANY}`,
  s: "string",
  t: "time.Time",
  u: "uint32",
  V: "*semver.Version",
  /** Whatever it is, missing values included. */
  v: "reflect.Value",
};

export const typeOfLetter = (letter: string): string => TYPES[letter] ?? "";

const letterAt = (takes: string, at: number): string => takes[Math.min(at, takes.replace("…", "").length - 1)] ?? "a";

/** Evaluates an argument of the type of that letter; "": of any. */
type Evaluate = (s: State, dot: Value, letter: string, node: Operand) => Value;

/** @param args without the function's name */
export function callFunction(
  s: State,
  dot: Value,
  node: Node,
  name: string,
  args: readonly Operand[],
  final: Final,
  evaluate: Evaluate,
  signature: Signature | undefined = s.functions.get(name),
): Value {
  if (signature === undefined) return fail(s, `"${name}" is not a defined function`);
  const { takes } = signature;
  const isVariadic = takes.endsWith("…");
  const fixed = isVariadic ? takes.length - 2 : takes.length;
  const given = args.length + (final === NONE ? 0 : 1);
  if (isVariadic && given < fixed) {
    fail(s, `wrong number of args for ${name}: want at least ${fixed} got ${args.length}`);
  }
  if (!isVariadic && given !== fixed) fail(s, `wrong number of args for ${name}: want ${fixed} got ${given}`);
  if (name === "and" || name === "or") return shortCircuit(s, dot, name, args, final, evaluate);
  const values = args.map((arg, i) => evaluate(s, dot, letterAt(takes, i), arg));
  if (final !== NONE) values.push(validated(s, final, letterAt(takes, args.length)));
  try {
    if (name === "call")
      return call(args[0] === undefined ? shownCallee(values[0]) : written(args[0]), values[0], values.slice(1));
    return run(signature, values);
  } catch (error) {
    if (!(error instanceof Problem) || error instanceof TooCostlyError) throw error;
    s.node = node;
    return fail(s, `error calling ${name}: ${error.message}`);
  }
}

function shortCircuit(
  s: State,
  dot: Value,
  name: "and" | "or",
  args: readonly Operand[],
  final: Final,
  evaluate: Evaluate,
): Value {
  let value: Value;
  for (const arg of args) {
    value = evaluate(s, dot, "v", arg);
    if (isTrue(value) === (name === "or")) return value;
  }
  return final === NONE ? value : final;
}

/** The dearest functions match each character with an expression. */
const CHARACTERS_PER_STEP = 2;

const isNumeric = (letter: string): boolean => letter === "i" || letter === "f" || letter === "u";

/** The values of whole numbers and floats as JavaScript's, which hold what counts and indexes need. */
function run({ takes, run: work }: Signature, values: readonly Value[]): Value {
  const args = values.map((value, i) => {
    const it = held(value);
    if (typeof it === "string") spend(it.length / CHARACTERS_PER_STEP, "calling functions on texts");
    return isNumeric(letterAt(takes, i)) && value instanceof Int ? Number(value.n) : value;
  });
  spend(8, "calling functions");
  const result = (work as (...each: unknown[]) => Value)(...args);
  if (typeof result === "string") spendBytes(result.length, "making texts");
  return result;
}

/** What came through a pipe has no name. */
const shownCallee = (value: Value): string =>
  typeof value === "string" ? value : value === undefined ? "<invalid Value>" : `<${typeName(value)} Value>`;

function call(name: string, callee: Value, args: readonly Value[]): Value {
  const func = held(callee);
  if (func === undefined || func === null) throw new Problem("call of nil");
  if (!(func instanceof Func)) throw new Problem(`non-function ${name} of type ${typeName(func)}`);
  const { takes } = func.signature;
  if (takes.length !== args.length) {
    throw new Problem(`wrong number of args for ${name}: got ${args.length} want ${takes.length}`);
  }
  const prepared = args.map((arg, i) => {
    const value = held(arg);
    const letter = letterAt(takes, i);
    const wanted = TYPES[letter] ?? ANY;
    if (letter === "a") return value ?? null;
    if (value === undefined || value === null) throw new Problem(`arg ${i}: value is nil; should be of type ${wanted}`);
    if (typeName(value) === wanted) return value;
    throw new Problem(`arg ${i}: value has type ${typeName(value)}; should be ${wanted}`);
  });
  return run(func.signature, prepared);
}

export const canBeNil = (letter: string): boolean => /[amvV]/.test(letter);

export function nilOf(letter: string): Value {
  if (letter === "m") return new Dict();
  return letter === "v" || letter === "" ? undefined : null;
}

/** A value as an argument of that type. */
export function validated(s: State, value: Value, letter: string): Value {
  const wanted = TYPES[letter] ?? "";
  if (value === undefined) {
    return letter === "" || canBeNil(letter) ? nilOf(letter) : fail(s, `invalid value; expected ${wanted}`);
  }
  if (letter === "v" || letter === "") return value;
  const it = held(value);
  if (letter === "a" || typeName(it) === wanted) return it;
  return fail(s, `wrong type for value; expected ${wanted}; got ${typeName(it === null ? new Any(null) : it)}`);
}

/** A literal as an argument of that type. */
export function typedLiteral(s: State, dot: Value, letter: string, node: Operand): Value {
  const expected = (what: string): never => fail(s, `expected ${what}; found ${written(node)}`);
  switch (letter) {
    case "a":
    case "v":
    case "":
      return literal(s, dot, node);
    case "b":
      return node.k === "bool" ? node.value : expected("bool");
    case "s":
      return node.k === "string" ? node.value : expected("string");
    case "f":
      return node.k === "number" ? node.float : expected("float");
    case "d":
    case "i":
      return node.k === "number" && node.whole !== undefined ? new Int(node.whole, TYPES[letter]) : expected("integer");
    case "u":
      return node.k === "number" && node.whole !== undefined
        ? new Int(node.whole, "uint32")
        : expected("unsigned integer");
  }
  return fail(s, `can't handle ${written(node)} for arg of type ${TYPES[letter] ?? ""}`);
}

/** A literal where no type is expected, and the dot. */
export function literal(s: State, dot: Value, node: Operand): Value {
  switch (node.k) {
    case "dot":
      return dot;
    case "bool":
    case "string":
      return node.value;
    case "number":
      return idealConstant(s, node);
    default:
      return fail(s, `can't handle assignment of ${written(node)} to empty interface argument`);
  }
}

function idealConstant(s: State, node: NumberNode): Value {
  s.node = node;
  const isHex = /^0[xX][^pP]+$/.test(node.text);
  if (!isHex && !node.text.startsWith("'") && /[.eEpP]/.test(node.text)) return node.float;
  return node.whole === undefined ? fail(s, `${node.text} overflows int`) : int(node.whole);
}

/** Calls of functions and methods: how many arguments they take, of which types. */
import { TooCostlyError } from "../../../kube/object/budget.ts";
import { chain, fail, field, literal, NONE, pipeline, variable, type Final, type State } from "./execute.ts";
import { written, type Node, type Operand } from "./nodes.ts";
import {
  ANY,
  Any,
  bare,
  Dict,
  Func,
  held,
  Int,
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

const letterAt = (takes: string, at: number): string => takes[Math.min(at, takes.replace("…", "").length - 1)] ?? "a";

/** @param args without the function's name */
export function callFunction(
  s: State,
  dot: Value,
  node: Node,
  name: string,
  args: readonly Operand[],
  final: Final,
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
  if (name === "and" || name === "or") return shortCircuit(s, dot, name, args, final);
  const values = args.map((arg, i) => evaluateArgument(s, dot, letterAt(takes, i), arg));
  if (final !== NONE) values.push(validated(s, final, letterAt(takes, args.length)));
  try {
    if (name === "call") return call(args[0] === undefined ? "" : written(args[0]), values[0], values.slice(1));
    return run(signature, values);
  } catch (error) {
    if (!(error instanceof Problem) || error instanceof TooCostlyError) throw error;
    s.node = node;
    return fail(s, `error calling ${name}: ${error.message}`);
  }
}

function shortCircuit(s: State, dot: Value, name: "and" | "or", args: readonly Operand[], final: Final): Value {
  let value: Value;
  for (const arg of args) {
    value = evaluateArgument(s, dot, "v", arg);
    if (isTrue(value) === (name === "or")) return value;
  }
  return final === NONE ? value : final;
}

const isNumeric = (letter: string): boolean => letter === "i" || letter === "f" || letter === "u";

/** The values of whole numbers and floats as JavaScript's, which hold what counts and indexes need. */
function run({ takes, run: work }: Signature, values: readonly Value[]): Value {
  const args = values.map((value, i) => {
    return isNumeric(letterAt(takes, i)) && value instanceof Int ? Number(value.n) : value;
  });
  return (work as (...each: unknown[]) => Value)(...args);
}

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

const canBeNil = (letter: string): boolean => /[amvV]/.test(letter);

function nilOf(letter: string): Value {
  if (letter === "m") return new Dict();
  return letter === "v" || letter === "" ? undefined : null;
}

/** A value as an argument of that type. */
function validated(s: State, value: Value, letter: string): Value {
  const wanted = TYPES[letter] ?? "";
  if (value === undefined) {
    return letter === "" || canBeNil(letter) ? nilOf(letter) : fail(s, `invalid value; expected ${wanted}`);
  }
  if (letter === "v" || letter === "") return value;
  const it = held(value);
  if (letter === "a" || typeName(it) === wanted) return it;
  return fail(s, `wrong type for value; expected ${wanted}; got ${typeName(it === null ? new Any(null) : it)}`);
}

/** @param letter "" where anything may stand */
export function evaluateArgument(s: State, dot: Value, letter: string, node: Operand): Value {
  s.node = node;
  switch (node.k) {
    case "dot":
      return validated(s, dot, letter);
    case "nil":
      return canBeNil(letter) ? nilOf(letter) : fail(s, `cannot assign nil to ${TYPES[letter] ?? ""}`);
    case "field":
      return validated(s, field(s, dot, node, [node], NONE), letter);
    case "variable":
      return validated(s, variable(s, dot, node, [], NONE), letter);
    case "pipe":
      return validated(s, pipeline(s, dot, node), letter);
    case "identifier":
      return validated(s, bare(callFunction(s, dot, node, node.name, [], NONE)), letter);
    case "chain":
      return validated(s, chain(s, dot, node, [], NONE), letter);
  }
  return typedLiteral(s, dot, letter, node);
}

function typedLiteral(s: State, dot: Value, letter: string, node: Operand): Value {
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

/** Evaluates a checked expression. Throws ExpressionError where Go would panic, with the place. */
import { calculate, integerFrom, negated } from "./arithmetic.ts";
import { callBuiltin } from "./builtins.ts";
import { entryOf, equal, holds, includes } from "./compare.ts";
import { callFunction } from "./functions.ts";
import { fromGo } from "../syntax/goText.ts";
import { runLoop } from "./loops.ts";
import { type Machine, spendElements, spendText } from "./machine.ts";
import { matches, textTest } from "./matching.ts";
import { methodOf } from "../types/methods.ts";
import type { Binary, Builtin, Call, Member, Node, NodeOf } from "../syntax/node.ts";
import { ExpressionError } from "../syntax/problem.ts";
import {
  anyList,
  type Dict,
  isDict,
  isList,
  isNil,
  type List,
  shown,
  sized,
  textDict,
  typeName,
  type Value,
} from "../syntax/value.ts";

export function evaluate(m: Machine, node: Node): Value {
  m.spend(1);
  switch (node.kind) {
    case "nil":
      return null;
    case "int":
    case "float":
    case "bool":
    case "string":
    case "constant":
      return node.value;
    case "bytes":
      return {
        kind: "list",
        of: "uint8",
        items: Array.from(node.value, (byte) => sized("uint8", BigInt(byte.charCodeAt(0)))),
      };
    case "name":
      return named(m, node.name);
    case "unary":
      return at(node, () => unary(m, node));
    case "binary":
      return binary(m, node);
    case "chain":
      return chain(m, node);
    case "member":
      return member(m, node);
    case "slice":
      return slice(m, node);
    case "call":
      return call(m, node);
    case "builtin":
      return builtin(m, node);
    case "closure":
      return evaluate(m, node.body);
    case "pointer":
      return pointer(m, node);
    case "let":
      return declaration(m, node);
    case "sequence":
      return node.nodes.reduce<Value>((_, each) => evaluate(m, each), null);
    case "conditional":
      return evaluate(m, truth(evaluate(m, node.test), node) ? node.chosen : node.otherwise);
    case "array":
      spendElements(m, node.items.length);
      return anyList(node.items.map((item) => evaluate(m, item)));
    case "map":
      return map(m, node);
    default:
      return node satisfies never;
  }
}

/** Errors of the action are reported at the node's place. */
function at<T>(node: Node, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof ExpressionError && error.at === undefined) throw new ExpressionError(error.message, node.at);
    throw error;
  }
}

function truth(value: Value, node: Node): boolean {
  if (typeof value === "boolean") return value;
  throw new ExpressionError(`a bool is wanted, not a ${typeName(value)}`, node.at);
}

function named(m: Machine, name: string): Value {
  const variable = m.variables.findLast(([declared]) => declared === name);
  if (variable !== undefined) return variable[1];
  return name === "$env" ? textDict(m.environment) : (m.environment.get(name) ?? null);
}

function unary(m: Machine, node: NodeOf<"unary">): Value {
  const value = evaluate(m, node.operand);
  if (node.operator === "not") return !truth(value, node);
  return node.operator === "-" ? negated(value) : value;
}

function binary(m: Machine, node: Binary): Value {
  switch (node.operator) {
    case "&&":
      return truth(evaluate(m, node.left), node) ? evaluate(m, node.right) : false;
    case "||":
      return truth(evaluate(m, node.left), node) ? true : evaluate(m, node.right);
    case "??": {
      const left = evaluate(m, node.left);
      return isNil(left) ? evaluate(m, node.right) : left;
    }
    default: {
      const [left, right] = [evaluate(m, node.left), evaluate(m, node.right)];
      try {
        return operation(m, node, left, right);
      } catch (error) {
        if (error instanceof ExpressionError && error.at === undefined)
          throw new ExpressionError(error.message, node.at);
        throw error;
      }
    }
  }
}

function operation(m: Machine, node: Binary, left: Value, right: Value): Value {
  const { operator } = node;
  switch (operator) {
    case "==":
      return same(m, node, left, right);
    case "!=":
      return !same(m, node, left, right);
    case "<":
    case ">":
    case "<=":
    case ">=":
      return holds(operator, left, right);
    case "+":
      if (typeof left === "string" && typeof right === "string") spendText(m, left.length + right.length);
      return calculate(operator, left, right);
    case "-":
    case "*":
    case "/":
    case "%":
      return calculate(operator, left, right);
    case "**":
      m.spend(6);
      return calculate(operator, left, right);
    case "in":
      return includes(right, left, m.spend);
    case "matches":
      return matches(m, left, right);
    case "contains":
    case "startsWith":
    case "endsWith":
      return textTest(m, operator, left, right);
    case "..":
      return range(m, integerFrom(left), integerFrom(right));
    case "&&":
    case "||":
    case "??":
      throw new ExpressionError(`${operator} does not evaluate both of its sides`);
    default:
      return operator satisfies never;
  }
}

function same(m: Machine, { strict }: Binary, left: Value, right: Value): boolean {
  const wrong = strict === undefined ? undefined : [left, right].find((value) => typeName(value) !== strict);
  if (wrong !== undefined)
    throw new ExpressionError(`== is between two of ${strict}, but there is a ${typeName(wrong)}`);
  return equal(left, right, m.spend);
}

function range(m: Machine, from: bigint, to: bigint): List {
  const size = Number(BigInt.asIntN(64, to - from + 1n));
  if (size <= 0) return { kind: "list", of: "int", items: [] };
  spendElements(m, size);
  // Each is a number of its own.
  m.spend(size);
  return { kind: "list", of: "int", items: Array.from({ length: size }, (_, index) => from + BigInt(index)) };
}

/** Thrown by a `?.` that meets nil, caught by its chain. */
const CUT = Symbol("the object of ?. is nil");

function chain(m: Machine, node: NodeOf<"chain">): Value {
  const value = linked(m, node.inner);
  return value === CUT || isNil(value) ? null : value;
}

/** The value of a chain's links, or CUT when a `?.` met nil. */
function linked(m: Machine, node: Node): Value | typeof CUT {
  if (node.kind === "member") {
    const object = linked(m, node.object);
    if (object === CUT || (node.optional && isNil(object))) return CUT;
    return fetched(node, object, evaluate(m, node.property));
  }
  if (node.kind === "call") {
    const args = node.args.map((arg) => evaluate(m, arg));
    const callee = linked(m, node.callee);
    return callee === CUT ? CUT : at(node, () => callFunction(callee, args));
  }
  return evaluate(m, node);
}

function member(m: Machine, node: Member): Value {
  return fetched(node, evaluate(m, node.object), evaluate(m, node.property));
}

function fetched(node: Node, object: Value, key: Value): Value {
  if (object !== null && typeof key === "string" && methodOf(typeName(object), fromGo(key)) !== undefined) {
    return { kind: "func", name: fromGo(key), of: object };
  }
  if (isDict(object)) return at(node, () => entryOf(object, key) ?? nothing(object));
  if (isList(object) || typeof object === "string") {
    const index = at(node, () => integerFrom(key));
    const size = isList(object) ? object.items.length : object.length;
    const place = Number(index < 0n ? BigInt(size) + index : index);
    if (!(place >= 0 && place < size)) {
      throw new ExpressionError(`there is no element ${index}: the list has ${size}`, node.at);
    }
    if (isList(object)) return object.items[place] ?? null;
    return sized("uint8", BigInt(object.charCodeAt(place)));
  }
  const what = typeof key === "string" ? shown(key) : `element ${typeName(key)}`;
  throw new ExpressionError(`a ${typeName(object)} has no ${what}`, node.at);
}

/** The value of a key that a map does not have. */
const nothing = (dict: Dict): Value => (dict.by === "any" && dict.groups ? { ...anyList([]), absent: true } : null);

function slice(m: Machine, node: NodeOf<"slice">): Value {
  const object = evaluate(m, node.object);
  if (!isList(object) && typeof object !== "string")
    throw new ExpressionError(`a ${typeName(object)} cannot be sliced`, node.at);
  const size = BigInt(isList(object) ? object.items.length : object.length);
  const bound = (index: Node | undefined, otherwise: bigint): bigint => {
    const value = index === undefined ? otherwise : at(node, () => integerFrom(evaluate(m, index)));
    const place = value < 0n ? size + value : value;
    return place < 0n ? 0n : place;
  };
  const to = bound(node.to, size);
  const from = bound(node.from, 0n);
  const end = Number(to > size ? size : to);
  const start = Math.min(Number(from), end);
  m.spend((end - start) / 8);
  if (typeof object === "string") return object.slice(start, end);
  const { fixed: _, ...list } = object;
  return { ...list, items: object.items.slice(start, end) };
}

function call(m: Machine, node: Call): Value {
  const args = node.args.map((arg) => evaluate(m, arg));
  const callee = evaluate(m, node.callee);
  return at(node, () => callFunction(callee, args));
}

function builtin(m: Machine, node: Builtin): Value {
  if (node.args[1]?.kind === "closure" || node.name === "count" || node.name === "sum") {
    return at(node, () => runLoop(m, node, (each) => evaluate(m, each)));
  }
  const args = node.args.map((arg) => evaluate(m, arg));
  return at(node, () => callBuiltin(m, node.name, args));
}

function pointer(m: Machine, { name, at: place }: NodeOf<"pointer">): Value {
  const { loop } = m;
  if (loop === undefined) throw new ExpressionError("# stands for an element inside of { } only", place);
  if (name === "") return loop.items[loop.index] ?? null;
  if (name === "index") return BigInt(loop.index);
  if (name === "acc") return loop.accumulated;
  throw new ExpressionError(`there is no #${name}`, place);
}

function declaration(m: Machine, node: NodeOf<"let">): Value {
  m.variables.push([node.name, evaluate(m, node.value)]);
  const value = evaluate(m, node.body);
  m.variables.pop();
  return value;
}

/** The first of two equal keys counts. */
function map(m: Machine, node: NodeOf<"map">): Value {
  spendElements(m, node.pairs.length);
  const entries = new Map<string, Value>();
  for (const [key, value] of node.pairs) {
    const name = evaluate(m, key);
    const given = evaluate(m, value);
    if (typeof name !== "string") throw new ExpressionError(`a key is a text, not a ${typeName(name)}`, key.at);
    if (!entries.has(name)) entries.set(name, given);
  }
  return textDict(entries);
}

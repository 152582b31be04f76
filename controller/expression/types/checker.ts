/**
 * What expr's compiler refuses before it runs an expression: unknown names, operators and functions that do not take
 * what they are given. It compiles against the value that was measured, so a condition may be right for one result and
 * wrong for another.
 */
import { type Budget, compileRegexp, usualBudget } from "../../../kube/regexp/matches.ts";
import { spend } from "../../../kube/object/budget.ts";
import { isBuiltin } from "../syntax/builtinNames.ts";
import { builtinType, fitsOne } from "./builtinTypes.ts";
import { CLOSED, closedType, OTHER_CLOSED, pointersOf } from "./closureTypes.ts";
import { fromGo } from "../syntax/goText.ts";
import { methodOf } from "./methods.ts";
import type { Builtin, Call, Member, Node, NodeOf } from "../syntax/node.ts";
import { binaryType, unaryType } from "./operatorTypes.ts";
import { ExpressionError } from "../syntax/problem.ts";
import {
  ANY,
  BOOL,
  BYTES,
  elementOf,
  FLOAT,
  func,
  INT,
  INT64,
  isAssignable,
  isBool,
  isFloat,
  isInteger,
  isMap,
  isNilType,
  isSlice,
  isText,
  isUnknown,
  LIST,
  listOf,
  NIL,
  STRING,
  TEXT_MAP,
  type Type,
  typeOf,
  UNKNOWN,
} from "./types.ts";
import { shown } from "../syntax/value.ts";

export interface Checked {
  readonly type: Type;
  /** Of the nodes that were checked; the arguments of an unknown function are not. */
  readonly types: Map<Node, Type>;
  /** Integer literals where a float is wanted. */
  readonly floats: ReadonlySet<Node>;
}

interface Scope {
  readonly collection: Type;
  readonly pointers: ReadonlyMap<string, Type>;
}

interface Checker {
  /** "open": names are what whoever evaluates it gives, and none is known here. */
  readonly result: Type | "open";
  readonly types: Map<Node, Type>;
  readonly floats: Set<Node>;
  readonly variables: (readonly [name: string, type: Type])[];
  readonly scopes: Scope[];
  /** The budget that is left for all regular expressions. */
  readonly regexps: Budget;
}

/** The functions of conditions besides the built-in ones. */
const FUNCTIONS: ReadonlyMap<string, Type> = new Map([
  ["asInt", func([ANY], INT64)],
  ["asFloat", func([ANY], FLOAT)],
  ["isNaN", func([FLOAT], BOOL)],
  ["isInf", func([FLOAT], BOOL)],
  ["isNil", func([ANY], BOOL)],
  ["default", func([ANY, ANY], ANY)],
]);

/** Throws ExpressionError when the expression does not compile against a result of this type, or against names ("open"). */
export function check(root: Node, result: Type | "open"): Checked {
  const checker: Checker = {
    result,
    types: new Map(),
    floats: new Set(),
    variables: [],
    scopes: [],
    regexps: usualBudget(),
  };
  return { type: visit(checker, root), types: checker.types, floats: checker.floats };
}

/** Of the budget of a judgement: for a node's type, and for what the compiler does with it afterwards. */
const NODE_STEPS = 20;

/** The operands in a chain of comparisons stand in the tree twice, and are checked once. */
function visit(c: Checker, node: Node): Type {
  const known = c.types.get(node);
  if (known !== undefined) return known;
  spend(NODE_STEPS, "checking conditions");
  const type = typeOfNode(c, node);
  c.types.set(node, type);
  return type;
}

function typeOfNode(c: Checker, node: Node): Type {
  switch (node.kind) {
    case "nil":
      return NIL;
    case "name":
      return nameType(c, node.name, node);
    case "int":
      return INT;
    case "float":
      return FLOAT;
    case "bool":
      return BOOL;
    case "string":
      return STRING;
    case "bytes":
      return BYTES;
    case "constant":
      return typeOf(node.value);
    case "unary":
      return unary(c, node);
    case "binary":
      return binary(c, node);
    case "chain":
      return visit(c, node.inner);
    case "member":
      return member(c, node);
    case "slice":
      return slice(c, node);
    case "call":
      return call(c, node);
    case "builtin":
      return builtin(c, node);
    case "closure":
      return visit(c, node.body);
    case "pointer":
      return pointer(c, node);
    case "let":
      return declaration(c, node);
    case "sequence":
      return node.nodes.map((each) => visit(c, each)).at(-1) ?? NIL;
    case "conditional":
      return conditional(c, node);
    case "array":
      return array(c, node);
    case "map":
      for (const each of node.pairs.flat()) visit(c, each);
      return TEXT_MAP;
    default:
      return node satisfies never;
  }
}

function nameType(c: Checker, name: string, node: Node): Type {
  const variable = c.variables.findLast(([declared]) => declared === name);
  if (variable !== undefined) return variable[1];
  if (name === "$env") return UNKNOWN;
  const known = environmentType(c, name);
  if (known !== undefined) return known;
  if (isBuiltin(name)) return { name: `func ${name}`, kind: "func", builtin: name };
  if (c.result === "open") return UNKNOWN;
  throw new ExpressionError(`unknown name ${name}; there is result, and there are functions such as len()`, node.at);
}

function environmentType({ result }: Checker, name: string): Type | undefined {
  if (result === "open") return undefined;
  return name === "result" ? result : FUNCTIONS.get(name);
}

function unary(c: Checker, node: NodeOf<"unary">): Type {
  const given = visit(c, node.operand);
  const type = unaryType(node.operator, given);
  if (type !== undefined) return type;
  throw new ExpressionError(`${node.operator} does not take a ${given.name}`, node.at);
}

function binary(c: Checker, node: NodeOf<"binary">): Type {
  const [left, right] = [visit(c, node.left), visit(c, node.right)];
  if (node.operator === "matches" && node.right.kind === "string") regularExpression(c, node.right.value, node.at);
  const type = binaryType(node.operator, left, right);
  if (type !== undefined) return type;
  throw new ExpressionError(`${node.operator} does not take a ${left.name} and a ${right.name}`, node.at);
}

function regularExpression(c: Checker, pattern: string, at: number): void {
  const compiled = compileRegexp(fromGo(pattern), c.regexps);
  if (compiled === "none") throw new ExpressionError(`not a regular expression of Go's (RE2): ${shown(pattern)}`, at);
  if (compiled === "costly") throw new ExpressionError(`too large a regular expression: ${shown(pattern)}`, at);
}

function member(c: Checker, node: Member): Type {
  const { object, property } = node;
  if (object.kind === "name" && object.name === "$env" && !c.variables.some(([name]) => name === "$env")) {
    return environmentMember(c, node);
  }
  const base = visit(c, object);
  const key = visit(c, property);
  if (isUnknown(base)) return UNKNOWN;
  const name = property.kind === "string" ? fromGo(property.value) : undefined;
  if (name !== undefined && isNilType(base)) throw new ExpressionError(`nil has no member ${name}`, node.at);
  const method = name === undefined ? undefined : methodOf(base.name, name);
  if (method !== undefined) return func(method.takes, method.gives);
  if (isMap(base)) {
    if (isUnknown(key) || isAssignable(key, base.key ?? ANY)) return elementOf(base);
    throw new ExpressionError(`a ${base.name} has no member by ${key.name}`, property.at);
  }
  if (isSlice(base)) {
    if (isInteger(key) || isUnknown(key)) return elementOf(base);
    throw new ExpressionError(`elements of a ${base.name} are found by an integer, not by a ${key.name}`, property.at);
  }
  if (name !== undefined) throw new ExpressionError(`a ${base.name} has no member ${name}`, node.at);
  throw new ExpressionError(`a ${base.name} has no elements`, node.at);
}

function environmentMember(c: Checker, { property, optional, at }: Member): Type {
  if (property.kind !== "string") return UNKNOWN;
  const name = fromGo(property.value);
  const known = environmentType(c, name);
  if (known === undefined && !optional && c.result !== "open") throw new ExpressionError(`unknown name ${name}`, at);
  return known ?? UNKNOWN;
}

function slice(c: Checker, { object, from, to, at }: NodeOf<"slice">): Type {
  const base = visit(c, object);
  if (isUnknown(base)) return UNKNOWN;
  if (!isText(base) && !isSlice(base)) throw new ExpressionError(`a ${base.name} cannot be sliced`, at);
  for (const index of [from, to]) {
    const type = index === undefined ? INT : visit(c, index);
    if (isInteger(type) || isUnknown(type)) continue;
    throw new ExpressionError(`slices go by integers, not by a ${type.name}`, index?.at ?? at);
  }
  return base;
}

function call(c: Checker, node: Call): Type {
  const { callee } = node;
  if (callee.kind === "name" && callee.name === "$env") throw new ExpressionError("$env is not a function", node.at);
  const type = visit(c, callee);
  if (isUnknown(type)) return UNKNOWN;
  const name = calleeName(callee);
  if (type.builtin !== undefined) return checkedBuiltin(c, type.builtin, node);
  const { signature } = type;
  if (signature === undefined) throw new ExpressionError(`${name} is a ${type.name}, no function`, node.at);
  const { takes, gives } = signature;
  if (takes.length !== node.args.length) {
    throw new ExpressionError(`${name} takes ${takes.length} arguments, and gets ${node.args.length}`, node.at);
  }
  node.args.forEach((arg, index) => argument(c, arg, { takes: takes[index] ?? ANY, name }));
  return gives;
}

function calleeName(callee: Node): string {
  if (callee.kind === "name") return callee.name;
  return callee.kind === "member" && callee.property.kind === "string" ? fromGo(callee.property.value) : "function";
}

function argument(c: Checker, arg: Node, { takes, name }: { readonly takes: Type; readonly name: string }): void {
  const given = visit(c, arg);
  // Literals become floats; that other integers do not shows only when the expression runs.
  if (isFloat(takes) && isInteger(given)) asFloats(c, arg);
  else if (!fitsOne(takes, given)) {
    throw new ExpressionError(`${name} takes a ${takes.name}, not a ${given.name}`, arg.at);
  }
}

function asFloats(c: Checker, node: Node): void {
  if (node.kind === "int") c.floats.add(node);
  else if (node.kind === "unary") asFloats(c, node.operand);
  else if (node.kind === "binary" && ["+", "-", "*"].includes(node.operator)) {
    asFloats(c, node.left);
    asFloats(c, node.right);
  }
}

function checkedBuiltin(
  c: Checker,
  name: string,
  { args, at }: { readonly args: readonly Node[]; readonly at: number },
): Type {
  const type = builtinType(
    name,
    args.map((arg) => visit(c, arg)),
  );
  if (!("refusal" in type)) return type;
  const blamed = type.argument === undefined ? undefined : args[type.argument];
  throw new ExpressionError(`${name}() ${type.refusal}`, blamed?.at ?? at);
}

/** Functions that take a closure check its type themselves; the others go by `builtinTypes.ts`. */
function builtin(c: Checker, node: Builtin): Type {
  const { name, args, at } = node;
  if (name === "get") return get(c, node);
  const [list, closure] = args;
  if (list === undefined || !(CLOSED.has(name) || OTHER_CLOSED.has(name))) return checkedBuiltin(c, name, node);
  const collection = visit(c, list);
  if (!isSlice(collection) && !isUnknown(collection)) {
    throw new ExpressionError(`${name}() takes a list, not a ${collection.name}`, list.at);
  }
  if (closure === undefined) return name === "count" ? INT : isUnknown(collection) ? UNKNOWN : elementOf(collection);
  c.scopes.push({ collection, pointers: pointersOf(name) });
  const body = visit(c, closure);
  c.scopes.pop();
  const [, , third] = args;
  const last = third === undefined ? STRING : visit(c, third);
  if (name === "sortBy" && !isText(last) && !isUnknown(last)) {
    throw new ExpressionError(`sortBy() takes "asc" or "desc", not a ${last.name}`, third?.at ?? at);
  }
  if (isNilType(body)) throw new ExpressionError(`what ${name}() is to do for each element gives nil`, closure.at);
  if (CLOSED.has(name) && !isBool(body) && !isUnknown(body)) {
    throw new ExpressionError(`${name}() asks a condition of each element, not a ${body.name}`, closure.at);
  }
  return closedType(name, collection, body);
}

function get(c: Checker, { args, at }: Builtin): Type {
  const [object, property] = args;
  if (args.length !== 2 || object === undefined || property === undefined) {
    throw new ExpressionError(`get() takes 2 arguments, and gets ${args.length}`, at);
  }
  const base = visit(c, object);
  const key = visit(c, property);
  if (object.kind === "name" && object.name === "$env") {
    return (property.kind === "string" ? environmentType(c, fromGo(property.value)) : undefined) ?? UNKNOWN;
  }
  if (isUnknown(base)) return UNKNOWN;
  if (!isSlice(base) && !isMap(base)) throw new ExpressionError(`get() takes no ${base.name}`, object.at);
  const fits = isUnknown(key) || (isSlice(base) ? isInteger(key) : isAssignable(key, base.key ?? ANY));
  if (!fits) throw new ExpressionError(`get() finds nothing in a ${base.name} by a ${key.name}`, property.at);
  return elementOf(base);
}

function pointer(c: Checker, { name, at }: NodeOf<"pointer">): Type {
  const scope = c.scopes.at(-1);
  if (scope === undefined) throw new ExpressionError("# stands for an element inside of { } only", at);
  if (name === "") return isUnknown(scope.collection) ? UNKNOWN : elementOf(scope.collection);
  const type = scope.pointers.get(name);
  if (type === undefined) throw new ExpressionError(`there is no #${name} here`, at);
  return type;
}

function declaration(c: Checker, { name, value, body, at }: NodeOf<"let">): Type {
  if (environmentType(c, name) !== undefined || isBuiltin(name) || c.variables.some(([known]) => known === name)) {
    throw new ExpressionError(`${name} exists already; choose another name`, at);
  }
  c.variables.push([name, visit(c, value)]);
  const type = visit(c, body);
  c.variables.pop();
  return type;
}

function conditional(c: Checker, { test, chosen, otherwise }: NodeOf<"conditional">): Type {
  const condition = visit(c, test);
  if (!isBool(condition) && !isUnknown(condition)) {
    throw new ExpressionError(`a choice depends on a bool, not on a ${condition.name}`, test.at);
  }
  const [first, second] = [visit(c, chosen), visit(c, otherwise)];
  if (isNilType(first)) return second;
  if (isNilType(second)) return first;
  if (!isAssignable(first, second)) return UNKNOWN;
  if (!isSlice(first) || !isSlice(second)) return first;
  const [one, other] = [elementOf(first), elementOf(second)];
  return isAssignable(one, other) && isAssignable(other, one) ? first : LIST;
}

function array(c: Checker, { items }: NodeOf<"array">): Type {
  const types = items.map((item) => visit(c, item));
  const last = types.at(-1) ?? UNKNOWN;
  return types.every(({ kind }) => kind === last.kind) ? listOf(last) : LIST;
}

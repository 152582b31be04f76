/** Executes a parsed template, as Go's text/template does: the same values, and the same errors at the same places. */
import { spend, spendBytes } from "../../../kube/object/budget.ts";
import { goQuoted } from "../../../kube/object/goQuoted.ts";
import { callFunction, canBeNil, literal, nilOf, typedLiteral, typeOfLetter, validated } from "./call.ts";
import { print, shownValue, sortedEntries } from "./format.ts";
import { methodOf } from "./methods.ts";
import {
  written,
  type Block,
  type Branch,
  type Chain,
  type Command,
  type Fields,
  type Node,
  type Operand,
  type Pipe,
  type TemplateNode,
} from "./nodes.ts";
import type { Tree } from "./parse.ts";
import { fail, NONE, type Final, type State } from "./state.ts";
import {
  bare,
  Dict,
  Func,
  held,
  int,
  Int,
  isTrue,
  List,
  member,
  typeName,
  type Signature,
  type Value,
} from "./values.ts";

const EXECUTING = "executing the template";
/** Templates that call each other. Go allows 100,000. */
const MAX_TEMPLATES = 100;
/** Of all that lies in each other while it is executed, so that the stack suffices. */
const MAX_DEPTH = 1_000;

/** @throws {Problem} with the whole message, {TooCostlyError} */
export function execute(tree: Tree, parsed: string, functions: ReadonlyMap<string, Signature>, data: Value): string {
  const list = tree.templates.get(parsed) ?? [];
  const variables = [{ name: "$", value: data }];
  const node: Node = { k: "dot", pos: 0 };
  const s: State = { parsed, name: parsed, tree, functions, out: [], node, variables, templates: 0, depth: 0 };
  walkList(s, data, list);
  return s.out.join("");
}

function write(s: State, text: string): void {
  spendBytes(text.length, "printing");
  s.out.push(text);
}

function deeper<T>(s: State, work: () => T): T {
  spend(8, EXECUTING);
  if (s.depth >= MAX_DEPTH) fail(s, `blocks and templates lie in each other more than ${MAX_DEPTH} deep`);
  s.depth++;
  const result = work();
  s.depth--;
  return result;
}

/** Why a loop's body ends early. */
type Exit = "break" | "continue" | undefined;

function walkList(s: State, dot: Value, list: readonly Block[]): Exit {
  return deeper(s, () => {
    for (const node of list) {
      const exit = walk(s, dot, node);
      if (exit !== undefined) return exit;
    }
    return undefined;
  });
}

function walk(s: State, dot: Value, node: Block): Exit {
  spend(4, EXECUTING);
  s.node = node;
  switch (node.k) {
    case "text":
      write(s, node.text);
      return undefined;
    case "action": {
      const value = pipeline(s, dot, node.pipe);
      if (node.pipe.variables.length > 0) return undefined;
      s.node = node;
      if (value instanceof Func) fail(s, `can't print ${written(node)} of type ${typeName(value)}`);
      write(s, value === undefined ? "<no value>" : print([value]));
      return undefined;
    }
    case "break":
    case "continue":
      return node.k;
    case "template":
      template(s, dot, node);
      return undefined;
    case "range":
      return range(s, dot, node);
    default: {
      const mark = s.variables.length;
      const value = pipeline(s, dot, node.pipe);
      const isMet = isTrue(value);
      const exit = isMet
        ? walkList(s, node.k === "with" ? value : dot, node.list)
        : node.otherwise && walkList(s, dot, node.otherwise);
      s.variables.length = mark;
      return exit;
    }
  }
}

function template(s: State, dot: Value, node: TemplateNode): void {
  const list = s.tree.templates.get(node.name);
  if (list === undefined) return fail(s, `template ${goQuoted(node.name)} not defined`);
  if (s.templates >= MAX_TEMPLATES) fail(s, `exceeded maximum template depth (${MAX_TEMPLATES})`);
  const value = node.pipe === undefined ? undefined : pipeline(s, dot, node.pipe);
  const { name, variables } = s;
  s.templates++;
  [s.name, s.variables] = [node.name, [{ name: "$", value }]];
  walkList(s, value, list);
  [s.name, s.variables] = [name, variables];
  s.templates--;
}

function range(s: State, dot: Value, node: Branch): Exit {
  const before = s.variables.length;
  const value = pipeline(s, dot, node.pipe);
  const mark = s.variables.length;
  const { variables: names, assigns } = node.pipe;
  const once = (index: Value, element: Value): boolean => {
    const [first = "", second = ""] = names;
    if (names.length === 1) {
      if (assigns) assign(s, first, element);
      else top(s, 1, element);
    } else if (names.length > 1) {
      if (assigns) assign(s, first, index);
      else top(s, 1, element);
      if (assigns) assign(s, second, element);
      else top(s, 2, index);
    }
    const exit = walkList(s, element, node.list);
    s.variables.length = mark;
    return exit !== "break";
  };
  const ran = iterate(s, value, names.length, once);
  const exit = !ran && node.otherwise ? walkList(s, dot, node.otherwise) : undefined;
  s.variables.length = before;
  return exit;
}

/** Whether there was anything to iterate over. */
function iterate(s: State, value: Value, names: number, once: (index: Value, element: Value) => boolean): boolean {
  if (value === undefined) return false;
  if (value instanceof Int) {
    if (names > 1) fail(s, `can't use ${print([value])} to iterate over more than one variable`);
    for (let n = 0n; n < value.n; n++) if (!once(undefined, new Int(n, value.type))) break;
    return value.n > 0n;
  }
  if (value instanceof List) {
    // The list's length may not change in between, and its members may.
    for (let i = 0; i < value.items.length; i++) if (!once(int(i), member(value.of, value.items[i]))) break;
    return value.items.length > 0;
  }
  if (!(value instanceof Dict)) return fail(s, `range can't iterate over ${shownValue(value)}`);
  for (const [key, each] of sortedEntries(value)) if (!once(key, member(value.of, each))) break;
  return value.entries.size > 0;
}

function assign(s: State, name: string, value: Value): void {
  const variable = variableNamed(s, name);
  if (variable === undefined) return fail(s, `undefined variable: ${name}`);
  variable.value = value;
}

function variableNamed({ variables }: State, name: string): State["variables"][number] | undefined {
  spend(variables.length / 8, EXECUTING);
  return variables.findLast((each) => each.name === name);
}

function top(s: State, nth: number, value: Value): void {
  const at = s.variables.length - nth;
  s.variables[at] = { name: s.variables[at]?.name ?? "", value };
}

function pipeline(s: State, dot: Value, pipe: Pipe): Value {
  s.node = pipe;
  let value: Final = NONE;
  for (const each of pipe.commands) value = bare(command(s, dot, each, value));
  const result = value === NONE ? undefined : value;
  for (const name of pipe.variables) {
    if (pipe.assigns) assign(s, name, result);
    else s.variables.push({ name, value: result });
  }
  return result;
}

function command(s: State, dot: Value, node: Command, final: Final): Value {
  const [first] = node.args;
  if (first === undefined) return undefined;
  switch (first.k) {
    case "field":
      return field(s, dot, first, node.args, final);
    case "chain":
      return chain(s, dot, first, node.args, final);
    case "identifier":
      s.node = first;
      return callFunction(s, dot, node, first.name, node.args.slice(1), final, evaluateArgument);
    case "pipe":
      notAFunction(s, node.args, final);
      return deeper(s, () => pipeline(s, dot, first));
    case "variable":
      return variable(s, dot, first, node.args, final);
    default:
      s.node = first;
      notAFunction(s, node.args, final);
      return first.k === "nil" ? fail(s, "nil is not a command") : literal(s, dot, first);
  }
}

function notAFunction(s: State, args: readonly Operand[], final: Final): void {
  const [first] = args;
  if (first !== undefined && (args.length > 1 || final !== NONE)) {
    fail(s, `can't give argument to non-function ${written(first)}`);
  }
}

function field(s: State, dot: Value, node: Fields, args: readonly Operand[], final: Final): Value {
  s.node = node;
  return fieldChain(s, dot, dot, node, node.names, args, final);
}

function chain(s: State, dot: Value, node: Chain, args: readonly Operand[], final: Final): Value {
  s.node = node;
  if (node.of.k === "nil") fail(s, `indirection through explicit nil in ${written(node)}`);
  const value = evaluateArgument(s, dot, "", node.of);
  return fieldChain(s, dot, value, node, node.fields, args, final);
}

function variable(s: State, dot: Value, node: Fields, args: readonly Operand[], final: Final): Value {
  s.node = node;
  const [name = "", ...rest] = node.names;
  const found = variableNamed(s, name);
  if (found === undefined) fail(s, `undefined variable: ${name}`);
  if (rest.length > 0) return fieldChain(s, dot, found.value, node, rest, args, final);
  notAFunction(s, args, final);
  return found.value;
}

function fieldChain(
  s: State,
  dot: Value,
  receiver: Value,
  node: Operand,
  names: readonly string[],
  args: readonly Operand[],
  final: Final,
): Value {
  let value = receiver;
  for (const [i, name] of names.entries()) {
    const isLast = i === names.length - 1;
    value = one(s, dot, name, node, isLast ? args : [], isLast ? final : NONE, value);
  }
  return value;
}

function one(
  s: State,
  dot: Value,
  name: string,
  node: Operand,
  args: readonly Operand[],
  final: Final,
  receiver: Value,
): Value {
  spend(4, EXECUTING);
  if (receiver === undefined) return undefined;
  const value = held(receiver);
  if (value === null) return fail(s, `nil pointer evaluating ${typeName(receiver)}.${name}`);
  const method = methodOf(value, name);
  if (method !== undefined) return callFunction(s, dot, node, name, args.slice(1), final, evaluateArgument, method);
  if (value instanceof Dict) {
    if (args.length > 1 || final !== NONE) fail(s, `${name} is not a method but has arguments`);
    return value.entries.has(name) ? member(value.of, value.entries.get(name)) : undefined;
  }
  return fail(s, `can't evaluate field ${name} in type ${typeName(receiver)}`);
}

/** @param letter "" where anything may stand */
function evaluateArgument(s: State, dot: Value, letter: string, node: Operand): Value {
  s.node = node;
  switch (node.k) {
    case "dot":
      return validated(s, dot, letter);
    case "nil":
      return canBeNil(letter) ? nilOf(letter) : fail(s, `cannot assign nil to ${typeOfLetter(letter)}`);
    case "field":
      return validated(s, field(s, dot, node, [node], NONE), letter);
    case "variable":
      return validated(s, variable(s, dot, node, [], NONE), letter);
    case "pipe":
      return validated(s, pipeline(s, dot, node), letter);
    case "identifier":
      return validated(s, bare(callFunction(s, dot, node, node.name, [], NONE, evaluateArgument)), letter);
    case "chain":
      return validated(s, chain(s, dot, node, [], NONE), letter);
    default:
      return typedLiteral(s, dot, letter, node);
  }
}

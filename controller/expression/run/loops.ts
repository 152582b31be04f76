/** The functions that do something for each element: `all(list, # > 1)`, `map(list, .x)`, `reduce(list, # + #acc)`. */
import { calculate } from "./arithmetic.ts";
import { type Loop, type Machine, spendElements } from "./machine.ts";
import type { Builtin, Node } from "../syntax/node.ts";
import { ExpressionError } from "../syntax/problem.ts";
import { sorted } from "./sorting.ts";
import { anyList, isList, keyOf, typeName, type Value } from "../syntax/value.ts";

type Evaluate = (node: Node) => Value;

/** What a loop works with. */
interface Run {
  readonly m: Machine;
  readonly node: Builtin;
  readonly loop: Loop;
  readonly evaluate: Evaluate;
  /** The closure's value for the current element; the element itself where there is no closure. */
  readonly each: () => Value;
  /** The same as a condition. */
  readonly test: () => boolean;
}

/** Throws ExpressionError. */
export function runLoop(m: Machine, node: Builtin, evaluate: Evaluate): Value {
  const [list, closure] = node.args;
  const loop: Loop = {
    items: itemsOf(node.name, list === undefined ? null : evaluate(list)),
    index: 0,
    accumulated: null,
  };
  const outer = m.loop;
  m.loop = loop;
  const each = (): Value => {
    if (closure === undefined) m.spend(1);
    // `m.loop` is this loop here: an inner one leaves itself behind only when it fails.
    return closure === undefined ? (loop.items[loop.index] ?? null) : evaluate(closure);
  };
  const test = (): boolean => {
    const value = each();
    if (typeof value === "boolean") return value;
    throw new ExpressionError(`${node.name}() asks a condition of each element, not a ${typeName(value)}`, closure?.at);
  };
  const run = LOOPS.get(node.name);
  if (run === undefined) throw new ExpressionError(`there is no ${node.name}() for each element`);
  const value = run({ m, node, loop, evaluate, each, test });
  m.loop = outer;
  return value;
}

function itemsOf(name: string, list: Value): readonly Value[] {
  if (isList(list)) return list.items;
  throw new ExpressionError(`${name}() takes a list, not a ${typeName(list)}`);
}

/** The index of the first element for which the closure is true. */
function firstIndex({ loop, test }: Run): number | undefined {
  for (; loop.index < loop.items.length; loop.index++) if (test()) return loop.index;
  return undefined;
}

function lastIndex({ loop, test }: Run): number | undefined {
  for (loop.index = loop.items.length - 1; loop.index >= 0; loop.index--) if (test()) return loop.index;
  return undefined;
}

/** Stops at `enough`. */
function count({ node, loop, test }: Run): number {
  let found = 0;
  for (; loop.index < loop.items.length; loop.index++) {
    if (test() && ++found === node.enough) break;
  }
  return found;
}

/** What the loop gives for the current element. */
const given = ({ node, loop, evaluate }: Run): Value =>
  node.gives === undefined ? (loop.items[loop.index] ?? null) : evaluate(node.gives);

function found(run: Run, index: number | undefined): Value {
  if (index !== undefined) return given(run);
  if (run.node.throws === true) throw new ExpressionError("no element passes the filter");
  return null;
}

const indexOrNil = (index: number | undefined): Value => (index === undefined ? null : BigInt(index));

function filter(run: Run): Value {
  const kept: Value[] = [];
  const { loop } = run;
  for (; loop.index < loop.items.length; loop.index++) if (run.test()) kept.push(given(run));
  spendElements(run.m, kept.length);
  return anyList(kept);
}

function map({ m, loop, each }: Run): Value {
  const all: Value[] = [];
  for (; loop.index < loop.items.length; loop.index++) all.push(each());
  spendElements(m, all.length);
  return anyList(all);
}

function sum({ loop, each }: Run): Value {
  let total: Value = 0n;
  for (; loop.index < loop.items.length; loop.index++) total = calculate("+", each(), total);
  return total;
}

function groupBy({ m, loop, each }: Run): Value {
  const groups = new Map<string, readonly [key: Value, items: Value[]]>();
  for (; loop.index < loop.items.length; loop.index++) {
    const key = each();
    const name = keyOf(key, loop.index);
    const group = groups.get(name);
    const item = loop.items[loop.index] ?? null;
    if (group === undefined) groups.set(name, [key, [item]]);
    else group[1].push(item);
  }
  m.spend(4 * loop.items.length);
  const entries = new Map([...groups].map(([name, [key, items]]) => [name, [key, anyList(items)] as const]));
  return { kind: "dict", by: "any", groups: true, entries };
}

function sortBy({ m, node, loop, evaluate, each }: Run): Value {
  const [, , third] = node.args;
  const descending = isDescending(third === undefined ? "asc" : evaluate(third));
  const keyed: { readonly item: Value; readonly key: Value }[] = [];
  for (; loop.index < loop.items.length; loop.index++)
    keyed.push({ item: loop.items[loop.index] ?? null, key: each() });
  const inOrder = sorted(keyed, ({ key }) => key, { descending, spend: m.spend });
  spendElements(m, inOrder.length);
  return anyList(inOrder.map(({ item }) => item));
}

export function isDescending(order: Value): boolean {
  if (order === "asc" || order === "desc") return order === "desc";
  throw new ExpressionError('the order of a sort is "asc" or "desc"');
}

function reduce({ node, loop, evaluate, each }: Run): Value {
  const [, , first] = node.args;
  if (first === undefined) {
    if (loop.items.length === 0) throw new ExpressionError("reduce() of an empty list needs a first value");
    loop.accumulated = loop.items[0] ?? null;
    loop.index = 1;
  } else loop.accumulated = evaluate(first);
  for (; loop.index < loop.items.length; loop.index++) loop.accumulated = each();
  return loop.accumulated;
}

const LOOPS: ReadonlyMap<string, (run: Run) => Value> = new Map<string, (run: Run) => Value>([
  [
    "all",
    ({ loop, test }) => {
      for (; loop.index < loop.items.length; loop.index++) if (!test()) return false;
      return true;
    },
  ],
  ["none", (run) => firstIndex(run) === undefined],
  ["any", (run) => firstIndex(run) !== undefined],
  ["one", (run) => count(run) === 1],
  ["filter", filter],
  ["map", map],
  ["find", (run) => found(run, firstIndex(run))],
  ["findIndex", (run) => indexOrNil(firstIndex(run))],
  ["findLast", (run) => found(run, lastIndex(run))],
  ["findLastIndex", (run) => indexOrNil(lastIndex(run))],
  ["count", (run) => BigInt(count(run))],
  ["sum", sum],
  ["groupBy", groupBy],
  ["sortBy", sortBy],
  ["reduce", reduce],
]);

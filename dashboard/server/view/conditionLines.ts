/** What a chart can draw of a metric: the numbers of a measurement, and the bounds in its conditions. Pure. */
import { parseCondition } from "../../../controller/expression/condition.ts";
import type { BinaryOperator, Node } from "../../../controller/expression/syntax/node.ts";
import { isList, isObject } from "../../../kube/object/json.ts";
import type { ConditionLine } from "../../model.ts";

/** A list of a thousand series is no chart. */
const MOST_NUMBERS = 20;

/** By the path behind `result`: `0`, `p99`, `data.p99`; `value` where the whole of it is a number. */
export function numbersIn(text: string): Readonly<Record<string, number>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof value === "number") return { value };
  const found: [string, number][] = [];
  collect(value, "", found);
  return Object.fromEntries(found);
}

function collect(value: unknown, path: string, found: [string, number][]): void {
  if (found.length >= MOST_NUMBERS) return;
  if (typeof value === "number") found.push([path, value]);
  else if (isList(value) || isObject(value))
    for (const [key, member] of Object.entries(value)) collect(member, path === "" ? key : `${path}.${key}`, found);
}

const COMPARED: Readonly<Partial<Record<BinaryOperator, ConditionLine["op"]>>> = {
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
  "==": "==",
  "!=": "!=",
};
const TURNED = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=" } as const;

/** The comparisons of a condition that are joined by `&&` and `||`, as far as each compares one number with a constant. */
export function conditionLines(of: ConditionLine["of"], condition: string): readonly ConditionLine[] {
  if (condition === "") return [];
  const parsed = parseCondition(condition);
  return "condition" in parsed ? linesOf(of, parsed.condition.root) : [];
}

function linesOf(of: ConditionLine["of"], node: Node): readonly ConditionLine[] {
  if (node.kind === "chain") return linesOf(of, node.inner);
  if (node.kind !== "binary") return [];
  const { operator, left, right } = node;
  if (operator === "&&" || operator === "||") return [...linesOf(of, left), ...linesOf(of, right)];
  const op = COMPARED[operator];
  if (op === undefined) return [];
  const [a, b] = [pathOf(left), constantOf(right)];
  if (a !== undefined && b !== undefined) return [{ of, name: a, op, value: b }];
  const [c, d] = [constantOf(left), pathOf(right)];
  return c !== undefined && d !== undefined ? [{ of, name: d, op: TURNED[op], value: c }] : [];
}

/** The result as another type is the same number. */
const CASTS = new Set(["asFloat", "asInt", "float", "int", "abs"]);

/** Undefined: it is no path into the result. */
function pathOf(node: Node): string | undefined {
  const path = stepsOf(node);
  return path === undefined ? undefined : path.length === 0 ? "value" : path.join(".");
}

function stepsOf(node: Node): readonly string[] | undefined {
  switch (node.kind) {
    case "chain":
      return stepsOf(node.inner);
    case "name":
      return node.name === "result" ? [] : undefined;
    case "member": {
      const [before, key] = [stepsOf(node.object), keyOf(node.property)];
      return before === undefined || key === undefined ? undefined : [...before, key];
    }
    case "call":
      return node.callee.kind === "name" && CASTS.has(node.callee.name) ? onlyOf(node.args) : undefined;
    case "builtin":
      return CASTS.has(node.name) ? onlyOf(node.args) : undefined;
    default:
      return undefined;
  }
}

const onlyOf = (args: readonly Node[]): readonly string[] | undefined =>
  args.length === 1 && args[0] !== undefined ? stepsOf(args[0]) : undefined;

const keyOf = (node: Node): string | undefined =>
  node.kind === "string" || node.kind === "int" ? String(node.value) : undefined;

function constantOf(node: Node): number | undefined {
  switch (node.kind) {
    case "int":
    case "float":
      return Number(node.value);
    case "constant":
      return typeof node.value === "number" || typeof node.value === "bigint" ? Number(node.value) : undefined;
    case "unary": {
      const value = constantOf(node.operand);
      return value === undefined || node.operator === "not" ? undefined : node.operator === "-" ? -value : value;
    }
    default:
      return undefined;
  }
}

/**
 * Expressions over named values, such as `rollout.spec.replicas > 3 && time.Now().Hour() < 18`: those of notification
 * triggers (docs/notifications.md#conditions). Unlike conditions of metrics they give any value, and a name that nobody
 * knows is nil. Nothing here throws.
 */
import { type Condition, parseCondition } from "./condition.ts";
import { compile } from "./program.ts";
import { date, moment } from "./run/dates.ts";
import { evaluate } from "./run/evaluate.ts";
import { newMachine } from "./run/machine.ts";
import { printed } from "./run/print.ts";
import { fromGo, toGo } from "./syntax/goText.ts";
import { attempted, ExpressionError, type Problem } from "./syntax/problem.ts";
import { anyList, type Func, MAX_VALUE_DEPTH, sized, textDict, type Value } from "./syntax/value.ts";

/** An expression that can be parsed and checked. */
export type Expression = Condition;

export function parseExpression(source: string): Expression | { readonly problem: Problem } {
  const parsed = parseCondition(source);
  if ("problem" in parsed) return parsed;
  const { condition } = parsed;
  const checked = attempted(source, () => void compile(condition.root, "open"));
  return checked === undefined ? condition : checked;
}

/** What names stand for: JSON, and `time` with Now() and Parse(). */
export type Names = ReadonlyMap<string, Value>;

/** @param now milliseconds since the epoch */
export function namesOf(json: Readonly<Record<string, unknown>>, now: number): Names | { readonly problem: Problem } {
  return attempted("", () => {
    const entries = Object.entries(json).map(([name, value]) => [name, valueOf(value)] as const);
    return new Map<string, Value>([...entries, ["time", times(now)]]);
  });
}

/** The value, and what it is as Go's %v prints it. */
export interface Given {
  readonly value: Value;
  readonly text: string;
}

export function evaluateExpression(
  { source, root }: Expression,
  names: Names,
  now: number,
): Given | { readonly problem: Problem } {
  return attempted(source, () => {
    const machine = newMachine(names, now);
    const value = evaluate(machine, compile(root, "open").root);
    return { value, text: fromGo(printed(value, machine.spend)) };
  });
}

/** Whole numbers are Go's int64, as in objects that the API server gives. */
function valueOf(json: unknown, depth = 0): Value {
  if (depth > MAX_VALUE_DEPTH) throw new ExpressionError(`a value is nested deeper than ${MAX_VALUE_DEPTH} levels`);
  if (typeof json === "string") return toGo(json);
  if (typeof json === "number") return Number.isSafeInteger(json) ? sized("int64", BigInt(json)) : json;
  if (typeof json === "boolean") return json;
  if (Array.isArray(json)) return anyList(json.map((item) => valueOf(item, depth + 1)));
  if (typeof json !== "object" || json === null) return null;
  const entries = Object.entries(json).filter(([, value]) => value !== undefined);
  return textDict(new Map(entries.map(([key, value]) => [toGo(key), valueOf(value, depth + 1)])));
}

function times(now: number): Value {
  let asked = 0;
  const call = (name: string, takes: number, act: (args: readonly Value[]) => Value): Func => ({
    kind: "func",
    name,
    call(args) {
      if (args.length === takes) return act(args);
      throw new ExpressionError(`time.${name} takes ${takes} arguments, and gets ${args.length}`);
    },
  });
  return textDict(
    new Map<string, Value>([
      ["Now", call("Now", 0, () => moment(now, (asked += 1)))],
      ["Parse", call("Parse", 1, ([text]) => parsed(text ?? null))],
    ]),
  );
}

function parsed(text: Value): Value {
  if (typeof text === "string" && text.includes("T")) return date(text);
  throw new ExpressionError('time.Parse takes a text such as "2006-01-02T15:04:05Z"');
}

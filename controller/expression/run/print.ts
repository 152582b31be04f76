/** `string(x)`: a value as Go's %v prints it. */
import { goFloat } from "../../../kube/object/goFloat.ts";
import { toGo } from "../syntax/goText.ts";
import { clockText, durationText, monthName, weekdayName } from "./dates.ts";
import { ExpressionError } from "../syntax/problem.ts";
import { type Dict, MAX_VALUE_DEPTH, type Value } from "../syntax/value.ts";
import type { Spend } from "./compare.ts";

/** As bytes (goText.ts). */
export function printed(value: Value, spend: Spend, depth = 0): string {
  if (depth > MAX_VALUE_DEPTH) throw new ExpressionError("a value is nested too deep to be printed");
  spend(12);
  if (value === null) return "<nil>";
  if (typeof value === "number") return goFloat(value);
  if (typeof value !== "object") return String(value);
  switch (value.kind) {
    case "sized":
      if (value.go === "time.Month") return monthName(value.value);
      return value.go === "time.Weekday" ? weekdayName(value.value) : String(value.value);
    case "list":
      return `[${value.items.map((item) => printed(item, spend, depth + 1)).join(" ")}]`;
    case "dict":
      spend(2 * value.entries.size);
      return `map[${entriesOf(value)
        .map(([key, item]) => `${printed(key, spend, depth + 1)}:${printed(item, spend, depth + 1)}`)
        .join(" ")}]`;
    case "moment":
      return toGo(clockText(value));
    case "span":
      return toGo(durationText(value.ns));
    case "zone":
      return value.name;
    case "func":
      // Go prints the function's address in memory.
      return "0x1";
    default:
      return value satisfies never;
  }
}

/** In the order of their keys. */
function entriesOf(dict: Dict): readonly (readonly [Value, Value])[] {
  if (dict.by === "set") return [...dict.entries].map((key) => [key, true] as const);
  if (dict.by === "any") return [...dict.entries.values()].toSorted(([a], [b]) => keyOrder(a, b));
  return [...dict.entries].toSorted(([a], [b]) => keyOrder(a, b));
}

const keyOrder = (a: Value, b: Value): number => {
  if (typeof a === "object" || typeof b === "object" || typeof a !== typeof b) return rank(a) - rank(b);
  return a < b ? -1 : a > b ? 1 : 0;
};

const RANKS: Readonly<Record<string, number>> = { bigint: 2, number: 3, boolean: 1, string: 4 };
const rank = (value: Value): number => (value === null ? 0 : (RANKS[typeof value] ?? 5));

/** `toJSON` and `fromJSON` as Go's encoding/json does them. */
import { goString } from "../../../kube/object/goJson.ts";
import type { Spend } from "./compare.ts";
import { timestampText } from "./dates.ts";
import { spendWalk } from "./machine.ts";
import { fromGo, runes, toGo } from "../syntax/goText.ts";
import { ExpressionError } from "../syntax/problem.ts";
import { type Dict, fromJson, integerOf, type List, MAX_VALUE_DEPTH, typeName, type Value } from "../syntax/value.ts";

/** Indented by two blanks; as bytes. */
export const jsonText = (value: Value, spend: Spend): string => toGo(encoded(value, spend, 0));

function encoded(value: Value, spend: Spend, depth: number): string {
  if (depth > MAX_VALUE_DEPTH) throw new ExpressionError("a value is nested too deep for JSON");
  spend(16);
  if (value === null) return "null";
  if (typeof value === "string") return text(value, spend);
  if (typeof value === "number") return number(value);
  if (typeof value !== "object") return String(value);
  switch (value.kind) {
    case "sized":
      return String(value.value);
    case "list":
      return list(value, spend, depth);
    case "dict":
      return dict(value, spend, depth);
    case "moment":
      return goString(timestampText(value));
    case "span":
      return String(value.ns);
    case "zone":
      return "{}";
    case "func":
      throw new ExpressionError("JSON has no functions");
    default:
      return value satisfies never;
  }
}

/** Bytes that are not part of a character are escaped; the character U+FFFD is not. */
function text(bytes: string, spend: Spend): string {
  spendWalk(spend, bytes);
  spend(bytes.length / 16);
  const whole = fromGo(bytes);
  if (!whole.includes("\ufffd")) return goString(whole);
  const parts = runes(bytes).map((rune) => (isBroken(rune) ? String.raw`\ufffd` : goString(fromGo(rune)).slice(1, -1)));
  return `"${parts.join("")}"`;
}

const isBroken = (rune: string): boolean => rune.length === 1 && fromGo(rune) === "\ufffd";

function number(value: number): string {
  if (!Number.isFinite(value)) throw new ExpressionError(`JSON has no ${value}`);
  return Object.is(value, -0) ? "-0" : JSON.stringify(value);
}

const indent = (depth: number): string => `\n${"  ".repeat(depth)}`;

function list({ items, of, absent }: List, spend: Spend, depth: number): string {
  if (absent === true) return "null";
  if (of === "uint8") {
    spend(4 * items.length);
    return `"${btoa(items.map((byte) => String.fromCharCode(Number(integerOf(byte) ?? 0n))).join(""))}"`;
  }
  if (items.length === 0) return "[]";
  spend(depth);
  return `[${items.map((item) => indent(depth + 1) + encoded(item, spend, depth + 1)).join(",")}${indent(depth)}]`;
}

function dict(value: Dict, spend: Spend, depth: number): string {
  if (value.by !== "text") throw new ExpressionError(`JSON has no ${typeName(value)}`);
  if (value.entries.size === 0) return "{}";
  spend(depth + 2 * value.entries.size);
  const members = [...value.entries]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${indent(depth + 1)}${text(key, spend)}: ${encoded(item, spend, depth + 1)}`);
  return `{${members.join(",")}${indent(depth)}}`;
}

/** Throws ExpressionError for a text that is not JSON. */
export function decoded(bytes: string): Value {
  let json: unknown;
  try {
    json = JSON.parse(fromGo(bytes), (_, value: unknown) => {
      if (value === Infinity || value === -Infinity) throw new ExpressionError("a number in it is too large");
      return value;
    });
  } catch (error) {
    if (error instanceof ExpressionError) throw error;
    throw new ExpressionError(`not JSON: ${error instanceof Error ? error.message : "it cannot be read"}`);
  }
  return fromJson(json);
}

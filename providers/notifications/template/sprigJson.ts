/** Sprig's JSON. */
import { spendBytes } from "../../../kube/object/budget.ts";
import { goString } from "../../../kube/object/goJson.ts";
import { sortedEntries } from "./format.ts";
import type { Method } from "./methods.ts";
import { format, momentOf } from "./moment.ts";
import { bytesOf, deeper, Dict, fromHost, Int, List, Problem, Thing, typeName, type Value } from "./values.ts";

const JSON_WORK = "writing JSON";

interface Style {
  /** What stands before each member in a line of its own; undefined: all in one line. */
  readonly step?: string;
  /** Whether `<`, `>` and `&` are written as they are. */
  readonly raw?: boolean;
}

const text = (value: string, { raw }: Style): string =>
  raw
    ? goString(value)
        .replaceAll(/(?<!\\)((?:\\\\)*)\\u003c/g, "$1<")
        .replaceAll(/(?<!\\)((?:\\\\)*)\\u003e/g, "$1>")
        .replaceAll(/(?<!\\)((?:\\\\)*)\\u0026/g, "$1&")
    : goString(value);

function written(value: Value, style: Style, depth = 0): string {
  const next = deeper(depth);
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return text(value, style);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : JSON.stringify(value);
    throw new Problem(`json: unsupported value: ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`);
  }
  if (value instanceof Int) return String(value.n);
  if (value instanceof Thing) {
    const moment = momentOf(value);
    return text(moment ? format(moment, "2006-01-02T15:04:05.999999999Z07:00") : value.text(), style);
  }
  if (value instanceof List) {
    if (value.isNil) return "null";
    if (value.of === "uint8") return `"${Buffer.from(bytesOf(value)).toString("base64")}"`;
    return lines(
      "[",
      value.items.map((item) => written(item, style, next)),
      "]",
      style,
      depth,
    );
  }
  if (!(value instanceof Dict)) throw new Problem(`json: unsupported type: ${typeName(value)}`);
  const colon = style.step === undefined ? ":" : ": ";
  const members = sortedEntries(value).map(([key, item]) => text(key, style) + colon + written(item, style, next));
  return lines("{", members, "}", style, depth);
}

function lines(open: string, members: readonly string[], close: string, { step }: Style, depth: number): string {
  const outer = `\n${(step ?? "").repeat(depth)}`;
  spendBytes(
    members.reduce((sum, member) => sum + member.length + outer.length, 2),
    JSON_WORK,
  );
  if (step === undefined || members.length === 0) return open + members.join(",") + close;
  return open + members.map((member) => outer + step + member).join(",") + outer + close;
}

/** "" for what JSON does not know. */
function orNothing(value: Value, style: Style): string {
  try {
    return written(value, style);
  } catch (error) {
    if (error instanceof Problem && error.message.startsWith("json:")) return "";
    throw error;
  }
}

function parsed(json: string): Value {
  spendBytes(json.length * 4, "reading JSON");
  let value: unknown;
  try {
    value = /[eE]|\d{300}/.test(json) ? JSON.parse(json, finite) : JSON.parse(json);
  } catch {
    const isCut = json.trim() === "";
    throw new Problem(isCut ? "unexpected end of JSON input" : "it is no JSON");
  }
  return fromHost(value, String);
}

/** Go refuses what is too large for a float. */
function finite(_: string, value: unknown): unknown {
  if (value === Infinity || value === -Infinity) throw new RangeError("it does not fit");
  return value;
}

function parsedOrNil(json: string): Value {
  try {
    return parsed(json);
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

const PRETTY: Style = { step: "  " };
const RAW: Style = { raw: true };

export const JSON_FUNCTIONS: Readonly<Record<string, Method>> = {
  fromJson: ["s", parsedOrNil],
  mustFromJson: ["s", parsed],
  mustToJson: ["a", (value: Value) => written(value, {})],
  mustToPrettyJson: ["a", (value: Value) => written(value, PRETTY)],
  mustToRawJson: ["a", (value: Value) => written(value, RAW)],
  toJson: ["a", (value: Value) => orNothing(value, {})],
  toPrettyJson: ["a", (value: Value) => orNothing(value, PRETTY)],
  toRawJson: ["a", (value: Value) => written(value, RAW)],
};

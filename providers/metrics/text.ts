/** Values of measurements as texts, as Go writes them: what `value` of a measurement shows. */
import { isFields } from "../../kube/object/goJson.ts";
import { byteOrder } from "../../kube/object/goJson.ts";

const escapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

const quoted = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029]/g, (char) => escapes[char] ?? char);

/** JSON in Go's way: members in the order of their bytes, HTML's characters escaped; NaN and infinities as their names. */
export function jsonText(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return Number.isFinite(value) ? finite(value) : numberText(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (!isFields(value)) return "null";
  const names = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .toSorted(byteOrder);
  return `{${names.map((name) => `${quoted(name)}:${jsonText(value[name])}`).join(",")}}`;
}

const finite = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** The shortest decimal that is the same number, without an exponent: 1e21 is 1000000000000000000000. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const text = finite(value);
  const [, sign = "", whole = "", fraction = "", exponent] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return point >= digits.length
    ? `${sign}${digits}${"0".repeat(point - digits.length)}`
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** A list of numbers as Prometheus and Datadog are shown: [0.5,NaN] */
export const numbersText = (values: readonly number[]): string => `[${values.map(numberText).join(",")}]`;

/**
 * Go's encoding/json over a typed value, for a value that is not typed here: what Go would write after it had decoded
 * `value` into `type` (docs/behaviour/hashes-and-names.md#pod-template-hash). Unknown members fall away, members come
 * in Go's order, null becomes the type's zero value.
 *
 * The encoder is total: where Go would have refused to decode (a string for a number, a list for an object) the value
 * is written as it is, so that different inputs still give different outputs. Integers above 2^53 are exact only as
 * bigint.
 */
import { spend, spendBytes, spendSort } from "./budget.ts";
import type { GoType, Member } from "./goTypes.ts";
import { canonicalQuantity, quantityValue } from "./quantity.ts";

export type Fields = Readonly<Record<string, unknown>>;
type StructType = GoType & { readonly kind: "struct" };

/** Fills in what the API server would, one function for each type that has defaults. */
export type Defaults = Readonly<Record<string, (fields: Fields) => Fields>>;

export interface Encoding {
  /**
   * Compare by meaning instead of byte for byte, as apimachinery's Semantic.DeepEqual does: these defaults are applied,
   * an empty list or map equals an absent one, quantities are compared by value.
   */
  readonly defaults?: Defaults;
  /** The path that the encoder is at: `spec`, `containers`, `0`. */
  readonly path: (string | number)[];
  /** `path=JSON` of each member found that Go's type does not have but the type's `newer` lists. */
  readonly newer: string[];
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isNil = (value: unknown): value is null | undefined => value === null || value === undefined;

const htmlEscapes: readonly (readonly [string, string])[] = [
  ["<", "\\u003c"],
  [">", "\\u003e"],
  ["&", "\\u0026"],
  ["\u2028", "\\u2028"],
  ["\u2029", "\\u2029"],
];

const HASHING = "hashing its template or steps";

/**
 * A JSON string as Go writes it: HTML's three characters and the two line separators escaped, lone surrogates replaced.
 */
export function goString(text: string): string {
  spendBytes(text.length, HASHING);
  if (/^[ !#-%'-;=?-[\]-~]*$/.test(text)) return `"${text}"`;
  spend(text.length / 32, HASHING);
  // Replaced one after the other: a function called for each character takes ten times as long.
  let json = JSON.stringify(text.toWellFormed());
  for (const [char, escape] of htmlEscapes) if (json.includes(char)) json = json.replaceAll(char, escape);
  spendBytes(json.length - text.length, HASHING);
  return json;
}

/** The order of UTF-8 bytes, which is that of code points: it differs from JavaScript's order beyond U+FFFF. */
export function byteOrder(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const [surrogateX, surrogateY] = [x >= 0xd800 && x < 0xe000, y >= 0xd800 && y < 0xe000];
    return surrogateX === surrogateY ? x - y : surrogateX ? 1 : -1;
  }
  return a.length - b.length;
}

const number = (value: number): string => (Object.is(value, -0) ? "-0" : JSON.stringify(value));

/**
 * JSON of no particular type, compact, in Go's escaping. Members keep the order in which the API server sent them. That
 * order is sorted; JavaScript moves keys that look like numbers to the front, so with such keys it is restored by
 * sorting.
 *
 * @param sorted sort the members of all objects, and leave out null and empty ones, which an API server may drop too
 */
export function plainJson(value: unknown, sorted: boolean): string {
  spend(2, HASHING);
  if (typeof value === "string") return goString(value);
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map((element) => plainJson(element, sorted)).join(",")}]`;
  if (!isFields(value)) return "null";
  const keys = Object.keys(value).filter((key) => value[key] !== undefined && !(sorted && isHollow(value[key])));
  spendSort(keys.length + 1, HASHING);
  if (sorted || keys.some((key) => /^\d+$/.test(key))) keys.sort(byteOrder);
  return `{${keys.map((key) => `${goString(key)}:${plainJson(value[key], sorted)}`).join(",")}}`;
}

/** Null, or an empty list or object. */
const isHollow = (value: unknown): boolean =>
  isNil(value) || (typeof value === "object" && Object.keys(value).length === 0);

/** RFC 3339 in UTC and whole seconds, as metav1.Time writes what it read. */
function time(value: unknown): string {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) return isNil(value) ? "null" : plainJson(value, false);
  return `"${new Date(ms).toISOString().slice(0, 19)}Z"`;
}

function integer(value: unknown): string {
  if (isNil(value)) return "0";
  return Object.is(value, -0) ? "0" : plainJson(value, false);
}

function quantity(value: unknown, encoding: Encoding, resource: boolean): string {
  if (isNil(value)) return '"0"';
  if (typeof value !== "string" && typeof value !== "number") return plainJson(value, false);
  const text = String(value);
  return goString(encoding.defaults === undefined ? canonicalQuantity(text) : quantityValue(text, resource));
}

/** Whether omitempty (or omitzero, for a time) leaves the member out. */
function isZero(value: unknown, type: GoType): boolean {
  switch (type.kind) {
    case "string":
      return value === "" || isNil(value);
    case "bool":
      return value === false || isNil(value);
    case "int":
      return value === 0 || isNil(value);
    case "list":
      return isNil(value) || (Array.isArray(value) && value.length === 0);
    case "map":
      return isNil(value) || (isFields(value) && Object.keys(value).length === 0);
    case "time":
      return isNil(value) || (typeof value === "string" && Date.parse(value) === Date.parse("0001-01-01T00:00:00Z"));
    case "raw":
      return value === undefined;
    case "pointer":
      // Go writes a pointer to the zero time as null, and reads that back as no time.
      return isNil(value) || (type.of.kind === "time" && isZero(value, type.of));
    case "quantity":
    case "intOrString":
    case "struct":
      return false;
    default:
      return type satisfies never;
  }
}

function list(value: unknown, type: GoType, encoding: Encoding): string {
  if (isNil(value)) return "null";
  if (!Array.isArray(value)) return plainJson(value, false);
  if (encoding.defaults !== undefined && value.length === 0) return "null";
  let json = "";
  for (let i = 0; i < value.length; i++) {
    encoding.path.push(i);
    json += `${i === 0 ? "" : ","}${goJson(value[i], type, encoding)}`;
    encoding.path.pop();
  }
  return `[${json}]`;
}

function map(value: unknown, type: GoType, encoding: Encoding): string {
  if (isNil(value)) return "null";
  if (!isFields(value)) return plainJson(value, false);
  const names = Object.keys(value);
  spendSort(names.length + 1, HASHING);
  const entries = names.toSorted(byteOrder);
  // The maps of quantities in a pod are all ResourceLists.
  const write = (element: unknown): string =>
    type.kind === "quantity" ? quantity(element, encoding, true) : goJson(element, type, encoding);
  return `{${entries.map((key) => `${goString(key)}:${write(value[key])}`).join(",")}}`;
}

function struct(value: unknown, type: StructType, encoding: Encoding): string {
  if (!isNil(value) && !isFields(value)) return plainJson(value, false);
  const given: Fields = value ?? {};
  const fields = encoding.defaults?.[type.name]?.(given) ?? given;
  let json = "";
  for (const member of type.members) {
    const element = fields[member.name];
    if (member.optional && (element === undefined || isZero(element, member.type))) continue;
    json += `${json === "" ? "" : ","}${member.label}${memberJson(element, member, encoding)}`;
  }
  for (const name of type.newer) noticeNewer(name, fields[name], encoding);
  return `{${json}}`;
}

function memberJson(value: unknown, member: Member, encoding: Encoding): string {
  encoding.path.push(member.name);
  const json = goJson(value, member.type, encoding);
  encoding.path.pop();
  return json;
}

function noticeNewer(name: string, value: unknown, encoding: Encoding): void {
  if (!isHollow(value)) encoding.newer.push(`${[...encoding.path, name].join(".")}=${plainJson(value, true)}`);
}

/** The JSON that Go writes for `value` read as `type`; members newer than the type are left in `encoding.newer`. */
export function goJson(value: unknown, type: GoType, encoding: Encoding): string {
  spend(2, HASHING);
  switch (type.kind) {
    case "string":
      return isNil(value) ? '""' : plainJson(value, false);
    case "bool":
      return isNil(value) ? "false" : plainJson(value, false);
    case "int":
      return integer(value);
    case "intOrString":
      return integer(value);
    case "quantity":
      return quantity(value, encoding, false);
    case "time":
      return time(value);
    case "raw":
      return plainJson(value, false);
    case "pointer":
      return isNil(value) ? "null" : goJson(value, type.of, encoding);
    case "list":
      return list(value, type.of, encoding);
    case "map":
      return map(value, type.of, encoding);
    case "struct":
      return struct(value, type, encoding);
    default:
      return type satisfies never;
  }
}

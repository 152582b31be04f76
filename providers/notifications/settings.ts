/**
 * Settings and parts of templates read as the reference's notification engine reads them: YAML into Go's structs. Names
 * of members are compared without case, what is not known is ignored, null is the same as absent, and a number or true
 * where a text belongs is that text.
 */
import { byteOrder, type Fields, isFields } from "../../kube/object/goJson.ts";

export interface Settings {
  /** What it is, for errors: `service.slack`. */
  readonly at: string;
  /** "" where it is absent. */
  text(name: string): string;
  /** Undefined: it is absent. */
  textOr(name: string): string | undefined;
  flag(name: string): boolean;
  flagOr(name: string): boolean | undefined;
  /** 0 where it is absent. */
  whole(name: string): number;
  texts(name: string): readonly string[];
  textsOr(name: string): readonly string[] | undefined;
  textMap(name: string): ReadonlyMap<string, string>;
  textMapOr(name: string): ReadonlyMap<string, string> | undefined;
  within(name: string): Settings | undefined;
  listOf(name: string): readonly Settings[];
  /** As it is. */
  any(name: string): unknown;
  /** All of it, for a map whose names are free. */
  readonly all: Fields;
}

/** What a value is, for sentences that must not show it. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "a text";
  if (typeof value === "number" || typeof value === "bigint") return "a number";
  if (typeof value === "boolean") return "true or false";
  return typeof value === "object" ? "a map" : "something else";
}

/** @throws {Error} a sentence that names the place, and no value */
function wrong(at: string, wanted: string, value: unknown): never {
  throw new Error(`${at} must be ${wanted}, and is ${kindOf(value)}`);
}

const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined;

function asText(value: unknown, at: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  return wrong(at, "a text", value);
}

function asList(value: unknown, at: string): readonly unknown[] {
  return Array.isArray(value) ? value : wrong(at, "a list", value);
}

const asMap = (value: unknown, at: string): Fields => (isFields(value) ? value : wrong(at, "a map", value));

function asWhole(value: unknown, at: string): number {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && Number.isInteger(value) ? value : wrong(at, "a whole number", value);
}

function asFlag(value: unknown, at: string): boolean {
  return typeof value === "boolean" ? value : wrong(at, "true or false", value);
}

/** Go's own rule for names that differ in case only: the last one counts, in the order of their bytes. */
function member(fields: Fields, name: string): unknown {
  const small = name.toLowerCase();
  const names = Object.keys(fields).filter((each) => each.toLowerCase() === small);
  const last = names.toSorted(byteOrder).at(-1);
  return last === undefined ? undefined : fields[last];
}

/** @throws {Error} for what is no map */
export function settingsOf(given: unknown, at: string): Settings {
  const fields = isNothing(given) ? {} : asMap(given, at);
  const found = <T>(name: string, read: (value: unknown, place: string) => T): T | undefined => {
    const value = member(fields, name);
    return isNothing(value) ? undefined : read(value, `${at}.${name}`);
  };
  const textsOf = (value: unknown, place: string): readonly string[] =>
    asList(value, place).map((each, index) => (isNothing(each) ? "" : asText(each, `${place}[${index}]`)));
  const mapOf = (value: unknown, place: string): ReadonlyMap<string, string> =>
    new Map(
      Object.entries(asMap(value, place)).map(([key, each]) => [
        key,
        isNothing(each) ? "" : asText(each, `a member of ${place}`),
      ]),
    );
  return {
    at,
    all: fields,
    text: (name) => found(name, asText) ?? "",
    textOr: (name) => found(name, asText),
    flag: (name) => found(name, asFlag) ?? false,
    flagOr: (name) => found(name, asFlag),
    whole: (name) => found(name, asWhole) ?? 0,
    texts: (name) => found(name, textsOf) ?? [],
    textsOr: (name) => found(name, textsOf),
    textMap: (name) => found(name, mapOf) ?? new Map(),
    textMapOr: (name) => found(name, mapOf),
    within: (name) => found(name, settingsOf),
    listOf: (name) =>
      found(name, (value, place) => asList(value, place).map((each, i) => settingsOf(each, `${place}[${i}]`))) ?? [],
    any: (name) => member(fields, name),
  };
}

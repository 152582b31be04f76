/**
 * What has exactly one right answer: a number in quotes where a number belongs, a number where a text belongs, a duration
 * without a unit, a name in the wrong case. The new text takes the place of the old one, so that all the rest of a file
 * stays as it is, to the byte.
 */
import { isScalar } from "yaml";
import { durationMeant } from "../../kube/object/durationHelp.ts";
import { goDurationNs } from "../../kube/object/goDuration.ts";
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import type { AdmittedKind } from "../../controller/rules/admission/admittedKinds.ts";
import { marksOf, type Schema, schemaOf } from "../../controller/rules/admission/schemas.ts";
import { keyOf } from "../yaml/parse.ts";
import type { PlaceInText } from "../yaml/position.ts";
import type { Edit } from "./finding.ts";

export interface Mend {
  readonly edit: Edit;
  /** What the place then holds; absent where the name of a member changes. */
  readonly value?: string | number | boolean;
}

export interface Wrong {
  /** The name of the member is what is wrong. */
  readonly isUnknown: boolean;
  /** The words that may stand there, where a rule has said so. */
  readonly supported: readonly string[];
}

/** @returns undefined: nothing is wrong here, or there are several ways to put it right */
export function mendOf(kind: AdmittedKind, place: PlaceInText, { isUnknown, supported }: Wrong): Mend | undefined {
  if (!place.isWhole || place.isShared) return undefined;
  if (isUnknown) return renamed(kind, place);
  const { node } = place;
  if (!isScalar(node) || !["PLAIN", "QUOTE_SINGLE", "QUOTE_DOUBLE"].includes(node.type ?? "")) return undefined;
  const schema = memberAt(schemaOf(kind), place.segments);
  if (schema === undefined || node.tag !== undefined) return undefined;
  const source = node.source ?? "";
  const value =
    inOtherCase(node.value, supported) ?? valueFor(schema, node.value, source, String(place.segments.at(-1)));
  if (value === undefined || value === node.value) return undefined;
  const [start, end] = node.range;
  // In JSON every text has them.
  const isQuoted = node.type !== "PLAIN" || (isScalar(place.key) && place.key.type === "QUOTE_DOUBLE");
  return { edit: { range: [start, end], text: textOf(value, isQuoted) }, value };
}

/** `always` for `Always`. */
function inOtherCase(value: unknown, words: readonly string[]): string | undefined {
  const near = words.filter((word) => word.toLowerCase() === String(value).toLowerCase());
  return near.length === 1 ? near[0] : undefined;
}

function valueFor(schema: Schema, value: unknown, source: string, name: string): string | number | boolean | undefined {
  const { duration } = marksOf(schema);
  switch (schema.type) {
    case "string":
      if (duration === true) return durationFor(value);
      return typeof value === "number" || typeof value === "boolean" ? source : undefined;
    case "number":
      return typeof value === "string" ? numberFor(value, name) : undefined;
    case "boolean":
      return value === "true" ? true : value === "false" ? false : undefined;
    case "picklist":
      return inOtherCase(value, schema.options ?? []);
    // The duration of a pause, of which a number means seconds.
    case "union":
      return name === "duration" && typeof value === "string" && goDurationNs(value) === undefined
        ? durationMeant(value)
        : undefined;
    default:
      return undefined;
  }
}

/** Digits alone are meant as seconds, as everywhere in this API. */
function durationFor(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 ? `${value}s` : undefined;
  if (typeof value !== "string" || goDurationNs(value) !== undefined) return undefined;
  return /^\d{1,9}$/.test(value) ? `${value}s` : durationMeant(value);
}

const SHARES: readonly string[] = ["setWeight", "percentage"];

function numberFor(text: string, name: string): number | undefined {
  if (/^[+-]?\d{1,10}$/.test(text)) return Number(text);
  // A share in percent is written without its sign.
  if (SHARES.includes(name) && /^\d{1,3}%$/.test(text)) return Number.parseInt(text, 10);
  // `scaleDownDelaySeconds: 30s`
  const seconds = name.endsWith("Seconds") ? Number(goDurationNs(text) ?? 1n) / 1e9 : Number.NaN;
  return Number.isInteger(seconds) ? seconds : undefined;
}

/** Texts that YAML would take for something else need quotes, as those that had some keep them. */
function textOf(value: string | number | boolean, isQuoted: boolean): string {
  if (typeof value !== "string") return String(value);
  return !isQuoted && /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$|^[A-Z][A-Za-z]*$/.test(value) ? value : JSON.stringify(value);
}

/** `setweight` for `setWeight`: the API knows one member that differs in its case alone, and it is not there yet. */
function renamed(kind: AdmittedKind, { key, segments, holder: map }: PlaceInText): Mend | undefined {
  const name = segments.at(-1);
  if (!isScalar(key) || key.type !== "PLAIN" || typeof name !== "string") return undefined;
  const holder = memberAt(schemaOf(kind), segments.slice(0, -1));
  const near = Object.keys(holder?.entries ?? {}).filter((one) => one.toLowerCase() === name.toLowerCase());
  const [right] = near;
  const others = map?.items.map((pair) => keyOf(pair).toLowerCase()) ?? [];
  if (right === undefined || near.length > 1 || others.filter((one) => one === right.toLowerCase()).length > 1)
    return undefined;
  return { edit: { range: [key.range[0], key.range[1]], text: right } };
}

/** The schema of a member; its own metadata has only texts. */
function memberAt(schema: Schema, segments: readonly (string | number)[]): Schema | undefined {
  let at: Schema | undefined = plain(schema);
  for (const segment of segments) {
    const next: Schema | undefined =
      typeof segment === "number"
        ? at?.item
        : at?.entries !== undefined && Object.hasOwn(at.entries, segment)
          ? at.entries[segment]
          : at?.value;
    if (next === undefined) return undefined;
    at = plain(next);
  }
  return at;
}

/** Without what wraps it. */
function plain(schema: Schema): Schema {
  const inner = schema.wrapped ?? marksOf(schema).structure;
  return inner === undefined ? schema : plain(inner);
}

/** The object with another value in a place that it has. */
export function withValue(object: Json, segments: readonly (string | number)[], value: unknown): Json {
  return replaced(object, segments, value) as Json;
}

function replaced(holder: unknown, [first, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (first === undefined) return value;
  if (isList(holder)) return holder.map((item, index) => (index === first ? replaced(item, rest, value) : item));
  if (isObject(holder)) return { ...holder, [first]: replaced(holder[first], rest, value) };
  return holder;
}

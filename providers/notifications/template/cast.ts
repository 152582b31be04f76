/** Conversions that sprig's functions make of whatever they get. */
import { spend } from "../../../kube/object/budget.ts";
import { shownValue } from "./format.ts";
import { float, integer } from "./literals.ts";
import { bytesOf, Dict, fromUtf8, Int, List, Problem, typeName, kindName, WALKING, type Value } from "./values.ts";
import { textOf } from "./methods.ts";

const MIN = -(2n ** 63n);

/** What is no number is 0, and what does not fit the least one, as on Go's usual machines. */
export function toInt(value: Value): bigint {
  if (value instanceof Int) return value.type === "time.Duration" ? 0n : value.n;
  if (typeof value === "number") {
    return Number.isFinite(value) && Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : MIN;
  }
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value !== "string") return 0n;
  const n = integer(value.replace(/\.0+$/, ""));
  return n !== undefined && BigInt.asIntN(64, n) === n ? n : 0n;
}

export function toFloat(value: Value): number {
  if (value instanceof Int) return value.type === "time.Duration" ? 0 : Number(value.n);
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "string" ? (float(value) ?? 0) : 0;
}

/** Bytes are text here. */
export function toText(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof List && value.of === "uint8") return fromUtf8(bytesOf(value));
  return textOf(value) ?? shownValue(value);
}

/** The members of a list as texts, without nil ones; of anything else, itself. */
export function toTexts(value: Value): string[] {
  if (value === null || value === undefined) return [];
  if (!(value instanceof List)) return [toText(value)];
  spend(value.items.length * 4, WALKING);
  return value.items.flatMap((item) => (item === null || item === undefined ? [] : [toText(item)]));
}

export function isEmpty(value: Value): boolean {
  if (value === null || value === undefined) return true;
  if (value instanceof List) return value.items.length === 0;
  if (value instanceof Dict) return value.entries.size === 0;
  if (value instanceof Int) return value.n === 0n;
  return typeof value === "object" ? false : !value && !Number.isNaN(value);
}

export const NIL_POINTER = "runtime error: invalid memory address or nil pointer dereference";

/** @param verb what an error says it cannot do */
export function listOf(value: Value, verb: string): List {
  if (value instanceof List) return value;
  if (value === null || value === undefined) throw new Problem(NIL_POINTER);
  throw new Problem(`Cannot ${verb} type ${kindName(value)}`);
}

export const conversion = (value: Value, wanted: string): Problem => {
  const nil = value === null || value === undefined;
  return new Problem(`interface conversion: interface {} is ${nil ? "nil" : typeName(value)}, not ${wanted}`);
};

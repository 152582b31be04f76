/** The limits of single values in custom resources, with the API server's messages for values that break them. */
import { goQuoted } from "../../kube/object/goQuoted.ts";
import type { Cause } from "../model/model.ts";
import type { Schema } from "./schema.ts";

/** What is wrong with the `value` at `path` ("spec.replicas"); undefined when nothing is wrong. */
export type Constraint = (value: unknown, path: string) => Cause | undefined;

/** "string", "integer", …; a whole number is an integer, as it is for the API server. */
export function jsonType(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** A value as field errors print it: texts quoted, the rest as JSON. */
export function printed(value: unknown): string {
  return typeof value === "string" ? goQuoted(value) : (JSON.stringify(value) ?? "null");
}

export function invalid(field: string, value: unknown, detail: string): Cause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${printed(value)}: ${detail}`, field };
}

export function wrongType(field: string, expected: string, actual: string): Cause {
  const name = field === "" ? "" : `${field} `;
  return {
    reason: "FieldValueTypeInvalid",
    message: `Invalid value: "${actual}": ${name}in body must be of type ${expected}: "${actual}"`,
    field: field === "" ? "<nil>" : field,
  };
}

export const required = (field: string): Cause => ({
  reason: "FieldValueRequired",
  message: "Required value",
  field,
});

export const duplicate = (field: string, value: unknown): Cause => ({
  reason: "FieldValueDuplicate",
  message: `Duplicate value: ${printed(value)}`,
  field,
});

const tooMany = (field: string, actual: number, most: number): Cause => ({
  reason: "FieldValueTooMany",
  message: `Too many: ${actual}: must have at most ${most} item${most === 1 ? "" : "s"}`,
  field,
});

/** The length in code points. */
const characters = (text: string): number => Array.from(text).length;

type Limits = readonly (readonly [limit: unknown, constraint: (limit: never) => Constraint])[];

/** A constraint for each limit that is given. */
function given(limits: Limits): readonly Constraint[] {
  return limits.flatMap(([limit, constraint]) => (limit === undefined ? [] : [constraint(limit as never)]));
}

export function textConstraints({ minLength, maxLength, pattern }: Schema): readonly Constraint[] {
  const expression = pattern === undefined ? undefined : compiled(pattern);
  return given([
    [
      maxLength,
      (most: number) => (value, path) =>
        typeof value !== "string" || characters(value) <= most
          ? undefined
          : {
              reason: "FieldValueTooLong",
              message: `Too long: may not be more than ${most} byte${most === 1 ? "" : "s"}`,
              field: path,
            },
    ],
    [
      minLength,
      (least: number) => (value, path) =>
        typeof value !== "string" || characters(value) >= least
          ? undefined
          : invalid(path, value, `${path} in body should be at least ${least} chars long`),
    ],
    [
      expression,
      (wanted: RegExp) => (value, path) =>
        typeof value !== "string" || wanted.test(value)
          ? undefined
          : invalid(path, value, `${path} in body should match '${pattern}'`),
    ],
  ]);
}

/** Go's expressions are JavaScript's but for a few forms; undefined for one that JavaScript cannot compile. */
function compiled(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern.replaceAll(String.raw`\z`, "$").replaceAll(String.raw`\A`, "^"), "u");
  } catch {
    return undefined;
  }
}

/** Whether the number is one of Go's integers. The API server names the place only in its message. */
const integerRange =
  (format: string | undefined): Constraint =>
  (value, path) => {
    if (typeof value !== "number") return undefined;
    const most = format === "int32" ? 2 ** 31 : 2 ** 63;
    if (Number.isInteger(value) && value >= -most && value < most) return undefined;
    const kind = format === undefined ? "integer (default format)" : `integer with format ${format}`;
    return invalid("<nil>", "", `Checked value must be of type ${kind} in ${path}`);
  };

export function numberConstraints(schema: Schema): readonly Constraint[] {
  const isInteger = schema.type === "integer" && schema["x-kubernetes-int-or-string"] !== true;
  return [...(isInteger ? [integerRange(schema.format)] : []), ...numberLimits(schema)];
}

function numberLimits(schema: Schema): readonly Constraint[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const limited =
    (holds: (value: number) => boolean, rule: string): Constraint =>
    (value, path) =>
      typeof value !== "number" || holds(value) ? undefined : invalid(path, value, `${path} in body should be ${rule}`);
  return given([
    [multipleOf, (factor: number) => limited((value) => Number.isInteger(value / factor), `a multiple of ${factor}`)],
    [
      maximum,
      (most: number) =>
        exclusiveMaximum === true
          ? limited((value) => value < most, `less than ${most}`)
          : limited((value) => value <= most, `less than or equal to ${most}`),
    ],
    [
      minimum,
      (least: number) =>
        exclusiveMinimum === true
          ? limited((value) => value > least, `greater than ${least}`)
          : limited((value) => value >= least, `greater than or equal to ${least}`),
    ],
  ]);
}

export function sizeConstraints(schema: Schema): readonly Constraint[] {
  const { minItems, maxItems, minProperties, maxProperties } = schema;
  const atLeast =
    (size: (value: unknown) => number | undefined, least: number, what: string): Constraint =>
    (value, path) => {
      const count = size(value) ?? least;
      if (count >= least) return undefined;
      return invalid(path, count, `${path} in body should have at least ${least} ${what}`);
    };
  const atMost =
    (size: (value: unknown) => number | undefined, most: number): Constraint =>
    (value, path) => {
      const count = size(value) ?? most;
      return count > most ? tooMany(path, count, most) : undefined;
    };
  return given([
    [minItems, (least: number) => atLeast(itemsIn, least, "items")],
    [maxItems, (most: number) => atMost(itemsIn, most)],
    [minProperties, (least: number) => atLeast(membersIn, least, "properties")],
    [maxProperties, (most: number) => atMost(membersIn, most)],
  ]);
}

const itemsIn = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined);

function membersIn(value: unknown): number | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value).length : undefined;
}

export function enumConstraint(allowed: readonly unknown[], same: (a: unknown, b: unknown) => boolean): Constraint {
  const texts = allowed.map((value) => goQuoted(typeof value === "string" ? value : (JSON.stringify(value) ?? "")));
  return (value, path) =>
    allowed.some((one) => same(one, value))
      ? undefined
      : {
          reason: "FieldValueNotSupported",
          message: `Unsupported value: ${printed(value)}: supported values: ${texts.join(", ")}`,
          field: path,
        };
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const moment = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?$/;
const uuid = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const duration = /^(?:\d+(?:\.\d+)?\s*(?:ns|us|µs|ms|s|m|h|d|w|days?|hours?|minutes?|seconds?|weeks?))+$/i;

/** The formats of texts that are checked; any other is ignored, as by the API server. */
const textFormats: Readonly<Record<string, (text: string) => boolean>> = {
  byte: (text) => base64.test(text),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  "date-time": (text) => moment.test(text) && !Number.isNaN(Date.parse(text)),
  datetime: (text) => moment.test(text) && !Number.isNaN(Date.parse(text)),
  cidr: (text) => /^[0-9a-fA-F.:]+\/\d{1,3}$/.test(text),
  duration: (text) => duration.test(text),
  email: (text) => /^[^@\s]+@[^@\s]+$/.test(text),
  hostname: (text) =>
    text.length <= 255 &&
    /^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*$/.test(text),
  ipv4: (text) => /^(?:\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split(".").every((octet) => Number(octet) <= 255),
  uri: (text) => URL.canParse(text) || text.startsWith("/"),
  uuid: (text) => uuid.test(text),
};

/** undefined for a format that is not checked. */
export function formatConstraint(format: string): Constraint | undefined {
  const fits = textFormats[format];
  if (fits === undefined) return undefined;
  return (value, path) =>
    typeof value !== "string" || fits(value)
      ? undefined
      : {
          reason: "FieldValueTypeInvalid",
          message: `Invalid value: ${goQuoted(value)}: ${path} in body must be of type ${format}: ${goQuoted(value)}`,
          field: path,
        };
}

/** What a kind's schema does to an object that was sent: unknown fields, defaults, and what it refuses. */
import { builtinSchema } from "../../schema/builtin.ts";
import { builtinDefaults, builtinViolations } from "../../schema/builtinRules.ts";
import type { Schema } from "../../schema/schema.ts";
import { prune, validate, withDefaults } from "../../schema/structural.ts";
import type { Kind } from "../state/kinds.ts";
import type { Cause, Draft, WriteOptions } from "../../model/model.ts";
import { badRequest, invalid } from "../state/refusals.ts";
import { StatusError } from "../../model/statusError.ts";

/** Schemas of built-in kinds, looked up once for each kind. */
const builtin = new WeakMap<Kind, { readonly schema: Schema | undefined }>();

/** The schema of this kind; undefined where there is none. */
export const schemaOf = (kind: Kind): Schema | undefined => {
  if (kind.custom) return kind.schema;
  const known = builtin.get(kind);
  if (known !== undefined) return known.schema;
  const { group, version, kind: name } = kind.resource;
  const schema = builtinSchema(group, version, name);
  builtin.set(kind, { schema });
  return schema;
};

export interface Read {
  readonly draft: Draft;
  readonly warnings: readonly string[];
}

/** The error for a body that cannot be decoded; for a patch it shows the object that would have been the result. */
const undecodable = (
  { resource: { kind, version } }: Kind,
  draft: Draft,
  isPatch: boolean,
  why: string,
): StatusError => {
  if (!isPatch) return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(draft))}: ${why}`;
  return new StatusError(422, "Invalid", ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: "FieldValueInvalid", message, field: "patch" }],
  });
};

const jsonTypes: Readonly<Record<string, string>> = { integer: "number", boolean: "bool" };

/** In the words of Go's decoder. */
const unmarshalled = ({ resource: { kind } }: Kind, { field, message }: Cause): string => {
  const [, found = "value", wanted = "its type"] =
    /Invalid value: "(\w+)".* must be of type ([\w,]+):/.exec(message) ?? [];
  return `json: cannot unmarshal ${jsonTypes[found] ?? found} into Go struct field ${kind}.${field} of type ${wanted}`;
};

/**
 * The draft without fields that its schema does not know: by the options these are refused, warned of or ignored.
 * @throws {StatusError} 400 (422 for a patch) for unknown fields where they are refused, and for values of wrong types
 */
export const readDraft = (
  kind: Kind,
  draft: Draft,
  options: Pick<WriteOptions, "fieldValidation"> & { readonly isPatch?: boolean },
): Read => {
  const schema = schemaOf(kind);
  if (schema === undefined) return { draft, warnings: [] };
  const { object, unknown } = prune(schema, draft);
  const { fieldValidation = "Ignore", isPatch = false } = options;
  const texts = fieldValidation === "Ignore" ? [] : unknown.map((path) => `unknown field "${path}"`);
  if (fieldValidation === "Strict" && texts.length > 0) {
    throw undecodable(kind, draft, isPatch, `strict decoding error: ${texts.join(", ")}`);
  }
  const [wrong] = kind.custom ? [] : validate(schema, object);
  if (wrong !== undefined) throw undecodable(kind, draft, isPatch, unmarshalled(kind, wrong));
  return { draft: object, warnings: texts };
};

/** The object with its defaults. */
export const filled = <T extends object>(kind: Kind, object: T): T => {
  if (!kind.custom) return builtinDefaults(kind.key, object);
  return kind.schema === undefined ? object : withDefaults(kind.schema, object);
};

const statusSchemas = new WeakMap<Schema, Schema>();

/** The part of a schema for the status. */
const statusSchema = (schema: Schema): Schema => {
  const known = statusSchemas.get(schema);
  if (known !== undefined) return known;
  const status = schema.properties?.["status"];
  const made: Schema = { type: "object", ...(status === undefined ? {} : { properties: { status } }) };
  statusSchemas.set(schema, made);
  return made;
};

/** @throws {StatusError} 422 with all that is wrong; in a write of the status only what is wrong there. */
export const checkFaults = (
  kind: Kind,
  next: { readonly metadata: { readonly name: string } },
  old: object | undefined,
  more: readonly Cause[],
  subresource?: string,
): void => {
  const { schema } = kind;
  const causes = [...more];
  if (subresource === "status") {
    if (schema !== undefined) causes.push(...validate(statusSchema(schema), { status: (next as Draft)["status"] }));
  } else {
    causes.push(...builtinViolations(kind.key, next, old));
    if (schema !== undefined) causes.push(...validate(schema, next));
  }
  if (causes.length > 0) throw invalid(kind.resource, next.metadata.name, causes);
};

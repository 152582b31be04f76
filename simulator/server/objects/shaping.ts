/** What a kind's schema makes of an object that was sent: what it does not know, what it fills in, what it refuses. */
import { builtinSchema } from "../../schema/builtin.ts";
import { builtinDefaults, builtinViolations } from "../../schema/builtinRules.ts";
import type { Schema } from "../../schema/schema.ts";
import { prune, validate, withDefaults } from "../../schema/structural.ts";
import type { Kind } from "../state/kinds.ts";
import type { Cause, Draft, WriteOptions } from "../../model/model.ts";
import { badRequest, invalid } from "../state/refusals.ts";
import { StatusError } from "../../model/statusError.ts";

/** Looked up once for each kind. */
const builtin = new WeakMap<Kind, { readonly schema: Schema | undefined }>();

/** Of what is sent for this kind; undefined where nothing is known. */
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

/** A body is refused for what cannot be decoded, a patch as a patch, with the object that it would have made. */
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

/** As Go's decoder puts it. */
const unmarshalled = ({ resource: { kind } }: Kind, { field, message }: Cause): string => {
  const [, found = "value", wanted = "its type"] =
    /Invalid value: "(\w+)".* must be of type ([\w,]+):/.exec(message) ?? [];
  return `json: cannot unmarshal ${jsonTypes[found] ?? found} into Go struct field ${kind}.${field} of type ${wanted}`;
};

/**
 * Without what the schema does not know, which is refused, told or passed over as asked.
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

/** With its defaults. */
export const filled = <T extends object>(kind: Kind, object: T): T => {
  if (!kind.custom) return builtinDefaults(kind.key, object);
  return kind.schema === undefined ? object : withDefaults(kind.schema, object);
};

const statusSchemas = new WeakMap<Schema, Schema>();

/** The part of a schema that speaks of the status. */
const statusSchema = (schema: Schema): Schema => {
  const known = statusSchemas.get(schema);
  if (known !== undefined) return known;
  const status = schema.properties?.["status"];
  const made: Schema = { type: "object", ...(status === undefined ? {} : { properties: { status } }) };
  statusSchemas.set(schema, made);
  return made;
};

/** @throws {StatusError} 422 with all that is wrong; of a new status alone when only that is new. */
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

/**
 * What the API server refuses of an object before admission sees it: by the schema of its CRD, by its metadata, and by
 * the types of the few kinds of its own that Rollouts name. The validator is that of the simulated API server.
 */
import { isObject, type Json } from "../../kube/object/json.ts";
import { groupOf } from "../../controller/rules/rollout/workloadRef.ts";
import { ADMITTED, isAdmitted } from "../../kube/client/resources.ts";
import { nearest } from "../../kube/validation/nearNames.ts";
import { crds } from "../../schema/crd.ts";
import { builtinSchema, objectMetaSchema } from "../../simulator/schema/builtin.ts";
import type { Schema } from "../../simulator/schema/schema.ts";
import { prune, validate, withDefaults } from "../../simulator/schema/structural.ts";
import { metadataFaults } from "../../simulator/server/objects/metadata.ts";
import type { Cause } from "../../simulator/model/model.ts";
import type { AdmittedKind } from "../../controller/rules/admission/admittedKinds.ts";
import { ARGO } from "./bundle.ts";

/** Without its place in a text. */
export interface SchemaFinding {
  readonly path: string;
  readonly rule: string;
  readonly message: string;
  readonly help?: string;
}

const VERSION = "v1alpha1";

const schemas = new Map<string, Schema>(
  crds.map(({ spec }) => [spec.names.kind, spec.versions[0]?.schema.openAPIV3Schema as Schema]),
);

/** Only its types are looked at, as the API server decodes it. */
const metadataSchema = (): Schema => ({
  type: "object",
  properties: { metadata: objectMetaSchema() },
  "x-kubernetes-group-version-kind": [],
});

/** The object as admission sees it: with the schema's defaults, and without nulls. */
export const admitted = (object: Json, kind: AdmittedKind): Json => withDefaults(schemaOf(kind), object);

const schemaOf = (kind: AdmittedKind): Schema => schemas.get(kind) ?? {};

/** An object of one of our kinds. */
export function schemaFindings(object: Json, kind: AdmittedKind): readonly SchemaFinding[] {
  const ofMetadata = validate(metadataSchema(), object);
  const causes = validate(schemaOf(kind), admitted(object, kind));
  const labels = ofMetadata.length === 0 ? labelCauses(object) : [];
  const all = [...ofMetadata, ...causes, ...unnamed(object), ...labels].map(findingOf);
  // Of a value out of its type the API server says twice that it is wrong.
  const typed = new Set(all.filter(({ rule }) => rule === "schema-type").map(({ path }) => path));
  return [...versionFindings(object), ...all.filter(({ rule, path }) => rule === "schema-type" || !typed.has(path))];
}

function versionFindings({ apiVersion }: Json): readonly SchemaFinding[] {
  if (apiVersion === `${ARGO}/${VERSION}`) return [];
  const message = `Unsupported value: ${JSON.stringify(apiVersion)}: supported values: "${ARGO}/${VERSION}"`;
  return [{ path: "apiVersion", rule: "api-version", message }];
}

function unnamed({ metadata }: Json): readonly Cause[] {
  const { name, generateName } = isObject(metadata) ? metadata : {};
  const isThere = (one: unknown): boolean => one !== undefined && one !== null && one !== "";
  if (isThere(name) || isThere(generateName)) return [];
  const message = "Required value: name or generateName is required";
  return [{ reason: "FieldValueRequired", field: "metadata.name", message }];
}

/** Of metadata whose types are right. */
const labelCauses = ({ metadata }: Json): readonly Cause[] =>
  isObject(metadata) ? metadataFaults(metadata as never, undefined) : [];

/** Kinds of the API server itself that are checked, as the reference's linter decodes them. */
const CHECKED: readonly string[] = ["v1 Service", "networking.k8s.io/v1 Ingress"];

const KINDS = Object.keys(ADMITTED);
/** Where people who copy a Deployment leave its API group. */
const COPIED: readonly string[] = ["", "apps"];

/**
 * An object that is none of ours by a slip: `kind: rollout`, `apiVersion: apps/v1` of a Rollout. Nobody would judge it.
 * Kinds of others in our API group, and others' Rollouts, are left alone.
 */
function slips({ apiVersion, kind }: Json): readonly SchemaFinding[] {
  const [group, name] = [groupOf(String(apiVersion)), String(kind)];
  if (group === ARGO) {
    const near = nearest(name, KINDS);
    if (near === undefined || isAdmitted(name)) return [];
    return [
      {
        path: "kind",
        rule: "unknown-kind",
        message: `Unsupported value: ${JSON.stringify(name)}: no such kind in ${ARGO}`,
        help: `Did you mean "${near}"?`,
      },
    ];
  }
  if (!isAdmitted(name) || !(COPIED.includes(group) || nearest(group, [ARGO]) !== undefined)) return [];
  return versionFindings({ apiVersion });
}

/** An object of another kind: what the API server could not decode, or does not know. */
export function foreignFindings(object: Json): readonly SchemaFinding[] {
  const { apiVersion, kind } = object;
  const slipped = slips(object);
  if (slipped.length > 0) return slipped;
  if (!CHECKED.includes(`${String(apiVersion)} ${String(kind)}`)) return [];
  const [version = "", group = ""] = String(apiVersion).split("/").toReversed();
  const schema = builtinSchema(group, version, String(kind));
  if (schema === undefined) return [];
  const unknown = prune(schema, object).unknown.map((path) => ({
    path,
    rule: "unknown-field",
    message: `Forbidden: unknown field ${JSON.stringify(path.slice(path.lastIndexOf(".") + 1))}`,
  }));
  return [...validate(schema, object).map(findingOf), ...unknown];
}

/** Causes that name their place in the message alone. */
const PLACES: readonly RegExp[] = [
  /^Invalid value: "": Checked value must be .* in (\S+)$/,
  /^Invalid value: "": "([^"]*)" must /,
];

function findingOf({ field, message, reason }: Cause): SchemaFinding {
  const inMessage = PLACES.map((form) => form.exec(message)?.[1]).find((place) => place !== undefined);
  const path = field === "<nil>" ? (inMessage ?? "") : field;
  const [, wanted, given] = /^Invalid value: "\w+": .*in body must be of type ([\w,-]+): "(.*)"$/.exec(message) ?? [];
  const help = wanted === undefined ? undefined : helpFor(wanted, given ?? "");
  const rule = RULES[reason] ?? "schema-value";
  return { path, rule: wanted === undefined ? rule : "schema-type", message, ...(help === undefined ? {} : { help }) };
}

const RULES: Readonly<Record<string, string>> = {
  FieldValueTypeInvalid: "schema-type",
  FieldValueRequired: "schema-required",
  FieldValueNotSupported: "schema-enum",
  FieldValueDuplicate: "schema-duplicate",
};

const GIVEN: Readonly<Record<string, string>> = {
  array: "a list",
  object: "a map",
  string: "a text",
  integer: "a number",
  number: "a number",
  float64: "a fraction",
  boolean: "true or false",
  null: "nothing",
};

/** In the words of somebody who writes YAML. */
function helpFor(wanted: string, given: string): string | undefined {
  const stands = `${GIVEN[given] ?? "Something else"} stands here`.replace(/^./, (first) => first.toUpperCase());
  switch (wanted) {
    case "array":
      return `${stands}, and a list belongs here: each of its items begins with "- "`;
    case "object":
      return `${stands}, and a map belongs here: lines of "name: value", indented`;
    case "string":
      return `${stands}, and a text belongs here: put it into quotes`;
    case "boolean":
      return `${stands}, and true or false belongs here, without quotes`;
    case "integer":
    case "int32":
    case "int64":
      return `${stands}, and a whole number belongs here, without quotes and without a unit`;
    case "date-time":
      return 'A time belongs here, such as "2026-01-31T09:30:00Z" (RFC 3339)';
    default:
      return undefined;
  }
}

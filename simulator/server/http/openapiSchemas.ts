/** Schemas in OpenAPI v3: the built-in kinds with what they refer to, and custom ones from their definitions. */
import { builtinSource } from "../../schema/builtin.ts";
import { at, listAt, textAt } from "../table/readFields.ts";
import type { ApiObject, Resource } from "../../model/model.ts";

type Fields = Readonly<Record<string, unknown>>;

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const refTo = (name: string): string => `#/components/schemas/${name}`;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** "core.v1.Pod" → "io.k8s.api.core.v1.Pod". */
function published(name: string): string {
  if (name.startsWith("apiextensions-apiserver.")) return `io.k8s.${name}`;
  return /^(apis|api|util|runtime|version)\./.test(name) ? `io.k8s.apimachinery.pkg.${name}` : `io.k8s.api.${name}`;
}

const formats: Readonly<Record<string, Fields>> = {
  quantity: { type: "string" },
  "date-time-micro": { type: "string", format: "date-time" },
};

/** A node without our own extensions, its references in OpenAPI's form; `refer` is called for each of them. */
function opened(node: Fields, refer: (name: string) => void): Fields {
  const { $ref, properties, items, additionalProperties, format, default: initial, ...others } = node;
  const marks = Object.fromEntries(Object.entries(others).filter(([name]) => !name.startsWith("x-go-")));
  const inner = (value: unknown): unknown => (isFields(value) ? opened(value, refer) : value);
  const own: Fields = {
    ...marks,
    ...(typeof format === "string" ? (formats[format] ?? { format }) : {}),
    ...(initial === undefined || initial === null ? {} : { default: initial }),
    ...(isFields(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)])) }
      : {}),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: inner(additionalProperties) }),
  };
  if (typeof $ref !== "string") return own;
  refer($ref);
  const target = { $ref: refTo(published($ref)) };
  return Object.keys(own).length === 0 ? target : { allOf: [target], ...own };
}

/** The named definitions and all that they refer to. */
function closure(names: readonly string[]): Map<string, Fields> {
  const { definitions } = builtinSource();
  const schemas = new Map<string, Fields>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const json = definitions.get(name);
    if (json === undefined || schemas.has(published(name))) continue;
    schemas.set(
      published(name),
      opened(JSON.parse(json) as Fields, (other) => waiting.push(other)),
    );
  }
  return schemas;
}

const objectMeta = "apis.meta.v1.ObjectMeta";

/** "io.argoproj.v1alpha1.Rollout". */
const customName = ({ group, version, kind }: GroupVersionKind): string =>
  [...group.split(".").toReversed(), version, kind].join(".");

function customSchema(definition: ApiObject, version: string): Fields {
  const served = listAt(definition, "spec", "versions").find((one) => textAt(one, "name") === version);
  const schema = at(served, "schema", "openAPIV3Schema");
  const own = isFields(schema) ? schema : { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const properties = isFields(own["properties"]) ? own["properties"] : {};
  return {
    ...own,
    properties: {
      ...properties,
      apiVersion: { type: "string", description: "The version of this representation of the object." },
      kind: { type: "string", description: "The kind of the object." },
      metadata: { allOf: [{ $ref: refTo(published(objectMeta)) }], description: "Standard object's metadata." },
    },
  };
}

/**
 * The schemas of one group and version, by name.
 * @param definitionOf the CustomResourceDefinition of a resource, undefined for a built-in one.
 */
export function schemasOf(
  resources: readonly Resource[],
  definitionOf: (resource: Resource) => ApiObject | undefined,
): Readonly<Record<string, Fields>> {
  const schemas = closure([objectMeta]);
  for (const resource of resources) {
    const { group, version, kind } = resource;
    const gvk = { group, version, kind };
    const marked = { "x-kubernetes-group-version-kind": [gvk] };
    const definition = definitionOf(resource);
    if (definition !== undefined) {
      schemas.set(customName(gvk), { ...customSchema(definition, version), ...marked });
      continue;
    }
    const name = builtinSource().kinds.get(`${group === "" ? version : `${group}/${version}`} ${kind}`);
    if (name === undefined) continue;
    for (const [other, schema] of closure([name])) if (!schemas.has(other)) schemas.set(other, schema);
    schemas.set(published(name), { ...schemas.get(published(name)), ...marked });
  }
  return Object.fromEntries([...schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

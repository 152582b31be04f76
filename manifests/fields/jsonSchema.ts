/**
 * JSON Schemas (draft-07) for editors and kubeconform, from the CRDs: they know neither int-or-string nor the API
 * server's pruning, so that a name which it would drop is a mistake here.
 */
import type { Structural } from "../../schema/crd.ts";
import { explained, FIELD_SENTENCES } from "../../schema/fieldSentences.ts";
import type { DescribedKind } from "./pages.ts";

type Json = { readonly [member: string]: unknown };

const GROUP_VERSION = "argoproj.io/v1alpha1";

/** File name, as kubeconform looks for it → text, on few lines: a property of the top a line. */
export function jsonSchemas(kinds: readonly DescribedKind[]): ReadonlyMap<string, string> {
  return new Map(
    kinds.map((kind) => [`${kind.kind.toLowerCase()}_v1alpha1.json`, `${JSON.stringify(schemaOf(kind))}\n`]),
  );
}

function schemaOf({ kind, description, schema }: DescribedKind): Json {
  const { properties, ...root } = node(explained(schema, FIELD_SENTENCES[kind] ?? {})) as { properties?: Json };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: kind,
    description,
    ...root,
    properties: {
      apiVersion: { const: GROUP_VERSION },
      kind: { const: kind },
      metadata: { type: "object" },
      ...without(properties ?? {}, ["apiVersion", "kind", "metadata"]),
    },
    required: ["apiVersion", "kind", "metadata", "spec"],
  };
}

const without = (members: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));

function node(of: Structural): Json {
  const { description, format, items, additionalProperties, properties, ...rest } = of;
  const marks = Object.entries(rest).filter(([name]) => !name.startsWith("x-kubernetes-"));
  return {
    ...(description !== undefined && { description }),
    ...numberOrText(of),
    ...Object.fromEntries(marks),
    ...(format === "date-time" && { format }),
    ...(items && { items: node(items) }),
    ...(additionalProperties && { additionalProperties: node(additionalProperties) }),
    ...(properties && { properties: mapped(properties), ...closed(of) }),
  };
}

const mapped = (properties: Readonly<Record<string, Structural>>): Json =>
  Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, node(child)]));

const numberOrText = (of: Structural): Json =>
  of["x-kubernetes-int-or-string"] ? { type: ["integer", "string"] } : {};

const closed = (of: Structural): Json =>
  of["x-kubernetes-preserve-unknown-fields"] ? {} : { additionalProperties: false };

/**
 * Schemas of the API server's own kinds, as Kubernetes 1.36 publishes them (builtinSchemas.txt, made by generate.ts).
 * The text is read when the first of them is needed, and each schema only when it is needed itself.
 */
import text from "./builtinSchemas.txt" with { type: "text" };
import type { Schema } from "./schema.ts";

/** A node as in the text: possibly a reference with members of its own beside it. */
type Node = Omit<Schema, "properties" | "items" | "additionalProperties"> & {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node;
};

export interface Source {
  /** "apps/v1 Deployment" → the definition's name. */
  readonly kinds: ReadonlyMap<string, string>;
  /** By the definition's name, as JSON. */
  readonly definitions: ReadonlyMap<string, string>;
  /** "deployments.apps" → the kind. */
  readonly resources: ReadonlyMap<string, { readonly group: string; readonly version: string; readonly kind: string }>;
}

let source: Source | undefined;

function readSource(): Source {
  const kinds = new Map<string, string>();
  const definitions = new Map<string, string>();
  const resources = new Map<string, { group: string; version: string; kind: string }>();
  for (const line of text.split("\n")) {
    if (line.startsWith("= ")) {
      const [, groupVersion = "", kind = "", name = ""] = line.split(" ");
      kinds.set(`${groupVersion} ${kind}`, name);
      const [version = "", group = ""] = groupVersion.split("/").toReversed();
      resources.set(group === "" ? plural(kind) : `${plural(kind)}.${group}`, { group, version, kind });
    } else {
      const end = line.indexOf(" ");
      definitions.set(line.slice(0, end), line.slice(end + 1));
    }
  }
  return { kinds, definitions, resources };
}

/** The content of the text, not yet resolved: references are `{"$ref": "core.v1.Container"}`. */
export const builtinSource = (): Source => (source ??= readSource());

/** "pods", "ingresses", "endpoints". */
function plural(kind: string): string {
  const name = kind.toLowerCase();
  return name === "endpoints" ? name : name.endsWith("s") ? `${name}es` : `${name}s`;
}

const known = new Map<string, Schema>();

/** Returns the same schema each time; undefined for a kind that the in-memory API server does not have. */
export function builtinSchema(group: string, version: string, kind: string): Schema | undefined {
  const key = `${group === "" ? version : `${group}/${version}`} ${kind}`;
  const schema = known.get(key);
  if (schema !== undefined) return schema;
  source ??= readSource();
  const name = source.kinds.get(key);
  if (name === undefined) return undefined;
  const made = { ...definition(name), "x-kubernetes-group-version-kind": [{ group, version, kind }] };
  known.set(key, made);
  return made;
}

/** By the name of a resource: "deployments.apps", "pods". */
export function builtinSchemaOf(resource: string): Schema | undefined {
  source ??= readSource();
  const names = source.resources.get(resource);
  return names === undefined ? undefined : builtinSchema(names.group, names.version, names.kind);
}

/** Of the metadata of every object. */
export const objectMetaSchema = (): Schema => definition("apis.meta.v1.ObjectMeta");

function definition(name: string): Schema {
  const found = known.get(name);
  if (found !== undefined) return found;
  source ??= readSource();
  const json = source.definitions.get(name);
  if (json === undefined) throw new Error(`builtinSchemas.txt refers to "${name}", which it does not have`);
  // Registered before it is complete: JSONSchemaProps has members of its own type.
  const schema: Schema = {};
  known.set(name, schema);
  const node = JSON.parse(json) as Node;
  return Object.assign(schema, resolved(node), node.properties === undefined ? {} : { "x-go-type": goTypeOf(name) });
}

/** "v1.PodSpec" of "core.v1.PodSpec". */
const goTypeOf = (name: string): string => name.split(".").slice(-2).join(".");

function resolved(node: Node): Schema {
  const { $ref, properties, items, additionalProperties, ...rest } = node;
  if ($ref !== undefined) {
    const target = definition($ref);
    return Object.keys(rest).length === 0 ? target : { ...target, ...rest };
  }
  return {
    ...rest,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, resolved(member)])),
        }),
    ...(items === undefined ? {} : { items: resolved(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: resolved(additionalProperties) }),
  };
}

/**
 * `bun simulator/schema/generate.ts` writes builtinSchemas.txt from what the API server of the current kubeconfig (or
 * $KUBECONFIG) publishes at /openapi/v3: the kinds that the in-memory API server has, with everything they refer to.
 *
 * What is not in OpenAPI comes from goPointers.txt, printed by reflection from k8s.io/api v0.36.3, one type per line:
 * `name*` is a pointer to a scalar, whose zero value is written; `name!` is written as null when it is absent.
 * Left out are descriptions, and `required` and `enum`: the API server does not check its own kinds with them.
 */
import { goDefaults } from "./goDefaults.ts";

const kinds: Readonly<Record<string, readonly string[]>> = {
  v1: "Namespace Pod Service Endpoints Event ConfigMap Secret ServiceAccount Node PodTemplate".split(" "),
  "apps/v1": ["Deployment", "ReplicaSet"],
  "batch/v1": ["Job"],
  "discovery.k8s.io/v1": ["EndpointSlice"],
  "coordination.k8s.io/v1": ["Lease"],
  "policy/v1": ["PodDisruptionBudget", "Eviction"],
  "autoscaling/v2": ["HorizontalPodAutoscaler"],
  "autoscaling/v1": ["Scale"],
  "networking.k8s.io/v1": ["Ingress"],
  "rbac.authorization.k8s.io/v1": ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
  "admissionregistration.k8s.io/v1": ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
  "apiextensions.k8s.io/v1": ["CustomResourceDefinition"],
  "events.k8s.io/v1": ["Event"],
};

/** Kinds that only subresources use are published with the resources. */
const publishedWith: Readonly<Record<string, string>> = {
  "policy/v1 Eviction": "v1",
  "autoscaling/v1 Scale": "apps/v1",
};

type Fields = Readonly<Record<string, unknown>>;

interface Definition extends Fields {
  readonly properties?: Readonly<Record<string, Fields>>;
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Member name → "*" or "!", by definition. */
async function goMarks(): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const text = await Bun.file(new URL("goPointers.txt", import.meta.url)).text();
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  return new Map(
    rows.map(([type = "", ...members]) => [
      type,
      new Map(members.map((member) => [member.slice(0, -1), member.slice(-1)])),
    ]),
  );
}

/** Everything that a document defines, by name. */
async function published(groupVersion: string): Promise<ReadonlyMap<string, Definition>> {
  const path = groupVersion.includes("/") ? `apis/${groupVersion}` : `api/${groupVersion}`;
  const kubectl = Bun.spawn(["kubectl", "get", "--raw", `/openapi/v3/${path}`]);
  const document = (await new Response(kubectl.stdout).json()) as {
    readonly components: { readonly schemas: Readonly<Record<string, Definition>> };
  };
  return new Map(Object.entries(document.components.schemas));
}

const prefix = "#/components/schemas/";
const shortened = (name: string): string => name.replace(/^io\.k8s\.(?:api\.|apimachinery\.pkg\.)?/, "");

/** Types whose JSON does not follow from their members. */
const special: Readonly<Record<string, Fields>> = {
  "api.resource.Quantity": { format: "quantity" },
  "util.intstr.IntOrString": { "x-kubernetes-int-or-string": true },
  "apis.meta.v1.MicroTime": { type: "string", format: "date-time-micro" },
};

const kept = ["type", "format", "default", "x-go-pointer", "x-go-default"];

/** A node of a schema, only with what is used; references are `{"$ref": "core.v1.Container"}` beside its members. */
function compact(node: Fields, refer: (name: string) => void): Fields {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (kept.includes(key) || /^x-kubernetes-(?:list|map|patch|int-or|preserve|embedded)/.test(key))
      result[key] = value;
    else if (key === "properties" && isFields(value)) {
      result[key] = Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, isFields(inner) ? compact(inner, refer) : {}]),
      );
    } else if ((key === "items" || key === "additionalProperties") && isFields(value)) {
      // Elements have no defaults: an element of a list is never absent.
      const { default: _, ...inner } = compact(value, refer);
      result[key] = inner;
    }
  }
  const target = referenceOf(node);
  if (target === undefined) return result;
  refer(target);
  return { $ref: shortened(target), ...result };
}

/** `{"$ref": …}`, or `{"allOf": [{"$ref": …}]}` where it stands beside other members. */
function referenceOf(node: Fields): string | undefined {
  const all = node["allOf"];
  const first: unknown = Array.isArray(all) ? all[0] : node;
  const ref = isFields(first) ? first["$ref"] : undefined;
  return typeof ref === "string" ? ref.slice(prefix.length) : undefined;
}

/** What is known from Go about the members of a type, and their defaults. */
function marked(definition: Fields, marks: ReadonlyMap<string, string> | undefined, defaults: Fields = {}): Fields {
  const { properties } = definition;
  if (!isFields(properties)) return definition;
  const strangers = Object.keys(defaults).filter((name) => !Object.hasOwn(properties, name));
  if (strangers.length > 0) throw new Error(`goDefaults.ts has "${strangers.join()}", which the API server does not`);
  const members = Object.entries(properties).map(([name, member]) => [
    name,
    {
      ...(isFields(member) ? member : {}),
      ...(marks?.get(name) === "*" ? { "x-go-pointer": true } : {}),
      ...(marks?.get(name) === "!" ? { default: null } : {}),
      ...(defaults[name] === undefined ? {} : { "x-go-default": defaults[name] }),
    },
  ]);
  return { ...definition, properties: Object.fromEntries(members) };
}

/** An object without declared members may hold anything: it is JSON that the API server only stores. */
function opened(definition: Fields): Fields {
  const isOpen =
    Object.keys(definition).every((key) => key === "type") && (definition["type"] ?? "object") === "object";
  return isOpen ? { "x-kubernetes-preserve-unknown-fields": true } : definition;
}

function describes(definition: Definition | undefined, groupVersion: string, kind: string): boolean {
  const described = definition?.["x-kubernetes-group-version-kind"] ?? [];
  return described.some(
    (one) => one.kind === kind && [one.group, one.version].filter(Boolean).join("/") === groupVersion,
  );
}

/** The text of builtinSchemas.txt: a line for each kind, then one for each definition. */
async function generated(): Promise<string> {
  const marks = await goMarks();
  const lines = new Map<string, string>();
  const kindLines: string[] = [];
  for (const [groupVersion, names] of Object.entries(kinds)) {
    for (const kind of names) {
      const definitions = await published(publishedWith[`${groupVersion} ${kind}`] ?? groupVersion);
      const add = (name: string): void => {
        const short = shortened(name);
        if (lines.has(short)) return;
        lines.set(short, "");
        const source = compact(definitions.get(name) ?? {}, add);
        const definition = special[short] ?? opened(marked(source, marks.get(name), goDefaults[short]));
        lines.set(short, `${short} ${JSON.stringify(definition)}`);
      };
      const name = [...definitions.keys()].find((one) => describes(definitions.get(one), groupVersion, kind));
      if (name === undefined)
        throw new Error(`Cannot describe ${groupVersion} ${kind}: the API server does not have it`);
      add(name);
      kindLines.push(`= ${groupVersion} ${kind} ${shortened(name)}`);
    }
  }
  return `${[...kindLines, ...[...lines.values()].toSorted()].join("\n")}\n`;
}

if (import.meta.main) {
  await Bun.write(new URL("builtinSchemas.txt", import.meta.url), await generated());
}

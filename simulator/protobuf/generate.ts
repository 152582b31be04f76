/**
 * `bun simulator/protobuf/generate.ts` writes fields.txt from the protobuf descriptions in the Go modules that
 * test/cluster/kube pins: for every message that a client may send, the number and the type of each field.
 *
 * A line: `core.v1.Probe handler=1+:core.v1.ProbeHandler initialDelaySeconds=2:int …`. After the number `*` means a list,
 * `%` a map with texts as keys, `+` a message whose members in JSON stand among those of the message around it; a field
 * without a type is a text.
 */
import { $ } from "bun";
import { join } from "node:path";
import { builtinSource } from "../schema/builtin.ts";

/** What clients send, as apiVersion and kind. */
const roots: Readonly<Record<string, readonly string[]>> = {
  "core.v1": "Namespace Pod Service Endpoints Event ConfigMap Secret ServiceAccount Node Binding".split(" "),
  "apps.v1": ["Deployment", "ReplicaSet"],
  "batch.v1": ["Job"],
  "discovery.v1": ["EndpointSlice"],
  "coordination.v1": ["Lease"],
  "policy.v1": ["PodDisruptionBudget", "Eviction"],
  "autoscaling.v1": ["Scale"],
  "autoscaling.v2": ["HorizontalPodAutoscaler"],
  "networking.v1": ["Ingress"],
  "rbac.v1": ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
  "admissionregistration.v1": ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
  "authorization.v1": ["SelfSubjectAccessReview"],
  "authentication.v1": ["SelfSubjectReview"],
  "apis.meta.v1": ["DeleteOptions"],
};

/** Messages that decode.ts has its own code for. */
const special = [
  "api.resource.Quantity",
  "util.intstr.IntOrString",
  "apis.meta.v1.Time",
  "apis.meta.v1.MicroTime",
  "apis.meta.v1.FieldsV1",
  "runtime.RawExtension",
];

const scalars: Readonly<Record<string, string>> = {
  string: "",
  int32: "int",
  int64: "int",
  bool: "bool",
  bytes: "bytes",
};

interface Field {
  readonly name: string;
  readonly number: string;
  /** "*", "%" or "". */
  readonly many: string;
  /** A key of `scalars`' values, or a message. */
  readonly type: string;
}

const short = (name: string): string => name.replace(/^\.?k8s\.io\.(?:api\.|apimachinery\.pkg\.)/, "");

const typeOf = (text: string, from: string): string =>
  scalars[text] ?? (text.startsWith(".") ? short(text) : `${from}.${text}`);

/** The messages of a description, by name. */
function messagesOf(text: string): ReadonlyMap<string, readonly Field[]> {
  const from = short(/^package ([\w.]+);/m.exec(text)?.[1] ?? "");
  const messages = new Map<string, readonly Field[]>();
  for (const [, name, body = ""] of text.matchAll(/^message (\w+) \{$([\s\S]*?)^\}$/gm)) {
    const fields: Field[] = [];
    for (const line of body.split("\n")) {
      const plain = /^ {2}(optional|repeated) ([\w.]+) (\w+) = (\d+);/.exec(line);
      const map = /^ {2}map<string, ([\w.]+)> (\w+) = (\d+);/.exec(line);
      if (plain !== null) {
        const [, how, type = "", field = "", number = ""] = plain;
        fields.push({ name: field, number, many: how === "repeated" ? "*" : "", type: typeOf(type, from) });
      } else if (map !== null) {
        const [, type = "", field = "", number = ""] = map;
        fields.push({ name: field, number, many: "%", type: typeOf(type, from) });
      }
    }
    messages.set(`${from}.${name}`, fields);
  }
  return messages;
}

async function descriptions(): Promise<ReadonlyMap<string, readonly Field[]>> {
  const module = new URL("../../test/cluster/kube", import.meta.url).pathname;
  const folders = await Promise.all(
    ["k8s.io/api", "k8s.io/apimachinery"].map(async (name) =>
      (await $`go list -m -f {{.Dir}} ${name}`.cwd(module).text()).trim(),
    ),
  );
  const files = folders.flatMap((folder) =>
    Array.from(new Bun.Glob("**/generated.proto").scanSync(folder)).map((file) => join(folder, file)),
  );
  const texts = await Promise.all(files.map((file) => Bun.file(file).text()));
  return new Map(texts.flatMap((text) => [...messagesOf(text)]));
}

const all = await descriptions();
const published = builtinSource().definitions;
const lines = new Map<string, string>();

/** The members by their names in OpenAPI. */
function membersOf(name: string): ReadonlySet<string> | undefined {
  const json = published.get(name);
  if (json === undefined) return undefined;
  const { properties = {} } = JSON.parse(json) as { readonly properties?: Readonly<Record<string, unknown>> };
  return new Set(Object.keys(properties));
}

function describe(name: string): void {
  if (lines.has(name) || special.includes(name)) return;
  const fields = all.get(name);
  if (fields === undefined) throw new Error(`No description has a message ${name}`);
  lines.set(name, "");
  const members = membersOf(name);
  const words = fields.map(({ name: described, number, many, type }) => {
    const field = `${described.slice(0, 1).toLowerCase()}${described.slice(1)}`;
    const isMessage = type.includes(".");
    if (isMessage) describe(type);
    // A field that is not a member in OpenAPI is replaced by its own members.
    const isInline = isMessage && members !== undefined && !members.has(field);
    return `${field}=${number}${isInline ? "+" : many}${type === "" ? "" : `:${type}`}`;
  });
  lines.set(name, [name, ...words].join(" "));
}

for (const [from, kinds] of Object.entries(roots)) for (const kind of kinds) describe(`${from}.${kind}`);
await Bun.write(new URL("fields.txt", import.meta.url), `${[...lines.values()].toSorted().join("\n")}\n`);

import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { validate } from "../simulator/schema/structural.ts";
import { AnalysisTemplate } from "./analysis.ts";
import { crds, type Structural } from "./crd.ts";

const kibibyte = 1024;

type Found = { readonly path: string; readonly node: Structural };

function* walk(node: Structural, path = ""): Generator<Found> {
  yield { path, node };
  for (const [name, child] of Object.entries(node.properties ?? {})) yield* walk(child, `${path}.${name}`);
  if (node.items) yield* walk(node.items, `${path}[]`);
  if (node.additionalProperties) yield* walk(node.additionalProperties, `${path}{}`);
}

const versions = crds.flatMap(({ spec }) => spec.versions.map((version) => ({ kind: spec.names.kind, ...version })));
const byKind = new Map(versions.map(({ kind, schema }) => [kind, [...walk(schema.openAPIV3Schema)] as const]));
const nodesOf = (kind: string) => byKind.get(kind) ?? [];
const nodeAt = (kind: string, path: string) => nodesOf(kind).find((found) => found.path === path)?.node;

const limitOf = (node: Structural): number | undefined => node.maxLength ?? node.maxItems ?? node.maxProperties;
const growsIn = (node: Structural): boolean =>
  node.type === "string" || node.items !== undefined || node.additionalProperties !== undefined;
/** The spec of a job is Kubernetes' own, too. */
const isOfJob = (path: string): boolean => path.includes(".provider.job.spec.");

/** The paths of the pod templates; that of a job is inside a metric. */
const podTemplates = [
  ["Rollout", ".spec.template"],
  ["Experiment", ".spec.templates[].template"],
  ["AnalysisTemplate", ".spec.metrics[].provider.job.spec.template"],
  ["ClusterAnalysisTemplate", ".spec.metrics[].provider.job.spec.template"],
  ["AnalysisRun", ".spec.metrics[].provider.job.spec.template"],
] as const;

test("there is a definition for each of the five kinds", () => {
  expect(crds.map((crd) => `${crd.metadata.name} ${crd.spec.names.shortNames.join()} ${crd.spec.scope}`)).toEqual([
    "rollouts.argoproj.io ro Namespaced",
    "analysistemplates.argoproj.io at Namespaced",
    "clusteranalysistemplates.argoproj.io cat Cluster",
    "analysisruns.argoproj.io ar Namespaced",
    "experiments.argoproj.io exp Namespaced",
  ]);
});

test("only Rollouts have a status subresource, since the reference writes the others' status on the main resource", () => {
  expect(versions.map((version) => Object.keys(version.subresources).join())).toEqual(["scale,status", "", "", "", ""]);
});

describe("the columns of a definition", () => {
  const columnsOf = (kind: string) => versions.find((one) => one.kind === kind)?.additionalPrinterColumns ?? [];

  test("of Rollouts are the reference's, then the phase, and with -o wide the step, the weight and the message", () => {
    expect(columnsOf("Rollout").map(({ name, priority = 0 }) => `${name} ${priority}`)).toEqual([
      "Desired 0",
      "Current 0",
      "Up-to-date 0",
      "Available 0",
      "Age 0",
      "Phase 0",
      "Step 1",
      "Weight 1",
      "Message 1",
    ]);
  });

  test.each(["AnalysisRun", "Experiment"])("of %s are the reference's, and with -o wide the message", (kind) => {
    expect(columnsOf(kind).map(({ name, priority = 0 }) => `${name} ${priority}`)).toEqual([
      "Status 0",
      "Age 0",
      "Message 1",
    ]);
  });

  test.each([...byKind.keys()])("of %s show what its schema has, in the type that it has there", (kind) => {
    for (const { name, type, jsonPath } of columnsOf(kind).filter(({ jsonPath }) => !jsonPath.startsWith(".metadata")))
      expect([name, nodeAt(kind, jsonPath)?.type]).toEqual([name, type]);
  });
});

describe.each([...byKind])("the definition of %s", (kind, nodes) => {
  test("fits into the annotation in which a plain kubectl apply keeps it", () => {
    const crd = crds.find((crd) => crd.spec.names.kind === kind);
    expect(JSON.stringify(crd).length).toBeLessThan(200 * kibibyte);
  });

  test("says a type wherever it does not say int-or-string or anything", () => {
    const untyped = nodes.filter(
      ({ node }) =>
        node.type === undefined && !node["x-kubernetes-int-or-string"] && !node["x-kubernetes-preserve-unknown-fields"],
    );
    expect(untyped.map(({ path }) => path)).toEqual([]);
  });

  test("uses only the words that a structural schema may have", () => {
    const allowed = new Set(
      [
        "type format description default enum pattern properties required items additionalProperties".split(" "),
        "maxLength maxItems maxProperties minimum maximum".split(" "),
      ].flat(),
    );
    const words = new Set(nodes.flatMap(({ node }) => Object.keys(node)));
    expect([...words].filter((word) => !allowed.has(word) && !word.startsWith("x-kubernetes-"))).toEqual([]);
  });

  test("names properties or types of values, never both, and requires only what it has", () => {
    for (const { path, node } of nodes) {
      expect(node.properties && node.additionalProperties, path).toBeUndefined();
      expect(node.required?.filter((name) => !node.properties?.[name]) ?? [], path).toEqual([]);
    }
  });

  test("has for every key of an associative list a scalar that is required or has a default", () => {
    for (const { path, node } of nodes.filter(({ node }) => node["x-kubernetes-list-type"] === "map")) {
      const item = node.items;
      for (const key of node["x-kubernetes-list-map-keys"] ?? []) {
        const member = item?.properties?.[key];
        expect(["string", "integer"], `${path} by ${key}`).toContain(member?.type ?? "nothing");
        expect(item?.required?.includes(key) || member?.default !== undefined, `${path} by ${key}`).toBe(true);
      }
    }
  });
});

describe("limits in the definitions", () => {
  const limited = [...byKind.values()].flat().filter(({ node }) => limitOf(node) !== undefined);

  test("stand on every text, list and map of a spec that nobody else judges, and are far from what is real", () => {
    const isOurs = (path: string): boolean =>
      path.startsWith(".spec") &&
      podTemplates.every(([, template]) => !path.startsWith(`${template}.`)) &&
      !isOfJob(path);
    const isBounded = ({ format, enum: values }: Structural): boolean => format !== undefined || values !== undefined;
    const boundless = [...byKind.values()]
      .flat()
      .filter(({ path, node }) => isOurs(path) && growsIn(node) && limitOf(node) === undefined && !isBounded(node));
    expect(boundless.map(({ path }) => path)).toEqual([]);
    for (const { path, node } of limited) {
      expect(node.maxLength ?? 1_000, path).toBeGreaterThanOrEqual(1_000);
      expect(node.maxItems ?? node.maxProperties ?? 1_000, path).toBeGreaterThanOrEqual(250);
    }
  });

  test("are in no status and in no pod template: an object must not become impossible to write by what others put there", () => {
    const wrong = limited.filter(
      ({ path }) => path.startsWith(".status") || podTemplates.some(([, template]) => path.startsWith(`${template}.`)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test.each([
    ["Rollout", ".spec.strategy.canary.steps", { maxItems: 1_000 }],
    ["Rollout", ".spec.strategy.canary.maxSurge", { maxLength: 1_000 }],
    ["Rollout", ".spec.strategy.canary.canaryMetadata.annotations", { maxProperties: 1_000 }],
    ["AnalysisTemplate", ".spec.dryRun[].metricName", { maxLength: 16_384 }],
    ["AnalysisTemplate", ".spec.args[].value", { maxLength: 16_384 }],
    ["ClusterAnalysisTemplate", ".spec.metrics", { maxItems: 500 }],
    ["AnalysisRun", ".spec.metrics[].successCondition", { maxLength: 16_384 }],
    ["AnalysisRun", ".spec.metrics[].provider.prometheus.query", { maxLength: 262_144 }],
    ["Experiment", ".spec.templates", { maxItems: 250 }],
  ] as const)("of %s are at %s %j", (kind, path, limits) => {
    expect(nodeAt(kind, path)).toMatchObject(limits);
  });

  test("are not the parser's: what was stored without them is still read", () => {
    const template = { metadata: {}, spec: { dryRun: [{ metricName: "a".repeat(100_000) }] } };
    expect(v.is(AnalysisTemplate, template)).toBe(true);
    const definition = crds.find(({ spec }) => spec.names.kind === "AnalysisTemplate")?.spec.versions[0]?.schema;
    const texts = validate(definition?.openAPIV3Schema ?? {}, template).map(
      ({ reason, field }) => `${reason} ${field}`,
    );
    expect(texts).toEqual(["FieldValueTooLong spec.dryRun[0].metricName"]);
  });
});

describe.each(podTemplates)("the pod template of %s", (kind, template) => {
  const spec = `${template}.spec`;

  test("merges these lists item by item under server-side apply", () => {
    const keyed = nodesOf(kind)
      .filter(({ path, node }) => path.startsWith(spec) && node["x-kubernetes-list-type"] === "map")
      .map(({ path, node }) => `${path.slice(spec.length + 1)} by ${node["x-kubernetes-list-map-keys"]?.join("+")}`);
    const inContainers = ["containers", "initContainers", "ephemeralContainers"].flatMap((list) => [
      `${list} by name`,
      `${list}[].ports by containerPort+protocol`,
      `${list}[].env by name`,
      `${list}[].resources.claims by name`,
      `${list}[].volumeMounts by mountPath`,
      `${list}[].volumeDevices by devicePath`,
    ]);
    expect(keyed).toEqual([
      ...inContainers,
      "imagePullSecrets by name",
      "hostAliases by ip",
      "topologySpreadConstraints by topologyKey+whenUnsatisfiable",
      "schedulingGates by name",
      "resourceClaims by name",
      "resources.claims by name",
    ]);
  });

  test("has the defaults that enter the pod hash, in all three kinds of containers", () => {
    const defaults = nodesOf(kind)
      .filter(({ path, node }) => path.startsWith(spec) && node.default !== undefined)
      .map(({ path, node }) => `${path.slice(spec.length + 1)} = ${JSON.stringify(node.default)}`);
    const inContainers = ["containers", "initContainers", "ephemeralContainers"].flatMap((list) => [
      `${list}[].ports[].protocol = "TCP"`,
      `${list}[].envFrom[].configMapRef.name = ""`,
      `${list}[].envFrom[].secretRef.name = ""`,
      `${list}[].env[].valueFrom.configMapKeyRef.name = ""`,
      `${list}[].env[].valueFrom.secretKeyRef.name = ""`,
      `${list}[].env[].valueFrom.fileKeyRef.optional = false`,
      `${list}[].livenessProbe.grpc.service = ""`,
      `${list}[].readinessProbe.grpc.service = ""`,
      `${list}[].startupProbe.grpc.service = ""`,
    ]);
    expect(defaults).toEqual([...inContainers, 'imagePullSecrets[].name = ""']);
  });

  test("keeps unknown members in its spec, and prunes them from its metadata, where they would change the hash", () => {
    const closed = nodesOf(kind).filter(
      ({ path, node }) =>
        path.startsWith(spec) &&
        node.type === "object" &&
        !node.additionalProperties &&
        !node["x-kubernetes-preserve-unknown-fields"],
    );
    expect(closed.map(({ path }) => path)).toEqual([]);
    expect(nodeAt(kind, `${template}.metadata`)).toEqual({
      type: "object",
      properties: {
        labels: { type: "object", additionalProperties: { type: "string" } },
        annotations: { type: "object", additionalProperties: { type: "string" } },
      },
    });
  });
});

test("the rules in CEL are few and cheap: per-step rules would exceed the API server's cost budget", () => {
  const rules = [...byKind.values()]
    .flat()
    .flatMap(({ path, node }) => (node["x-kubernetes-validations"] ?? []).map(({ rule }) => `${path}: ${rule}`));
  expect(rules).toEqual([".spec.selector: self == oldSelf", ".spec.strategy: has(self.canary) != has(self.blueGreen)"]);
});

test("numbers say how many bits they have, so that the API server refuses what Go clients cannot read", () => {
  const unbounded = [...byKind.values()].flat().filter(({ node }) => node.type === "integer" && !node.format);
  expect(unbounded).toEqual([]);
});

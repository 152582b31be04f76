import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";
import { crds } from "../../schema/crd.ts";
import { fieldsOf } from "../../schema/fieldSentences.ts";
import { objectsIn } from "../testing.ts";
import { jsonSchemas } from "./jsonSchema.ts";
import { FIELD_LINKS } from "./links.ts";
import { fieldPages } from "./pages.ts";
import { typeWords } from "./typeWords.ts";

const kinds = crds.map(({ spec }) => ({
  kind: spec.names.kind,
  description: spec.versions[0]?.schema.openAPIV3Schema.description ?? "",
  schema: spec.versions[0]?.schema.openAPIV3Schema ?? {},
}));

describe("the pages of fields", () => {
  const pages = fieldPages(kinds);

  test("have each field once, under the nearest heading above it", () => {
    for (const { kind, schema } of kinds.filter(({ kind }) => kind !== "ClusterAnalysisTemplate")) {
      const found = (pages.get(`${kind.toLowerCase()}.md`) ?? "").split(/^## /m).flatMap((section) => {
        const place = /^`([^`]+)`/.exec(section)?.[1] ?? "";
        return Array.from(section.matchAll(/^\| \[?`([^`]+)`/gm), ([, name]) => `${place}.${name}`);
      });
      const fields = fieldsOf(schema).map(({ path }) => path);
      expect(found.toSorted()).toEqual(fields.filter((path) => !["spec", "status"].includes(path)).toSorted());
    }
  });

  test.each([
    ["`replicas`", "`1`"],
    ["`maxSurge`", "`25%`"],
    ["`trafficRouting.alb.stickinessConfig`", undefined],
    ["`pingPong.pingService`", ""],
  ] as const)("say of %s the default %p", (name, value) => {
    const row = (pages.get("rollout.md") ?? "").split("\n").find((line) => line.startsWith(`| ${name} `));
    expect(row?.split("|")[3]?.trim()).toBe(value);
  });

  test("are linked from fields that exist", () => {
    for (const { kind, schema } of kinds) {
      const fields = new Set(fieldsOf(schema).map(({ path }) => path));
      expect(Object.keys(FIELD_LINKS[kind] ?? {}).filter((path) => !fields.has(path))).toEqual([]);
    }
  });

  test.each([
    [{ type: "integer", minimum: 0, maximum: 604_800 }, "number, 0 to 604,800"],
    [{ "x-kubernetes-int-or-string": true, minimum: 0, pattern: "^[0-9]+%?$" }, "number or percentage"],
    [{ type: "array", items: { type: "string" } }, "list of texts"],
    [{ type: "object", additionalProperties: { type: "string" } }, "map of texts"],
    [{ type: "string", format: "date-time" }, "time"],
    [{ type: "string", enum: ["v1", "v2"] }, "v1, v2"],
  ] as const)("say of %j: %s", (node, words) => {
    expect(typeWords(node)).toBe(words);
  });
});

test("sentences are loaded by `sluice dev` alone, when it starts: no controller has them in memory", async () => {
  const root = join(import.meta.dir, "../..");
  const paths = ["schema", "kube", "providers", "controller", "webhook", "simulator", "cli", "dashboard"].flatMap(
    (folder) => Array.from(new Glob(`${folder}/**/*.{ts,tsx}`).scanSync(root)),
  );
  const readers = await Promise.all(
    [...paths, "main.ts"].map(async (path) => {
      const reads = (await Bun.file(join(root, path)).text()).matchAll(
        /(from|import\() ?"[^"]*\/\w*[sS]entences\.ts"/g,
      );
      return Array.from(reads, ([, how]) => (how === "import(" ? `${path}, lazily` : path));
    }),
  );
  const others = readers.flat().filter((path) => !/^schema\/\w*[sS]entences(\.test)?\.ts$/.test(path));
  expect(others).toEqual(["simulator/local/localCluster.ts, lazily"]);
});

type Schema = {
  readonly type?: string | readonly string[];
  readonly const?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | Schema;
  readonly items?: Schema;
};

const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
};

/** The words of draft-07 that the schemas use, as far as they tell the mistakes of this test. */
function* mistakes(schema: Schema, value: unknown, path: string): Generator<string> {
  if (schema.const !== undefined && value !== schema.const) yield `${path}: is not ${schema.const}`;
  if (schema.type !== undefined && ![schema.type].flat().includes(typeOf(value))) {
    yield `${path}: ${typeOf(value)}`;
  } else {
    yield* inner(schema, value, path);
  }
}

function* inner(schema: Schema, value: unknown, path: string): Generator<string> {
  if (schema.pattern !== undefined && typeof value === "string" && !new RegExp(schema.pattern).test(value))
    yield `${path}: pattern`;
  if (typeof value === "number" && (value < (schema.minimum ?? value) || value > (schema.maximum ?? value)))
    yield `${path}: range`;
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* mistakes(schema.items ?? {}, item, `${path}[${index}]`);
  const members = typeOf(value) === "object" ? (Object.entries(value as object) as [string, unknown][]) : [];
  for (const name of (typeOf(value) === "object" && schema.required) || [])
    if (!members.some(([member]) => member === name)) yield `${path}.${name}: missing`;
  for (const [name, member] of members) {
    const of = schema.properties?.[name] ?? schema.additionalProperties;
    if (of === false) yield `${path}.${name}: unknown`;
    else if (of !== undefined) yield* mistakes(of, member, `${path}.${name}`);
  }
}

describe("the JSON Schemas for editors", () => {
  const schemas = new Map(Array.from(jsonSchemas(kinds), ([name, text]) => [name, JSON.parse(text) as Schema]));
  const mistakesOf = (object: { readonly kind: string }): string[] => [
    ...mistakes(schemas.get(`${object.kind.toLowerCase()}_v1alpha1.json`) ?? { const: "a kind" }, object, ""),
  ];
  const known = new Set(kinds.map(({ kind }) => kind));

  test("find nothing wrong with the examples", async () => {
    const root = join(import.meta.dir, "../../examples");
    const texts = await Promise.all(
      [...new Glob("**/*.yaml").scanSync(root)].map((name) => Bun.file(join(root, name)).text()),
    );
    const objects = texts.flatMap(objectsIn).filter(({ kind }) => known.has(kind));
    expect(objects.length).toBeGreaterThan(15);
    expect(objects.flatMap(mistakesOf)).toEqual([]);
  });

  const rollout = (spec: object) => ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "a" },
    spec,
  });
  const canary = (canary: object) => rollout({ strategy: { canary } });

  test.each([
    [canary({ stpes: [] }), ".spec.strategy.canary.stpes: unknown"],
    [canary({ steps: [{ setWeight: "20" }] }), ".spec.strategy.canary.steps[0].setWeight: string"],
    [canary({ maxSurge: "a few" }), ".spec.strategy.canary.maxSurge: pattern"],
    [
      canary({ steps: [{ setMirrorRoute: { name: "a", percentage: 101 } }] }),
      ".spec.strategy.canary.steps[0].setMirrorRoute.percentage: range",
    ],
    [rollout({ strategy: { blueGreen: {} } }), ".spec.strategy.blueGreen.activeService: missing"],
    [{ ...rollout({}), apiVersion: "apps/v1" }, ".apiVersion: is not argoproj.io/v1alpha1"],
  ])("find what is wrong with %j: %s", (object, mistake) => {
    expect(mistakesOf(object)).toEqual([mistake]);
  });

  test.each([
    [canary({ maxSurge: 1, steps: [{ pause: { duration: "5m" } }, { pause: { duration: 60 } }] })],
    [canary({ trafficRouting: { newRouter: {} } })],
    [rollout({ template: { spec: { containers: [], newOfKubernetes: 1 } } })],
  ])("find nothing wrong with what the API server keeps: %j", (object) => {
    expect(mistakesOf(object)).toEqual([]);
  });
});

import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { parseAllDocuments } from "yaml";
import { validate } from "../simulator/schema/structural.ts";
import { AnalysisRun, AnalysisTemplate, ClusterAnalysisTemplate } from "./analysis.ts";
import { crds } from "./crd.ts";
import { Experiment } from "./experiment.ts";
import { Service } from "./kube.ts";
import { PodSpec } from "./podSpec.ts";
import { Rollout } from "./rollout.ts";

const root = resolve(import.meta.dir, "..");
const shared = resolve(root, process.env["SLUICE_SHARED"] ?? "../shared");
const examples = join(shared, "examples");
/** Bundles of manifests, a line of JSON each; many break a rule on purpose. */
const bundles = join(shared, "conformance/validation.jsonl");
const schemas = { Rollout, AnalysisTemplate, ClusterAnalysisTemplate, AnalysisRun, Experiment, Service };
type Kind = keyof typeof schemas;

type Manifest = { readonly from: string; readonly kind: Kind; readonly object: Record<string, unknown> };

/** Charts are templates, not YAML: left out. */
function manifests(): Manifest[] {
  const files = readdirSync(examples, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => /\.ya?ml$/.test(file) && !file.includes("helm"))
    .flatMap((from) =>
      parseAllDocuments(readFileSync(join(examples, from), "utf8"))
        .map((document) => document.toJS() as Record<string, unknown> | null)
        .flatMap((object) => (object && isKind(object["kind"]) ? [{ from, kind: object["kind"], object }] : [])),
    );
}

function isKind(kind: unknown): kind is Kind {
  return typeof kind === "string" && Object.hasOwn(schemas, kind);
}

function bundled(): Manifest[] {
  const lines = readFileSync(bundles, "utf8").trimEnd().split("\n");
  return lines.flatMap((line) => {
    const { name, documents } = JSON.parse(line) as { name: string; documents: Record<string, unknown>[] };
    return documents.flatMap((object) =>
      isKind(object["kind"]) ? [{ from: name, kind: object["kind"], object }] : [],
    );
  });
}

const definitions = new Map(
  crds.map(({ spec }) => [spec.names.kind, spec.versions[0]?.schema.openAPIV3Schema] as const),
);

/** The places where an object is larger than its definition allows. */
function excesses({ from, kind, object }: Manifest): string[] {
  return validate(definitions.get(kind) ?? {}, object)
    .filter(({ reason }) => reason === "FieldValueTooLong" || reason === "FieldValueTooMany")
    .map(({ field, message }) => `${kind} in ${from}: ${field}: ${message}`);
}

if (existsSync(bundles)) {
  test("no object of the conformance bundles is larger than its definition allows", () => {
    expect(bundled().flatMap(excesses)).toEqual([]);
  });
}

if (existsSync(examples)) {
  const all = manifests();
  test.each(all.map((manifest) => [manifest.kind, manifest.from, manifest] as const))(
    "the %s in %s parses, and nothing of it is lost",
    (kind, _, { object }) => {
      const parsed: unknown = v.parse(schemas[kind], object);
      expect(parsed).toMatchObject(object);
    },
  );
  test("no example is larger than its definition allows", () => {
    expect(all.flatMap(excesses)).toEqual([]);
  });
  test("the pod templates of the examples parse to the last member", () => {
    const pods = all
      .filter(({ kind }) => kind === "Rollout")
      .flatMap(({ object }) => v.parse(Rollout, object).spec.template?.spec ?? []);
    const parsed: unknown[] = pods.map((pod) => v.parse(PodSpec, pod));
    expect(parsed).toEqual(pods);
  });
} else {
  console.log(`skipped: no examples at ${examples} (set SLUICE_SHARED)`);
}

/** Valid objects to start from, and how the value at one place in them is replaced. */
import type { AdmittedKind } from "../../controller/rules/admission/admissionFindings.ts";
import type { Structural } from "../../schema/crd.ts";
import { type Path, schemaOf } from "./places.ts";

export type Json = { [name: string]: unknown };

const metadata = (name: string): Json => ({
  name,
  namespace: "shop",
  uid: `uid-${name}`,
  resourceVersion: "7",
  generation: 3,
  creationTimestamp: "2026-01-02T03:04:05Z",
  labels: { app: "web" },
});

const pods = (): Json => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: "web:1", resources: { requests: { cpu: "100m", memory: "64Mi" } } }] },
});

const selector = (): Json => ({ matchLabels: { app: "web" } });

const metrics = (): Json[] => [
  {
    name: "errors",
    interval: "10s",
    count: 3,
    successCondition: "result[0] < 0.1",
    failureLimit: 1,
    provider: { prometheus: { address: "http://prometheus:9090", query: "errors{app='{{args.a}}'}" } },
  },
];

const args = (): Json[] => [{ name: "a", value: "1" }];

const SPECS: { readonly [K in AdmittedKind]: () => Json } = {
  Rollout: () => ({
    replicas: 5,
    selector: selector(),
    template: pods(),
    strategy: {
      canary: {
        canaryService: "canary",
        stableService: "stable",
        steps: [
          { setWeight: 20 },
          { pause: { duration: "10s" } },
          { analysis: { templates: [{ templateName: "t0" }] } },
        ],
      },
    },
  }),
  AnalysisTemplate: () => ({ args: args(), metrics: metrics() }),
  ClusterAnalysisTemplate: () => ({ args: args(), metrics: metrics() }),
  AnalysisRun: () => ({ args: args(), metrics: metrics() }),
  Experiment: () => ({
    templates: [{ name: "old", replicas: 1, selector: selector(), template: pods() }],
    analyses: [{ name: "check", templateName: "t0" }],
  }),
};

export function baseOf(kind: AdmittedKind): Json {
  return { apiVersion: "argoproj.io/v1alpha1", kind, metadata: metadata("web"), spec: SPECS[kind]() };
}

/** The minimum that the API server accepts there. */
export function least(node: Structural): unknown {
  if (node.enum !== undefined) return node.enum[0];
  switch (node.type) {
    case "string":
      return node.format === "date-time" ? "2026-01-02T03:04:05Z" : "a";
    case "boolean":
      return true;
    case "integer":
      return 1;
    case "array":
      return [];
    case "object":
      return leastObject(node);
    default:
      return 1;
  }
}

function leastObject({ properties = {}, required = [] }: Structural): Json {
  return Object.fromEntries(required.map((name) => [name, least(properties[name] ?? {})]));
}

/** All members that may be there, `depth` levels deep, even those that exclude each other. */
export function most(node: Structural, depth: number): unknown {
  if (depth === 0) return least(node);
  if (node.items !== undefined) return [most(node.items, depth - 1)];
  if (node.additionalProperties !== undefined) return { a: most(node.additionalProperties, depth - 1) };
  if (node.properties === undefined) return least(node);
  return Object.fromEntries(Object.entries(node.properties).map(([name, member]) => [name, most(member, depth - 1)]));
}

/** Objects of which exactly one member may be set. */
const isEither = (path: Path): boolean => ["strategy", "provider"].includes(path.at(-1) ?? "") || isStep(path);
const isStep = (path: Path): boolean => path.at(-1) === "[]" && path.at(-2) === "steps";

/** A value that depends on its place: `old` is the base's value there. */
export type Make = (old: unknown) => unknown;

/** Replaces the value at `path`, and creates missing members on the way. Changes `object`. */
export function put(kind: AdmittedKind, object: Json, path: Path, make: Make): void {
  const node = schemaOf.get(kind);
  if (node !== undefined) putIn(node, object, [], path, make);
}

function putIn(node: Structural, at: unknown, walked: Path, [name, ...rest]: Path, make: Make): unknown {
  if (name === undefined) return make(at);
  const here = [...walked, name];
  if (name === "[]") {
    const list = Array.isArray(at) && at.length > 0 ? [...(at as unknown[])] : [least(node.items ?? {})];
    // Several items may be the same object.
    list[0] = putIn(node.items ?? {}, structuredClone(list[0]), here, rest, make);
    return list;
  }
  const object = (typeof at === "object" && at !== null && !Array.isArray(at) ? at : leastObject(node)) as Json;
  if (name === "{}") {
    const [key = "cpu"] = Object.keys(object);
    object[key] = putIn(node.additionalProperties ?? {}, structuredClone(object[key]), here, rest, make);
    return object;
  }
  if (isEither(walked)) for (const other of Object.keys(object)) if (other !== name) delete object[other];
  const member = node.properties?.[name] ?? {};
  object[name] = putIn(member, object[name], here, rest, make);
  return object;
}

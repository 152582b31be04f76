/** The inputs: one hostile object, and the other objects in the cluster. */
import type { AdmittedKind } from "../../controller/rules/admission/admissionFindings.ts";
import { chanceOf, type Chance } from "../sim/script/chance.ts";
import { baseOf, type Json, put } from "./bases.ts";
import { pathText, type Spot, SPOTS } from "./places.ts";
import { type Hostile, valuesFor } from "./values.ts";

export interface World {
  readonly kind: AdmittedKind;
  readonly object: Json;
  /** Specs of AnalysisTemplates by name. */
  readonly templates: ReadonlyMap<string, unknown>;
  /** Rollouts that may use `object`, if it is a template. */
  readonly users: readonly Json[];
}

/** Created only when it is needed, since it may take megabytes. */
export interface Input {
  /** "Rollout spec.replicas = -1" */
  readonly name: string;
  readonly make: () => World;
}

/** About what the API server stores: 1.5 MiB, less some for the rest of the object and its metadata. */
export const LARGEST = 1_200_000;

const specOf = (object: Json): Json => object["spec"] as Json;

const usersOf = (kind: AdmittedKind, count: number): Json[] =>
  kind !== "AnalysisTemplate" && kind !== "ClusterAnalysisTemplate"
    ? []
    : Array.from({ length: count }, () => rolloutUsing(["web"], 3, kind === "ClusterAnalysisTemplate"));

function rolloutUsing(names: readonly string[], steps: number, clusterScope = false): Json {
  const rollout = baseOf("Rollout");
  const templates = names.map((templateName) => ({ templateName, clusterScope }));
  const analysis = { templates, args: [{ name: "a", value: "1" }] };
  const canary = { analysis, steps: Array.from({ length: steps }, () => ({ analysis })) };
  return { ...rollout, spec: { ...specOf(rollout), strategy: { canary } } };
}

function worldOf(kind: AdmittedKind, object: Json): World {
  return { kind, object, templates: new Map([["t0", specOf(baseOf("AnalysisTemplate"))]]), users: usersOf(kind, 2) };
}

/** A valid object with one hostile value at one place. */
export function inputAt(spot: Spot, value: Hostile, size: number): Input {
  return {
    name: `${spot.kind} ${pathText(spot.path)} = ${value.name}`,
    make() {
      const object = baseOf(spot.kind);
      put(spot.kind, object, spot.path, () => value.make(size));
      return worldOf(spot.kind, object);
    },
  };
}

/** All places outside of pod specs, and one in `podsEvery` of the hundreds inside of them. */
function* places(chance: Chance, podsEvery: number): Generator<Spot> {
  for (const spot of SPOTS) if (!spot.inPods || chance.below(podsEvery) === 0) yield spot;
}

/** Every place with every value for its type. */
export function* everyInput(seed: number, size: number, podsEvery: number): Generator<Input> {
  for (const spot of places(chanceOf(seed).fork("places"), podsEvery)) {
    for (const value of valuesFor(spot.node)) yield inputAt(spot, value, size);
  }
}

/** Every place once; the seed determines the value. */
export function* everyPlace(seed: number, size: number, podsEvery: number): Generator<Input> {
  const chance = chanceOf(seed);
  for (const spot of places(chance.fork("places"), podsEvery)) {
    yield inputAt(spot, chance.pick(valuesFor(spot.node) as [Hostile, ...Hostile[]]), size);
  }
}

/** Several places at once, each with a part of the total size. */
export function seededInput(seed: number, size: number): Input {
  const chance = chanceOf(seed);
  if (chance.below(4) === 0) return crafted(seed, chance, size);
  const { kind } = chance.pick(SPOTS as [Spot, ...Spot[]]);
  const spots = SPOTS.filter((spot) => spot.kind === kind && (!spot.inPods || chance.below(8) === 0));
  const count = 2 + chance.below(4);
  const places = Array.from({ length: count }, () => chance.pick(spots as [Spot, ...Spot[]]));
  const chosen = places.map((spot) => [spot, chance.pick(valuesFor(spot.node) as [Hostile, ...Hostile[]])] as const);
  const name = chosen.map(([{ path }, value]) => `${pathText(path)} = ${value.name}`).join(", ");
  return {
    name: `seed ${seed}: ${kind} ${name}`,
    make() {
      const object = baseOf(kind);
      for (const [{ path }, value] of chosen) put(kind, object, path, () => value.make(size / count));
      return worldOf(kind, object);
    },
  };
}

type Craft = (chance: Chance, size: number) => World;

const list = <T>(length: number, item: (at: number) => T): T[] => Array.from({ length }, (_, at) => item(at));
const some = (chance: Chance): number => chance.pick([3, 30, 300, 900, 3_000]);

/** Two counts for nested lists, whose product fits into an object. */
function both(chance: Chance): readonly [outer: number, inner: number] {
  const outer = some(chance);
  return [outer, Math.min(some(chance), Math.floor(20_000 / outer))];
}

function metricsOf(count: number, query: string): Json[] {
  return list(count, (at) => ({ name: `m${at}`, provider: { prometheus: { query } } }));
}

function templateOf(chance: Chance, size: number): Json {
  const count = some(chance);
  const query = chance.pick(["{{args.a}}", "{{args.b}}", "{{", "x", "{{args.a}}{{args.c}}"]);
  return {
    args: list(chance.pick([1, 900]), (at) => ({ name: at === 0 ? "a" : `b${at}`, value: "x".repeat(size / 2_000) })),
    metrics: metricsOf(count, query.repeat(Math.max(1, size / 20 / count / query.length))),
    ...(chance.below(2) === 0
      ? { dryRun: list(some(chance), (at) => ({ metricName: chance.pick(["m.*", "(a|b)*m", `m${at}`, "(m?){500}"]) })) }
      : {}),
  };
}

/** Values that are small by themselves and large in combination. */
const CRAFTS: Readonly<Record<string, Craft>> = {
  "steps that name large templates": (chance, size) => ({
    ...worldOf("Rollout", rolloutUsing(chance.pick([["t0"], ["t0", "t1"], list(50, (at) => `t${at}`)]), some(chance))),
    templates: new Map(list(50, (at) => [`t${at}`, templateOf(chance, size)])),
  }),
  "templates that all include each other": (chance) => {
    const count = chance.pick([10, 100, 500]);
    const references = list(count, (at) => ({ templateName: `t${at}` }));
    return {
      ...worldOf(
        "Rollout",
        rolloutUsing(
          list(count, (at) => `t${at}`),
          chance.pick([1, 20, 900]),
        ),
      ),
      templates: new Map(list(count, (at) => [`t${at}`, { templates: references, metrics: metricsOf(2, "x") }])),
    };
  },
  "a chain of templates": (chance) => ({
    ...worldOf("Rollout", rolloutUsing(["t0"], chance.pick([1, 50]))),
    templates: new Map(list(5_000, (at) => [`t${at}`, { templates: [{ templateName: `t${at + 1}` }] }])),
  }),
  "a template that many use": (chance, size) => {
    const object = { ...baseOf("AnalysisTemplate"), spec: templateOf(chance, size) };
    const users = list(chance.pick([10, 300]), () => rolloutUsing(["web", "t0"], chance.pick([1, 50, 900])));
    return { ...worldOf("AnalysisTemplate", object), users };
  },
  "tags with long arguments": (chance, size) => {
    const kind = chance.pick<AdmittedKind>(["AnalysisTemplate", "AnalysisRun", "ClusterAnalysisTemplate"]);
    const object = baseOf(kind);
    const place = chance.pick<readonly string[]>([
      ["successCondition"],
      ["count"],
      ["interval"],
      ["provider", "web", "url"],
    ]);
    put(kind, object, ["spec", "metrics", "[]", ...place], () => "{{args.a}}".repeat(chance.pick([1, 1_990, 60_000])));
    put(kind, object, ["spec", "args"], () => [{ name: "a", value: "1".repeat(size / 2) }]);
    return worldOf(kind, object);
  },
  "arguments and tags": (chance) => {
    const kind = chance.pick<AdmittedKind>(["AnalysisTemplate", "AnalysisRun"]);
    const object = baseOf(kind);
    const count = some(chance);
    put(kind, object, ["spec", "args"], () => list(count, (at) => ({ name: `a${at}`, value: `{{args.a${at + 1}}}` })));
    put(kind, object, ["spec", "metrics"], () => metricsOf(count, list(300, (at) => `{{args.a${at}}}`).join("")));
    return worldOf(kind, object);
  },
  "expressions and metrics": (chance) => {
    const kind = chance.pick<AdmittedKind>(["AnalysisTemplate", "AnalysisRun"]);
    const object = baseOf(kind);
    const metricName = chance.pick(["(a?){900}", "(a|aa|aaa)*b", "[a-z]*[a-y]*[a-x]*z", "(((a?){30}){30})", ".*.*.*x"]);
    const name = chance.pick(["a", "ab", "é"]).repeat(chance.pick([10, 900]));
    put(kind, object, ["spec", "dryRun"], () => list(some(chance), (at) => ({ metricName: `${metricName}|${at}` })));
    put(kind, object, ["spec", "metrics"], () => metricsOf(some(chance), "x").map((m) => ({ ...m, name })));
    return worldOf(kind, object);
  },
  "containers and volumes": (chance) => {
    const object = baseOf("Rollout");
    const count = chance.pick([30, 300, 900]);
    const names = list(count, (at) => ({ name: chance.pick([`n${at}`, "n"]) }));
    const mounts = names.map(({ name }, at) => ({ name, mountPath: `/${at}` }));
    const path = ["spec", "template", "spec"];
    put("Rollout", object, [...path, "volumes"], () => names.map((each) => ({ ...each, emptyDir: {} })));
    put("Rollout", object, [...path, "containers"], () =>
      list(chance.pick([1, 30]), (at) => ({ name: `c${at}`, image: "i", volumeMounts: mounts, env: names })),
    );
    return worldOf("Rollout", object);
  },
  "experiments in steps": (chance) => {
    const object = baseOf("Rollout");
    const [steps, inside] = both(chance);
    const [templates, analyses] = chance.pick([
      [inside, 1],
      [1, inside],
      [inside / 2, inside / 2],
    ]);
    const experiment = {
      templates: list(templates, (at) => ({ name: `e${at % 700}`, specRef: "canary" })),
      analyses: list(analyses, (at) => ({ name: `a${at % 700}`, templateName: "t0" })),
    };
    put("Rollout", object, ["spec", "strategy", "canary", "steps"], () => list(steps, () => ({ experiment })));
    return worldOf("Rollout", object);
  },
  "routes and matches": (chance) => {
    const object = baseOf("Rollout");
    const [steps, matches] = both(chance);
    const names = list(steps, (at) => ({ name: `r${at}` }));
    const match = list(matches, (at) => ({ headerName: `h${at}`, headerValue: { exact: "a" } }));
    const canary = ["spec", "strategy", "canary"];
    put("Rollout", object, [...canary, "trafficRouting"], () => ({
      managedRoutes: names,
      istio: { virtualService: { name: "v" } },
    }));
    put("Rollout", object, [...canary, "steps"], () => names.map(({ name }) => ({ setHeaderRoute: { name, match } })));
    return worldOf("Rollout", object);
  },
  "ingresses of one router": (chance) => {
    const object = baseOf("Rollout");
    const long = "x".repeat(chance.pick([1, 300]));
    const ingresses = list(some(chance), (at) => `${long}${at}`);
    const router = chance.pick([{ nginx: { stableIngresses: ingresses } }, { alb: { servicePort: 80, ingresses } }]);
    put("Rollout", object, ["spec", "strategy", "canary", "trafficRouting"], () => router);
    return worldOf("Rollout", object);
  },
};

function crafted(seed: number, chance: Chance, size: number): Input {
  const names = Object.keys(CRAFTS) as [string, ...string[]];
  const name = chance.pick(names);
  const parts = chance.fork(name);
  const craft = CRAFTS[name];
  if (craft === undefined) throw new Error(`There is no "${name}"`);
  return { name: `seed ${seed}: ${name}`, make: () => craft(parts, size) };
}

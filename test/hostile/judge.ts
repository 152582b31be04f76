/** Runs, one after the other, everything that reads objects which untrusted users have written. */
import {
  admissionFindings,
  newViolations,
  type References,
} from "../../controller/rules/admission/admissionFindings.ts";
import { sizeViolations } from "../../kube/validation/size.ts";
import { violationText } from "../../kube/validation/violation.ts";
import { podTemplateHash, stepHash } from "../../controller/rollout/hash/podHash.ts";
import { templateDigest } from "../../controller/rollout/hash/templateDigest.ts";
import { decide } from "../../controller/rollout/decide/decide.ts";
import { equal } from "../../kube/object/equality.ts";
import { mergePatch } from "../../kube/object/mergePatch.ts";
import { createGatherer } from "../../controller/rollout/facts/gather.ts";
import { createStores, type Stores } from "../../controller/rollout/facts/stores.ts";
import type { Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Structural } from "../../schema/crd.ts";
import { validate } from "../../simulator/schema/structural.ts";
import { weigh } from "../../webhook/http/body.ts";
import { answerReview, causesOf, parseReview, warningsOf } from "../../webhook/review/review.ts";
import { baseOf, type Json } from "./bases.ts";
import { schemaOf } from "./places.ts";
import type { World } from "./worlds.ts";

/** The largest request that etcd accepts, in bytes. */
const LARGEST_STORED = 1.5 * 2 ** 20;
/** The largest response of a webhook that the API server accepts, in bytes. */
const LARGEST_ANSWER = 3 * 2 ** 20;
/** Twice a thousand, and "and more" for both: far more than a person reads. Each takes some hundred bytes of memory. */
const MOST_FINDINGS = 2_010;

export interface Verdict {
  /** What should not have happened, a sentence each. */
  readonly problems: readonly string[];
  /** The CPU time of each part in ms, in the order in which they ran. */
  readonly spent: readonly (readonly [what: string, ms: number])[];
}

/** The object as it arrived, and again: as stored, or as returned by a write. */
type Received = World & { readonly twin: Json };
type Check = (received: Received, problem: (text: string) => void) => void;

const CHECKS: Readonly<Record<string, Check>> = {
  weigh: ({ object }) => void weigh(new TextEncoder().encode(JSON.stringify(object))),
  create: (world, problem) => {
    const { refuse, warn } = admissionFindings(world.object, world.kind, { references: referencesOf(world) });
    if (refuse.length + warn.length > MOST_FINDINGS) problem(`has ${refuse.length + warn.length} findings`);
    const answer = { verdict: "refused", causes: causesOf(refuse), warnings: warningsOf(warn) } as const;
    const parsed = parseReview(reviewOf(world));
    // Input that no API server could send is answered with an error of ours.
    if (parsed.kind === "malformed") return;
    const bytes = JSON.stringify(answerReview(parsed.review, answer)).length;
    if (bytes > LARGEST_ANSWER) problem(`makes an answer of ${bytes} bytes`);
  },
  update: (world) => {
    const references = referencesOf(world);
    const after = admissionFindings(world.object, world.kind, { references });
    newViolations([], after.refuse);
    newViolations(after.refuse, after.refuse);
    newViolations(after.warn, after.warn);
  },
  compare: ({ object, twin }) => void equal(object, twin),
  lint: (world) => {
    const findings = admissionFindings(world.object, world.kind, { strict: true });
    for (const violation of findings.refuse.slice(0, 100)) violationText(violation);
  },
  use: (world) => {
    if (world.kind !== "AnalysisTemplate" && world.kind !== "ClusterAnalysisTemplate") return;
    const store = { get: () => world.object["spec"], has: (name: string) => name === "web" };
    const templates = { namespaced: store, cluster: store };
    for (const user of world.users.slice(0, 1)) admissionFindings(user, "Rollout", { references: { templates } });
  },
  hash: ({ kind, object }) => {
    // A template that is too large to be judged is never hashed.
    if (sizeViolations(object).length > 0) return;
    for (const template of podTemplatesOf(kind, object)) {
      podTemplateHash(template, 0);
      templateDigest(template);
    }
    if (kind === "Rollout") stepHash(member(object, "spec", "strategy", "canary", "steps"));
  },
  loop: ({ kind, object }, problem) => {
    if (kind === "Rollout") drive(object, undefined, problem);
  },
  workload: ({ kind, object }, problem) => {
    const template = member(object, "spec", "template");
    const base = baseOf("Rollout");
    if (kind !== "Rollout" || equal(template, member(base, "spec", "template"))) return;
    const { selector, template: _, ...spec } = base["spec"] as Json;
    const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
    const rollout = { ...base, spec: { ...spec, workloadRef } };
    const workloads = { find: () => ({ template, selector }), scaledBy: () => [] };
    admissionFindings(rollout, "Rollout", { references: { workloads } });
    drive(rollout, { ...object, spec: { template, selector } } as unknown as Workload, problem);
  },
};

/** A few passes of the loop, each with the status of the one before. */
function drive(object: Json, workload: Workload | undefined, problem: (text: string) => void): void {
  const stores = createStores();
  if (workload !== undefined) stores.workloads.Deployment.objects.upsert(workload);
  for (const name of ["canary", "stable"]) {
    const metadata = { name, namespace: "shop", uid: name, resourceVersion: "1" };
    stores.services.upsert({ metadata, spec: { selector: { app: "web" } } });
  }
  const gatherer = createGatherer(stores);
  let status = (object as unknown as Rollout).status;
  for (let turn = 0; turn < 3; turn += 1) {
    const stored = object as unknown as Rollout;
    const metadata = { ...stored.metadata, resourceVersion: String(8 + turn) };
    stores.rollouts.upsert({ ...stored, metadata, ...(status === undefined ? {} : { status }) });
    markRead(stores, stored);
    const snapshot = gatherer.gather("shop/web");
    if (snapshot === undefined) return;
    const decision = decide(snapshot, NOW + turn);
    snapshot.routing?.({ canaryHash: "a", stableHash: "b", canaryWeight: 20, total: 100, additional: [], routes: [] });
    const bytes = JSON.stringify([decision.status ?? {}, decision.events]).length;
    if (bytes > JSON.stringify(object).length + LONGEST_MESSAGES) problem(`makes a status of ${bytes} bytes`);
    mergePatch(stored.status ?? {}, decision.status ?? {});
    status = decision.status ?? status;
  }
}

/** Some of the objects that a Rollout names exist, as in a cluster without mistakes. */
function markRead({ optional, routed }: Stores, rollout: Rollout): void {
  for (const { kind, seen } of optional) for (const key of kind.neededBy(rollout)) seen.add(key);
  const ingresses = routed.stores.get("ingresses.networking.k8s.io");
  for (const key of ingresses?.kind.neededBy(rollout).slice(0, 20) ?? []) {
    if (key.endsWith("-canary")) continue;
    const [namespace = "", name = ""] = key.split("/");
    const rules = Array.from({ length: 20 }, () => ({
      http: { paths: [{ backend: { service: { name: "stable" } } }] },
    }));
    ingresses?.objects.upsert({ metadata: { namespace, name, uid: key, resourceVersion: "1" }, spec: { rules } });
  }
}

const NOW = Date.parse("2026-02-03T04:05:06Z");
const LONGEST_MESSAGES = 64 * 2 ** 10;

/** Only objects that the API server stores reach the loop and are hashed: their types match the schemas. */
const STORED_ONLY: ReadonlySet<string> = new Set(["hash", "loop", "workload"]);

function referencesOf({ templates, users }: World): References {
  const store = { get: (name: string) => templates.get(name), has: (name: string) => templates.has(name) };
  const all = { namespaced: store, cluster: store };
  const facts = { name: "", resourceVersion: "1", selector: { app: "web" }, annotations: {} };
  return {
    services: { get: (name) => ({ ...facts, name }), has: () => true },
    templates: all,
    users: users.map((rollout) => ({ rollout, templates: all })),
    rollouts: { get: () => undefined, has: () => false },
    routed: ({ plural }) => ({
      get: () => (plural === "ingresses" ? INGRESS : VIRTUAL_SERVICE),
      has: (name) => !name.endsWith("5"),
    }),
  };
}

const INGRESS = {
  spec: {
    rules: Array.from({ length: 20 }, () => ({ http: { paths: [{ backend: { service: { name: "other" } } }] } })),
  },
};
const VIRTUAL_SERVICE = {
  spec: {
    http: Array.from({ length: 20 }, (_, at) => ({ name: `r${at}`, route: [{ destination: { host: "other" } }] })),
  },
};

function reviewOf({ kind, object }: World): object {
  const namespace = kind === "ClusterAnalysisTemplate" ? "" : "shop";
  const metadata = { ...(object["metadata"] as Json), namespace };
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "1",
      kind: { group: "argoproj.io", version: "v1alpha1", kind },
      operation: "CREATE",
      namespace,
      object: { ...object, metadata },
    },
  };
}

function member(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const name of path) here = typeof here === "object" && here !== null ? (here as Json)[name] : undefined;
  return here;
}

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function podTemplatesOf(kind: World["kind"], object: Json): readonly unknown[] {
  switch (kind) {
    case "Rollout":
      return [member(object, "spec", "template")];
    case "Experiment":
      return listed(member(object, "spec", "templates")).map((each) => member(each, "template"));
    default:
      return listed(member(object, "spec", "metrics")).map((each) =>
        member(each, "provider", "job", "spec", "template"),
      );
  }
}

/** Objects that were stored before the schemas had limits still exist. */
function withoutLimits(node: Structural): Structural {
  const { maxLength: _, maxItems: __, maxProperties: ___, ...rest } = node as Structural & Record<string, unknown>;
  const { properties, items, additionalProperties } = rest;
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, withoutLimits(each)])),
    }),
    ...(items && { items: withoutLimits(items) }),
    ...(additionalProperties && { additionalProperties: withoutLimits(additionalProperties) }),
  };
}

const looseSchemas = new Map([...schemaOf].map(([kind, node]) => [kind, withoutLimits(node)]));

/** Judges an input as the controller would, from its JSON text on. Undefined: no API server stores it. Never throws. */
export function judge(made: World): Verdict | undefined {
  const text = JSON.stringify(made.object);
  if (text.length > LARGEST_STORED) return undefined;
  const world = { ...made, object: JSON.parse(text) as Json, twin: JSON.parse(text) as Json };
  const isStored = validate(looseSchemas.get(world.kind) ?? {}, world.object).length === 0;
  const problems: string[] = [];
  const spent: [string, number][] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    if (STORED_ONLY.has(name) && !isStored) continue;
    const before = process.threadCpuUsage();
    try {
      check(world, (text) => void problems.push(`${name} ${text}`));
    } catch (error) {
      problems.push(`${name} throws ${error instanceof Error ? error.stack?.slice(0, 600) : String(error)}`);
    }
    const { user, system } = process.threadCpuUsage(before);
    spent.push([name, (user + system) / 1_000]);
  }
  return { problems, spent };
}

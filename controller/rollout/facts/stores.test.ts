import { describe, expect, test } from "bun:test";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { applyMergePatch } from "../../../simulator/patch/applyMergePatch.ts";
import { actions } from "../actions/actions.ts";
import { templateDigest } from "../hash/templateDigest.ts";
import { EPHEMERAL_METADATA, HASH_LABEL, MANAGED_BY, TEMPLATE_ANNOTATIONS } from "../../../schema/labels.ts";
import { whyHeldBack } from "../../../kube/validation/size.ts";
import { createStores, replicaSetFacts, servicesOf } from "./stores.ts";
import { createRoom } from "./room.ts";
import { slimRollout } from "./slim.ts";
import { withoutInjected } from "../revision/podMetadata.ts";

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };

const replicaSet = (over: Partial<ReplicaSet["metadata"]> = {}, labels: Record<string, string> = {}): ReplicaSet => ({
  metadata: {
    name: "web-1",
    namespace: "ns",
    uid: "u",
    resourceVersion: "5",
    generation: 2,
    labels: { app: "web", [HASH_LABEL]: "1" },
    ...over,
  },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web", [HASH_LABEL]: "1" } },
    template: { ...template, metadata: { labels: { app: "web", [HASH_LABEL]: "1", ...labels } } },
  },
  status: { replicas: 3, readyReplicas: 2, observedGeneration: 1 },
});

describe("the facts of a ReplicaSet", () => {
  test("say what was asked for, what there is, and whether its controller has seen the latest size", () => {
    expect(replicaSetFacts(replicaSet())).toMatchObject({
      replicas: 3,
      status: { replicas: 3, readyReplicas: 2, availableReplicas: 0 },
      observed: false,
      selector: `app=web,${HASH_LABEL}=1`,
      controllerUid: "",
    });
  });

  test("know its template again in the Rollout's, with the hash label and injected metadata set aside", () => {
    const record = JSON.stringify({ labels: { role: "canary" } });
    const facts = replicaSetFacts(replicaSet({ annotations: { [EPHEMERAL_METADATA]: record } }, { role: "canary" }));
    expect(facts.templateDigest).toBe(templateDigest(template));
  });

  test("know it again where metadata by role stands for labels and annotations of its own", () => {
    const own = { metadata: { labels: { role: "web", app: "web" }, annotations: { team: "a" } }, spec: template.spec };
    const annotations = {
      [EPHEMERAL_METADATA]: JSON.stringify({ labels: { role: "canary" }, annotations: { team: "new" } }),
      [TEMPLATE_ANNOTATIONS]: JSON.stringify({ team: "a" }),
    };
    const set = replicaSet({ labels: own.metadata.labels, annotations });
    const injected = { labels: { ...own.metadata.labels, role: "canary" }, annotations: { team: "new" } };
    const raw = { ...set, spec: { ...set.spec, template: { ...own, metadata: injected } } };
    expect(replicaSetFacts(raw).templateDigest).toBe(templateDigest(own));
    expect(withoutInjected(raw)).toEqual(own);
  });

  test("know it again while pods are still being patched, whichever role begins or ends", () => {
    const own = { metadata: { labels: { role: "web", app: "web" }, annotations: { team: "a" } }, spec: template.spec };
    const set = replicaSet({ labels: own.metadata.labels, annotations: {} });
    const raw = { ...set, spec: { ...set.spec, template: own } };
    const { name, resourceVersion } = replicaSetFacts(raw);
    const kept = JSON.stringify({ team: "a" });
    const role = { labels: { role: "canary", extra: "1" }, annotations: { team: "new" }, record: "{}" };
    for (const change of [
      { ...role, kept },
      { ...role, labels: { role: "web", extra: null }, annotations: { team: "a" }, record: null, kept: null },
    ]) {
      const action = { kind: "setPodMetadata", name, resourceVersion, ...change } as const;
      const [first] = actions.setPodMetadata.requests(action, { hasPods: true });
      const before = { ...raw, metadata: { ...raw.metadata, annotations: { [TEMPLATE_ANNOTATIONS]: kept } } };
      const between = applyMergePatch(before, first?.body) as ReplicaSet;
      expect(replicaSetFacts(between).templateDigest).toBe(templateDigest(own));
    }
  });

  test("tell a label that was not injected from one that was", () => {
    expect(replicaSetFacts(replicaSet({}, { role: "canary" })).templateDigest).not.toBe(templateDigest(template));
  });
});

describe("the caches", () => {
  test("hold ReplicaSets with a hash label only, by controller, and without one by namespace", () => {
    const { replicaSets } = createStores();
    const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "r", controller: true };
    replicaSets.upsert(replicaSet({ name: "owned", uid: "1", ownerReferences: [owner] }));
    replicaSets.upsert(replicaSet({ name: "orphan", uid: "2" }));
    replicaSets.upsert(replicaSet({ name: "foreign", uid: "3", labels: { app: "web" } }));
    expect(replicaSets.by("controller", "r").map((rs) => rs.facts.name)).toEqual(["owned"]);
    expect(replicaSets.by("controller", "orphans/ns").map((rs) => rs.facts.name)).toEqual(["orphan"]);
    expect(replicaSets.size).toBe(2);
  });

  test("hold Rollouts without the bookkeeping that nobody reads", () => {
    const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
    const raw = {
      metadata: { name: "web", namespace: "ns", annotations: { [lastApplied]: "{}", team: "a" }, managedFields: [{}] },
      spec: {},
    };
    expect(slimRollout(raw, createRoom()).metadata).toEqual({
      name: "web",
      namespace: "ns",
      annotations: { team: "a" },
    });
  });

  test("look for the Ingresses that a Rollout names, but for none of more than a Rollout may have members", () => {
    const { rollouts, optional } = createStores();
    const ingresses = optional.find(({ kind }) => kind.api.plural === "ingresses");
    const naming = (count: number): Rollout => ({
      metadata: { name: "web", namespace: "ns", creationTimestamp: undefined, uid: "r", resourceVersion: "1" },
      spec: {
        strategy: {
          canary: {
            trafficRouting: { nginx: { stableIngresses: Array.from({ length: count }, (_, at) => `i${at}`) } },
          },
        },
      },
    });
    expect(ingresses?.kind.neededBy(naming(2))).toEqual(["ns/i0", "ns/web-i0-canary", "ns/i1", "ns/web-i1-canary"]);
    expect(ingresses?.kind.neededBy(naming(9_000)).length).toBe(18_000);
    expect(ingresses?.kind.neededBy(naming(10_001))).toEqual([]);
    rollouts.upsert(naming(10_001));
    expect(rollouts.by("need", "ingresses.networking.k8s.io")).toEqual([]);
  });

  test("hold of what manages a Service no more than a name can have, and one character to show that it is none", () => {
    const { services } = createStores();
    const managers = { named: "w".repeat(253), hostile: "w".repeat(250_000) };
    for (const [name, manager] of Object.entries(managers)) {
      const metadata = {
        name,
        namespace: "ns",
        uid: name,
        resourceVersion: "5",
        annotations: { [MANAGED_BY]: manager },
      };
      services.upsert({ metadata });
    }
    expect(services.get("ns/named")?.facts.annotations[MANAGED_BY]).toBe("w".repeat(253));
    expect(services.get("ns/hostile")?.facts.annotations[MANAGED_BY]).toBe("w".repeat(254));
  });

  test("find the Services that a Rollout names, each once", () => {
    const spec = {
      strategy: {
        canary: {
          stableService: "stable",
          canaryService: "canary",
          pingPong: { pingService: "canary", pongService: "" },
        },
      },
    };
    expect(servicesOf({ metadata: { name: "web", namespace: "ns" }, spec })).toEqual(["stable", "canary"]);
  });
});

describe("AnalysisRuns", () => {
  const run = (extra: object = {}) => ({
    metadata: { name: "run", namespace: "shop", uid: "r", resourceVersion: "1", managedFields: [{}], ...extra },
    spec: { metrics: [] },
  });
  const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "o", controller: true };

  test("are held without bookkeeping and found by their controller", () => {
    const { analysisRuns } = createStores();
    analysisRuns.upsert(run({ ownerReferences: [owner] }));
    expect(analysisRuns.by("owner", "o").map(({ metadata }) => Object.keys(metadata))).toEqual([
      ["name", "namespace", "uid", "resourceVersion", "ownerReferences"],
    ]);
    expect(analysisRuns.by("owner", "r")).toEqual([]);
  });

  test("that are over are held without what they measured", () => {
    const { analysisRuns } = createStores();
    const metric = { name: "m", interval: "10s", provider: { web: { url: "http://metrics.test" } } };
    const measurements = Array.from({ length: 10 }, () => ({ phase: "Failed", value: "0", finishedAt: "…" }));
    const result = { name: "m", phase: "Failed", dryRun: true, count: 10, failed: 10, measurements };
    const spec = { metrics: [metric], args: [{ name: "a", value: "b" }], ttlStrategy: { secondsAfterFailure: 5 } };
    const times = { startedAt: "2026-01-01T00:00:00Z", completedAt: "2026-01-01T00:01:00Z" };
    const status = { ...times, phase: "Running", message: "why", runSummary: { count: 1 }, metricResults: [result] };
    analysisRuns.upsert({ ...run(), spec, status });
    expect(analysisRuns.get("shop/run")).toMatchObject({ spec, status });
    analysisRuns.upsert({ ...run({ resourceVersion: "2" }), spec, status: { ...status, phase: "Failed" } });
    const held = analysisRuns.get("shop/run");
    expect(held?.spec as unknown).toEqual({
      metrics: [{ name: "m", provider: { web: {} } }],
      ttlStrategy: spec.ttlStrategy,
    });
    const kept = { name: "m", phase: "Failed", dryRun: true, measurements: [{ phase: "Failed" }] };
    expect(held?.status).toEqual({ ...times, phase: "Failed", message: "why", metricResults: [kept] });
  });

  test("that are over may be stored in any shape", () => {
    const { analysisRuns } = createStores();
    for (const broken of [
      { spec: null, status: { phase: "Failed", metricResults: {} } },
      { spec: { metrics: 5 }, status: { phase: "Failed", metricResults: [null] } },
      { spec: { metrics: ["", { name: 1 }] }, status: { phase: "Failed" } },
    ]) {
      analysisRuns.upsert({ ...run({ uid: JSON.stringify(broken) }), ...broken } as never);
      expect(analysisRuns.get("shop/run")?.status?.phase).toBe("Failed");
    }
  });

  test("that are too large are held with their phase alone", () => {
    const { analysisRuns } = createStores();
    const spec = { metrics: Array.from({ length: 11_000 }, () => 1) };
    analysisRuns.upsert({ ...run(), spec, status: { phase: "Running", message: "m" } } as never);
    const held = analysisRuns.get("shop/run");
    expect(whyHeldBack(held)).toStartWith("too large to judge");
    expect(held?.status?.phase).toBe("Running");
    expect(held?.spec.metrics).toEqual([]);
  });
});

import { describe, expect, test } from "bun:test";
import type { Json } from "../../../kube/object/json.ts";
import { type DeploymentPlan, isRefused, planOf } from "./plan.ts";
import { beside, deployment } from "./testing.ts";

const both = ["reference", "adopt"] as const;
const plan = (object: Json = deployment(), facts = beside()): DeploymentPlan => planOf(object, facts, both);
const modesOf = (found: DeploymentPlan) => (found.kind === "candidate" ? found.modes : []);
const reference = (object: Json, facts = beside()) =>
  modesOf(plan(object, facts)).find(({ mode }) => mode === "reference");

const pod = (readyAt: string, restartCount = 0, metadata: object = {}): Json => ({
  metadata: { namespace: "shop", labels: { app: "web" }, creationTimestamp: "2026-01-01T00:00:00Z", ...metadata },
  status: {
    containerStatuses: [{ restartCount }],
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: readyAt }],
  },
});

describe("the modes of a plan", () => {
  test("are both where it is not opted in, and the one that it is opted in for", () => {
    expect(modesOf(plan()).map(({ mode }) => mode)).toEqual(["reference", "adopt"]);
    const annotations = { "sluice.dev/migrate": "adopt" };
    expect(modesOf(plan(deployment({}, { annotations }))).map(({ mode }) => mode)).toEqual(["adopt"]);
    const namespace = { metadata: { name: "shop", labels: { "sluice.dev/migrate": "reference" } } };
    expect(modesOf(plan(deployment(), beside({ namespace }))).map(({ mode }) => mode)).toEqual(["reference"]);
  });

  test("are none where it is kept out, never touched, or driven by a Rollout already", () => {
    const namespace = { metadata: { name: "shop", labels: { "sluice.dev/migrate": "reference" } } };
    const out = deployment({}, { annotations: { "sluice.dev/migrate": "none" } });
    expect(plan(out, beside({ namespace }))).toMatchObject({ kind: "left alone" });
    expect(plan(deployment({}, { namespace: "kube-system" }))).toMatchObject({ kind: "left alone" });
    const driver = {
      kind: "Rollout",
      metadata: { name: "web", namespace: "shop" },
      spec: { workloadRef: { kind: "Deployment", name: "web" } },
    };
    expect(plan(deployment(), beside({ rollouts: [driver] }))).toMatchObject({
      kind: "migrated",
      rollout: 'Rollout "shop/web"',
    });
  });
});

describe("more pods", () => {
  test("there are none in mode adopt, and as many again in mode reference", () => {
    const [first, second] = modesOf(plan());
    expect(first?.extra).toEqual({
      pods: 3,
      seenSeconds: undefined,
      minReadySeconds: 0,
      mostSeconds: 600,
      graceSeconds: 30,
    });
    expect(second?.extra).toBeUndefined();
    expect(reference(deployment({ replicas: 0 }))?.extra).toBeUndefined();
  });

  test("are there as long as the slowest of its pods took to be available, if one was not restarted", () => {
    const spec = { minReadySeconds: 10, progressDeadlineSeconds: 120 };
    const pods = [
      pod("2026-01-01T00:00:04Z"),
      pod("2026-01-01T00:00:12Z"),
      pod("2026-01-01T01:00:00Z", 1),
      pod("2026-01-01T02:00:00Z", 0, { namespace: "other" }),
      pod("2026-01-01T02:00:00Z", 0, { labels: { app: "other" } }),
    ];
    expect(reference(deployment(spec), beside({ pods }))?.extra).toMatchObject({ seenSeconds: 22, mostSeconds: 120 });
    expect(reference(deployment(spec), beside({ pods: pods.slice(2) }))?.extra?.seenSeconds).toBeUndefined();
  });

  test.each<[object, object, number]>([
    [{ canary: {} }, {}, 1],
    [{ canary: { maxSurge: 2 } }, {}, 2],
    [{ canary: {} }, { strategy: { rollingUpdate: { maxSurge: "100%" } } }, 3],
    [{ canary: { stableService: "a", canaryService: "b", trafficRouting: { nginx: { stableIngress: "i" } } } }, {}, 3],
    [{ blueGreen: { activeService: "a" } }, {}, 3],
  ])("later updates have by the strategy: %j", (strategy, spec, pods) => {
    const profile = { kind: "found", from: "", profile: { name: "p", strategy: strategy as Json } } as const;
    expect(reference(deployment(spec), beside({ profile }))?.updatePods).toBe(pods);
  });
});

test("a plan is refused for what is in the way in a mode that was asked for", () => {
  expect(isRefused(plan())).toBe(false);
  expect(isRefused(plan(deployment({ paused: true })))).toBe(true);
  const quotas = [
    {
      kind: "ResourceQuota",
      metadata: { name: "q", namespace: "shop" },
      status: { hard: { pods: "3" }, used: { pods: "3" } },
    },
  ];
  expect(isRefused(planOf(deployment(), beside({ quotas }), ["reference"]))).toBe(true);
  expect(isRefused(planOf(deployment(), beside({ quotas }), ["adopt"]))).toBe(false);
});

test.each([
  ["Argo CD", { annotations: { "argocd.argoproj.io/tracking-id": "a" } }],
  ["Argo CD", { labels: { "argocd.argoproj.io/instance": "a" } }],
  ["Argo CD", { managedFields: [{ manager: "argocd-controller" }] }],
  [
    'Flux (Kustomization "apps/shop")',
    { labels: { "kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "apps" } },
  ],
  [
    'Flux (HelmRelease "apps/shop")',
    {
      labels: {
        "helm.toolkit.fluxcd.io/name": "shop",
        "helm.toolkit.fluxcd.io/namespace": "apps",
        "app.kubernetes.io/managed-by": "Helm",
      },
    },
  ],
  ['Helm (release "shop")', { annotations: { "meta.helm.sh/release-name": "shop" } }],
  ["Helm", { labels: { "app.kubernetes.io/managed-by": "Helm" } }],
])("%s is known by what it writes on a Deployment: %j", (name, metadata) => {
  const found = plan(deployment({}, metadata));
  expect(found).toMatchObject({ appliers: [{ name }] });
  expect(plan()).toMatchObject({ appliers: [] });
});

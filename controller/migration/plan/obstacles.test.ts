import { describe, expect, test } from "bun:test";
import type { Json } from "../../../kube/object/json.ts";
import { driverOf, type Obstacle, obstaclesOf } from "./obstacles.ts";
import { beside, deployment } from "./testing.ts";

const told = (object: Json, facts = beside()) =>
  obstaclesOf(object, facts).map(({ what, modes, passing, text }) => ({ what, modes: modes.join(), passing, text }));
const containing = (text: string): string => expect.stringContaining(text) as string;
const both = "adopt,reference";

const rollout = (name: string, spec: object, annotations: object = {}): Json => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, namespace: "shop", annotations },
  spec,
});
const named = (name: string, spec: object = {}): Json => {
  const made = deployment(spec);
  return { ...made, metadata: { ...(made["metadata"] as object), name } };
};
const workloadRef = { workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } };

describe("nothing is in the way", () => {
  test.each([
    ["of a Deployment that is available", deployment()],
    ["of one without pods", deployment({ replicas: 0 }, {}, { replicas: 0, updatedReplicas: 0, availableReplicas: 0 })],
    ["of one that is opted in", deployment({}, { annotations: { "sluice.dev/migrate": "adopt" } })],
    ["of one with a non-controller owner", deployment({}, { ownerReferences: [{ kind: "Shop", name: "s" }] })],
  ])("%s", (_, object) => {
    expect(told(object)).toEqual([]);
  });

  test("where another Deployment has a selector of its own, or is in another namespace", () => {
    const other = named("other", {
      selector: { matchLabels: { app: "other" } },
      template: { metadata: { labels: { app: "other" } } },
    });
    const elsewhere = { ...named("web2"), metadata: { name: "web2", namespace: "elsewhere" } };
    expect(told(deployment(), beside({ deployments: [deployment(), other, elsewhere] }))).toEqual([]);
  });
});

describe("in the way is", () => {
  test.each(["kube-system", "kube-public", "kube-node-lease", "argo-rollouts"])(
    "the namespace %s, and nothing else is said",
    (namespace) => {
      const object = deployment({ paused: true }, { namespace });
      expect(told(object)).toEqual([
        { what: "never-touched", modes: both, passing: false, text: containing(`${namespace} is`) },
      ]);
    },
  );

  test.each<[what: Obstacle["what"], text: string, object: Json, modes?: string, passing?: boolean]>([
    [
      "controlled",
      'Shop "s" controls it',
      deployment({}, { ownerReferences: [{ kind: "Shop", name: "s", controller: true }] }),
    ],
    ["recreate", "its strategy is Recreate", deployment({ strategy: { type: "Recreate" } })],
    ["paused", "it is paused", deployment({ paused: true })],
    ["leaving", "it is being deleted", deployment({}, { deletionTimestamp: "2026-01-01T00:00:00Z" })],
    [
      "opt-in",
      '"yes" in metadata.annotations[sluice.dev/migrate] has to be',
      deployment({}, { annotations: { "sluice.dev/migrate": "yes" } }),
    ],
    ["updating", "not looked at by the Deployment controller", deployment({}, { generation: 3 }), both, true],
    ["updating", "1 of 3 pods are of the new version", deployment({}, {}, { updatedReplicas: 1 }), both, true],
    ["updating", "3 of 3 pods are of the new version", deployment({}, {}, { replicas: 4 }), both, true],
    ["updating", "only 2 of 3 pods are available", deployment({}, {}, { availableReplicas: 2 }), both, true],
    ["not-convertible", "spec.progressDeadlineSeconds", deployment({ minReadySeconds: 700 })],
    [
      "not-convertible",
      "spec.template.spec.containers[0].image: Required value",
      deployment({ template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "a" }] } } }),
    ],
  ])("%s: %s", (what, text, object, modes = both, passing = false) => {
    expect(told(object)).toEqual([{ what, modes, passing, text: containing(text) }]);
  });

  test("a value of the Namespace's label that is none, but not under the Deployment's own annotation", () => {
    const namespace = { metadata: { name: "shop", labels: { "sluice.dev/migrate": "true" } } };
    const place = '"true" in metadata.labels[sluice.dev/migrate] of Namespace "shop"';
    expect(told(deployment(), beside({ namespace }))).toMatchObject([{ what: "opt-in", text: containing(place) }]);
    expect(told(deployment({}, { annotations: { "sluice.dev/migrate": "adopt" } }), beside({ namespace }))).toEqual([]);
  });

  test("a Rollout of its name, but not one that drives it", () => {
    const other = rollout("web", { selector: { matchLabels: { app: "x" } } });
    expect(told(deployment(), beside({ rollouts: [other] }))).toMatchObject([{ what: "rollout" }]);
    expect(told(deployment(), beside({ rollouts: [rollout("web", workloadRef)] }))).toEqual([]);
  });

  test("another Deployment or Rollout over the same pods, whichever of the two selects the other's", () => {
    const wide = named("wide", { selector: { matchLabels: { tier: "front" } } });
    const narrow = named("narrow", { selector: { matchLabels: { app: "narrow" } } });
    expect(told(deployment(), beside({ deployments: [deployment(), wide, narrow] }))).toMatchObject([
      {
        what: "shared-pods",
        modes: both,
        text: containing('Deployment "shop/wide" and Deployment "shop/narrow" may have'),
      },
    ]);
    const { spec } = deployment();
    expect(told(deployment(), beside({ rollouts: [rollout("beside", spec as object)] }))).toMatchObject([
      { what: "shared-pods", text: containing('Rollout "shop/beside"') },
    ]);
  });

  test("a profile that is missing or wrong", () => {
    const missing = { kind: "missing", name: "carefull", known: ["canary", "careful"], near: "careful" } as const;
    expect(told(deployment(), beside({ profile: missing }))).toMatchObject([
      { what: "profile", text: 'there is no profile "carefull": there is canary and careful. Did you mean "careful"?' },
    ]);
    const invalid = {
      kind: "invalid",
      name: "p",
      from: 'ConfigMap "shop/p"',
      problems: ["data[p].canary: no"],
    } as const;
    expect(told(deployment(), beside({ profile: invalid }))).toMatchObject([
      { what: "profile", text: 'profile "p" of ConfigMap "shop/p" is wrong: data[p].canary: no' },
    ]);
  });

  test("a quota that has no room for all pods twice, in mode reference alone", () => {
    const quota = (hard: object, used: object, name = "q", namespace = "shop"): Json => ({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name, namespace },
      status: { hard, used },
    });
    const small = quota({ pods: "5", "requests.cpu": "1" }, { pods: "3", "requests.cpu": "300m" });
    expect(told(deployment(), beside({ quotas: [small] }))).toEqual([
      {
        what: "quota",
        modes: "reference",
        passing: true,
        text: 'ResourceQuota "shop/q" is too small: pods: 3 more is needed, and 2 of 5 is left',
      },
    ]);
    expect(told(deployment(), beside({ quotas: [quota({ pods: "6" }, { pods: "3" })] }))).toEqual([]);
    expect(told(deployment(), beside({ quotas: [quota({ pods: "3" }, { pods: "3" }, "q", "other")] }))).toEqual([]);
    const noRollouts = quota({ "count/rollouts.argoproj.io": "0" }, {});
    expect(told(deployment(), beside({ quotas: [noRollouts] }))).toMatchObject([{ what: "quota", modes: both }]);
  });

  test("a Service that its profile names, as long as that is missing or cannot be a Rollout's", () => {
    const strategy = { blueGreen: { activeService: "$(name)", previewService: "$(name)-next" } };
    const profile = { kind: "found", from: "", profile: { name: "p", strategy } } as const;
    const service = (name: string, selector: object, namespace = "shop"): Json => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { selector },
    });
    const web = service("web", { app: "web" });
    const found = (...services: readonly Json[]) => told(deployment(), beside({ profile, services }));
    expect(found(web, service("web-next", { app: "web" }, "other"))).toMatchObject([
      { what: "services", modes: both, passing: true, text: containing('service "web-next" not found') },
    ]);
    expect(found(web, service("web-next", { app: "next" }))).toMatchObject([
      { what: "services", modes: both, text: containing('has unmatch label "app" in rollout') },
    ]);
    expect(found(web, service("web-next", { app: "web" }))).toEqual([]);
    expect(told(deployment(), beside({ profile }))).toEqual([]);
  });

  test("all of it at once", () => {
    const object = deployment({ paused: true, strategy: { type: "Recreate" } }, {}, { availableReplicas: 0 });
    expect(told(object).map(({ what }) => what)).toEqual(["recreate", "paused", "updating"]);
  });
});

describe("a Deployment is driven already", () => {
  test.each([
    ["by the Rollout that names it", deployment(), rollout("other", workloadRef)],
    ["by the one that migration made", deployment(), rollout("web", {}, { "sluice.dev/migrated": "adopt" })],
    [
      "by the one that is stamped on it",
      deployment({}, { annotations: { "sluice.dev/managed-by-rollout": "r" } }),
      rollout("r", {}),
    ],
  ])("%s", (_, object, driver) => {
    expect(driverOf(object, [rollout("none", {}), driver])).toBe(driver);
  });

  test("but not by one of another namespace", () => {
    const elsewhere = { ...rollout("web", workloadRef), metadata: { name: "web", namespace: "elsewhere" } };
    expect(driverOf(deployment(), [elsewhere])).toBeUndefined();
  });
});

import { describe, expect, test } from "bun:test";
import { violationText } from "../../../kube/validation/violation.ts";
import { type Neighbours, neighbourFindings, type PodOwner } from "./neighbours.ts";

const alone: Neighbours = {
  ownersLike: () => [],
  rolloutsWithService: () => [],
  rolloutsOfWorkload: () => [],
  autoscalersOf: () => [],
};
const selecting = (labels: object) => ({ matchLabels: labels });
const web = { app: "web" };

function rollout(spec: object = {}, labels: object = web): object {
  return {
    metadata: { name: "web" },
    spec: { selector: selecting(web), template: { metadata: { labels } }, strategy: { canary: {} }, ...spec },
  };
}

const owner = (more: Partial<PodOwner> = {}): PodOwner => ({
  kind: "Rollout",
  name: "old",
  selector: selecting(web) as PodOwner["selector"],
  labels: web,
  ...more,
});

function texts(object: unknown, neighbours: Partial<Neighbours>, resolution = {}) {
  const { refuse, warn } = neighbourFindings(object, { ...alone, ...neighbours }, resolution);
  return { refuse: refuse.map(violationText), warn: warn.map(violationText) };
}
const beside = (...owners: readonly PodOwner[]) => ({ ownersLike: () => owners });
const fine = { refuse: [], warn: [] };
const place = 'spec.selector: Invalid value: {"matchLabels":{"app":"web"}}: ';

describe("owners of the same pods", () => {
  test("refuse, with the way out: another Rollout", () => {
    expect(texts(rollout(), beside(owner()))).toEqual({
      refuse: [
        `${place}Rollout "old" selects the same pods; give each a selector and pod labels of its own, or delete the other first`,
      ],
      warn: [],
    });
  });

  test("refuse, with the way out: a Deployment", () => {
    expect(
      texts(rollout(), beside(owner({ kind: "Deployment" }), owner({ kind: "Deployment", name: "b" }))).refuse,
    ).toEqual([
      `${place}Deployment "old" and 1 more has the same pods; name it in spec.workloadRef to take its place without a gap, ` +
        "scale it to 0, or give each a selector and pod labels of its own",
    ]);
  });

  test.each<[string, Partial<PodOwner>]>([
    ["the other's selector is wider", { selector: undefined, labels: { app: "web", tier: "a" } }],
    ["the other selects ours", { labels: { app: "other" } }],
    [
      "the other selects ours by an expression",
      { selector: { matchExpressions: [{ key: "app", operator: "In", values: ["web", "x"] }] }, labels: { app: "x" } },
    ],
  ])("refuse in one direction alone: %s", (_, other) => {
    expect(texts(rollout(), beside(owner(other))).refuse).toHaveLength(1);
  });

  test("only warn while one of them is to have no pods", () => {
    const warns = [expect.stringContaining('Rollout "old" selects the same pods') as string];
    expect(texts(rollout(), beside(owner({ isEmpty: true })))).toEqual({ refuse: [], warn: warns });
    expect(texts(rollout({ replicas: 0 }), beside(owner()))).toEqual({ refuse: [], warn: warns });
    expect(texts(rollout({ replicas: 1 }), beside(owner())).warn).toEqual([]);
  });

  test.each<[string, object, Partial<PodOwner>]>([
    ["other labels", rollout(), { selector: selecting({ app: "x" }) as PodOwner["selector"], labels: { app: "x" } }],
    ["itself", rollout(), { name: "web" }],
    [
      "its own workload",
      rollout({ workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "old" } }),
      { kind: "Deployment" },
    ],
    [
      "selectors that only could meet",
      rollout({ selector: selecting({ app: "web", tier: "a" }) }, { app: "web", tier: "a" }),
      { selector: selecting({ app: "web", tier: "b" }) as PodOwner["selector"], labels: { app: "web", tier: "b" } },
    ],
    ["no selector", rollout({ selector: {} }, {}), { selector: {}, labels: {} }],
    ["pods that are not known", rollout({ template: undefined }), {}],
  ])("are none with %s", (_, object, other) => {
    expect(texts(object, beside(owner(other)))).toEqual(fine);
  });

  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchLabels: web,
    matchExpressions: [{ key, operator, values }],
  });
  const apart = rollout({ selector: selecting({ app: "web", tier: "a" }) }, { app: "web", tier: "a" });
  const roles = (selector: PodOwner["selector"], labels: object) => {
    const canary = { canaryMetadata: { labels } };
    const { spec } = apart as { spec: object };
    return texts({ ...apart, spec: { ...spec, strategy: { canary } } }, beside(owner({ selector, labels: {} }))).refuse;
  };

  test("are certain by every operator that holds for the pods", () => {
    for (const selector of [
      expression("tier", "In", "a", "b"),
      expression("tier", "NotIn", "b"),
      expression("tier", "Exists"),
      expression("zone", "DoesNotExist"),
      expression("rollouts-pod-template-hash", "Exists"),
    ])
      expect(texts(apart, beside(owner({ selector, labels: {} }))).refuse).toHaveLength(1);
  });

  test("are none where a selector leaves out the pods of Rollouts by their hash, or of Deployments by theirs", () => {
    for (const operator of ["DoesNotExist", "In", "NotIn"]) {
      const selector = expression("rollouts-pod-template-hash", operator, "6d");
      expect(texts(apart, beside(owner({ selector, labels: {} })))).toEqual(fine);
    }
    const own = rollout({ selector: expression("pod-template-hash", "DoesNotExist") });
    const theirs = { kind: "Deployment", selector: selecting({ app: "x" }) as PodOwner["selector"] } as const;
    expect(texts(own, beside(owner(theirs)))).toEqual(fine);
  });

  test("are not certain by labels that pods get and lose with their roles", () => {
    const canary = { ...web, role: "canary" };
    expect(roles(selecting(canary) as PodOwner["selector"], { role: "canary" })).toEqual([]);
    expect(roles(expression("role", "DoesNotExist"), { role: "canary" })).toEqual([]);
    expect(roles(expression("role", "DoesNotExist"), {})).toHaveLength(1);
    expect(roles(selecting(web) as PodOwner["selector"], web)).toHaveLength(1);
    const other = owner({ selector: selecting({ app: "x" }) as PodOwner["selector"], unsure: ["app"] });
    expect(texts(rollout(), beside(other))).toEqual(fine);
  });

  test("are found by the template of a workload", () => {
    const object = rollout({
      selector: undefined,
      template: undefined,
      workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    });
    const resolution = { resolvedTemplate: { metadata: { labels: web } }, resolvedSelector: selecting(web) };
    const own = owner({ kind: "Deployment", name: "web" });
    expect(texts(object, beside(own), resolution)).toEqual(fine);
    expect(texts(object, beside(own, owner({ kind: "Deployment" })), resolution).refuse).toHaveLength(1);
  });
});

test("a Service that another Rollout names, too, is warned of", () => {
  const object = rollout({ strategy: { blueGreen: { activeService: "a", previewService: "b" } } });
  const rolloutsWithService = (name: string) => (name === "b" ? ["web", "old"] : ["web"]);
  expect(texts(object, { rolloutsWithService })).toEqual({
    refuse: [],
    warn: [
      'spec.strategy.blueGreen.previewService: Invalid value: "b": Rollout "old" names this Service, too, and only one can point it at its pods; give each its own',
    ],
  });
});

describe("a workload", () => {
  const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "d", scaleDown: "onsuccess" };
  test("that another Rollout has its pods from, too, is warned of", () => {
    const rolloutsOfWorkload = (kind: string, name: string) =>
      `${kind}/${name}` === "Deployment/d" ? ["web", "old"] : [];
    expect(texts(rollout({ workloadRef }), { rolloutsOfWorkload }).warn).toEqual([
      'spec.workloadRef.name: Invalid value: "d": Rollout "old" has its pods from this Deployment, too, so that both select the same ones; delete one of the two',
    ]);
  });

  test("that is scaled down, but has an autoscaler, is warned of", () => {
    const autoscalersOf = (kind: string, name: string) => (`${kind}/${name}` === "Deployment/d" ? ["h"] : []);
    expect(texts(rollout({ workloadRef }), { autoscalersOf }).warn).toEqual([
      'spec.workloadRef.scaleDown: Forbidden: HorizontalPodAutoscaler "h" scales Deployment "d", which this Rollout scales down: point its scaleTargetRef at the Rollout',
    ]);
    expect(texts(rollout({ workloadRef: { ...workloadRef, scaleDown: "never" } }), { autoscalersOf })).toEqual(fine);
  });
});

test("two autoscalers of one Rollout are warned of, one is not", () => {
  const scaled = (...names: readonly string[]) => ({
    autoscalersOf: (kind: string, name: string) => (`${kind}/${name}` === "Rollout/web" ? names : []),
  });
  expect(texts(rollout(), scaled("a"))).toEqual(fine);
  expect(texts(rollout(), scaled("d", "c", "b", "a")).warn).toEqual([
    'spec.replicas: Forbidden: HorizontalPodAutoscalers "a", "b", "c" and 1 more all scale this Rollout, each to a number of its own; keep one',
  ]);
});

test("whatever it is given, it answers; neighbours beyond all measure are not looked at", () => {
  const many = Array.from({ length: 300_000 }, () =>
    owner({ name: "x", selector: selecting({ a: "b" }) as PodOwner["selector"], labels: {} }),
  );
  for (const junk of [
    undefined,
    null,
    1,
    [],
    {},
    { spec: [] },
    { spec: { selector: { matchLabels: 1, matchExpressions: [1] }, template: 1 } },
  ]) {
    expect(texts(junk, beside(owner()))).toEqual(fine);
  }
  expect(texts(rollout(), beside(...many, owner()))).toEqual(fine);
});

import { describe, expect, test } from "bun:test";
import {
  type AdmissionContext,
  type AdmittedKind,
  admissionFindings,
  newViolations,
  type References,
} from "./admissionFindings.ts";
import { violationText } from "../../../kube/validation/violation.ts";

const pods = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 8080 }] }] },
};
const rollout = (strategy: object, spec: object = {}) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "prod" },
  spec: { replicas: 3, selector: { matchLabels: { app: "web" } }, template: pods, strategy, ...spec },
});

const texts = (object: unknown, kind: AdmittedKind, context: AdmissionContext = {}) => {
  const { refuse, warn } = admissionFindings(object, kind, context);
  const known = warn.filter(({ rule }) => rule !== "unsupported-feature");
  return { refuse: refuse.map(violationText), warn: known.map(violationText) };
};

const given = (strategy: object, references: References) => texts(rollout(strategy), "Rollout", { references });

describe("what is told", () => {
  test("has the true path, where the reference leaves a part of it out", () => {
    expect(texts(rollout({ canary: { steps: [{ setWeight: 101 }] } }), "Rollout").refuse).toEqual([
      "spec.strategy.canary.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100",
    ]);
    const labelled = { ...pods, metadata: { labels: { app: "web", "a b": "c" } } };
    const { refuse } = admissionFindings(rollout({ canary: {} }, { template: labelled }), "Rollout");
    expect(refuse.map(({ path, exactPath }) => [path, exactPath])).toEqual([
      ["spec.template.metadata.labels", undefined],
    ]);
  });

  test("is told once", () => {
    const match = [{ method: { exact: "GET", prefix: "P" } }];
    const strategy = {
      canary: {
        stableService: "s",
        canaryService: "c",
        trafficRouting: { plugins: { "acme/edge": {} }, managedRoutes: [{ name: "r" }] },
        steps: [{ setMirrorRoute: { name: "r", match } }],
      },
    };
    expect(texts(rollout(strategy), "Rollout").refuse).toHaveLength(1);
  });

  test("is nothing about a plugin, of which admission does not know whether it is configured", () => {
    const { warn, refuse } = admissionFindings(
      rollout({
        canary: {
          trafficRouting: { plugins: { "acme/edge": {} } },
          stableService: "s",
          canaryService: "c",
        },
      }),
      "Rollout",
    );
    expect([...refuse, ...warn].filter(({ path }) => path.includes("trafficRouting"))).toEqual([]);
  });

  test("covers every kind", () => {
    expect(texts({ spec: { metrics: [] } }, "AnalysisRun").refuse).toHaveLength(1);
    expect(texts({ spec: { metrics: [{ name: "m" }] } }, "AnalysisTemplate").refuse).toHaveLength(1);
    expect(texts({ spec: { metrics: [{ name: "m" }] } }, "ClusterAnalysisTemplate").refuse).toHaveLength(1);
    expect(texts({ spec: { templates: [{ name: "t" }] } }, "Experiment").refuse).toHaveLength(1);
  });

  test("whatever it is given, it answers", () => {
    for (const kind of [
      "Rollout",
      "AnalysisTemplate",
      "ClusterAnalysisTemplate",
      "AnalysisRun",
      "Experiment",
    ] as const) {
      for (const junk of [undefined, null, 1, "x", [], {}, { spec: [] }, { metadata: [], spec: { strategy: 1 } }]) {
        expect(Array.isArray(admissionFindings(junk, kind, { strict: true }).refuse)).toBe(true);
      }
    }
  });
});

describe("Services", () => {
  const manager = "argo-rollouts.argoproj.io/managed-by-rollouts";
  const strategy = { blueGreen: { activeService: "a" } };
  const one = (selector: Record<string, string>, annotations: Record<string, string> = {}): References => ({
    services: new Map([["a", { selector, annotations }]]),
  });

  test("that are missing may be on their way", () => {
    expect(given(strategy, { services: new Map() })).toEqual({
      refuse: [],
      warn: ['spec.strategy.blueGreen.activeService: Invalid value: "a": service "a" not found'],
    });
  });

  test("that select other pods refuse", () => {
    expect(given(strategy, one({ app: "x" })).refuse).toEqual([
      'spec.strategy.blueGreen.activeService: Invalid value: "a": Service "a" has unmatch label "app" in rollout',
    ]);
  });

  test("are not compared with pods that another workload describes", () => {
    const referring = rollout(strategy, {
      template: undefined,
      workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "w" },
    });
    expect(texts(referring, "Rollout", { references: one({ app: "x" }) }).refuse).toEqual([]);
    const resolved = { references: one({ app: "x" }), resolvedTemplate: pods };
    expect(texts(referring, "Rollout", resolved).refuse).toHaveLength(1);
  });

  const owned = one({ app: "web" }, { [manager]: "other" });
  const message =
    'spec.strategy.blueGreen.activeService: Invalid value: "a": Service "a" is managed by another Rollout';

  test("that another Rollout manages refuse", () => {
    expect(given(strategy, owned).refuse).toEqual([message]);
    const other = { spec: { strategy: { canary: { stableService: "a" } } } };
    expect(given(strategy, { ...owned, rollouts: new Map([["other", other]]) }).refuse).toEqual([message]);
  });

  test("only warn once that Rollout is gone, or names them no more", () => {
    expect(given(strategy, { ...owned, rollouts: new Map() })).toEqual({ refuse: [], warn: [message] });
    const other = { spec: { strategy: { canary: { stableService: "b" } } } };
    expect(given(strategy, { ...owned, rollouts: new Map([["other", other]]) }).warn).toEqual([message]);
  });
});

describe("members that nobody knows", () => {
  const strict = { strict: true };

  test("are refused in our kinds", () => {
    const odd = rollout({ canary: { steps: [{ setWeigth: 5, pause: {} }], foo: 1 } }, { bar: null });
    expect(texts(odd, "Rollout", strict).refuse).toEqual([
      'spec.bar: Forbidden: unknown field "bar"',
      'spec.strategy.canary.foo: Forbidden: unknown field "foo"',
      'spec.strategy.canary.steps[0].setWeigth: Forbidden: unknown field "setWeigth"',
    ]);
    expect(texts(odd, "Rollout").refuse).toEqual([]);
  });

  test("are refused inside of pods too, by a rule of their own: a newer Kubernetes may know them", () => {
    const template = { metadata: pods.metadata, spec: { ...pods.spec, tomorrow: 1 } };
    const { refuse } = admissionFindings(rollout({ canary: {} }, { template }), "Rollout", strict);
    expect(refuse.map(({ path, rule }) => [path, rule])).toEqual([
      ["spec.template.spec.tomorrow", "unknown-pod-field"],
    ]);
  });

  test("are the same under trafficRouting, although the API server keeps them there", () => {
    const object = rollout({ canary: { trafficRouting: { gatewayAPI: {} } } });
    const { refuse } = admissionFindings(object, "Rollout", strict);
    expect(refuse.map(({ path, rule }) => [path, rule])).toEqual([
      ["spec.strategy.canary.trafficRouting.gatewayAPI", "unknown-field"],
    ]);
  });

  test("are none in what is free: plugins, annotations, the metadata of pods", () => {
    const template = { metadata: { ...pods.metadata, creationTimestamp: null, name: "x" }, spec: pods.spec };
    const object = rollout({ canary: { trafficRouting: { plugins: { "a/b": { c: 1 } } } } }, { template });
    expect(texts({ ...object, metadata: { name: "web", managedFields: [] } }, "Rollout", strict).refuse).toEqual([]);
    const jsonBody = { anything: { at: "all" } };
    const spec = { metrics: [{ name: "m", provider: { web: { url: "u", jsonBody } } }] };
    expect(texts({ metadata: {}, spec }, "AnalysisTemplate", strict).refuse).toEqual([]);
  });
});

describe("an object that is too large to be judged", () => {
  test("is refused before the rules look at it", () => {
    const metrics = Array.from({ length: 300_000 }, () => ({}));
    expect(texts({ spec: { metrics } }, "AnalysisRun").refuse).toEqual([
      'spec: Invalid value: "…": too large to judge: it has more than 10000 members',
    ]);
  });

  test("and so is one that is nested without end", () => {
    let jsonBody: object = {};
    for (let depth = 0; depth < 10_000; depth++) jsonBody = { jsonBody };
    expect(texts({ spec: { jsonBody } }, "AnalysisTemplate").refuse).toEqual([
      'spec: Invalid value: "…": too large to judge: it is nested more than 200 levels deep',
    ]);
  });

  test("the largest that is judged is judged to the end", () => {
    const many = <T>(make: (index: number) => T): readonly T[] =>
      Array.from({ length: 1_250 }, (_, index) => make(index));
    const list = many((index) => ({ name: `n${index}`, value: "{{x", image: "i", setWeight: -1, mountPath: "/" }));
    const half = list.slice(0, 600);
    const objects: readonly (readonly [AdmittedKind, object])[] = [
      ["AnalysisRun", { spec: { metrics: list } }],
      ["AnalysisTemplate", { spec: { args: list, metrics: [{}] } }],
      ["Experiment", { spec: { templates: list } }],
      ["Rollout", rollout({ canary: { steps: list } })],
      ["Rollout", rollout({ canary: {} }, { template: { ...pods, spec: { containers: half, volumes: half } } })],
    ];
    for (const [kind, object] of objects) {
      const { refuse } = admissionFindings(object, kind, { strict: true });
      expect({ kind, judged: refuse.length > 0 && !refuse.some(({ rule }) => rule === "too-large") }).toEqual({
        kind,
        judged: true,
      });
    }
  });
});

test("a Rollout of twelve steps with its references is sound", () => {
  const references: References = {
    services: new Map(["s", "c"].map((name) => [name, { selector: { app: "web" }, annotations: {} }])),
    templates: {
      namespaced: new Map([
        ["t", { metrics: [{ name: "m", provider: { prometheus: { query: "{{args.a}}" } } }], args: [{ name: "a" }] }],
      ]),
      cluster: new Map(),
    },
    rollouts: new Map(),
  };
  const analysis = { templates: [{ templateName: "t" }], args: [{ name: "a", value: "1" }] };
  const steps = Array.from({ length: 4 }, (_, index) => [
    { setWeight: index * 25 },
    { pause: { duration: "1m" } },
    { analysis },
  ]).flat();
  const object = rollout({ canary: { stableService: "s", canaryService: "c", steps, analysis } });
  expect(admissionFindings(object, "Rollout", { references }).refuse).toEqual([]);
});

describe("an edit of a template that would hold a Rollout", () => {
  const metrics = [{ name: "m", provider: { prometheus: { query: "1" } } }];
  const user = {
    rollout: rollout({
      canary: { steps: [{ analysis: { templates: [{ templateName: "a" }, { templateName: "b" }] } }] },
    }),
    templates: {
      namespaced: new Map<string, unknown>([
        ["a", { metrics: [{ ...metrics[0], name: "other" }] }],
        ["b", { metrics }],
      ]),
      cluster: new Map(),
    },
  };
  const edit = (annotations: object, before?: object) => {
    const template = {
      kind: "AnalysisTemplate",
      metadata: { name: "a", namespace: "prod", annotations },
      spec: { metrics },
    };
    const { refuse, warn } = admissionFindings(template, "AnalysisTemplate", { references: { users: [user], before } });
    return { refuse: refuse.map(({ rule }) => rule), warn: warn.map(({ rule }) => rule) };
  };

  test("warns, and refuses where the template is protected", () => {
    expect(edit({})).toEqual({ refuse: [], warn: ["template-breaks-rollout"] });
    expect(edit({ "sluice.dev/protect": "false" })).toEqual({ refuse: [], warn: ["template-breaks-rollout"] });
    expect(edit({ "sluice.dev/protect": "true" })).toEqual({ refuse: ["template-breaks-rollout"], warn: [] });
  });

  test("refuses the edit that takes the protection away, too", () => {
    const before = { metadata: { annotations: { "sluice.dev/protect": "true" } } };
    expect(edit({}, before)).toEqual({ refuse: ["template-breaks-rollout"], warn: [] });
  });

  test("and a circle that it would close refuses", () => {
    const templates = { namespaced: new Map([["b", { templates: [{ templateName: "a" }] }]]), cluster: new Map() };
    const template = {
      kind: "AnalysisTemplate",
      metadata: { name: "a" },
      spec: { templates: [{ templateName: "b" }] },
    };
    const { refuse } = admissionFindings(template, "AnalysisTemplate", { references: { templates } });
    expect(refuse.map(({ rule }) => rule)).toEqual(["template-cycle"]);
  });
});

test("what a Rollout will do is said only of one that is not refused", () => {
  const steps = [{ setWeight: 5 }];
  const { warn } = texts(rollout({ canary: { steps } }), "Rollout");
  expect(warn).toHaveLength(2);
  expect(texts(rollout({ canary: { steps } }, { minReadySeconds: -1 }), "Rollout").warn).toEqual([]);
});

test("an owner of the same pods refuses", () => {
  const neighbours = {
    ownersLike: () => [
      { kind: "Deployment" as const, name: "old", selector: { matchLabels: { app: "web" } }, labels: { app: "web" } },
    ],
    rolloutsWithService: () => [],
    rolloutsOfWorkload: () => [],
    autoscalersOf: () => [],
  };
  const { refuse } = admissionFindings(rollout({ canary: {} }), "Rollout", { references: { neighbours } });
  expect(refuse.map(({ rule }) => rule)).toEqual(["pods-of-another"]);
});

test("an update is refused only for what it adds", () => {
  const before = admissionFindings(rollout({ canary: { steps: [{ setWeight: 101 }] } }), "Rollout").refuse;
  const scaled = rollout({ canary: { steps: [{ pause: {} }, { setWeight: 101 }] } }, { replicas: 5 });
  expect(newViolations(before, admissionFindings(scaled, "Rollout").refuse)).toEqual([]);
  const worse = admissionFindings(rollout({ canary: { steps: [{ setWeight: 101 }, {}] } }), "Rollout").refuse;
  expect(newViolations(before, worse).map(({ rule }) => rule)).toEqual(["step-no-member"]);
});

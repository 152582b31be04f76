import { describe, expect, test } from "bun:test";
import { rolloutViolations } from "./rollout.ts";
import { violationText } from "../../../kube/validation/violation.ts";

const services = { stableService: "s", canaryService: "c" };
const istio = { istio: { virtualService: { name: "v" } } };
const alb = { alb: { ingress: "i", servicePort: 80 } };
const header = { name: "h", match: [{ headerName: "a", headerValue: { exact: "b" } }] };

const template = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 8080 }] }] },
};
const valid = { selector: { matchLabels: { app: "web" } }, template, strategy: { canary: {} } };

const rollout = (spec: object) => ({ metadata: { name: "web" }, spec: { ...valid, ...spec } });
const canary = (canary: object) => ({ strategy: { canary } });
const blueGreen = (blueGreen: object) => ({ strategy: { blueGreen } });
const steps = (...steps: object[]) => canary({ steps });
const routed = (trafficRouting: object, ...steps: object[]) => canary({ ...services, trafficRouting, steps });

const same = "two different services are required.";
const oneMember = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
const bothServices = "Canary service and Stable service must to be set to use Traffic Routing";

/**
 * Sentence, members of spec, and all texts; the first is what a held Rollout shows
 * (docs/behaviour/validation.md#the-spec).
 */
const table: readonly (readonly [sentence: string, spec: object, ...texts: string[]])[] = [
  ["a canary without anything is fine", {}],
  ["replicas may be 0", { replicas: 0 }],
  ["negative replicas", { replicas: -1 }, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
  [
    "no selector",
    { selector: undefined },
    "spec.selector: Required value: Rollout has missing field '.spec.selector'",
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
  ],
  ["an empty selector", { selector: {} }, "spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
  [
    "a selector with an unknown operator",
    { selector: { matchExpressions: [{ key: "app", operator: "Like", values: ["w"] }] } },
    'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
    'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Like","values":["w"]}]}: invalid label selector',
  ],
  [
    "a selector that wants values and has none",
    { selector: { matchExpressions: [{ key: "app", operator: "In" }] } },
    "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"In"}]}: invalid label selector',
  ],
  [
    "a selector that selects other pods",
    { selector: { matchLabels: { app: "x" } } },
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
  ],
  [
    "a template beside a reference",
    { workloadRef: { kind: "Deployment", name: "web" } },
    "spec.template: Internal error: template must be empty for workload reference rollout",
  ],
  ["a reference alone", { workloadRef: { kind: "Deployment", name: "web" }, template: undefined, selector: undefined }],
  [
    "negative minReadySeconds",
    { minReadySeconds: -1 },
    "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
  ],
  [
    "a negative history",
    { revisionHistoryLimit: -1 },
    "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
  ],
  [
    "a deadline that is not after readiness",
    { progressDeadlineSeconds: 5, minReadySeconds: 5 },
    "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds",
  ],
  [
    "the default deadline counts too",
    { minReadySeconds: 600 },
    "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
  ],
  [
    "no strategy",
    { strategy: {} },
    "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
  ],
  [
    "both strategies, whose own mistakes are then not looked at",
    { strategy: { canary: { steps: [{}] }, blueGreen: {} } },
    'spec.strategy.strategy: Invalid value: "blueGreen: true canary: true": Multiple Strategies can not be listed',
  ],
  [
    "blue-green without Services",
    blueGreen({}),
    `spec.strategy.activeService: Invalid value: "": This rollout uses the same service for the active and preview services, but ${same}`,
  ],
  [
    "more delayed revisions than history",
    { ...blueGreen({ activeService: "a", scaleDownDelayRevisionLimit: 2 }), revisionHistoryLimit: 1 },
    "spec.strategy.scaleDownDelayRevisionLimit: Invalid value: 2: This rollout's revision history limit can not be smaller than the rollout's scale down limit",
  ],
  [
    "no room to move",
    canary({ maxSurge: 0, maxUnavailable: 0 }),
    "spec.strategy.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero",
  ],
  [
    "no room in percent",
    canary({ maxSurge: "0%", maxUnavailable: "0%" }),
    'spec.strategy.maxSurge: Invalid value: "0%": MaxSurge and MaxUnavailable both can not be zero',
  ],
  ["room by the default", canary({ maxSurge: 0 })],
  [
    "stable is canary",
    canary({ stableService: "a", canaryService: "a" }),
    `spec.strategy.stableService: Invalid value: "a": This rollout uses the same service for the stable and canary services, but ${same}`,
  ],
  [
    "ping is pong behind a router that cannot play it",
    canary({ ...services, pingPong: { pingService: "p", pongService: "p" }, trafficRouting: { smi: {} } }),
    "spec.strategy.trafficRouting.alb: Invalid value: null: Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only",
    `spec.strategy.pingPong.pingService: Invalid value: "p": This rollout uses the same service for the ping and pong services, but ${same}`,
  ],
  [
    "ping-pong behind ALB needs a root Service",
    canary({ pingPong: { pingService: "p", pongService: "q" }, trafficRouting: alb }),
    'spec.strategy.trafficRouting.alb.rootService: Invalid value: "": Root service field is required for the configuration with ALB and ping-pong feature enabled',
  ],
  [
    "a router without Services",
    canary({ trafficRouting: { nginx: { stableIngress: "i" } } }),
    `spec.strategy.stableService: Invalid value: "": ${bothServices}`,
    `spec.strategy.canaryService: Invalid value: "": ${bothServices}`,
  ],
  ["Istio subsets need no Services", canary({ trafficRouting: { istio: { destinationRule: { name: "d" } } } })],
  [
    "a delay without routing",
    canary({ scaleDownDelaySeconds: 30 }),
    "spec.strategy.scaleDownDelaySeconds: Invalid value: 30: Canary scaleDownDelaySeconds can only be used with traffic routing",
  ],
  [
    "a dynamic stable with a delay",
    canary({ ...services, dynamicStableScale: true, scaleDownDelaySeconds: 5, trafficRouting: { smi: {} } }),
    "spec.strategy.dynamicStableScale: Invalid value: true: Canary dynamicStableScale cannot be used with scaleDownDelaySeconds",
  ],
  [
    "a step with two members",
    steps({ setWeight: 5, pause: {} }),
    `spec.strategy.steps[0]: Invalid value: "step.Experiment: false step.Pause: true step.SetWeight: true step.Analysis: false": ${oneMember}`,
  ],
  [
    "a step whose members are not counted against each other",
    routed(istio, { setWeight: 5, setCanaryScale: { replicas: 1 } }),
  ],
  [
    "a step without members",
    steps({}),
    `spec.strategy.steps[0]: Invalid value: "step.Experiment: true step.Pause: true step.SetWeight: true step.Analysis: true step.SetCanaryScale: true step.SetHeaderRoute: true step.SetMirrorRoute: true step.Plugin: true": ${oneMember}`,
  ],
  [
    "a weight over 100",
    steps({ setWeight: 101 }),
    "spec.strategy.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100",
  ],
  [
    "a weight over the routing's own maximum",
    routed({ nginx: { stableIngress: "i" }, maxTrafficWeight: 1000 }, { setWeight: 1000 }, { setWeight: 1001 }),
    "spec.strategy.steps[1].setWeight: Invalid value: 1001: SetWeight needs to be between 0 and 1000",
  ],
  [
    "pauses that are no durations",
    steps(...[-5, "abc", "5x", "-5s", "", "-1.5s"].map((duration) => ({ pause: { duration } }))),
    ...[-5, -1, -1, -5, -1, -1].map(
      (seconds, index) =>
        `spec.strategy.steps[${index}].pause.duration: Invalid value: ${seconds}: Duration needs to be greater than 0`,
    ),
  ],
  [
    "pauses that are",
    steps(...["1h30m", 30, "30", "30s", 0, "0", "1.5h", "100ms"].map((duration) => ({ pause: { duration } }))),
  ],
  [
    "a canary scale without routing",
    steps({ setCanaryScale: { weight: 10 } }),
    "spec.strategy.trafficRouting: Required value: SetCanaryScale requires TrafficRouting to be set",
  ],
  [
    "a header route that SMI cannot make",
    routed({ smi: {}, managedRoutes: [{ name: "h" }] }, { setHeaderRoute: header }),
    'spec.strategy.steps[0].setHeaderRoute: Invalid value: {"name":"h","match":[{"headerName":"a","headerValue":{"exact":"b"}}]}: SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix',
  ],
  [
    "a header route without managed routes",
    routed(istio, { setHeaderRoute: header }),
    "spec.strategy.trafficRouting.managedRoutes: Required value: Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'",
  ],
  [
    "a header route that is not managed",
    routed({ ...istio, managedRoutes: [] }, { setHeaderRoute: header }),
    'spec.strategy.steps[0].setHeaderRoute: Invalid value: "h": Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes',
  ],
  [
    "ALB matches headers exactly or not at all",
    routed(
      { ...alb, managedRoutes: [{ name: "h" }] },
      { setHeaderRoute: { name: "h", match: [{ headerName: "a", headerValue: { prefix: "a" } }] } },
    ),
    'spec.strategy.steps[0].setHeaderRoute.match[0]: Invalid value: {"prefix":"a"}: SetHeaderRoute match value invalid. ALB supports \'exact\' value only',
  ],
  [
    "a mirror that ALB cannot make",
    routed({ ...alb, managedRoutes: [{ name: "m" }] }, { setMirrorRoute: { name: "m", percentage: 5 } }),
    'spec.strategy.steps[0].setMirrorRoute: Invalid value: {"name":"m","percentage":5}: SetMirrorRoute requires TrafficRouting, supports Istio and Plugins',
  ],
  [
    "an experiment's weight behind NGINX",
    routed(
      { nginx: { stableIngress: "i" } },
      { experiment: { templates: [{ name: "a", specRef: "stable", weight: 10 }] } },
    ),
    "spec.strategy.steps[0].experiment.templates[0].weight: Invalid value: 10: Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time",
  ],
  [
    "an argument that reads what a Rollout does not have",
    steps({ analysis: { args: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "metadata.mood" } } }] } }),
    'spec.strategy.steps[0].analyses: Invalid value: [{"name":"a","valueFrom":{"fieldRef":{"fieldPath":"metadata.mood"}}}]: Analyses arguments must refer to valid object metadata supported by downwardAPI',
  ],
  [
    "anti-affinity of no kind",
    canary({ antiAffinity: {} }),
    'spec.strategy.antiAffinity: Invalid value: "antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: false antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: false": AntiAffinity must have exactly one strategy listed',
  ],
  [
    "anti-affinity without weight",
    canary({ antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 0 } } }),
    "spec.strategy.antiAffinity.weight: Invalid value: 0: AntiAffinity weight must be between 1-100",
  ],
];

describe("what is wrong with a Rollout by itself", () => {
  test.each(table.map(([sentence, spec, ...texts]) => ({ sentence, spec, texts })))("$sentence", ({ spec, texts }) => {
    expect(rolloutViolations(rollout(spec)).map(violationText)).toEqual(texts);
  });

  test("the true path has the strategy's segment", () => {
    const [violation] = rolloutViolations(rollout(steps({ setWeight: 101 })));
    expect(violation).toMatchObject({
      rule: "step-weight",
      path: "spec.strategy.steps[0].setWeight",
      exactPath: "spec.strategy.canary.steps[0].setWeight",
    });
  });

  test("a referenced template is judged once it is found, with the selector found beside it", () => {
    const spec = { workloadRef: { kind: "Deployment", name: "web" }, template: undefined, selector: undefined };
    const resolvedSelector = { matchLabels: { app: "other" } };
    expect(rolloutViolations(rollout(spec), { resolvedTemplate: template, resolvedSelector })).toMatchObject([
      { rule: "template-selected", path: "spec.template.metadata.labels" },
    ]);
  });
});

describe("whatever it is given, it answers", () => {
  const junk: readonly unknown[] = [undefined, null, true, -1, 1.5, "", "..", [], [null], {}, { a: { b: 1 } }, [[[]]]];

  test("no object at all", () => {
    for (const value of junk) expect(rolloutViolations(value)).toBeArray();
  });

  test("junk in every place of a rich Rollout", () => {
    const rich = rollout(
      routed({ ...istio, managedRoutes: [{ name: "h" }] }, { setHeaderRoute: header }, { pause: {} }),
    );
    for (const place of placesIn(rich)) {
      for (const value of junk) expect(rolloutViolations(replaced(rich, place, value))).toBeArray();
    }
  });
});

function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, member]) => placesIn(member, [...path, key]))];
}

function replaced(whole: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (isList(whole)) return whole.map((item, index) => (String(index) === key ? replaced(item, rest, value) : item));
  const object = whole as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, value) };
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

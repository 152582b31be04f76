import { describe, expect, test } from "bun:test";
import type { CanaryStep, Rollout, RolloutStatus } from "../../schema/rollout.ts";
import type { TrafficRouting } from "../../schema/trafficRouting.ts";
import { alb } from "./alb.ts";
import type { Answered, Balancer, InquiryAnswer } from "./elb/inquiry.ts";
import type { RoutedObject, Traffic, Verification } from "./router.ts";
import { settingsBy } from "./settings.ts";

const settingsWith = (given: Readonly<Record<string, string | boolean>>) =>
  settingsBy(alb.settings, ({ flag }) => given[flag]);
const on = settingsWith({ "aws-verify-target-group": true });

interface Case {
  readonly status?: RolloutStatus;
  readonly steps?: CanaryStep[];
  readonly alb?: Partial<NonNullable<TrafficRouting["alb"]>>;
  readonly pingPong?: boolean;
  readonly traffic?: Partial<Traffic>;
  readonly settings?: ReturnType<typeof settingsWith>;
  /** Names in DNS, by Ingress. */
  readonly hostnames?: Readonly<Record<string, readonly string[]>>;
  /** Weights of target groups, by `ingress-service:port`; by the hostname of the load balancer. */
  readonly aws?: Readonly<Record<string, Readonly<Record<string, readonly number[]>> | undefined>>;
  readonly tag?: string;
  readonly failure?: string;
  readonly isNews?: boolean;
  readonly version?: string;
}

const UPDATING: RolloutStatus = { stableRS: "1", currentPodHash: "2", currentStepIndex: 0 };

function rolloutOf({ status = UPDATING, steps = [{ setWeight: 20 }], alb: own, pingPong }: Case): Rollout {
  const services =
    pingPong === true
      ? { pingPong: { pingService: "ping", pongService: "pong" } }
      : { stableService: "stable", canaryService: "canary" };
  const trafficRouting = { alb: { ingress: "web", servicePort: 80, ...own } };
  return {
    metadata: { name: "web", namespace: "shop" },
    spec: { strategy: { canary: { ...services, steps, trafficRouting } } },
    status,
  };
}

const balancerOf = (name: string, weights: Readonly<Record<string, readonly number[]>>, tag: string): Balancer => ({
  name,
  arn: `arn:lb/app/${name}/9`,
  groups: Object.entries(weights).map(([id, each]) => ({
    name: `g-${id}`,
    arn: `arn:tg/g-${id}/7`,
    tags: { [tag]: `shop/${id}` },
    weights: each,
  })),
});

function answerOf({ aws = {}, tag = "ingress.k8s.aws/resource", failure }: Case): InquiryAnswer {
  if (failure !== undefined) return { kind: "failed", message: failure, targetGroup: "unknown" };
  const balancers = Object.entries(aws).map(
    ([host, weights]) => [host, weights === undefined ? undefined : balancerOf(host, weights, tag)] as const,
  );
  return { kind: "weights", balancers: Object.fromEntries(balancers) };
}

const traffic: Traffic = { canaryHash: "2", stableHash: "1", canaryWeight: 20, total: 100, additional: [], routes: [] };

/** What it says, and what it asks; `answered`: with the answer to that. */
function verified(given: Case): {
  readonly first: Verification | undefined;
  readonly answered: Verification | undefined;
} {
  const { hostnames = { web: ["lb"] }, settings = on, isNews = true, version = "1" } = given;
  const object = ({ name }: { readonly name: string }): RoutedObject => ({
    metadata: { name, namespace: "shop", resourceVersion: version },
    status: { loadBalancer: { ingress: (hostnames[name] ?? []).map((hostname) => ({ hostname })) } },
  });
  const rollout = rolloutOf(given);
  const ask = (answers: readonly Answered[]) =>
    alb.verify?.({
      rollout,
      traffic: { ...traffic, ...given.traffic },
      settings,
      object,
      answers: (key) => answers.find((each) => each.key === key),
    });
  const first = ask([]);
  const known = (first?.asks ?? []).map(({ key }): Answered => ({ key, askedAt: 0, isNews, answer: answerOf(given) }));
  return { first, answered: ask(known) };
}

const texts = (verification: Verification | undefined) =>
  (verification?.events ?? []).map(
    ({ type, reason, message }) => `${type === "Warning" ? "Warning " : ""}${reason}: ${message}`,
  );

const right = { lb: { "web-canary:80": [20], "web-stable:80": [80] } };

describe("weights at AWS", () => {
  test("are verified once the canary's target group has its weight, with the reference's event", () => {
    const { first, answered } = verified({ aws: right });
    expect(first).toMatchObject({ kind: "notYet", asks: [{ kind: "weights", hostnames: ["lb"] }] });
    expect(answered?.kind).toBe("verified");
    expect(texts(answered)).toEqual([
      "TargetGroupVerified: Service canary (TargetGroup arn:tg/g-web-canary:80/7) verified: canary weight 20 set",
    ]);
    expect(answered?.balancers).toEqual([
      {
        ingress: "web",
        loadBalancer: { name: "lb", arn: "arn:lb/app/lb/9", fullName: "lb/9" },
        canaryTargetGroup: { name: "g-web-canary:80", arn: "arn:tg/g-web-canary:80/7", fullName: "g-web-canary:80/7" },
        stableTargetGroup: { name: "g-web-stable:80", arn: "arn:tg/g-web-stable:80/7", fullName: "g-web-stable:80/7" },
      },
    ]);
    expect(verified({ aws: right, isNews: false }).answered).not.toHaveProperty("events");
  });

  test.each<[string, Case, string]>([
    [
      "another weight",
      { aws: { lb: { "web-canary:80": [10] } } },
      "Warning TargetGroupUnverified: Service canary (TargetGroup arn:tg/g-web-canary:80/7) not verified: canary weight 20 not yet set (current: 10)",
    ],
    [
      "another weight in one of several rules",
      { aws: { lb: { "web-canary:80": [20, 10] } } },
      "Warning TargetGroupUnverified: Service canary (TargetGroup arn:tg/g-web-canary:80/7) not verified: canary weight 20 not yet set (current: 10)",
    ],
    [
      "no such load balancer",
      { aws: { lb: undefined } },
      "Warning LoadBalancerNotFound: Failed to find load balancer: lb",
    ],
    ["no target group with its tag", { aws: { lb: { "web-other:80": [20] } } }, ""],
    ["a target group that no rule leads to", { aws: { lb: { "web-canary:80": [] } } }, ""],
  ])("are not verified with %s", (_, given, event) => {
    const { answered } = verified(given);
    expect(answered).toMatchObject({ kind: "notYet", asks: [{ kind: "weights" }] });
    expect(texts(answered).join("\n")).toBe(event);
  });

  test("are not verified while AWS does not answer, and it is said twice as the reference does", () => {
    const { answered } = verified({ failure: "DescribeTags: HTTP 400 Throttling: Rate exceeded" });
    expect(answered).toMatchObject({ kind: "notYet", asks: [{}] });
    expect(texts(answered)).toEqual([
      "Warning TargetGroupVerifyError: Failed to verify Service canary (TargetGroup unknown): DescribeTags: HTTP 400 Throttling: Rate exceeded",
      "Warning WeightVerifyError: Failed to verify weight: DescribeTags: HTTP 400 Throttling: Rate exceeded",
    ]);
    expect(answered?.balancers).toMatchObject([{ ingress: "web", loadBalancer: { arn: "" } }]);
    const status = { ...UPDATING, albs: [{ ingress: "web" }] };
    expect(verified({ status, failure: "DescribeTags: HTTP 503" }).answered).not.toHaveProperty("balancers");
  });

  test("wait where no load balancer is allocated, and ask nothing", () => {
    const { first } = verified({ hostnames: {} });
    expect(first).toMatchObject({ kind: "notYet", reason: "no load balancer is allocated yet" });
    expect(first).not.toHaveProperty("asks");
  });

  test("of several Ingresses and of an Experiment are verified when all of them are right", () => {
    const several: Case = {
      alb: { ingress: undefined, ingresses: ["web", "api"] },
      hostnames: { web: ["lb"], api: ["lb2"] },
      traffic: { additional: [{ serviceName: "exp", podTemplateHash: "3", weight: 5 }] },
    };
    const api = { "api-canary:80": [20], "api-exp:80": [5] };
    const web = { "web-canary:80": [20], "web-exp:80": [5] };
    expect(verified({ ...several, aws: { lb: web, lb2: api } }).answered?.kind).toBe("verified");
    expect(verified({ ...several, aws: { lb: web, lb2: { ...api, "api-exp:80": [0] } } }).answered).toMatchObject({
      kind: "notYet",
      reason: "Service exp (TargetGroup arn:tg/g-api-exp:80/7) not verified: canary weight 5 not yet set (current: 0)",
    });
    expect(verified({ ...several, aws: { lb: web, lb2: undefined } }).answered?.kind).toBe("notYet");
    expect(verified({ ...several, hostnames: { web: ["lb"] }, aws: { lb: web } }).answered).toMatchObject({
      kind: "notYet",
      reason: "the load balancer of Ingress api is not there yet",
    });
    expect(verified({ ...several, aws: { lb: web, lb2: api } }).answered?.balancers).toMatchObject([
      { ingress: "web", loadBalancer: { name: "lb" } },
      { ingress: "api", loadBalancer: { name: "lb2" } },
    ]);
  });

  test("of ping-pong are those of the Service that plays canary now", () => {
    const aws = { lb: { "web-ping:80": [20], "web-pong:80": [80] } };
    expect(verified({ pingPong: true, aws }).answered?.kind).toBe("verified");
    const status = { ...UPDATING, canary: { stablePingPong: "ping" as const } };
    expect(verified({ pingPong: true, status, aws }).answered?.kind).toBe("notYet");
  });

  test("are known by another tag, and asked for by the former flag", () => {
    const tag = "example.com/res";
    expect(verified({ aws: right, tag }).answered?.kind).toBe("notYet");
    const settings = settingsWith({ "alb-verify-weight": true, "alb-tag-key-resource-id": tag });
    expect(verified({ aws: right, tag, settings }).answered?.kind).toBe("verified");
  });

  test("of an Ingress that was written since are asked for again", () => {
    const keyOf = (given: Case) => verified(given).first?.asks?.[0]?.key;
    const key = keyOf({});
    expect(keyOf({})).toBe(key ?? "");
    for (const other of [
      { version: "2" },
      { traffic: { canaryWeight: 30 } },
      { traffic: { canaryHash: "3" } },
      { status: { ...UPDATING, currentStepIndex: 1 }, steps: [{ setWeight: 20 }, { setWeight: 20 }] },
    ])
      expect(keyOf(other)).not.toBe(key ?? "");
  });
});

describe("nobody waits for AWS", () => {
  const filled = { alb: { ingress: "web" } };
  const pause = { steps: [{ pause: {} }] };
  test.each<[string, Case, Verification["kind"] | undefined]>([
    ["without the flag", { settings: settingsWith({}) }, undefined],
    ["at a step that sets no weight", { ...pause, status: { ...UPDATING, ...filled } }, "unneeded"],
    ["before the first version is stable", { status: { currentPodHash: "2", ...filled } }, "unneeded"],
    ["after the promotion", { status: { ...UPDATING, stableRS: "2", ...filled } }, "unneeded"],
    ["at the end with a part of the traffic", { status: { ...UPDATING, currentStepIndex: 1, ...filled } }, "unneeded"],
    [
      "at the end with all of it, except there",
      { status: { ...UPDATING, currentStepIndex: 1 }, traffic: { canaryWeight: 100 } },
      "notYet",
    ],
  ])("%s", (_, given, kind) => {
    const { first } = verified(given);
    expect([first?.kind]).toEqual([kind]);
    if (kind !== "notYet") expect(first ?? {}).not.toHaveProperty("asks");
  });

  test("but what the load balancer is, is asked once for the status", () => {
    const { first, answered } = verified({ ...pause, aws: right });
    expect(first).toMatchObject({ kind: "unneeded", asks: [{ kind: "weights" }] });
    expect(answered).toMatchObject({ kind: "unneeded", balancers: [{ loadBalancer: { name: "lb" } }] });
  });
});

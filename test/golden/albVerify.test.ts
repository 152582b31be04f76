import { describe, expect, test } from "bun:test";
import type { CanaryStep, RolloutStrategy } from "../../schema/rollout.ts";
import type { Inquiry, InquiryAnswer } from "../../providers/traffic/elb/inquiry.ts";
import { blueGreen, canary, image, pause, rolloutOf, setWeight } from "./edits.ts";
import * as user from "./edits.ts";
import { HOSTNAME } from "./fakeBalancers.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import { expectTimeline } from "./timeline.ts";

const BASE = "arn:aws:elasticloadbalancing:eu-west-1:1";
const STABLE_GROUP = `${BASE}:targetgroup/k8s-stable/1`;

/** AWS as a script: the weight of the canary's target group, and how many of the pods are registered. */
interface Aws {
  weight: number;
  registered: number;
  problem?: string;
  readonly asked: Inquiry[];
}

const groupOf = (service: string, weights: readonly number[]) => ({
  name: `k8s-${service}`,
  arn: `${BASE}:targetgroup/k8s-${service}/1`,
  tags: { "ingress.k8s.aws/resource": `default/web-${service}:80` },
  weights,
});

function answer({ weight, registered, problem, asked }: Aws, inquiry: Inquiry): InquiryAnswer {
  asked.push(inquiry);
  if (problem !== undefined) return { kind: "failed", message: problem, targetGroup: "unknown" };
  if (inquiry.kind === "targets") return { kind: "targets", groups: [{ arn: STABLE_GROUP, registered, total: 5 }] };
  const groups = [groupOf("canary", [weight]), groupOf("stable", [100 - weight])];
  return {
    kind: "weights",
    balancers: { [HOSTNAME]: { name: "k8s-web", arn: `${BASE}:loadbalancer/app/k8s-web/1`, groups } },
  };
}

const services = ["stable", "canary", "active", "preview"];

const routed = (steps: CanaryStep[], more: NonNullable<RolloutStrategy["canary"]> = {}): RolloutStrategy =>
  canary(steps, {
    stableService: "stable",
    canaryService: "canary",
    trafficRouting: { alb: { ingress: "web", servicePort: 80 } },
    ...more,
  });

/** `web:1` serves, and `web:2` is rolled out, 5 s later. */
function updated(aws: Aws, strategy: RolloutStrategy, options: WorldOptions = {}): World {
  const balancers = (inquiry: Inquiry) => answer(aws, inquiry);
  const world = createWorld(rolloutOf({ strategy }), { services, balancers, ...options });
  world.pass(5_000);
  aws.asked.length = 0;
  world.edit("image web:2", image("web:2"));
  return world;
}

const newAws = (more: Partial<Aws> = {}): Aws => ({ weight: 0, registered: 5, asked: [], ...more });

const stepAndVerified = ({ rollout: { status } }: World) => [
  status?.currentStepIndex,
  status?.canary?.weights?.canary.weight,
  status?.canary?.weights?.verified,
];
const sizes = (world: World) => world.replicaSets.map(({ replicas }) => replicas);
const count = (world: World, reason: string): number => world.events.filter((text) => text.includes(reason)).length;

describe("a canary whose weights are verified at AWS", () => {
  test("goes on when AWS has them, and keeps the old pods until the new ones are registered", () => {
    const aws = newAws({ registered: 3 });
    const world = updated(aws, routed([setWeight(20), pause(10)]));
    world.pass(25_000);
    expect(stepAndVerified(world)).toEqual([0, 20, false]);
    aws.weight = 20;
    world.pass(10_000);
    expect(stepAndVerified(world).slice(0, 2)).toEqual([1, 20]);
    world.pass(15_000);
    // All of the traffic is to be the new version's: it is not promoted before AWS says so.
    expect([stepAndVerified(world), world.rollout.status?.phase]).toEqual([[2, 100, false], "Progressing"]);
    aws.weight = 100;
    world.pass(12_000);
    expect([world.rollout.status?.phase, sizes(world)]).toEqual(["Healthy", [5, 5]]);
    world.pass(12_000);
    expect(sizes(world)).toEqual([5, 5]);
    aws.registered = 5;
    world.pass(50_000);
    expect(sizes(world)).toEqual([0, 5]);
    expect(world.rollout.status?.alb).toMatchObject({
      ingress: "web",
      loadBalancer: { name: "k8s-web", fullName: "k8s-web/1" },
    });
    expectTimeline("alb-verify-canary", world);
  });

  test("is asked about every ten seconds at most, and one at a time", () => {
    const aws = newAws();
    const world = updated(aws, routed([setWeight(20), pause()]));
    world.pass(120_000);
    expect(aws.asked.length).toBeLessThanOrEqual(13);
    expect(aws.asked.length).toBeGreaterThanOrEqual(10);
    // The first was asked for the weight before.
    expect(count(world, "TargetGroupUnverified")).toBe(aws.asked.length - 1);
  });

  test("is aborted at once, whatever AWS says, and its deadline passes", () => {
    const aws = newAws({ problem: "DescribeLoadBalancers: HTTP 400 Throttling: Rate exceeded" });
    const world = updated(aws, routed([setWeight(20), pause()]));
    world.pass(30_000);
    expect(stepAndVerified(world)).toEqual([0, 20, false]);
    world.edit("abort", user.abort);
    world.pass(1_000);
    expect([world.rollout.status?.phase, stepAndVerified(world)[1]]).toEqual(["Degraded", 0]);
    world.pass(60_000);
    expect(sizes(world)).toEqual([5, 0]);
    expectTimeline("alb-verify-abort", world);
    const late = updated(aws, routed([setWeight(20), pause()]));
    late.pass(700_000);
    expect(late.rollout.status?.phase).toBe("Degraded");
  });

  test("with dynamicStableScale keeps stable's pods until its traffic is seen to have moved", () => {
    const aws = newAws();
    const world = updated(aws, routed([setWeight(60), pause()], { dynamicStableScale: true }));
    world.pass(40_000);
    expect([stepAndVerified(world), sizes(world)]).toEqual([
      [0, 60, false],
      [5, 3],
    ]);
    aws.weight = 60;
    world.pass(30_000);
    expect([stepAndVerified(world)[0], sizes(world)]).toEqual([1, [2, 3]]);
  });

  test("is asked about again by a controller that has started anew", () => {
    const aws = newAws({ weight: 20 });
    let crashes = 1;
    const crashAfter = ({ actions }: { readonly actions: readonly { readonly kind: string }[] }) =>
      actions.some(({ kind }) => kind === "askBalancer") && crashes-- > 0 ? actions.length : undefined;
    const world = updated(aws, routed([setWeight(20), pause()]), { crashAfter });
    world.pass(60_000);
    expect(stepAndVerified(world)[0]).toBe(1);
  });
});

describe("a blue-green update whose pods are registered at AWS", () => {
  const strategy = blueGreen({ activeService: "active" });

  test("is promoted once they all are", () => {
    const aws = newAws({ registered: 2 });
    const world = updated(aws, strategy);
    world.pass(15_000);
    expect([world.rollout.status?.phase, sizes(world)]).toEqual(["Progressing", [5, 5]]);
    expect(world.rollout.status?.stableRS).not.toBe(world.rollout.status?.currentPodHash);
    aws.registered = 5;
    world.pass(15_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    world.pass(40_000);
    expect(sizes(world)).toEqual([0, 5]);
    expectTimeline("alb-verify-blue-green", world);
  });

  test("is aborted at once while they are not", () => {
    const aws = newAws({ registered: 2 });
    const world = updated(aws, strategy);
    world.pass(20_000);
    world.edit("abort", user.abort);
    world.pass(1_000);
    expect(world.rollout.status?.phase).toBe("Degraded");
    expect(world.rollout.status?.blueGreen?.activeSelector).toBe(world.rollout.status?.stableRS ?? "");
  });

  test("begins no analysis after the promotion before that", () => {
    const aws = newAws({ registered: 2 });
    const analysis = { templates: [{ templateName: "errors" }] };
    const templates = { errors: { metrics: [{ name: "m", provider: { web: { url: "http://x" } } }] } };
    const world = updated(aws, blueGreen({ activeService: "active", postPromotionAnalysis: analysis }), { templates });
    world.pass(30_000);
    expect(world.rollout.status?.blueGreen?.postPromotionAnalysisRunStatus).toBeUndefined();
    aws.registered = 5;
    world.pass(15_000);
    expect(world.rollout.status?.blueGreen?.postPromotionAnalysisRunStatus).toBeDefined();
  });
});

test("without the flag AWS is not asked, and nothing waits", () => {
  const world = createWorld(rolloutOf({ strategy: routed([setWeight(20)]) }), { services });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(40_000);
  expect(world.rollout.status?.phase).toBe("Healthy");
  expect(world.rollout.status?.alb).toBeUndefined();
});

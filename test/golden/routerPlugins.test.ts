/** Canaries whose traffic a plugin routes (docs/plugins.md#traffic-routers). */
import { describe, expect, test } from "bun:test";
import { explain } from "../../controller/rollout/explain/explain.ts";
import { toldRouterPlugins } from "../../controller/rollout/explain/told.ts";
import { createRouted, routingState } from "../../controller/rollout/facts/routedObjects.ts";
import type { Snapshot } from "../../controller/rollout/model/model.ts";
import { settingsOf, DRIVEN_ROUTERS } from "../../providers/traffic/routers.ts";
import { settingsBy } from "../../providers/traffic/settings.ts";
import { canary, image, pause, rolloutOf, setCanaryScale, setWeight } from "./edits.ts";
import * as user from "./edits.ts";
import { type RouterAnswers, type RouterPlugins, routerPluginsBy, routes } from "./fakeRouterPlugin.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import { expectTimeline } from "./timeline.ts";

const PLUGIN = { plugins: { "acme/edge": { site: "north" } } };
const services = ["canary", "stable"];
const steps = [setWeight(20), pause(), setWeight(60), pause()];

const byDefault = settingsBy(settingsOf(DRIVEN_ROUTERS), () => undefined);

type Strategy = Parameters<typeof canary>[1];

const routed = (trafficRouting: object = PLUGIN) => ({
  canaryService: "canary",
  stableService: "stable",
  trafficRouting,
});

/** `web:1` serves, and `web:2` is rolled out. */
function updated(
  routerPlugins: RouterPlugins,
  strategy: Strategy = routed(),
  options: WorldOptions = {},
  replicas = 10,
): World {
  const world = createWorld(rolloutOf({ replicas, strategy: canary(steps, strategy) }), {
    services,
    routerPlugins,
    ...options,
  });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  return world;
}

const hangs: RouterAnswers = () => undefined;
const failing: RouterAnswers = () => ({ afterMs: 500, answer: { kind: "failed", message: "no route to the edge" } });
const saying =
  (verified: boolean): RouterAnswers =>
  () => ({ afterMs: 500, answer: { ...routes, verified } });

const weights = ({ questions }: RouterPlugins): readonly number[] =>
  questions.map(({ traffic }) => traffic.canaryWeight);
const sizes = (world: World): readonly number[] => world.replicaSets.map(({ replicas }) => replicas);
const condition = (world: World, type: string): string | undefined =>
  world.rollout.status?.conditions?.find((one) => one.type === type)?.message;
const recorded = (world: World): number | undefined => world.rollout.status?.canary?.weights?.canary.weight;

describe("a router that is a plugin", () => {
  test("is asked for each weight, and nothing goes on before it has confirmed it", () => {
    const edge = routerPluginsBy(() => ({ afterMs: 3_000, answer: routes }));
    const world = updated(edge);
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expectTimeline("router-plugin", world);
  });

  test("keeps the canary's pods until it has taken their traffic away", () => {
    const edge = routerPluginsBy();
    const world = updated(edge, { ...routed(), abortScaleDownDelaySeconds: 1 });
    world.pass(10_000);
    edge.answers = hangs;
    world.edit("abort", user.abort);
    world.pass(60_000);
    expect([sizes(world), recorded(world)]).toEqual([[10, 2], 20]);
    expect(world.rollout.status?.phase).toBe("Degraded");
    edge.answers = () => ({ afterMs: 500, answer: routes });
    edge.asked.clear();
    world.meddle("the plugin answers again", () => {});
    world.pass(30_000);
    expect([sizes(world), recorded(world)]).toEqual([[10, 0], 0]);
    expectTimeline("router-plugin-abort-hangs", world);
  });

  test.each([
    ["a plugin hangs", PLUGIN],
    ["an Ingress is somebody else's", { nginx: { stableIngress: "web" } }],
  ])("while %s an aborted canary keeps its pods through all sizes, and its delay begins after", (_, routing) => {
    const edge = routerPluginsBy();
    const world = updated(edge, routed(routing));
    world.pass(10_000);
    edge.answers = hangs;
    if ("nginx" in routing) world.meddle("the router breaks", (c) => c.breakRouter("canary ingress is taken"));
    world.edit("abort", user.abort);
    for (const replicas of [12, 11, 12]) {
      world.pass(40_000);
      world.edit(`scale to ${replicas}`, user.scale(replicas));
    }
    world.pass(40_000);
    expect([sizes(world), recorded(world)]).toEqual([[12, 2], 20]);
    edge.answers = () => ({ afterMs: 500, answer: routes });
    edge.asked.clear();
    world.meddle("the routers are well", (c) => c.breakRouter(undefined));
    world.pass(20_000);
    expect([sizes(world), recorded(world)]).toEqual([[12, 2], 0]);
    world.pass(20_000);
    expect(sizes(world)).toEqual([12, 0]);
  });

  test("has header routes until the update is aborted, and the canary's pods go after them", () => {
    const edge = routerPluginsBy();
    const match = [{ headerName: "x-beta", headerValue: { exact: "yes" } }];
    const own = { ...routed({ ...PLUGIN, managedRoutes: [{ name: "beta" }] }), abortScaleDownDelaySeconds: 1 };
    const world = createWorld(
      rolloutOf({
        replicas: 10,
        strategy: canary([setCanaryScale({ replicas: 1 }), { setHeaderRoute: { name: "beta", match } }, pause()], own),
      }),
      { services, routerPlugins: edge },
    );
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(10_000);
    const last = () => edge.questions.at(-1)?.traffic;
    expect(last()).toMatchObject({
      canaryWeight: 0,
      routes: [{ kind: "header", name: "beta" }],
      managedRoutes: ["beta"],
    });
    edge.answers = hangs;
    world.edit("abort", user.abort);
    world.pass(30_000);
    expect([last()?.routes, sizes(world)]).toEqual([[], [10, 1]]);
  });

  test.each(["hangs", "fails", "is not configured"])("that %s does not keep an abort from the other routers", (how) => {
    const edge = routerPluginsBy();
    const written: number[] = [];
    const onDecision: WorldOptions["onDecision"] = (_, { actions }) => {
      for (const action of actions) if (action.kind === "routeTraffic") written.push(action.traffic.canaryWeight);
    };
    const strategy = routed({ nginx: { stableIngress: "web" }, ...PLUGIN });
    const world = updated(edge, strategy, { onDecision });
    world.pass(10_000);
    expect(recorded(world)).toBe(20);
    if (how === "is not configured") edge.configured = [];
    edge.answers = how === "hangs" ? hangs : failing;
    world.edit("abort", user.abort);
    expect([written.at(-1), recorded(world)]).toEqual([0, 20]);
    world.pass(120_000);
    expect([sizes(world), recorded(world), world.rollout.status?.phase]).toEqual([[10, 2], 20, "Degraded"]);
  });

  test("that fails is told, asked every ten seconds, and followed once it is well", () => {
    const edge = routerPluginsBy();
    const world = updated(edge);
    edge.answers = failing;
    world.pass(25_000);
    const message = "setting the canary's weight to 20 of 100 by plugin acme/edge failed: no route to the edge";
    expect(condition(world, "TrafficRoutingFailure")).toBe(message);
    expect(world.rollout.status?.phase).toBe("Progressing");
    expect(weights(edge).filter((weight) => weight === 20)).toHaveLength(3);
    edge.answers = () => ({ afterMs: 500, answer: routes });
    world.pass(15_000);
    expect([condition(world, "TrafficRoutingFailure"), recorded(world)]).toEqual([undefined, 20]);
    expectTimeline("router-plugin-fails", world);
  });

  test.each([
    ["hangs", hangs],
    ["fails", failing],
    ["is at it for ever", () => ({ afterMs: 500, answer: { kind: "running", message: "" } })],
  ] as readonly (readonly [string, RouterAnswers])[])(
    "that %s does not hold up the progress deadline",
    (_, answers) => {
      const edge = routerPluginsBy();
      const world = updated(edge);
      world.edit("deadline", user.spec({ progressDeadlineSeconds: 30, progressDeadlineAbort: true }));
      edge.answers = answers;
      world.pass(90_000);
      expect(world.rollout.status?.phase).toBe("Degraded");
      expect(condition(world, "Progressing")).toContain("acme/edge");
      expect(weights(edge).at(-1)).toBe(0);
    },
  );

  test("is asked once more by a controller that starts, and at rest nothing changes by it", () => {
    const edge = routerPluginsBy();
    const world = updated(edge);
    world.pass(10_000);
    for (const answers of [edge.answers, hangs]) {
      const [asked, before] = [edge.questions.length, JSON.stringify(world.rollout.status)];
      edge.asked.clear();
      edge.answers = answers;
      world.meddle("the controller starts", () => {});
      world.pass(20_000);
      expect(weights(edge).slice(asked)).toEqual([20]);
      expect(JSON.stringify(world.rollout.status)).toBe(before);
    }
  });

  test("is asked again by a controller that starts in the middle of an abort, before the canary's pods go", () => {
    const edge = routerPluginsBy();
    const world = updated(edge, { ...routed(), abortScaleDownDelaySeconds: 1 });
    world.pass(10_000);
    edge.answers = hangs;
    world.edit("abort", user.abort);
    world.pass(10_000);
    edge.asked.clear();
    world.meddle("the controller starts", () => {});
    world.pass(30_000);
    expect(sizes(world)).toEqual([10, 2]);
    edge.asked.clear();
    edge.answers = () => ({ afterMs: 500, answer: routes });
    world.meddle("the controller starts", () => {});
    world.pass(30_000);
    expect(sizes(world)).toEqual([10, 0]);
    expectTimeline("router-plugin-restart", world);
  });

  test("holds the step while the weights are not verified, and is asked again", () => {
    const edge = routerPluginsBy(saying(false));
    const world = updated(edge);
    world.pass(30_000);
    expect([world.rollout.status?.currentStepIndex, world.rollout.status?.canary?.weights?.verified]).toEqual([
      0,
      false,
    ]);
    edge.answers = saying(true);
    world.pass(15_000);
    expect([world.rollout.status?.currentStepIndex, world.rollout.status?.canary?.weights?.verified]).toEqual([
      1,
      true,
    ]);
    expectTimeline("router-plugin-verified", world);
  });

  test("that nobody has configured holds the first deployment, says so, and goes on by itself", () => {
    const edge = routerPluginsBy(undefined, []);
    const world = updated(edge);
    world.pass(10_000);
    expect(condition(world, "TrafficRoutingFailure")).toContain("plugin acme/edge cannot be asked");
    edge.configured = ["acme/edge"];
    world.pass(60_000);
    expect(world.rollout.status?.conditions?.some(({ type }) => type === "TrafficRoutingFailure")).toBe(false);
    expectTimeline("router-plugin-unconfigured", world);
  });

  test("takes the pods of stable only after their traffic with dynamicStableScale", () => {
    const edge = routerPluginsBy();
    const world = updated(edge, { ...routed(), dynamicStableScale: true });
    world.pass(10_000);
    edge.answers = hangs;
    world.edit("promote", user.promote);
    world.pass(60_000);
    expect([recorded(world), sizes(world)]).toEqual([20, [8, 6]]);
  });
});

describe("who explains it", () => {
  /** With what the status says of the plugin instead of what the process knows. */
  const explained = (world: World) => {
    const known = world.snapshot();
    const facts = toldRouterPlugins(known.rollout);
    const snapshot: Snapshot = {
      ...known,
      routing: (traffic) => routingState(createRouted(byDefault), known.rollout, traffic, { asked: facts }),
    };
    return explain({
      snapshot,
      now: world.now,
      checks: new Map(),
      runs: new Map(),
      experiments: new Map(),
      exhausted: [],
      instance: "",
      drivers: { kind: "unknown" },
      isLate: false,
    });
  };

  test.each([
    ["hangs", hangs, "plugin acme/edge has not answered yet that it has set the canary's weight of 20 of 100"],
    ["fails", failing, "setting the canary's weight to 20 of 100 by plugin acme/edge failed: no route to the edge"],
  ] as const)("a plugin that %s says so", (_, answers, why) => {
    const edge = routerPluginsBy();
    const world = updated(edge);
    edge.answers = answers;
    world.pass(25_000);
    const { sentence, reason } = explained(world);
    expect([reason, sentence.includes(why)]).toEqual(["TrafficRoutingError", true]);
  });

  test("one that is not configured says so", () => {
    const edge = routerPluginsBy();
    const world = updated(edge);
    edge.configured = [];
    world.pass(25_000);
    expect(explained(world).sentence).toContain("plugin acme/edge cannot be asked to set the canary's weight");
  });

  test("a weight that is confirmed holds nothing up", () => {
    const world = updated(routerPluginsBy());
    world.pass(25_000);
    expect(explained(world).reason).toBe("CanaryPauseStep");
  });
});

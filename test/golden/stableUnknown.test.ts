/**
 * A Rollout that knows of no stable version: its status was lost in a restore, or it was deleted without its
 * ReplicaSets and created again (docs/behaviour/traffic.md#no-stable-version-is-known).
 */
import { describe, expect, test } from "bun:test";
import { HASH_LABEL } from "../../schema/labels.ts";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import type { ServiceFacts, Snapshot } from "../../controller/rollout/model/model.ts";
import { hashOf, lastingPods } from "../../controller/rollout/model/replicaSets.ts";
import * as user from "./edits.ts";
import { blueGreen, canary, image, pause, rolloutOf, setWeight } from "./edits.ts";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";

const steps = [setWeight(50), pause()];
const pair = { stableService: "active", canaryService: "preview" };
const nginx = { ...pair, trafficRouting: { nginx: { stableIngress: "web" } } };
const pingPong = {
  pingPong: { pingService: "active", pongService: "preview" },
  trafficRouting: { alb: { ingress: "web", servicePort: 80 } },
};

/** What becomes of the Services: applied anew from Git, or still at the revision that they selected last. */
type Services = "as in Git" | "as they were";
/** Where the story is when everything is lost. */
type When = "at rest" | "in the middle of an update";

interface Loss {
  readonly strategy: RolloutStrategy;
  readonly services: Services;
  readonly when: When;
  readonly image: string;
  readonly options?: WorldOptions;
}

const services = ["active", "preview"];
/** web:1 and web:2 are there soon, later versions need longer. */
const readyAfterMs = (name: string): number | undefined =>
  name === "web:bad" ? undefined : name < "web:3" ? 1_000 : 5_000;

function afterLoss({ strategy, services: left, when, image: name, options }: Loss): World {
  const world = createWorld(rolloutOf({ replicas: 4, strategy }), { services, readyAfterMs, ...options });
  world.pass(5_000);
  if (when === "in the middle of an update") {
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
  }
  world.meddle(`everything is lost, and image ${name} is applied`, (cluster) => {
    cluster.loseEverything();
    if (left === "as in Git") for (const service of services) cluster.resetService(service);
    cluster.change(image(name));
  });
  world.pass(60_000);
  return world;
}

describe("old pods that users reach stay until a Rollout that was created again can take over", () => {
  test("with NGINX, and Services as in Git", () => {
    const loss = { strategy: canary(steps, nginx), services: "as in Git", when: "at rest", image: "web:3" } as const;
    expectTimeline("unknown-nginx-git", afterLoss(loss));
  });

  test("with NGINX, and Services that select the old version", () => {
    const loss = { strategy: canary(steps, nginx), services: "as they were", when: "at rest", image: "web:3" } as const;
    expectTimeline("unknown-nginx", afterLoss(loss));
  });

  test("with NGINX in the middle of an update", () => {
    const when = "in the middle of an update";
    const loss = { strategy: canary(steps, nginx), services: "as they were", when, image: "web:2" } as const;
    expectTimeline("unknown-nginx-halfway", afterLoss(loss));
  });

  test("with ping-pong", () => {
    const strategy = canary(steps, pingPong);
    expectTimeline(
      "unknown-ping-pong",
      afterLoss({ strategy, services: "as they were", when: "at rest", image: "web:3" }),
    );
  });

  test("without a router", () => {
    const strategy = canary(steps, pair);
    expectTimeline("unknown-basic", afterLoss({ strategy, services: "as they were", when: "at rest", image: "web:3" }));
  });

  test("with blue-green, and an active Service as in Git", () => {
    const strategy = blueGreen({ scaleDownDelaySeconds: 2 });
    expectTimeline(
      "unknown-blue-green",
      afterLoss({ strategy, services: "as in Git", when: "at rest", image: "web:3" }),
    );
  });

  test("with NGINX for as long as the new version never gets ready, and a third one is applied", () => {
    const loss = { strategy: canary(steps, nginx), services: "as in Git", when: "at rest", image: "web:bad" } as const;
    const world = afterLoss(loss);
    world.edit("image web:3", image("web:3"));
    world.pass(60_000);
    expectTimeline("unknown-nginx-never-ready", world);
  });
});

const strategies: Readonly<Record<string, RolloutStrategy>> = {
  "a canary without Services": canary(steps),
  "a canary with Services": canary(steps, pair),
  "a canary without surge": canary(steps, { ...pair, maxSurge: 0, maxUnavailable: 1 }),
  NGINX: canary(steps, nginx),
  "NGINX without a delay": canary(steps, { ...nginx, scaleDownDelaySeconds: 0 }),
  "NGINX with dynamicStableScale": canary(steps, { ...nginx, dynamicStableScale: true }),
  SMI: canary(steps, { ...pair, trafficRouting: { smi: {} } }),
  ALB: canary(steps, { ...pair, trafficRouting: { alb: { ingress: "web", servicePort: 80 } } }),
  "ping-pong": canary(steps, pingPong),
  "Services and no router named": canary(steps, { ...pair, trafficRouting: {} }),
  "blue-green": blueGreen(),
  "blue-green without a delay": blueGreen({ scaleDownDelaySeconds: 0 }),
  "blue-green that a person promotes": blueGreen({ autoPromotionEnabled: false }),
  "blue-green with previewReplicaCount": blueGreen({ previewReplicaCount: 1, autoPromotionSeconds: 5 }),
};

const cases = Object.entries(strategies).flatMap(([title, strategy]) =>
  (["as in Git", "as they were"] as const).flatMap((left) =>
    (["at rest", "in the middle of an update"] as const).flatMap((when) =>
      ["web:1", "web:2", "web:3", "web:bad"].map((name) => ({ title, strategy, services: left, when, image: name })),
    ),
  ),
);

const reach = ({ selector }: ServiceFacts, { replicaSets, orphans }: Snapshot): number =>
  [...replicaSets, ...orphans]
    .filter((rs) => selector[HASH_LABEL] === undefined || selector[HASH_LABEL] === hashOf(rs))
    .reduce((sum, rs) => sum + lastingPods(rs), 0);

describe("what users reach is never less than the Rollout may lack", () => {
  test.each(cases)("$title, Services $services, $when, image $image", (loss) => {
    const few: string[] = [];
    let least: ReadonlyMap<string, number> | undefined;
    const onDecision: WorldOptions["onDecision"] = (before, { actions }, now, after) => {
      // From the loss on.
      if (before.orphans.length === 0 && least === undefined) return;
      // By a preview Service nobody but testers comes, by a canary Service as many as it has pods for, and by the idle
      // one of a ping-pong nobody.
      const { pingPong, trafficRouting } = before.rollout.spec.strategy?.canary ?? {};
      const { weights, stablePingPong } = after.rollout.status?.canary ?? {};
      const used = weights === undefined ? ["active", "preview"] : [stablePingPong === "ping" ? "active" : "preview"];
      const isUsers = (name: string): boolean => (pingPong === undefined ? name === "active" : used.includes(name));
      const isBasic = before.rollout.spec.strategy?.canary !== undefined && trafficRouting === undefined;
      const serving = (at: Snapshot): number =>
        [...at.replicaSets, ...at.orphans].reduce((n, rs) => n + lastingPods(rs), 0);
      least ??= new Map([...before.services.values()].map((service) => [service.name, reach(service, before)]));
      if (serving(after) < 3) few.push(`${now}: ${serving(after)} pods serve`);
      for (const service of after.services.values()) {
        const owed = Math.min(least.get(service.name) ?? 0, isBasic ? 1 : 2);
        if (isUsers(service.name) && reach(service, after) < owed)
          few.push(`${now}: Service ${service.name} reaches ${reach(service, after)}: ${JSON.stringify(actions)}`);
      }
    };
    const world = afterLoss({ ...loss, options: { onDecision } });
    expect(few).toEqual([]);
    // In the end only the version that was applied is left, once its pods could take over.
    if (loss.image === "web:bad") return;
    world.edit("promote", user.promoteFull);
    world.pass(60_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expect(world.replicaSets.filter((rs) => rs.replicas > 0)).toHaveLength(1);
  });
});

/** Random worlds: a Rollout, and what people do to it over a few minutes. The same seed gives the same ones. */
import type { CanaryStep, Rollout } from "../../schema/rollout.ts";
import * as user from "./edits.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";

export type Random = (below: number) => number;

/** A small generator of whole numbers from 0 (mulberry32): good enough for choices. */
export function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const chosen = <T>(random: Random, list: readonly [T, ...T[]]): T => list[random(list.length)] ?? list[0];

type Limits = NonNullable<Parameters<typeof user.canary>[1]>;

const IMAGES = ["web:1", "web:2", "web:3", "web:4"] as const;

function randomSteps(random: Random): CanaryStep[] {
  return Array.from({ length: random(5) }, () =>
    random(2) === 0 ? user.setWeight(random(101)) : user.pause(chosen(random, [undefined, 0, 3, "20s"])),
  );
}

export function randomCanary(random: Random): Rollout {
  const limits = chosen<Limits>(random, [
    {},
    { maxSurge: 1, maxUnavailable: 0 },
    { maxSurge: 0, maxUnavailable: 1 },
    { maxSurge: "50%", maxUnavailable: "50%" },
    { maxSurge: 2, maxUnavailable: 2 },
    { maxSurge: "100%", maxUnavailable: 0 },
  ]);
  const services = random(2) === 0 ? {} : { stableService: "active", canaryService: "preview" };
  const rollbackWindow = random(3) === 0 ? { rollbackWindow: { revisions: 1 + random(3) } } : {};
  return user.rolloutOf({
    replicas: random(8),
    ...rollbackWindow,
    revisionHistoryLimit: random(4),
    progressDeadlineSeconds: 30,
    progressDeadlineAbort: random(3) === 0,
    strategy: user.canary(randomSteps(random), { ...limits, ...services }),
  });
}

const randomScale = (random: Random): CanaryStep =>
  user.setCanaryScale(
    chosen<Parameters<typeof user.setCanaryScale>[0]>(random, [
      { matchTrafficWeight: true },
      { replicas: random(6) },
      { weight: random(101) },
    ]),
  );

/** A canary whose traffic a router splits. `scales`: with steps that give it another size than its traffic needs. */
function routedCanary(random: Random, scales: boolean): Rollout {
  const steps = randomSteps(random).flatMap((step) =>
    scales && random(4) === 0 ? [randomScale(random), step] : [step],
  );
  const revisions = random(3) === 0 ? { rollbackWindow: { revisions: 1 + random(3) } } : {};
  const pingPong = random(4) === 0;
  const services = pingPong
    ? { pingPong: { pingService: "active", pongService: "preview" } }
    : { stableService: "active", canaryService: "preview" };
  const router = pingPong ? { alb: { ingress: "web", servicePort: 80 } } : { nginx: { stableIngress: "web" } };
  const strategy = user.canary(steps, {
    ...services,
    trafficRouting: { ...router, ...(random(5) === 0 ? { maxTrafficWeight: 1000 } : {}) },
    dynamicStableScale: random(2) === 0,
    ...(random(4) === 0 ? { minPodsPerReplicaSet: 1 + random(3) } : {}),
    ...(random(3) === 0 ? { abortScaleDownDelaySeconds: random(3) * 10 } : {}),
    ...(random(3) === 0 ? { scaleDownDelaySeconds: random(3) * 10 } : {}),
    ...(random(4) === 0 ? { scaleDownDelayRevisionLimit: random(3) } : {}),
  });
  return user.rolloutOf({
    replicas: random(8),
    ...revisions,
    revisionHistoryLimit: random(4),
    progressDeadlineSeconds: 30,
    progressDeadlineAbort: random(3) === 0,
    strategy,
  });
}

export const randomRouted = (random: Random): Rollout => routedCanary(random, false);
export const randomScaled = (random: Random): Rollout => routedCanary(random, true);

const randomRoute = (random: Random): CanaryStep => {
  const name = chosen(random, ["beta", "team"]);
  const header = { name, match: [{ headerName: "x", headerValue: { exact: String(random(3)) } }] };
  return chosen<CanaryStep>(random, [
    { setHeaderRoute: header },
    { setHeaderRoute: header },
    { setHeaderRoute: { name } },
    { setMirrorRoute: { name: "copy", match: [{ path: { prefix: "/" } }], percentage: random(101) } },
    { setMirrorRoute: { name: "copy" } },
  ]);
};

const BETA: CanaryStep = {
  setHeaderRoute: { name: "beta", match: [{ headerName: "x", headerValue: { exact: "yes" } }] },
};

/** A routed canary with header and mirror routes among its steps, by a router that can do both. */
export function randomManaged(random: Random): Rollout {
  const rollout = routedCanary(random, true);
  const { steps = [], trafficRouting, ...strategy } = rollout.spec.strategy?.canary ?? {};
  const between = steps.flatMap((step) => (random(2) === 0 ? [randomRoute(random), step] : [step]));
  const first = random(3) === 0 ? user.setCanaryScale({ replicas: 1 }) : user.setWeight(1 + random(100));
  const back = random(2) === 0 ? [] : [user.setWeight(0), user.setCanaryScale({ matchTrafficWeight: true })];
  const managed = [first, BETA, user.pause(), ...between, ...back, user.pause()];
  const managedRoutes = ["copy", "team", "beta"].map((name) => ({ name }));
  return user.strategy(user.canary(managed, { ...strategy, trafficRouting: { ...trafficRouting, managedRoutes } }))(
    rollout,
  );
}

/** A routed canary that keeps its sessions, by a router that can. */
export function randomSessions(random: Random): Rollout {
  const rollout = routedCanary(random, true);
  const { steps = [], trafficRouting, pingPong: _, ...strategy } = rollout.spec.strategy?.canary ?? {};
  const back = random(2) === 0 ? [] : [user.setWeight(0), user.pause(), user.setWeight(random(101))];
  return user.strategy(
    user.canary([...steps, ...back, user.pause()], {
      ...strategy,
      stableService: "active",
      canaryService: "preview",
      trafficRouting: {
        ...(trafficRouting?.maxTrafficWeight === undefined ? {} : { maxTrafficWeight: 1000 }),
        nginx: { stableIngress: "web" },
        sessionAffinity: {},
      },
    }),
  )(rollout);
}

export function randomBlueGreen(random: Random): Rollout {
  const previewReplicaCount = random(3) === 0 ? { previewReplicaCount: 1 + random(3) } : {};
  const strategy = user.blueGreen({
    ...previewReplicaCount,
    autoPromotionEnabled: random(2) === 0,
    autoPromotionSeconds: chosen(random, [0, 0, 10]),
    scaleDownDelaySeconds: chosen(random, [30, 0, 5]),
    scaleDownDelayRevisionLimit: chosen(random, [10, 0, 1]),
    abortScaleDownDelaySeconds: chosen(random, [30, 0, 5]),
  });
  const rollbackWindow = random(3) === 0 ? { rollbackWindow: { revisions: 1 + random(3) } } : {};
  return user.rolloutOf({
    replicas: random(6),
    ...rollbackWindow,
    revisionHistoryLimit: random(4),
    progressDeadlineSeconds: 40,
    progressDeadlineAbort: random(3) === 0,
    strategy,
  });
}

/** Something a person may do, with its name. */
function randomEdit(random: Random): readonly [what: string, edit: user.Edit] {
  const name = chosen(random, IMAGES);
  const size = random(9);
  const edits: readonly [readonly [string, user.Edit], ...(readonly [string, user.Edit])[]] = [
    [`image ${name}`, user.image(name)],
    [`image ${name}`, user.image(name)],
    ["promote", user.promote],
    ["promote", user.promote],
    ["promote --full", user.promoteFull],
    ["abort", user.abort],
    ["retry", user.retry],
    [`scale ${size}`, user.scale(size)],
    [`image ${name}, scale ${size}`, user.both(user.image(name), user.scale(size))],
    ["paused", user.paused(true)],
    ["unpaused", user.paused(false)],
    ["unpaused", user.paused(false)],
    ["annotate", user.annotate("team", String(size))],
    ["minReadySeconds", user.spec({ minReadySeconds: size % 3 })],
    ["steps", newSteps(randomSteps(random))],
  ];
  return chosen(random, edits);
}

/** Other steps; a blue-green Rollout has no steps. */
const newSteps =
  (steps: CanaryStep[]): user.Edit =>
  (rollout) => {
    const strategy = rollout.spec.strategy?.canary;
    if (strategy === undefined) return rollout;
    const isManaged = strategy.trafficRouting?.managedRoutes !== undefined;
    const next = isManaged ? [user.setWeight(50), BETA, user.pause(), ...steps] : steps;
    return user.strategy({ canary: { ...strategy, steps: next } })(rollout);
  };

/** Plays one world: so many `edits` with pauses between them, and a longer time at the end. */
export function play(manifest: Rollout, seed: number, edits: number, options: WorldOptions = {}): World {
  const random = randomOf(seed);
  const readyAfterMs = { "web:1": 500, "web:2": 1_000, "web:3": 4_000, "web:4": random(3) === 0 ? undefined : 2_000 };
  const world = createWorld(manifest, {
    services: ["active", "preview"],
    readyAfterMs: (image) => (image in readyAfterMs ? readyAfterMs[image as keyof typeof readyAfterMs] : 1_000),
    ...options,
  });
  for (let n = 0; n < edits; n += 1) {
    world.pass(chosen(random, [0, 300, 1_500, 5_000, 20_000, 45_000]));
    const [what, edit] = randomEdit(random);
    world.edit(what, edit);
  }
  world.pass(200_000);
  return world;
}

/**
 * A whole canary, an abort, and a controller that is killed in the middle, before a real data plane: the same acts for each.
 * A test makes the world and the data plane, and plays them.
 */
import { expect } from "bun:test";
import type { KubeObject } from "../cluster/harness/api.ts";
import { healthy, inPhase, pausedAt, type World } from "../cluster/harness/clusterWorld.ts";
import { otherController, ownController } from "../cluster/harness/controllerProcess.ts";
import { type StartedHarness, startHarness } from "../cluster/harness/harness.ts";
import { abort, promote, setImage } from "../cluster/harness/userActions.ts";
import { until } from "../cluster/harness/until.ts";
import type { Scene } from "../cluster/harness/rolloutView.ts";
import { percentOf, sendRequests, steadyLoad, type Tally, type Target } from "./load.ts";

/** A data plane that is running. */
export interface DataPlane {
  /** Where requests go that nothing chooses a version for. */
  readonly target: Target;
  /** Resolves once it gives the canary so many percent of requests, and goes by what Services and their pods are now. */
  divides(percent: number): Promise<void>;
  /** Headers of which each alone sends a request to the canary. */
  readonly toCanary: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Headers of which each alone keeps a request from the canary. */
  readonly toStable: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const name = "web";
export const STABLE = "web-stable";
export const CANARY = "web-canary";
const image = (version: number): string => `demo:v${version}`;

/** In a cluster that is given there is no fake kubelet; and another controller may write other objects. */
export const mayPlay = otherController() === undefined && (Bun.env.KUBECONFIG ?? "") === "";

/** A cluster whose controller may be killed. Without a Lease, another one goes on at once. */
export const ownCluster = (): Promise<StartedHarness> =>
  startHarness({ controller: `${ownController} --leader-elect=false` });

const service = (serviceName: string, port: number): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: serviceName },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: port }] },
});

/** The weights at which requests are counted, in percent. */
const weights = [5, 20, 50, 100] as const;
const PAUSE = { pause: {} };

/**
 * Steps: a canary that only headers and cookies lead to, then the weights, and a pause after each.
 * @param atFirst what makes the data plane tell requests apart, if that takes steps
 */
const stepsOf = ({ atFirst = [], maxTrafficWeight = 100 }: RolloutOptions): readonly object[] => [
  { setCanaryScale: { replicas: 1 } },
  ...atFirst,
  PAUSE,
  { setCanaryScale: { matchTrafficWeight: true } },
  ...weights.flatMap((percent) => [{ setWeight: (percent * maxTrafficWeight) / 100 }, PAUSE]),
];

export interface RolloutOptions {
  readonly trafficRouting: object;
  /** Where pods listen: free on this machine. */
  readonly port: number;
  readonly atFirst?: readonly object[];
  readonly maxTrafficWeight?: number;
  /** More members of the strategy; by default, old pods are let go after two seconds. */
  readonly canary?: object;
}

/** The Services and the Rollout, of four pods that serve for 2.7 s after they are told to end. */
export function routedObjects(options: RolloutOptions): KubeObject[] {
  const { trafficRouting, port, maxTrafficWeight, canary = { scaleDownDelaySeconds: 2 } } = options;
  const container = {
    name: "main",
    image: image(1),
    ports: [{ containerPort: port }],
    // Running and not yet ready for a second: the server listens before anybody is sent to it.
    readinessProbe: { httpGet: { path: "/", port }, initialDelaySeconds: 1 },
    // As the documentation of data planes advises: served until they have all been told.
    lifecycle: { preStop: { sleep: { seconds: 2 } } },
  };
  return [
    service(STABLE, port),
    service(CANARY, port),
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name },
      spec: {
        replicas: 4,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name }, annotations: { "sim.sluice.dev/ready-after": "200ms" } },
          spec: { containers: [container] },
        },
        strategy: {
          canary: {
            stableService: STABLE,
            canaryService: CANARY,
            trafficRouting: { ...trafficRouting, ...(maxTrafficWeight === undefined ? {} : { maxTrafficWeight }) },
            abortScaleDownDelaySeconds: 2,
            steps: stepsOf(options),
            ...canary,
          },
        },
      },
    },
  ];
}

interface Stage {
  readonly world: World;
  readonly plane: DataPlane;
  readonly kills: boolean;
  /** The index of the pause at which a weight of the canary has been set; of the first pause for weight 0. */
  pauseOf(weight: number): number;
  /** Pod template hash of the version that is being rolled out, or has been. */
  version(): Promise<string>;
}

function stageOf(world: World, plane: DataPlane, kills: boolean, steps: readonly object[]): Stage {
  const pauses = steps.flatMap((step, index) => ("pause" in step ? [index] : []));
  return {
    world,
    plane,
    kills,
    pauseOf: (weight) => pauses[1 + weights.findIndex((each) => each === weight)] ?? -1,
    version: async () => (await world.scene(name)).rollout.status?.currentPodHash ?? "",
  };
}

const arrive = async ({ world, plane, pauseOf }: Stage, weight: number): Promise<void> => {
  await world.waitFor(name, `waits with weight ${weight}`, pausedAt(pauseOf(weight)));
  await plane.divides(weight);
};

/** How many failed, and the first of them: thousands may. */
function expectNoFailure({ failures }: Tally): void {
  expect({ failed: failures.length, first: failures.slice(0, 5) }).toEqual({ failed: 0, first: [] });
}

/** Each of `headers` alone leads every request to this version. */
async function expectAll(plane: DataPlane, headers: DataPlane["toCanary"], version: string): Promise<void> {
  for (const [what, more] of Object.entries(headers)) {
    const target = { ...plane.target, headers: { ...plane.target.headers, ...more } };
    const tally = await sendRequests(target, 1000);
    expectNoFailure(tally);
    const { sent, versions } = tally;
    expect({ what, versions: [...versions] }).toEqual({ what, versions: [[version, sent]] });
    console.log(`dataplane: ${what}: all of ${sent} requests went to ${version}`);
  }
}

/** 10,000 requests, of which the canary's version gets its share, give or take two points. */
async function expectShare(plane: DataPlane, weight: number, version: string): Promise<void> {
  const tally = await sendRequests(plane.target, 10_000);
  const percent = percentOf(tally, version);
  console.log(`dataplane: weight ${weight}: ${percent.toFixed(2)} % of ${tally.sent} requests`);
  expectNoFailure(tally);
  expect(Math.abs(percent - weight)).toBeLessThanOrEqual(weight === 100 ? 0 : 2);
}

/** SIGKILL, and another one at once. */
async function replaceController({ world }: Stage): Promise<void> {
  for (const controller of world.harness.controllers()) await controller.child.stop("SIGKILL");
  await world.harness.startController();
}

/** To the next weight; the controller is killed once it has begun to move there. */
async function goOnKilled(stage: Stage): Promise<void> {
  const { world } = stage;
  const canarySize = (scene: Scene): number => scene.replicaSets.at(-1)?.spec.replicas ?? 0;
  const before = canarySize(await world.scene(name));
  await promote(world, name);
  await world.waitFor(name, "the canary grows", (_, scene) => canarySize(scene) > before);
  await replaceController(stage);
}

const sizeOf = async ({ world }: Stage, version: string): Promise<number | undefined> =>
  (await world.scene(name)).replicaSets.find(({ metadata }) => metadata.name.endsWith(version))?.spec.replicas;

/** From the first version to the second, by every weight, with a controller killed on the way. */
async function promoted(stage: Stage): Promise<void> {
  const { world, plane } = stage;
  const old = await stage.version();
  await setImage(world, name, image(2));
  await arrive(stage, 0);
  const next = await stage.version();
  await expectAll(plane, plane.toCanary, next);
  await expectAll(plane, { "neither header nor cookie": {} }, old);
  for (const weight of weights) {
    if (weight === 50 && stage.kills) await goOnKilled(stage);
    else await promote(world, name);
    await arrive(stage, weight);
    await expectShare(plane, weight, next);
    // At the whole weight a stable version that shrinks has no pods left.
    if (weight === 50) await expectAll(plane, plane.toStable, old);
  }
  await promote(world, name);
  await world.waitFor(name, "promoted", healthy);
  await until("the old pods are let go", async () => (await sizeOf(stage, old)) === 0, 30_000);
  await plane.divides(0);
  await expectAll(plane, { "after the promotion": {} }, next);
}

/** The third version gets half of the requests, and is taken back. */
async function aborted(stage: Stage): Promise<void> {
  const { world, plane } = stage;
  const good = await stage.version();
  await setImage(world, name, image(3));
  await arrive(stage, 0);
  const bad = await stage.version();
  for (const weight of [5, 20, 50] as const) {
    await promote(world, name);
    await arrive(stage, weight);
  }
  await abort(world, name);
  if (stage.kills) await replaceController(stage);
  await world.waitFor(name, "aborted", inPhase("Degraded"));
  await plane.divides(0);
  await expectAll(plane, { "after the abort": {} }, good);
  await until("the bad pods are let go", async () => (await sizeOf(stage, bad)) === 0, 30_000);
}

/**
 * Plays all of it, under a load that never rests; no request of it may fail.
 * @param kills whether the controller is killed on the way to half of the requests, and right after the abort
 * @returns what the load has counted
 */
export async function playWholeCanary(world: World, plane: DataPlane, kills: boolean): Promise<Tally> {
  const { rollout } = await world.waitFor(name, "the first version is Healthy", healthy);
  const stage = stageOf(world, plane, kills, rollout.spec.strategy.canary?.steps as object[]);
  await plane.divides(0);
  const load = steadyLoad(plane.target);
  try {
    await promoted(stage);
    await aborted(stage);
  } finally {
    await load.stop();
  }
  const tally = load.tally();
  console.log(`dataplane: ${tally.sent} requests over all of it, ${tally.failures.length} failed`);
  expectNoFailure(tally);
  return tally;
}

/** Rollouts in the middle of something when their controller is replaced, and how each of them goes on. */
import { HASH_LABEL } from "../../../schema/labels.ts";
import { abort, pause, promote, promoteFull, restart, resume, retry, setImage, undo } from "./userActions.ts";
import type { KubeObject } from "./api.ts";
import type { RolloutView } from "./rolloutView.ts";
import { until } from "./until.ts";
import { healthy, inPhase, type World } from "./clusterWorld.ts";

export const name = "web";
const yellow = "argoproj/rollouts-demo:yellow";

export interface Halfway {
  readonly title: string;
  readonly objects: readonly KubeObject[];
  /** Resolves once it rests; the other controller drives it from there. */
  prepare(world: World): Promise<void>;
  /** Brings it to its end, and resolves once it rests. */
  finish(world: World): Promise<void>;
  /** How many pods are ready at any time: behind `service`, if it is given. */
  readonly least: number;
  readonly service?: string;
}

const container = { name: "main", image: "argoproj/rollouts-demo:blue", ports: [{ containerPort: 8080 }] };

const rollout = (spec: object, podSpec: object = {}): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container], ...podSpec } },
    ...spec,
  },
});

const service = (suffix: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: `${name}-${suffix}` },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
});

/** One pod of four, waits for the user; two of four, waits again. */
const steps = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];
const canary = (more: object = {}, spec: object = {}): KubeObject =>
  rollout({ strategy: { canary: { steps, maxSurge: 1, maxUnavailable: 0, ...more } }, ...spec });
/** Eight pods, a quarter replaced at each step, never fewer than eight ready. */
export const quarters = (): KubeObject =>
  canary({ steps: [25, 50, 75].flatMap((setWeight) => [{ setWeight }, { pause: { duration: 1 } }]) }, { replicas: 8 });
const blueGreen = (more: object = {}): KubeObject[] => [
  service("active"),
  service("preview"),
  rollout({
    replicas: 2,
    strategy: {
      blueGreen: {
        activeService: `${name}-active`,
        previewService: `${name}-preview`,
        autoPromotionEnabled: false,
        ...more,
      },
    },
  }),
];

const atStep =
  (index: number) =>
  (rollout: RolloutView): boolean =>
    inPhase("Paused", "CanaryPauseStep")(rollout, { rollout, replicaSets: [], services: [] }) &&
    rollout.status?.currentStepIndex === index;
const waiting = inPhase("Paused", "BlueGreenPause");
const degraded = inPhase("Degraded");

async function firstRevision(world: World): Promise<void> {
  await world.settle(name, "the first revision is Healthy", healthy);
}

async function update(world: World, what: string, holds: Parameters<World["settle"]>[2]): Promise<void> {
  await firstRevision(world);
  await setImage(world, name, yellow);
  await world.settle(name, what, holds);
}

async function finishInFull(world: World): Promise<void> {
  await promoteFull(world, name);
  await world.settle(name, "promoted in full", healthy);
}

/**
 * The scale-down delay of one of two revisions has passed; the other keeps its pods. Positions by order of creation.
 */
async function emptied(world: World, { gone, left }: { readonly gone: number; readonly left: number }): Promise<void> {
  await world.settle(
    name,
    "the pods whose time is over are gone",
    (_, { replicaSets }) => replicaSets[gone]?.spec.replicas === 0 && replicaSets[left]?.spec.replicas === 2,
    120_000,
  );
}

const pausedCanary = {
  objects: [canary()],
  prepare: (world: World) => update(world, "pauses", atStep(1)),
  least: 4,
};

export const halfway: readonly Halfway[] = [
  {
    ...pausedCanary,
    title: "a canary that waits for the user",
    finish: async (world) => {
      await promote(world, name);
      await world.settle(name, "goes on to the next pause", atStep(3));
      await promote(world, name);
      await world.settle(name, "Healthy", healthy);
    },
  },
  {
    ...pausedCanary,
    title: "a canary that is undone afterwards",
    finish: async (world) => {
      await undo(world, name);
      await world.settle(name, "undone", healthy);
    },
  },
  {
    ...pausedCanary,
    title: "a canary that waits for the clock",
    objects: [canary({ steps: [{ setWeight: 25 }, { pause: { duration: "45s" } }, { setWeight: 75 }] })],
    finish: async (world) => {
      await world.settle(name, "goes on by itself", healthy, 90_000);
    },
  },
  {
    ...pausedCanary,
    title: "a canary that the user holds",
    prepare: async (world) => {
      await update(world, "pauses", atStep(1));
      await pause(world, name);
      await world.settle(name, "held", inPhase("Paused", "manually paused"));
    },
    finish: async (world) => {
      await resume(world, name);
      await world.settle(name, "still at the step's pause", atStep(1));
      await finishInFull(world);
    },
  },
  {
    ...pausedCanary,
    title: "a canary whose pods are labelled by their part",
    objects: [
      canary({
        canaryMetadata: { labels: { role: "canary" }, annotations: { note: "new" } },
        stableMetadata: { labels: { role: "stable" } },
      }),
    ],
    finish: finishInFull,
  },
  {
    ...pausedCanary,
    title: "an aborted canary",
    prepare: async (world) => {
      await update(world, "pauses", atStep(1));
      await abort(world, name);
      await world.settle(name, "aborted", degraded);
    },
    finish: async (world) => {
      await retry(world, name);
      await world.settle(name, "tried again", atStep(1));
      await finishInFull(world);
    },
  },
  {
    title: "a canary of which no pod gets ready",
    objects: [canary({}, { progressDeadlineSeconds: 5 })],
    prepare: async (world) => {
      await firstRevision(world);
      await setImage(world, name, "nonexistent-image:1");
      await world.settle(name, "too late", degraded);
    },
    finish: async (world) => {
      await undo(world, name);
      await world.settle(name, "undone", healthy);
    },
    least: 4,
  },
  {
    ...pausedCanary,
    title: "a completed canary with a history, its pods restarted",
    objects: [canary({ steps: [{ setWeight: 25 }, { pause: { duration: 1 } }] })],
    prepare: async (world) => {
      await update(world, "Healthy", (rollout, scene) => healthy(rollout, scene) && scene.replicaSets.length === 2);
      await Bun.sleep(1_100); // restartAt has whole seconds
      await restart(world, name);
      const restarted = ({ spec, status }: RolloutView): boolean =>
        spec.restartAt !== undefined && status?.restartedAt === spec.restartAt;
      await world.settle(name, "restarted", (rollout, scene) => restarted(rollout) && healthy(rollout, scene), 120_000);
    },
    finish: async (world) => {
      await undo(world, name);
      await world.settle(
        name,
        "undone by an update",
        (rollout, scene) =>
          healthy(rollout, scene) &&
          scene.replicaSets.some((set) => set.metadata.annotations?.["rollout.argoproj.io/revision"] === "3"),
      );
    },
  },
  {
    ...pausedCanary,
    title: "a canary whose hash another ReplicaSet has taken",
    prepare: async (world) => {
      await update(world, "pauses", atStep(1));
      // The hash of the next template is not known beforehand: it is read from a second Rollout with the same template.
      await occupyNext(world);
      await setImage(world, name, "argoproj/rollouts-demo:red");
      const collided = (rollout: RolloutView): boolean =>
        (rollout.status as { collisionCount?: number } | undefined)?.collisionCount === 1;
      await world.settle(name, "another hash", (rollout) => collided(rollout) && atStep(1)(rollout));
    },
    finish: finishInFull,
  },
  {
    title: "a rolling update without steps, held by a pod that is not ready",
    objects: [rollout({ strategy: { canary: { maxSurge: 1, maxUnavailable: 0 } } })],
    prepare: async (world) => {
      await firstRevision(world);
      await setImage(world, name, "nonexistent-image:1");
      await world.settle(name, "one pod that does not start", (rollout) => rollout.status?.replicas === 5);
    },
    finish: async (world) => {
      await setImage(world, name, yellow);
      await world.settle(name, "yellow", healthy);
    },
    least: 4,
  },
  {
    title: "a blue-green update before its promotion",
    objects: blueGreen(),
    prepare: (world) => update(world, "waits", waiting),
    finish: async (world) => {
      await promote(world, name);
      await world.settle(name, "promoted", healthy);
    },
    least: 2,
    service: `${name}-active`,
  },
  {
    title: "a blue-green update with a preview of one pod",
    objects: blueGreen({ previewReplicaCount: 1 }),
    prepare: (world) => update(world, "waits", waiting),
    finish: async (world) => {
      await promote(world, name);
      await world.settle(name, "promoted", healthy);
    },
    least: 2,
    service: `${name}-active`,
  },
  {
    title: "a promoted blue-green update whose old pods still have their time",
    objects: blueGreen({ scaleDownDelaySeconds: 60 }),
    prepare: async (world) => {
      await update(world, "waits", waiting);
      await promote(world, name);
      await world.settle(name, "promoted", healthy);
    },
    finish: (world) => emptied(world, { gone: 0, left: 1 }),
    least: 2,
    service: `${name}-active`,
  },
  {
    title: "an aborted blue-green update whose new pods still have their time",
    objects: blueGreen({ abortScaleDownDelaySeconds: 60 }),
    prepare: async (world) => {
      await update(world, "waits", waiting);
      await abort(world, name);
      await world.settle(name, "aborted", degraded);
    },
    finish: (world) => emptied(world, { gone: 1, left: 0 }),
    least: 2,
    service: `${name}-active`,
  },
];

/** Creates a ReplicaSet without an owner, with the name that the ReplicaSet of the red image would have. */
async function occupyNext(world: World): Promise<void> {
  const { harness, namespace } = world;
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
  const { rollout } = await world.scene(name);
  const { spec: podSpec, ...rest } = rollout.spec.template;
  const containers = podSpec.containers.map((each) => ({ ...each, image: "argoproj/rollouts-demo:red" }));
  const template = { ...rest, spec: { ...podSpec, containers } };
  const spec = { ...rollout.spec, replicas: 0, template };
  await harness.api.create(path, {
    apiVersion: rollout.apiVersion,
    kind: "Rollout",
    metadata: { name: "scout" },
    spec,
  });
  await world.waitFor("scout", "its hash is known", (scout) => (scout.status?.currentPodHash ?? "") !== "");
  const { rollout: scout } = await world.scene("scout");
  const hash = scout.status?.currentPodHash ?? "";
  await harness.api.delete(`${path}/scout`, { propagationPolicy: "Foreground" });
  const gone = async (): Promise<boolean> =>
    (await harness.api.get(`${path}/scout`).catch(() => undefined)) === undefined;
  await until("the scout is gone", gone, 30_000);
  const labels = { app: "nobody", [HASH_LABEL]: hash };
  await world.create({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: `${name}-${hash}`, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: "nobody" } },
      template: { metadata: { labels }, spec: template.spec },
    },
  });
}

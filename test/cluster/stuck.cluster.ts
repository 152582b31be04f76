/** Updates that make no progress, with pods that fail in the same ways as real ones. */
import { expect, test } from "bun:test";
import type { KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import type { RolloutView } from "./harness/rolloutView.ts";
import { healthy, newWorld, type World } from "./harness/clusterWorld.ts";

/**
 * The recorded controller reports no reasons, and with it a crash loop extends the deadline: documented in
 * docs/differences.md.
 */
const oursOnly = test.skipIf(otherController() !== undefined);

interface PodTemplate {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

const template = ({ annotations = {}, image = "nginx:1", nodeSelector }: PodTemplate) => ({
  metadata: { labels: { app: "web" }, annotations },
  spec: { containers: [{ name: "web", image }], ...(nodeSelector === undefined ? {} : { nodeSelector }) },
});

const rollout = (spec: object): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web" },
  spec: {
    replicas: 3,
    progressDeadlineSeconds: 12,
    selector: { matchLabels: { app: "web" } },
    template: template({}),
    strategy: { canary: { maxSurge: 1, maxUnavailable: 0 } },
    ...spec,
  },
});

/** Updates a healthy Rollout and waits for its end. */
async function updated(topic: string, spec: object, pods: PodTemplate, holds: (view: RolloutView) => boolean) {
  const world = await newWorld(topic);
  await world.create(rollout(spec));
  await world.settle("web", "Healthy", healthy);
  await world.patch("web", { spec: { template: template(pods) } });
  const scene = await world.waitFor("web", "it is stuck", holds);
  return { world, scene };
}

const progressing = (view: RolloutView) => view.status?.conditions?.find(({ type }) => type === "Progressing");
const exceeded = (view: RolloutView): boolean => progressing(view)?.reason === "ProgressDeadlineExceeded";
const aborted = (view: RolloutView): boolean => progressing(view)?.reason === "RolloutAborted";

const events = async (world: World): Promise<string[]> =>
  (await world.events("web")).filter((line) => line.includes("has timed out"));

oursOnly(
  "a crash loop whose pods become ready each time aborts the update in the end, with its exit code",
  async () => {
    const spec = { minReadySeconds: 4, progressDeadlineAbort: true };
    const pods = { annotations: { "sim.sluice.dev/crash-after": "3s" } };
    const { world, scene } = await updated("crashloop", spec, pods, aborted);
    const message = progressing(scene.rollout)?.message ?? "";
    expect(message).toMatch(/^Rollout aborted update to revision 2: ReplicaSet "web-\w+" has timed out progressing\./);
    expect(message).toMatch(/container "web", ended with exit code 1 \(Error\), restarted \d+ times?/);
    const stable = await world.waitFor("web", "stable is whole again", ({ status }) => status?.availableReplicas === 3);
    expect(stable.replicaSets.map((set) => set.spec.replicas)).toEqual([3, 0]);
  },
);

oursOnly("an image that cannot be pulled is named in the condition, the status and the events", async () => {
  const { world, scene } = await updated(
    "nopull",
    { progressDeadlineAbort: true },
    { image: "nonexistent-nginx" },
    aborted,
  );
  const why = '1 of 1 pods not ready: ImagePullBackOff, container "web", image "nonexistent-nginx": Back-off pulling';
  expect(progressing(scene.rollout)?.message).toContain(why);
  expect(scene.rollout.status?.message).toContain(why);
  const recorded = await events(world);
  expect(recorded).toHaveLength(2);
  for (const line of recorded) expect(line).toContain(why);
});

oursOnly("pods without a node are told of in the scheduler's words", async () => {
  const { scene } = await updated("unschedulable", {}, { nodeSelector: { disk: "none" } }, exceeded);
  expect(progressing(scene.rollout)?.message).toMatch(
    /^ReplicaSet "web-\w+" has timed out progressing\. 1 of 1 pods not ready: Unschedulable: 0\/3 nodes are available/,
  );
});

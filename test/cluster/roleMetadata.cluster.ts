/** Metadata by role that takes the place of the template's own, with a Service that selects by it. */
import { expect, test } from "bun:test";
import { promote, setImage, undo } from "./harness/userActions.ts";
import { harness } from "./harness/harness.ts";
import { healthy, inPhase, newWorld, pausedAt } from "./harness/clusterWorld.ts";

const { api } = await harness();
const preview = { labels: { role: "preview" }, annotations: { team: "new" } };

interface PodMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

test("the label of the template comes back after a promotion, on the ReplicaSet and on the pods", async () => {
  const world = await newWorld("role-metadata");
  const name = "app";
  await world.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "app" } },
      template: {
        metadata: { labels: { app: "app", role: "web" }, annotations: { team: "a" } },
        spec: { containers: [{ name: "main", image: "demo:v1" }] },
      },
      strategy: {
        canary: {
          canaryMetadata: { labels: { role: "canary" }, annotations: { team: "new" } },
          steps: [{ setWeight: 34 }, { pause: {} }],
        },
      },
    },
  });
  await world.settle(name, "the first revision is Healthy", healthy);
  await setImage(world, name, "demo:v2");
  await world.settle(name, "the update pauses", pausedAt(1));
  const labelled = async (role: string): Promise<readonly unknown[]> => {
    const { items } = await api.list(`/api/v1/namespaces/${world.namespace}/pods?labelSelector=role%3D${role}`);
    return items.map(({ metadata }) => metadata.annotations?.["team"]);
  };
  expect([await labelled("canary"), await labelled("web")]).toEqual([["new"], ["a", "a"]]);
  await promote(world, name);
  await world.settle(name, "the update is Healthy", healthy);
  expect([await labelled("canary"), await labelled("web")]).toEqual([[], ["a", "a", "a"]]);
}, 120_000);

test.each([
  ["canary", { canary: { canaryMetadata: preview, steps: [{ setWeight: 50 }, { pause: {} }] } }],
  ["blue-green", { blueGreen: { activeService: "web", previewMetadata: preview, autoPromotionEnabled: false } }],
])(
  "a version that is given up has the labels and annotations of its template again: %s",
  async (_, strategy) => {
    const world = await newWorld("role-given-up");
    const name = "app";
    const selector = { app: "app" };
    await world.create({ kind: "Service", metadata: { name: "web" }, spec: { selector, ports: [{ port: 80 }] } });
    await world.create({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name },
      spec: {
        replicas: 4,
        selector: { matchLabels: selector },
        template: {
          metadata: { labels: { app: "app", role: "web" }, annotations: { team: "a" } },
          spec: { containers: [{ name: "main", image: "demo:v1" }] },
        },
        strategy,
      },
    });
    await world.settle(name, "the first revision is Healthy", healthy);
    for (const image of ["demo:v2", "demo:v3"]) {
      await setImage(world, name, image);
      await world.settle(name, `${image} pauses`, inPhase("Paused"));
    }
    const { replicaSets } = await world.scene(name);
    const metadata = replicaSets.map(({ spec }) => spec.template.metadata as PodMetadata);
    expect(metadata.map(({ labels, annotations }) => [labels?.["role"], annotations?.["team"]])).toEqual([
      ["web", "a"],
      ["web", "a"],
      ["preview", "new"],
    ]);
  },
  120_000,
);

test("a version that one goes back to is known again while its pods get their metadata", async () => {
  const world = await newWorld("role-undo");
  const name = "app";
  const selector = { app: "app" };
  await world.create({ kind: "Service", metadata: { name: "web" }, spec: { selector, ports: [{ port: 80 }] } });
  const activeMetadata = { labels: { role: "active" } };
  await world.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: selector },
      template: { metadata: { labels: selector }, spec: { containers: [{ name: "main", image: "demo:v1" }] } },
      strategy: { blueGreen: { activeService: "web", previewMetadata: preview, activeMetadata } },
    },
  });
  await world.settle(name, "the first revision is Healthy", healthy);
  await setImage(world, name, "demo:v2");
  await world.settle(name, "the second revision is Healthy", healthy);
  // It still has its pods, and the Rollout's template now has its defaults.
  await undo(world, name);
  const { replicaSets } = await world.settle(name, "the first one is active again", healthy);
  expect(replicaSets.map(({ spec }) => spec.template.metadata?.labels?.["role"])).toEqual([undefined, "active"]);
}, 120_000);

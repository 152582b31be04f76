/** Metadata by role that takes the place of the template's own, with a Service that selects by it. */
import { expect, test } from "bun:test";
import { promote, setImage } from "./harness/actions.ts";
import { harness } from "./harness/harness.ts";
import { healthy, newWorld, pausedAt } from "./harness/world.ts";

const { api } = await harness();

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

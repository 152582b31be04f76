/** All Deployments get their pods back, whatever asks (docs/uninstall.md), and those of other installations are left alone. */
import { expect, test } from "bun:test";
import type { ReflectorSink } from "../../kube/runtime/watch.ts";
import { INSTANCE_LABEL, MANAGED_BY_ROLLOUT, REPLICAS_WANTED } from "../../schema/labels.ts";
import type { RawDeployment } from "./facts/caches.ts";
import { asks, DEPLOYMENT, MINUTE, stage } from "./stage/testing.ts";

test("a controller that restores gives a Deployment that still asks its pods back, and does not begin again", async () => {
  const world = await stage({ annotations: asks });
  await world.clock.advance(5 * MINUTE);
  world.end();
  await world.clock.advance(MINUTE);
  world.available.least = Infinity;
  world.begin({ restoring: true });
  await world.clock.advance(60 * MINUTE);
  expect(world.rollout()).toBeUndefined();
  expect(world.deployment()).toMatchObject({ spec: { replicas: 3 }, status: { availableReplicas: 3 } });
  expect(world.deployment().metadata.annotations).not.toHaveProperty(MANAGED_BY_ROLLOUT);
  expect(world.available.least).toBeGreaterThanOrEqual(3);
  world.end();
});

test("one that the webhook still holds at 0 for a Rollout gets its pods as well", async () => {
  const world = await stage({ annotations: {}, replicas: 0 });
  world.end();
  world.annotate({ ...asks, [REPLICAS_WANTED]: "2" });
  world.begin({ restoring: true });
  await world.clock.advance(5 * MINUTE);
  expect(world.deployment()).toMatchObject({ spec: { replicas: 2 }, status: { availableReplicas: 2 } });
  world.end();
});

test("a Deployment with the label of another installation is left alone", async () => {
  const world = await stage();
  world.core.modify(DEPLOYMENT, (old) => ({
    ...old,
    metadata: {
      ...old.metadata,
      labels: { [INSTANCE_LABEL]: "other" },
      annotations: { ...old.metadata.annotations, ...asks },
    },
  }));
  await world.clock.advance(10 * MINUTE);
  expect(world.rollout()).toBeUndefined();
  expect(world.deployment().spec.replicas).toBe(3);
  world.end();
});

test("who is beside is told of all Deployments by the same watch", async () => {
  const world = await stage();
  world.end();
  const told = new Set<string>();
  let lists = 0;
  const deployments: ReflectorSink<RawDeployment> = {
    upsert: ({ metadata }) => void told.add(metadata.name),
    remove: () => {},
    prune: () => void (lists += 1),
  };
  world.begin({ deployments });
  await world.clock.advance(MINUTE);
  expect([...told]).toEqual(["web"]);
  expect(lists).toBe(1);
  world.end();
});

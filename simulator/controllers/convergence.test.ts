/**
 * Random changes of Deployments, ReplicaSets, Services and pods, with slow controllers and a server that refuses some
 * of their writes: in the end the counts are right, nothing moves any more, and the same seed gives the same history.
 */
import { expect, test } from "bun:test";
import { chance, podTemplate, stage, type Stage, workload } from "../../test/contract/stage.ts";
import type { ApiCore, ApiObject, Draft } from "../model/model.ts";
import { StatusError } from "../model/statusError.ts";
import { type ControllerName, controllerNames } from "./controllers.ts";
import { controllerOf, type Deployment, isActive, isReady, type Pod, type ReplicaSet } from "./loop/objects.ts";

interface Dice {
  (): number;
}
const pick = <T>(random: Dice, items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];

/** Refuses one write in `every` between begin and end. */
function unreliable(random: Dice, every: number) {
  let isBad = false;
  const through = (core: ApiCore): ApiCore => {
    const perhaps = (): void => {
      if (isBad && random() < 1 / every) throw new StatusError(500, "InternalError", "the server had a bad moment");
    };
    return {
      ...core,
      create: (...args) => (perhaps(), core.create(...args)),
      modify: (...args) => (perhaps(), core.modify(...args)),
      delete: (...args) => (perhaps(), core.delete(...args)),
    };
  };
  return { through, begin: () => void (isBad = true), end: () => void (isBad = false) };
}

const names = ["a", "b"];
const labelled = (name: string) => ({ app: name });
const template = (name: string, image: string) => ({ ...podTemplate(image), metadata: { labels: labelled(name) } });
const deployment = (random: Dice, name: string): Draft =>
  workload(name, Math.floor(random() * 6), {
    selector: { matchLabels: labelled(name) },
    template: template(name, "nginx:1"),
    strategy: random() < 0.2 ? { type: "Recreate" } : { type: "RollingUpdate", rollingUpdate: limits(random) },
    minReadySeconds: random() < 0.3 ? 3 : 0,
    revisionHistoryLimit: Math.floor(random() * 3),
  });
const limits = (random: Dice) =>
  pick(random, [
    { maxSurge: 1, maxUnavailable: 0 },
    { maxSurge: 0, maxUnavailable: 1 },
    { maxSurge: "50%", maxUnavailable: "50%" },
    { maxSurge: "100%", maxUnavailable: 0 },
  ]);

type Edit = (world: Stage, random: Dice, name: string) => void;

const images = ["nginx:1", "nginx:2", "nginx:3", "nonexistent-nginx", "argoproj/rollouts-demo:error"];
const anyOf = (world: Stage, random: Dice, resource: string): string | undefined =>
  pick(random, world.core.list(resource, { namespace: "default" }))?.metadata.name;

const edits: readonly Edit[] = [
  (world, random, name) =>
    world.patch("deployments.apps", name, { spec: { template: template(name, pick(random, images) ?? "") } }),
  (world, random, name) => world.patch("deployments.apps", name, { spec: { replicas: Math.floor(random() * 8) } }),
  (world, random, name) => world.patch("deployments.apps", name, { spec: { paused: random() < 0.5 } }),
  (world, random, name) => {
    world.remove("deployments.apps", name);
    world.pass(random() * 5);
    world.create("deployments.apps", deployment(random, name));
  },
  (world, random) => {
    const pod = anyOf(world, random, "pods");
    if (pod !== undefined) world.remove("pods", pod);
  },
  (world, random) => {
    const pod = anyOf(world, random, "pods");
    if (pod !== undefined)
      world.patch("pods", pod, { metadata: { labels: { app: pick(random, [...names, "lost"]) } } });
  },
  (world, random) => {
    const set = anyOf(world, random, "replicasets.apps");
    if (set !== undefined) world.remove("replicasets.apps", set);
  },
  (world, random, name) => {
    const set = anyOf(world, random, "replicasets.apps");
    // Kubernetes, too, leaves an old ReplicaSet alone that a user enlarged, where the Deployment recreates.
    const recreates = JSON.stringify(world.get("deployments.apps", name)?.["spec"]).includes("Recreate");
    if (set?.startsWith(name) === true && !recreates)
      world.patch("replicasets.apps", set, { spec: { replicas: Math.floor(random() * 4) } });
  },
  (world, random) => world.patch("services", "web", { spec: { selector: labelled(pick(random, names) ?? "a") } }),
];

function play(seed: number): Stage {
  const random = chance(seed);
  const lag = (name: ControllerName) => [name, random() < 0.3 ? () => random() * 2000 : 0] as const;
  const lagMs = Object.fromEntries(controllerNames.map(lag));
  const server = unreliable(random, 20);
  const world = stage({ seed, lagMs, through: server.through, events: random() < 0.5 });
  server.begin();
  world.create("services", {
    metadata: { name: "web" },
    spec: { selector: labelled("a"), ports: [{ port: 80, targetPort: 8080 }] },
  });
  for (const name of names) world.create("deployments.apps", deployment(random, name));
  for (let n = 0; n < 25; n++) {
    world.pass(random() * 12);
    pick(random, edits)?.(world, random, pick(random, names) ?? "a");
  }
  server.end();
  // No template is left broken that was broken on purpose.
  for (const name of names) {
    world.patch("deployments.apps", name, { spec: { paused: false, template: template(name, "nginx:9") } });
  }
  // Pauses after refusals may have grown.
  world.pass(4000);
  return world;
}

function expectSettled(world: Stage): void {
  const sets = world.core.list("replicasets.apps") as readonly ReplicaSet[];
  const pods = world.core.list("pods") as readonly Pod[];
  const ownedBy = <T extends ApiObject>(objects: readonly T[], { metadata }: ApiObject): readonly T[] =>
    objects.filter((object) => controllerOf(object)?.uid === metadata.uid);
  for (const d of world.core.list("deployments.apps") as readonly Deployment[]) {
    const own = ownedBy(sets, d);
    const current = own.filter(({ spec }) => (spec.replicas ?? 0) > 0).flatMap((set) => ownedBy(pods, set));
    const wanted = d.spec.replicas ?? 1;
    expect(current.map(({ spec }) => spec.containers[0]?.image)).toEqual(
      Array.from({ length: wanted }, () => "nginx:9"),
    );
    expect(current.every((pod) => isActive(pod) && isReady(pod))).toBe(true);
    const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, unavailableReplicas = 0 } = d.status ?? {};
    expect([replicas, updatedReplicas, availableReplicas, unavailableReplicas]).toEqual([wanted, wanted, wanted, 0]);
    expect(d.status?.observedGeneration).toBe(d.metadata.generation ?? 0);
    expect(own.length).toBeLessThanOrEqual(1 + (d.spec.revisionHistoryLimit ?? 10));
  }
  for (const set of sets) {
    const own = ownedBy(pods, set);
    expect([own.length, set.status?.replicas]).toEqual([set.spec.replicas ?? 1, set.spec.replicas ?? 1]);
    expect(set.status?.observedGeneration).toBe(set.metadata.generation ?? 0);
  }
  const { selector } = Object(world.get("services", "web")?.["spec"]) as { selector: { app: string } };
  const served = pods.filter((pod) => pod.metadata.labels?.["app"] === selector.app && isReady(pod));
  const subsets = (world.get("endpoints", "web")?.["subsets"] ?? []) as readonly { addresses?: readonly unknown[] }[];
  expect(subsets.flatMap(({ addresses }) => addresses ?? []).length).toBe(served.length);
}

const seeds = Array.from({ length: 25 }, (_, n) => n + 1);

test.each(seeds)("a world of seed %d settles with the right counts and then rests", (seed) => {
  const world = play(seed);
  expectSettled(world);
  const before = world.changes.length;
  world.pass(3600);
  const late = world.changes.slice(before).filter(({ resource }) => resource !== "events");
  // A pod that its owner released, and whose container crashes, goes on crashing.
  expect(late.filter(({ object }) => controllerOf(object) !== undefined)).toEqual([]);
});

test("the same seed tells the same story", () => {
  const story = (seed: number) =>
    play(seed).changes.map(({ type, resource, object }) => `${type} ${resource} ${JSON.stringify(object)}`);
  expect(story(3)).toEqual(story(3));
  expect(story(3)).not.toEqual(story(4));
});

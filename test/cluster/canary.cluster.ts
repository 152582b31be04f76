import { test } from "bun:test";
import { abort, pause, promote, promoteFull, resume, retry, scale, setImage, undo } from "./harness/userActions.ts";
import { newStory } from "./harness/chapters.ts";
import { healthy, inPhase, newWorld, pausedAt } from "./harness/clusterWorld.ts";

/** The example: setWeight 20, pause, setWeight 40, pause 40s, 60, 20s, 80, 20s over 5 replicas. */
const file = "rollout-canary.yaml";
const name = "rollout-canary";
const yellow = "argoproj/rollouts-demo:yellow";
const green = "argoproj/rollouts-demo:green";
const aborted = inPhase("Degraded");

/** A new world in which the example is installed and, at the first pause, half-way to yellow. */
async function pausedUpdate(topic: string) {
  const world = await newWorld(topic);
  const story = await newStory(world, topic);
  await world.applyExample(file);
  await world.settle(name, "the first revision is Healthy", healthy);
  await setImage(world, name, yellow);
  await world.settle(name, "the update pauses at its first pause", pausedAt(1));
  return { world, story };
}

test.concurrent("an update goes through its steps: it waits for the user once, then by the clock", async () => {
  const world = await newWorld("canary-steps");
  const story = await newStory(world, "canary-steps");
  await world.applyExample(file);
  story.chapter("installed: no steps for the first revision", await world.frame(name, "Healthy", healthy));
  await setImage(world, name, yellow);
  story.chapter("yellow: 20 %, waits for the user", await world.frame(name, "paused at step 1", pausedAt(1)));
  await promote(world, name);
  story.chapter("promoted: 40 %, for 40 s", await world.frame(name, "paused at step 3", pausedAt(3)));
  story.chapter("60 %, for 20 s", await world.frame(name, "paused at step 5", pausedAt(5)));
  story.chapter("80 %, for 20 s", await world.frame(name, "paused at step 7", pausedAt(7)));
  story.chapter("all done", await world.frame(name, "Healthy", healthy));
  await story.end();
});

test.concurrent("an aborted update goes back to stable, can be retried, and promoted in full", async () => {
  const { world, story } = await pausedUpdate("canary-abort");
  await abort(world, name);
  story.chapter("aborted: stable has all replicas", await world.frame(name, "Degraded", aborted));
  await retry(world, name);
  story.chapter("retried: from the first step again", await world.frame(name, "paused at step 1", pausedAt(1)));
  await story.events(name);
  await promoteFull(world, name);
  story.chapter("promoted in full: no further pause", await world.frame(name, "Healthy", healthy, 30_000));
  await story.end();
});

test.concurrent("undo in the middle of an update returns to stable at once", async () => {
  const { world, story } = await pausedUpdate("canary-undo");
  await undo(world, name);
  story.chapter("undone: the old template has a new revision", await world.frame(name, "Healthy", healthy, 30_000));
  await story.events(name);
  await story.end();
});

test.concurrent("undo after an update is an update of its own, with all steps", async () => {
  const { world, story } = await pausedUpdate("canary-undo-late");
  await promoteFull(world, name);
  await world.settle(name, "yellow is Healthy", healthy);
  await undo(world, name, 1);
  story.chapter("undone to revision 1: pauses as any update", await world.frame(name, "paused at step 1", pausedAt(1)));
  await story.end();
});

test.concurrent("a newer revision in the middle of an update replaces the canary and starts over", async () => {
  const { world, story } = await pausedUpdate("canary-newer");
  await setImage(world, name, green);
  const replaced = await world.frame(
    name,
    "paused at step 1 of green",
    (rollout, scene) => pausedAt(1)(rollout, scene) && scene.replicaSets.length === 3,
  );
  story.chapter("green: yellow has no replicas", replaced);
  await story.events(name);
  await story.end();
});

test.concurrent("scaling in the middle of an update keeps the step's share", async () => {
  const { world, story } = await pausedUpdate("canary-scale");
  const sized = (total: number) => (rollout: { status?: { availableReplicas?: number; replicas?: number } }) =>
    rollout.status?.availableReplicas === total && rollout.status.replicas === total;
  await scale(world, name, 10);
  story.chapter("scaled to 10", await world.frame(name, "10 replicas", sized(10)));
  await scale(world, name, 3);
  story.chapter(
    "scaled to 3",
    await world.frame(name, "at most 4 replicas", (rollout) => (rollout.status?.replicas ?? 9) <= 4),
  );
  await scale(world, name, 0);
  story.chapter(
    "scaled to 0",
    await world.frame(name, "no replicas", (rollout) => (rollout.status?.replicas ?? 0) === 0),
  );
  await scale(world, name, 5);
  story.chapter(
    "scaled to 5 again",
    await world.frame(name, "5 replicas", (rollout) => rollout.status?.availableReplicas === 5),
  );
  await story.end();
});

test.concurrent("a pause by the user holds the update where it is", async () => {
  const world = await newWorld("canary-pause");
  const story = await newStory(world, "canary-pause");
  await world.applyExample(file);
  await world.settle(name, "Healthy", healthy);
  await pause(world, name);
  story.chapter(
    "paused while nothing is to do",
    await world.frame(name, "Paused", inPhase("Paused", "manually paused")),
  );
  await setImage(world, name, yellow);
  const held = await world.frame(
    name,
    "Paused, with the new revision known",
    (rollout, scene) => inPhase("Paused", "manually paused")(rollout, scene) && scene.replicaSets.length === 2,
  );
  story.chapter("yellow while paused: no pod of it", held);
  await promote(world, name);
  story.chapter("promoted: goes to the first pause", await world.frame(name, "paused at step 1", pausedAt(1)));
  await pause(world, name);
  story.chapter("paused at the pause", await world.frame(name, "Paused", inPhase("Paused", "manually paused")));
  await resume(world, name);
  story.chapter(
    "not paused by the user: still at the step's pause",
    await world.frame(name, "paused at step 1", pausedAt(1)),
  );
  await story.events(name);
  await story.end();
});

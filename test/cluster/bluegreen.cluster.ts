import { test } from "bun:test";
import { abort, promote, promoteFull, retry, scale, setImage, undo } from "./harness/userActions.ts";
import { revisionOf, type RolloutView, type Scene } from "./harness/rolloutView.ts";
import { newStory } from "./harness/chapters.ts";
import { healthy, inPhase, newWorld } from "./harness/clusterWorld.ts";

/** The example: 2 replicas, an active and a preview Service, promotion by the user. */
const file = "rollout-bluegreen.yaml";
const name = "rollout-bluegreen";
const yellow = "argoproj/rollouts-demo:yellow";
const waiting = inPhase("Paused", "BlueGreenPause");
const aborted = inPhase("Degraded");

const emptied =
  (revision: number) =>
  (_: RolloutView, { replicaSets }: Scene) =>
    replicaSets.some(
      (set) => revisionOf(set) === revision && (set.status.replicas ?? 0) === 0 && set.spec.replicas === 0,
    );

/** A new world in which the example is installed and the image `yellow` waits for its promotion. */
async function waitingUpdate(topic: string) {
  const world = await newWorld(topic);
  const story = await newStory(world, topic);
  await world.applyExample(file);
  await world.settle(name, "the first revision is Healthy", healthy);
  await setImage(world, name, yellow);
  await world.settle(name, "the update waits for promotion", waiting);
  return { world, story };
}

test.concurrent(
  "the preview Service gets the new revision, the active one after promotion, and the old pods go later",
  async () => {
    const world = await newWorld("bluegreen-promote");
    const story = await newStory(world, "bluegreen-promote");
    await world.applyExample(file);
    story.chapter("installed", await world.frame(name, "Healthy", healthy));
    await setImage(world, name, yellow);
    story.chapter("yellow: waits beside blue", await world.frame(name, "paused", waiting));
    await promote(world, name);
    story.chapter("promoted: blue keeps its pods for a while", await world.frame(name, "Healthy", healthy));
    story.chapter("30 s later: blue is gone", await world.frame(name, "revision 1 has no pods", emptied(1)));
    await story.events(name);
    await story.end();
  },
);

test.concurrent(
  "an aborted update leaves the active Service alone and its pods go later; retry brings them back",
  async () => {
    const { world, story } = await waitingUpdate("bluegreen-abort");
    await abort(world, name);
    story.chapter("aborted", await world.frame(name, "Degraded", aborted));
    story.chapter("30 s later: yellow is gone", await world.frame(name, "revision 2 has no pods", emptied(2)));
    await retry(world, name);
    story.chapter("retried", await world.frame(name, "paused", waiting));
    await promoteFull(world, name);
    story.chapter("promoted in full", await world.frame(name, "Healthy", healthy));
    await story.events(name);
    await story.end();
  },
);

test.concurrent("undo while the old pods are still there switches back at once, without a pause", async () => {
  const { world, story } = await waitingUpdate("bluegreen-undo");
  await promote(world, name);
  await world.settle(name, "yellow is Healthy", healthy);
  await undo(world, name);
  const back = await world.frame(
    name,
    "Healthy with revision 3",
    (rollout, scene) => healthy(rollout, scene) && scene.replicaSets.some((set) => revisionOf(set) === 3),
    15_000,
  );
  story.chapter("undone", back);
  await story.events(name);
  await story.end();
});

test.concurrent("undo before promotion drops the new revision", async () => {
  const { world, story } = await waitingUpdate("bluegreen-undo-early");
  await undo(world, name);
  story.chapter("undone", await world.frame(name, "Healthy", healthy, 15_000));
  await story.events(name);
  await story.end();
});

test.concurrent("scaling while the update waits sizes both revisions", async () => {
  const { world, story } = await waitingUpdate("bluegreen-scale");
  await scale(world, name, 4);
  const sized = await world.frame(
    name,
    "paused with 8 pods",
    (rollout, scene) =>
      waiting(rollout, scene) && rollout.status?.replicas === 8 && rollout.status.availableReplicas === 4,
  );
  story.chapter("scaled to 4", sized);
  await story.events(name);
  await story.end();
});

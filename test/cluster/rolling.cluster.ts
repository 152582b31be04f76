import { test } from "bun:test";
import { abort, pause, promote, scale, setImage, undo } from "./harness/userActions.ts";
import { newStory } from "./harness/chapters.ts";
import { healthy, inPhase, newWorld } from "./harness/clusterWorld.ts";

/** The example: canary without steps, 5 replicas, one more and one less allowed. */
const file = "rollout-rolling-update.yaml";
const name = "rollout-rollingupdate";
const yellow = "argoproj/rollouts-demo:yellow";
/** An image that the fake kubelet cannot pull, so that the update stops in the middle. */
const broken = "nonexistent-image:1";

async function installed(topic: string) {
  const world = await newWorld(topic);
  const story = await newStory(world, topic);
  await world.applyExample(file);
  const frame = await world.frame(name, "Healthy", healthy);
  return { world, story, frame };
}

test.concurrent("a rolling update replaces all pods without a stop", async () => {
  const { world, story, frame } = await installed("rolling-update");
  story.chapter("installed", frame);
  await setImage(world, name, yellow);
  const updated = await world.frame(
    name,
    "Healthy with two revisions",
    (rollout, scene) => healthy(rollout, scene) && scene.replicaSets.length === 2,
  );
  story.chapter("yellow", updated);
  await undo(world, name);
  const undone = await world.frame(
    name,
    "Healthy with revision 3",
    (rollout, scene) =>
      healthy(rollout, scene) && rollout.metadata.annotations?.["rollout.argoproj.io/revision"] === "3",
  );
  story.chapter("undone", undone);
  await story.events(name);
  await story.end();
});

test.concurrent(
  "an update that cannot start its pods stands within its bounds, can be aborted and undone",
  async () => {
    const { world, story } = await installed("rolling-broken");
    await setImage(world, name, broken);
    const standing = inPhase("Progressing", "more replicas need to be updated");
    story.chapter(
      "broken image: one pod less and one more",
      await world.frame(
        name,
        "stands",
        (rollout, scene) => standing(rollout, scene) && (rollout.status?.updatedReplicas ?? 0) >= 2,
      ),
    );
    await abort(world, name);
    story.chapter(
      "aborted",
      await world.frame(
        name,
        "Degraded",
        (rollout, scene) =>
          inPhase("Degraded")(rollout, scene) &&
          rollout.status?.availableReplicas === 5 &&
          rollout.status.replicas === 5,
      ),
    );
    await undo(world, name);
    story.chapter("undone", await world.frame(name, "Healthy", healthy, 20_000));
    await story.events(name);
    await story.end();
  },
);

test.concurrent("scaling and a pause by the user work in the middle of a rolling update", async () => {
  const { world, story } = await installed("rolling-pause");
  await setImage(world, name, broken);
  await world.settle(name, "stands", (rollout) => (rollout.status?.updatedReplicas ?? 0) >= 2);
  await pause(world, name);
  story.chapter("paused", await world.frame(name, "Paused", inPhase("Paused", "manually paused")));
  await setImage(world, name, yellow);
  await world.settle(name, "the new revision is known", (_, scene) => scene.replicaSets.length === 3);
  await promote(world, name);
  story.chapter("repaired and resumed", await world.frame(name, "Healthy", healthy, 30_000));
  await scale(world, name, 2);
  story.chapter(
    "scaled to 2",
    await world.frame(
      name,
      "2 replicas",
      (rollout, scene) => healthy(rollout, scene) && rollout.status?.replicas === 2,
    ),
  );
  await story.events(name);
  await story.end();
});

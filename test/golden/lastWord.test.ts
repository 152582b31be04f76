/** The last word of the user counts: every sequence of two, or three, of the words that a version can get. */
import { describe, expect, test } from "bun:test";
import { HASH_LABEL } from "../../schema/labels.ts";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import * as user from "./edits.ts";
import { blueGreen, canary, type Edit, image, pause, rolloutOf, setWeight } from "./edits.ts";
import { createWorld, type World } from "./goldenWorld.ts";

const services = ["active", "preview"];
const delay = { abortScaleDownDelaySeconds: 2 };
const routed = {
  ...delay,
  stableService: "active",
  canaryService: "preview",
  trafficRouting: { nginx: { stableIngress: "web" } },
};

const strategies: Readonly<Record<string, RolloutStrategy>> = {
  "a canary": canary([setWeight(50), pause()]),
  "a canary without steps": canary([]),
  "a routed canary with dynamicStableScale": canary([setWeight(50), pause()], { ...routed, dynamicStableScale: true }),
  "blue-green by hand": blueGreen({ ...delay, autoPromotionEnabled: false }),
  "blue-green after some seconds": blueGreen({ ...delay, autoPromotionSeconds: 30, previewReplicaCount: 1 }),
};

/** What the words add up to, for a version whose pods never become ready. */
interface Standing {
  readonly image: string;
  readonly aborted: boolean;
  readonly full: boolean;
  readonly paused: boolean;
}

interface Word {
  readonly edit: Edit;
  readonly means: (standing: Standing) => Standing;
}

const isUpdate = ({ image: name }: Standing): boolean => name !== "web:1";
const version = (name: string): Word => ({
  edit: image(name),
  means: (s) => (s.image === name ? s : { ...s, image: name, aborted: false, full: false }),
});

const decisive: Readonly<Record<string, Word>> = {
  promote: { edit: user.promote, means: (s) => ({ ...s, paused: false }) },
  "promote --full": {
    edit: user.promoteFull,
    means: (s) => (isUpdate(s) ? { ...s, full: true, aborted: false, paused: false } : { ...s, paused: false }),
  },
  abort: { edit: user.abort, means: (s) => (isUpdate(s) ? { ...s, aborted: true, full: false } : s) },
  retry: { edit: user.retry, means: (s) => ({ ...s, aborted: false }) },
};
const words: Readonly<Record<string, Word>> = {
  ...decisive,
  pause: { edit: user.paused(true), means: (s) => ({ ...s, paused: true }) },
  resume: { edit: user.paused(false), means: (s) => ({ ...s, paused: false }) },
  undo: version("web:1"),
  "set image": version("web:bad-3"),
};

const stuck = (strategy: RolloutStrategy): World => {
  const world = createWorld(rolloutOf({ replicas: 4, strategy }), {
    services,
    readyAfterMs: (name) => (name.startsWith("web:bad") ? undefined : 1_000),
  });
  world.pass(10_000);
  world.edit("image web:bad-2", image("web:bad-2"));
  world.pass(5_000);
  return world;
};

function expectStanding(world: World, standing: Standing, stable: string | undefined): void {
  const { status = {}, spec } = world.rollout;
  expect({
    aborted: status.abort === true,
    full: status.promoteFull === true,
    paused: spec.paused === true,
    stable: status.stableRS,
    isUpdate: status.currentPodHash !== stable,
  }).toEqual({
    aborted: standing.aborted,
    full: standing.full,
    paused: standing.paused,
    stable,
    isUpdate: isUpdate(standing),
  });
  const bad = world.replicaSets.filter((rs) => rs.labels[HASH_LABEL] !== stable);
  const left = bad.reduce((pods, rs) => pods + rs.replicas, 0);
  const steps = spec.strategy?.canary?.steps?.length ?? 0;
  if (steps > 0) expect(status.currentStepIndex).toBeLessThanOrEqual(steps);
  if (standing.aborted) {
    expect([status.phase, status.abortedAt === undefined]).toEqual(["Degraded", false]);
    expect(status.message).toStartWith("RolloutAborted: Rollout aborted update to revision");
    expect(status.pauseConditions).toBeUndefined();
    expect(left).toBe(0);
    return;
  }
  expect(status.abortedAt).toBeUndefined();
  if (standing.paused) expect(status).toMatchObject({ phase: "Paused", message: "manually paused" });
  else if (isUpdate(standing)) expect(status.phase).toBeOneOf(["Progressing", "Paused"]);
  else expect([status.phase, left]).toEqual(["Healthy", 0]);
}

function play(strategy: RolloutStrategy, said: readonly string[], between: number): void {
  const world = stuck(strategy);
  const stable = world.rollout.status?.stableRS;
  let standing: Standing = { image: "web:bad-2", aborted: false, full: false, paused: false };
  for (const name of said) {
    const word = words[name];
    if (word === undefined) throw new Error(`There is no word ${name}`);
    world.edit(name, word.edit);
    standing = word.means(standing);
    world.pass(between);
  }
  world.pass(120_000);
  try {
    expectStanding(world, standing, stable);
  } catch (error) {
    throw new Error(`${said.join(", ")}: ${String(error)}`, { cause: error });
  }
}

const all = Object.keys(words);
const four = Object.keys(decisive);
const pairs = (one: string): string[][] => all.map((two) => [one, two]);
const triples = (one: string): string[][] => four.flatMap((two) => four.map((three) => [one, two, three]));

/** What does not end as the words say. */
const wrong = (strategy: RolloutStrategy, sequences: readonly string[][], between: number): string[] =>
  sequences.flatMap((said) => {
    try {
      play(strategy, said, between);
      return [];
    } catch (error) {
      return [String(error)];
    }
  });

for (const [name, strategy] of Object.entries(strategies))
  describe(`a version that is never ready, in ${name}, ends as the last word says`, () => {
    for (const one of all)
      test(`after "${one}" and one more at once`, () => expect(wrong(strategy, pairs(one), 0)).toEqual([]));
    for (const one of four)
      test(`after "${one}" and two more, 20 s apart`, () => expect(wrong(strategy, triples(one), 20_000)).toEqual([]));
  });

/** What `explain` names as commands is done here, and lets the Rollout go on. */
import { expect, test } from "bun:test";
import { abort } from "../../controller/rollout/verbs/abort.ts";
import { pause, resume } from "../../controller/rollout/verbs/pause.ts";
import { promote, promoteFull } from "../../controller/rollout/verbs/promote.ts";
import type { VerbOutcome } from "../../controller/rollout/verbs/verb.ts";
import type { Rollout } from "../../schema/rollout.ts";
import {
  analysed,
  blueGreen,
  canary,
  judged,
  rollout,
  services,
  shop,
  type Shop,
  template,
  toPerson,
  update,
} from "./testing.ts";

interface Told {
  readonly reason: string;
  readonly sentence: string;
  readonly goesOnWhen: readonly string[];
  readonly commands: readonly { readonly command: string; readonly does: string }[];
}

const VERBS: Readonly<Record<string, (rollout: Rollout) => VerbOutcome>> = {
  "sluice promote web -n shop": promote,
  "sluice promote web -n shop --full": promoteFull,
  "sluice resume web -n shop": resume,
  "sluice abort web -n shop": abort,
};

const told = async (world: Shop): Promise<Told> => JSON.parse((await world.explained("web", "-o", "json")).out) as Told;

/** What it says after one of its commands. */
async function after(story: (world: Shop) => Promise<unknown>, chosen: string): Promise<Told> {
  const world = await shop();
  await story(world);
  const { commands } = await told(world);
  const verb = VERBS[commands.find(({ command }) => command.includes(chosen))?.command ?? ""];
  if (verb === undefined) throw new Error(`No command ${chosen}: ${JSON.stringify(commands)}`);
  await world.act(verb);
  await world.advance(60_000);
  return told(world);
}

const held = (strategy: Parameters<typeof update>[1]) => async (world: Shop) => {
  await update(world, strategy);
  await world.act(pause);
  await world.advance(3_000);
};
async function heldBefore(world: Shop): Promise<void> {
  await world.create(rollout(canary([])));
  await world.advance(20_000);
  await world.act(pause);
  world.patchSpec({ template: template("web:2") });
  await world.advance(3_000);
}
const timed = canary([{ setWeight: 25 }, { pause: { duration: "10m" } }]);
const unjudged = (world: Shop) => update(world, blueGreen({ prePromotionAnalysis: judged }), { beside: services });
const unplugged = (world: Shop) => update(world, canary([{ setWeight: 25 }, { plugin: { name: "a/b" } }]));

test.each([
  ["one that is held in a pause is promoted out of both", held(toPerson), " promote ", "Done"],
  ["one that is held in a timed pause, too", held(timed), " promote ", "Done"],
  ["one that is held before it has begun needs no more than to be resumed", heldBefore, " resume ", "Done"],
  [
    "an analysis whose template does not come is skipped",
    (world: Shop) => update(world, analysed),
    " promote ",
    "Done",
  ],
  ["or turned back", (world: Shop) => update(world, analysed), " abort ", "RolloutAborted"],
  ["one before the promotion of blue-green is gone on without", unjudged, " --full", "Done"],
  ["or turned back with its preview", unjudged, " abort ", "RolloutAborted"],
  ["a step whose plugin is not there is skipped", unplugged, " promote ", "Done"],
  ["or turned back before it", unplugged, " abort ", "RolloutAborted"],
] as const)("%s", async (_, story, chosen, reason) => {
  expect(await after(story, chosen)).toMatchObject({ reason });
});

test("one that is held in a pause is not said to go on by resuming alone", async () => {
  const world = await shop();
  await held(toPerson)(world);
  expect(await told(world)).toMatchObject({
    reason: "PausedByUser",
    goesOnWhen: ["spec.paused is taken away and somebody promotes it"],
  });
  await world.act(resume);
  await world.advance(3_000);
  expect((await told(world)).reason).toBe("CanaryPauseStep");
});

test("no controller is said to look again where none is there", async () => {
  const world = await shop();
  await update(world, timed);
  expect((await world.explained()).out).toContain("\n  next ");
  world.lease("argo-rollouts-controller-lock", "pod-1");
  world.stopLoop();
  await world.advance(300_000);
  expect((await world.explained()).out).toContain("\n  controller    none is at work");
  expect((await world.explained()).out).not.toContain("\n  next ");
});

/**
 * What a button will do, before it is pressed: the patch of its verb, and what the controller would do next of a Rollout
 * that is patched so.
 */
import { readScene } from "../../../controller/acting/scene.ts";
import { ROLLOUT } from "../../../controller/acting/targets.ts";
import { currentStepOf, fullWeight, stepIndexOf, stepsOf } from "../../../controller/rollout/model/defaults.ts";
import type { VerbPatch } from "../../../controller/rollout/verbs/verb.ts";
import { STEPS } from "../../../controller/steps/stepKinds.ts";
import { textOf } from "../../../controller/steps/stepTable.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import { patched } from "../../../kube/object/mergePatch.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Act, Preview, Verb } from "../../model.ts";
import type { Person } from "../auth/people.ts";
import type { Board } from "../live/board.ts";
import { clusterFor } from "./act.ts";
import { commandOf, taskOf } from "./tasks.ts";

/** @param board the one that shows the Rollout. @throws {Refused | ApiError} */
export async function preview(person: Person, act: Act, clock: Clock, board: Board | undefined): Promise<Preview> {
  const cluster = clusterFor(person, act.namespace, clock);
  const { kind, reads, verb, name } = taskOf(act, clock.now());
  const scene = await readScene(cluster, kind, name, kind === ROLLOUT && reads === "nothing" ? "rollout" : reads);
  const outcome = verb(scene);
  const command = commandOf(act);
  if (outcome.kind !== "patches") return { applies: false, sentences: [sentence(outcome.why)], command };
  const { stored } = scene;
  if (kind !== ROLLOUT || stored === undefined) return { applies: true, sentences: [PLAIN[act.verb]], command };
  const then = await board?.explainer.afterwards(`${act.namespace}/${name}`, (rollout) =>
    withPatches(rollout, outcome.patches),
  );
  return {
    applies: true,
    sentences: [
      wordsOf(act, stored),
      ...(then === undefined || then.length === 0
        ? []
        : [`Right after it, the controller will ${then.join(", then ")}.`]),
    ],
    command,
  };
}

/** Of the object itself; a pod template's changes are another matter: they begin an update. */
const withPatches = (rollout: Rollout, all: readonly VerbPatch[]): Rollout | undefined =>
  all.reduce<Rollout | undefined>(
    (before, { contentType, body, to }) =>
      before === undefined || to !== undefined || contentType !== "application/merge-patch+json"
        ? undefined
        : patched(before, body),
    rollout,
  );

const sentence = (text: string): string =>
  (/[.!?]$/.test(text) ? text : `${text}.`).replace(/^./, (first) => first.toUpperCase());

const PLAIN: Readonly<Record<Verb, string>> = {
  promote: "Lets the update go on: its pauses end.",
  "promote-full": "Lets the update go on to its end: steps, pauses and analysis that are left are skipped.",
  abort: "Turns the update back: all traffic goes to the stable version, and the new version's pods go.",
  retry: "Begins the update again that was aborted, from its first step.",
  restart: "Replaces all pods, a few at a time, with the same version.",
  pause: "Holds the Rollout where it is, until somebody resumes or promotes it.",
  resume: "Ends the pause that a person began; those of steps stay.",
  undo: "Begins an update to an earlier revision's pod template.",
  "set-image": "Begins an update to this image.",
  "terminate-run": "Ends the AnalysisRun now, with what it has found until then.",
  "terminate-experiment": "Ends the Experiment now: its pods go.",
  "retry-experiment": "Begins the Experiment again, with all of its pods and analyses.",
};

function wordsOf(act: Act, rollout: Rollout): string {
  const index = stepIndexOf(rollout);
  const steps = stepsOf(rollout);
  const current = currentStepOf(rollout);
  switch (act.verb) {
    case "promote": {
      if (index === undefined || current === undefined) return PLAIN.promote;
      const next = steps[index + 1];
      const then =
        next === undefined
          ? `its end, with ${fullWeight(rollout)} of ${fullWeight(rollout)} to the new version`
          : `step ${index + 2}/${steps.length} (${textOf(STEPS, next)})`;
      return `Ends step ${index + 1}/${steps.length} (${textOf(STEPS, current)}), and goes on to ${then}.`;
    }
    case "promote-full":
      return current === undefined || index === undefined
        ? PLAIN["promote-full"]
        : `Skips ${steps.length - index} of ${steps.length} steps, with their pauses and analysis, and makes the new version the stable one.`;
    case "undo":
      return act.revision === undefined || act.revision === 0
        ? "Begins an update to the pod template of the revision before this one."
        : `Begins an update to the pod template of revision ${act.revision}.`;
    case "set-image": {
      const which =
        act.container === undefined || act.container === "*" ? "all containers" : `container ${act.container}`;
      return `Begins an update: ${which} get${which.startsWith("all") ? "" : "s"} the image ${act.image ?? ""}.`;
    }
    default:
      return PLAIN[act.verb];
  }
}

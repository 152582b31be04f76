/** Going on with an update, step by step or to its end (docs/behaviour/pauses-and-aborts.md#resuming). */
import type { Rollout } from "../../../schema/rollout.ts";
import { blueGreenOf, stepsOf } from "../model/defaults.ts";
import { isCompleted } from "../model/rolloutConditions.ts";
import { impossible, nothing, patches, specPatch, statusPatch, type VerbOutcome, type VerbPatch } from "./verb.ts";

/** `promote`: ends all pauses of the update; without a pause, the current canary step counts as done. */
export function promote(rollout: Rollout): VerbOutcome {
  const status = promotion(rollout);
  const sent = [...(status === undefined ? [] : [statusPatch(status)]), ...unpausing(rollout)];
  if (sent.length > 0) return patches(...sent);
  return nothing(`Nothing pauses Rollout "${rollout.metadata.name}", and it has no canary steps to skip.`);
}

/** `promote --full`: skips what is left of the update (docs/behaviour/promotion-and-rollback.md#full-promotion). */
export function promoteFull(rollout: Rollout): VerbOutcome {
  const { status = {} } = rollout;
  const underWay = status.currentPodHash !== status.stableRS;
  const sent = [...(underWay ? [statusPatch({ promoteFull: true })] : []), ...unpausing(rollout)];
  if (sent.length > 0) return patches(...sent);
  return nothing(
    isCompleted(status)
      ? `The current revision of Rollout "${rollout.metadata.name}" is the stable one.`
      : `Rollout "${rollout.metadata.name}" has no revision yet.`,
  );
}

/** `promote --skip-current-step`: pauses stay as they are. */
export const skipStep = (rollout: Rollout): VerbOutcome =>
  cannotSkip(rollout) ?? patches(statusPatch({ currentStepIndex: nextStep(rollout) }));

/** `promote --skip-all-steps`: pauses stay as they are. */
export const skipAllSteps = (rollout: Rollout): VerbOutcome =>
  cannotSkip(rollout) ?? patches(statusPatch({ currentStepIndex: stepsOf(rollout).length }));

function cannotSkip(rollout: Rollout): VerbOutcome | undefined {
  if (blueGreenOf(rollout) !== undefined)
    return impossible("Cannot skip steps of a bluegreen rollout. Run without a flags");
  return stepsOf(rollout).length === 0 ? impossible("Cannot skip steps of a rollout without steps") : undefined;
}

function promotion(rollout: Rollout): Readonly<Record<string, unknown>> | undefined {
  const { status = {} } = rollout;
  const steps = stepsOf(rollout).length;
  const skipped = steps === 0 ? {} : { currentStepIndex: nextStep(rollout) };
  if ((status.pauseConditions ?? []).length > 0) {
    // A person decides what the measurements left open: the step is over, and that is not the resuming of a pause.
    const undecided = status.canary?.currentStepAnalysisRunStatus?.status === "Inconclusive";
    return undecided && status.controllerPause === true && steps > 0
      ? { pauseConditions: null, controllerPause: false, ...skipped }
      : { pauseConditions: null };
  }
  return steps === 0 ? undefined : { pauseConditions: null, ...skipped };
}

const nextStep = (rollout: Rollout): number =>
  Math.min((rollout.status?.currentStepIndex ?? 0) + 1, stepsOf(rollout).length);

const unpausing = ({ spec }: Rollout): readonly VerbPatch[] =>
  spec.paused === true ? [specPatch({ paused: false })] : [];

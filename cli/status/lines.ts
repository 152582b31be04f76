/** What `sluice status` prints of a Rollout. Pure. */
import type { ShownPhase } from "../../controller/view/phase.ts";
import { desiredReplicas, stepsOf } from "../../controller/rollout/model/defaults.ts";
import type { Rollout } from "../../schema/rollout.ts";

/** Phases in which nothing more is to come. */
export const isFinal = ({ phase }: ShownPhase): boolean => phase === "Healthy" || phase === "Degraded";

/** While it is watched: the phase, with its message where there is one. */
export const watchedLine = ({ phase, message }: ShownPhase): string =>
  message === "" ? phase : `${phase} - ${message}`;

/** Once: a final phase stands alone. */
export const onceLine = (shown: ShownPhase): string =>
  isFinal(shown) ? shown.phase : `${shown.phase} - ${shown.message}`;

/** Why the command fails; undefined: it does not. @param isWatched whether it was watched until now */
export function problemOf({ phase, message }: ShownPhase, isWatched: boolean): string | undefined {
  if (phase === "Degraded") return `The rollout is in a degraded state with message: ${message}`;
  return isWatched && phase !== "Healthy" ? "Rollout status watch exceeded timeout" : undefined;
}

/** For a person who waits: how far it is, and what it waits for. @param waitedMs since the watch began */
export function progressLine(rollout: Rollout, shown: ShownPhase, waitedMs: number): string {
  const { name } = rollout.metadata;
  const steps = stepsOf(rollout).length;
  const { currentStepIndex: index, updatedReplicas = 0, availableReplicas = 0 } = rollout.status ?? {};
  const step = steps === 0 || index === undefined || index >= steps ? "" : `step ${index + 1} of ${steps}, `;
  const pods = `${updatedReplicas} of ${desiredReplicas(rollout)} pods updated, ${availableReplicas} available`;
  const next = shown.phase === "Paused" ? `; sluice promote ${name} goes on` : "";
  return `${name} is ${shown.phase} after ${inSeconds(waitedMs)}: ${step}${pods}${next}`;
}

function inSeconds(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return minutes === 0 ? `${rest}s` : rest === 0 ? `${minutes}m` : `${minutes}m${rest}s`;
}

/** The phase of a Rollout that takes its pod template from a workload (docs/cli/verbs.md#status). */
import type { Rollout } from "../../schema/rollout.ts";
import { type ShownPhase, shownPhase } from "./phase.ts";

/**
 * As `shownPhase`; but the controller may have seen the Rollout's last change, and not yet that of its workload.
 *
 * @param generation `metadata.generation` of the workload; undefined: there is none, or it was not read
 */
export function shownPhaseWith(rollout: Rollout, generation: number | undefined): ShownPhase {
  const shown = shownPhase(rollout);
  if (shown.message.startsWith("waiting for rollout ")) return shown;
  const observed = rollout.status?.workloadObservedGeneration ?? "";
  if (generation === undefined || !/^\d+$/.test(observed) || Number(observed) === generation) return shown;
  return {
    phase: "Progressing",
    message: "waiting for rollout spec update to be observed for the reference workload",
  };
}

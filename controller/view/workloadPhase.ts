/** The phase of a Rollout that takes its pod template from a workload (docs/cli/verbs.md#status). */
import type { Rollout } from "../../schema/rollout.ts";
import { type ShownPhase, unseen, waiting, writtenPhase } from "./phase.ts";

/**
 * As `shownPhase`; but the controller may have seen the Rollout's last change, and not yet that of its workload.
 *
 * @param generation `metadata.generation` of the workload; undefined: there is none, or it was not read
 */
export const shownPhaseWith = (rollout: Rollout, generation: number | undefined): ShownPhase =>
  unseen(rollout) ?? unseenWorkload(rollout, generation) ?? writtenPhase(rollout);

function unseenWorkload({ status }: Rollout, generation: number | undefined): ShownPhase | undefined {
  const observed = status?.workloadObservedGeneration ?? "";
  if (generation === undefined || !/^\d+$/.test(observed) || Number(observed) === generation) return undefined;
  return waiting("spec update to be observed for the reference workload");
}

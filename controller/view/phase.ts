/**
 * The phase that people are shown: the one that the controller wrote, unless it cannot have seen yet what was asked of
 * it (docs/cli/get.md#the-status).
 */
import type { Rollout } from "../../schema/rollout.ts";
import { phaseOf } from "../rollout/status/phase.ts";

export interface ShownPhase {
  readonly phase: string;
  readonly message: string;
}

export const waiting = (what: string): ShownPhase => ({ phase: "Progressing", message: `waiting for rollout ${what}` });

/** A status without a generation, or with a hash instead of it, was written by very old versions. */
function isBehind({ metadata, status }: Rollout): boolean {
  const observed = status?.observedGeneration ?? "";
  return /^[+-]?\d+$/.test(observed) && Number(observed) < (metadata.generation ?? 0);
}

const isUnpausing = ({ status }: Rollout): boolean =>
  status?.controllerPause === true && (status.pauseConditions ?? []).length === 0;

/** Of what was asked of the Rollout itself; undefined: the controller may have seen all of it. */
export function unseen(rollout: Rollout): ShownPhase | undefined {
  if (isBehind(rollout)) return waiting("spec update to be observed");
  return isUnpausing(rollout) ? waiting("to unpause") : undefined;
}

/** The one that the controller wrote; that of the Rollout as it stands, where it has written none. */
export function writtenPhase(rollout: Rollout): ShownPhase {
  const { phase = "", message = "" } = rollout.status ?? {};
  return phase === "" ? phaseOf(rollout, rollout.status ?? {}) : { phase, message };
}

export const shownPhase = (rollout: Rollout): ShownPhase => unseen(rollout) ?? writtenPhase(rollout);

/** Pausing and resuming an update, and restarting pods (docs/behaviour/pauses-and-aborts.md#the-users-pause). */
import { timestamp } from "../../../kube/object/time.ts";
import { patches, specPatch, type VerbOutcome } from "./verb.ts";

/** `pause`. */
export const pause = (): VerbOutcome => patches(specPatch({ paused: true }));

/** Ends only the user's pause; `promote` ends those of steps, too. */
export const resume = (): VerbOutcome => patches(specPatch({ paused: false }));

/** `restart`: pods made before `at` (ms since the epoch) are replaced (docs/behaviour/restart.md#when-a-restart-is-due). */
export const restart = (at: number): VerbOutcome => patches(specPatch({ restartAt: timestamp(at) }));

/** Aborting an update, and retrying it (docs/behaviour/pauses-and-aborts.md#abort). */
import { patches, statusPatch, type VerbOutcome } from "./verb.ts";

/** `abort`: users go back to the stable version. For a completed Rollout the controller clears the flag itself. */
export const abort = (): VerbOutcome => patches(statusPatch({ abort: true }));

/** `retry`: the update that was aborted begins again (docs/behaviour/pauses-and-aborts.md#how-an-abort-ends). */
export const retry = (): VerbOutcome => patches(statusPatch({ abort: false }));

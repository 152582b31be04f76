/** Taking an update back, and beginning it again (docs/behaviour/pauses-and-aborts.md#abort). */
import { patches, statusPatch, type VerbOutcome } from "./verb.ts";

/** `abort`: users go back to the stable version. A Rollout that is done drops the wish itself. */
export const abort = (): VerbOutcome => patches(statusPatch({ abort: true }));

/** `retry`: the update that was aborted begins again (docs/behaviour/pauses-and-aborts.md#how-an-abort-ends). */
export const retry = (): VerbOutcome => patches(statusPatch({ abort: false }));

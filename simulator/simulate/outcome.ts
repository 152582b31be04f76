/** What came of a simulated update. Pure. */
import { isCompleted } from "../../controller/rollout/model/rolloutConditions.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { isObserved } from "./moment.ts";

export interface Outcome {
  readonly kind:
    | "healthy"
    | "aborted"
    /** Nothing moves any more, and nobody has ended it: its deadline is exceeded. */
    | "stuck"
    /** For a person who does not come. */
    | "waits"
    /** It goes on when the simulation ends. */
    | "unfinished";
  /** ms since the update began. */
  readonly atMs: number;
  /** The stage that it was in before. */
  readonly at: string;
  /** The controller's own message; "" when there is nothing to explain. */
  readonly why: string;
}

/** Undefined: it goes on. @param at the last stage of the update itself */
export function outcomeOf(rollout: Rollout, at: string, atMs: number): Outcome | undefined {
  const { status = {} } = rollout;
  if (!isObserved(rollout)) return undefined;
  if (status.abort === true) return { kind: "aborted", atMs, at, why: reasonOf(status.message) };
  if (status.phase === "Healthy" && isCompleted(status)) return { kind: "healthy", atMs, at, why: "" };
  return status.phase === "Degraded" ? { kind: "stuck", atMs, at, why: reasonOf(status.message) } : undefined;
}

const reasonOf = (message = ""): string => message.replace(/^(?:RolloutAborted|ProgressDeadlineExceeded): /, "");

/**
 * What became of a patch of the status. The controller computes a status from what it has read, and a patch that came
 * meanwhile may be written over: Argo Rollouts loses a promote or an abort now and then. Whoever has sent one looks at
 * the Rollout afterwards and sends it again (docs/behaviour/pauses-and-aborts.md#resuming).
 */
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { isCompleted } from "../model/rolloutConditions.ts";

export type Fate =
  /** The controller has seen it, or it came too late to matter. */
  | "taken"
  /** Something has written over it. */
  | "lost"
  /** Nobody has written since. */
  | "open";

export interface Sent {
  /** The members of the status that were sent. */
  readonly status: Readonly<Record<string, unknown>>;
  /** The Rollout as it was before. */
  readonly before: Rollout;
  /** As the API server answered the last patch. */
  readonly patched: Rollout;
}

/** @param now the Rollout as it is */
export function fateOf({ status: sent, before, patched }: Sent, now: Rollout): Fate {
  if (isOther(before, now)) return "taken";
  const was = before.status ?? {};
  const is = now.status ?? {};
  if (Object.entries(sent).some(([member, value]) => isLost(member, value, was, is))) return "lost";
  return now.metadata.resourceVersion === patched.metadata.resourceVersion ? "open" : "taken";
}

/** Another object of the name, or another version: what was asked for was about the one before. */
const isOther = (before: Rollout, now: Rollout): boolean =>
  before.metadata.uid !== now.metadata.uid || before.status?.currentPodHash !== now.status?.currentPodHash;

function isLost(member: string, value: unknown, was: RolloutStatus, is: RolloutStatus): boolean {
  switch (member) {
    case "abort":
      // An update that is over cannot be aborted any more; an abort of another time is a new one.
      return value === true
        ? is.abort !== true && !isCompleted(is)
        : is.abort === true && is.abortedAt === was.abortedAt;
    case "promoteFull":
      return is.promoteFull !== true && is.abort !== true && !isCompleted(is);
    case "pauseConditions":
      return is.currentStepIndex === was.currentStepIndex && hasAnyOf(was, is);
    case "currentStepIndex":
      return (
        value !== was.currentStepIndex &&
        is.currentStepIndex === was.currentStepIndex &&
        is.currentStepHash === was.currentStepHash
      );
    default:
      return false;
  }
}

/** Whether a pause of before is there again: a later one has another time. */
const hasAnyOf = ({ pauseConditions: was }: RolloutStatus, { pauseConditions: is }: RolloutStatus): boolean =>
  (is ?? []).some((now) => (was ?? []).some((one) => one.reason === now.reason && one.startTime === now.startTime));

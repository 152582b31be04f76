/** What the buttons are called, and when they are of use. */
import type { Card, May, ObjectVerb, RolloutVerb, Verb } from "../../../model.ts";
import type { IconName } from "../parts/icons.tsx";

export interface Wording {
  readonly label: string;
  readonly icon: IconName;
  /** Completes "… web": the title of the dialog. */
  readonly title: string;
  /** It takes something away from users or pods. */
  readonly isHarsh?: true;
}

export const WORDS: Readonly<Record<Verb, Wording>> = {
  promote: { label: "Promote", icon: "play", title: "Promote" },
  "promote-full": { label: "Promote fully", icon: "fast", title: "Promote to its end" },
  abort: { label: "Abort", icon: "cross", title: "Abort the update of", isHarsh: true },
  retry: { label: "Retry", icon: "again", title: "Retry the update of" },
  restart: { label: "Restart", icon: "restart", title: "Restart the pods of" },
  undo: { label: "Go back", icon: "back", title: "Go back to an earlier revision of" },
  "set-image": { label: "Set image", icon: "image", title: "Set an image of" },
  pause: { label: "Pause", icon: "pause", title: "Hold" },
  resume: { label: "Resume", icon: "play", title: "Let go on" },
  "terminate-run": { label: "Terminate", icon: "stop", title: "End the AnalysisRun", isHarsh: true },
  "terminate-experiment": { label: "Terminate", icon: "stop", title: "End the Experiment", isHarsh: true },
  "retry-experiment": { label: "Retry", icon: "again", title: "Try again the Experiment" },
};

const ROLLOUT_BAR: readonly RolloutVerb[] = ["promote", "promote-full", "retry", "abort", "pause", "resume", "restart"];

/** @param reason of the explanation: whether a person holds it, or it is turned back already */
function isOfUse(verb: RolloutVerb, { phase, step, steps }: Card, reason: string): boolean {
  const isUnderWay = phase !== "Healthy" || (step !== undefined && step < steps);
  if (verb === "promote" || verb === "abort") return isUnderWay && reason !== "RolloutAborted";
  if (verb === "promote-full") return isUnderWay;
  if (verb === "retry") return phase === "Degraded";
  if (verb === "resume") return reason === "PausedByUser";
  return verb !== "pause" || reason !== "PausedByUser";
}

/** The buttons of a Rollout, in their order: those that this user may press, and that have something to do. */
export const barOf = (may: May, card: Card, reason: string): readonly RolloutVerb[] =>
  ROLLOUT_BAR.filter((verb) => may[verb] === true && isOfUse(verb, card, reason));

/** The one to be looked at first. */
export function primaryOf(verbs: readonly RolloutVerb[], { phase }: Card): RolloutVerb | undefined {
  const first: readonly RolloutVerb[] =
    phase === "Degraded" ? ["retry"] : phase === "Paused" ? ["resume", "promote"] : [];
  return first.find((verb) => verbs.includes(verb));
}

export const ofExperiment: readonly ObjectVerb[] = ["terminate-experiment", "retry-experiment"];

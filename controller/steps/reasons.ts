/** Why a canary step is not complete, each with one sentence for people (docs/behaviour/canary.md#when-a-step-is-complete). */

/** What the ReplicaSets lack of the sizes that a step asks for. */
const sizeReasons = {
  CanarySizeNotReached: "The new version does not have all the available pods that the step asks for.",
  StableSizeNotReached: "The stable version does not have the size that the step leaves to it.",
  OldPodsLeft: "Pods of an older version are still available.",
} as const;

export const stepReasons = {
  ...sizeReasons,
  WeightNotVerified: "The router does not send the step's share of the requests to the new version yet.",
  PauseBegins: "The pause begins now.",
  PauseNotOver: "The duration of the pause has not passed.",
  WaitsForPerson: "The pause has no duration: it is over when somebody resumes the Rollout.",
  PausedByUser: "spec.paused holds the Rollout.",
  NotDriven: "This version of Sluice does not drive steps of this kind yet.",
  UnknownKind: "The step is of no kind that this version of Sluice knows.",
} as const;

export type SizeReason = keyof typeof sizeReasons;
export type StepReason = keyof typeof stepReasons;

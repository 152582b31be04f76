/**
 * The reasons of events, each with one sentence, and what may become of it in a burst. Texts and types are those of Argo
 * Rollouts; dashboards, notifications and people's alerts know them by these names.
 */

interface EventReason {
  /**
   * `always`: somebody may have to act on it, or waits for it: it is sent, in its own words, whatever else is told of the
   * object. `narration`: it tells how things come about, which the status shows as well: limited as client-go limits all
   * events, and the first to go when too many wait. Warnings are always told, listed or not.
   */
  readonly tell: "always" | "narration";
  readonly means: string;
}

/** Events that are not listed here, those of routers for instance, are narration unless they are warnings. */
export const eventReasons = {
  RolloutPaused: { tell: "always", means: "The update waits: for a time, for a person, or for an analysis." },
  RolloutResumed: { tell: "always", means: "A pause is over." },
  RolloutAborted: { tell: "always", means: "The update is taken back; the stable version serves." },
  RolloutCompleted: { tell: "always", means: "The new version is promoted: it is the stable one now." },
  RolloutDeleted: { tell: "always", means: "The Rollout is gone." },
  ReplicaSetCreateError: { tell: "always", means: "The new version's ReplicaSet is refused by the API server." },
  TrafficRoutingError: { tell: "always", means: "A router cannot split the traffic as it should." },
  MalformedTemplate: { tell: "always", means: "A part of the pod template is no quantity, and is left out." },
  InvalidSpec: { tell: "always", means: "An object that was admitted without Sluice breaks its rules." },
  AdmissionOverridden: { tell: "always", means: "Somebody let an object through against the rules." },
  RolloutNotCompleted: { tell: "narration", means: "An update has begun." },
  RolloutUpdated: { tell: "narration", means: "The Rollout has a new revision." },
  RolloutAddedToInformer: { tell: "narration", means: "The controller has seen the Rollout for the first time." },
  NewReplicaSetCreated: { tell: "narration", means: "The new version has its ReplicaSet." },
  ScalingReplicaSet: { tell: "narration", means: "A ReplicaSet gets another size." },
  RolloutStepCompleted: { tell: "narration", means: "A canary step is done." },
  SkipSteps: { tell: "narration", means: "A rollback goes to its end without steps." },
  SwitchService: { tell: "narration", means: "A Service leads to another version." },
  TrafficWeightUpdated: { tell: "narration", means: "The routers split the traffic anew." },
} as const satisfies Readonly<Record<string, EventReason>>;

/** Whether an event is to reach its reader whatever else is told of the object. */
export const mustBeTold = ({ type, reason }: { readonly type: string; readonly reason: string }): boolean =>
  type === "Warning" ||
  (Object.hasOwn(eventReasons, reason) && eventReasons[reason as keyof typeof eventReasons].tell === "always");

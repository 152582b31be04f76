/**
 * What a kind of canary step consists of. One file of this folder and one line in kinds.ts make a kind: it is validated,
 * driven and put into words by what it says here. Pure, and below rules and rollout, which both ask it.
 */
import type { Place } from "../../kube/validation/place.ts";
import type { Violation } from "../../kube/validation/violation.ts";
import type { Abilities } from "../../providers/traffic/traits.ts";
import type { CanaryStep } from "../../schema/rollout.ts";
import type { SizeReason, StepReason } from "./reasons.ts";

/** Whether a step is complete, or what it waits for. */
export type Verdict =
  | { readonly kind: "done" }
  | {
      readonly kind: "hold";
      readonly reason: StepReason;
      /** The next instant at which time alone changes the verdict, in ms since the epoch. */
      readonly wakeAt?: number | undefined;
      /** The status gets the pause condition of a step, from which its duration counts. */
      readonly beginsPause?: true;
    };

export const done: Verdict = { kind: "done" };
export const hold = (reason: StepReason): Verdict => ({ kind: "hold", reason });

/** What verdicts rest on, at one instant. */
export interface StepFacts {
  /** ms since the epoch. */
  readonly now: number;
  /** The pause that a step has begun; `startedAt` is undefined where its time cannot be read. */
  readonly pause: { readonly startedAt: number | undefined } | undefined;
  /** A step has begun a pause, and somebody has taken it away. */
  readonly isResumed: boolean;
  /** What the ReplicaSets lack of their sizes. A function, since kinds that do not look at sizes need not pay for it. */
  readonly sizesLack: () => SizeReason | undefined;
  /** False: the router was asked, and is not there yet. Undefined: it was not asked, or there is none. */
  readonly isWeightVerified: boolean | undefined;
}

/** A size of the canary apart from its traffic: of pods, which count first, or of the pods for a weight. */
export interface CanarySize {
  readonly replicas?: number | undefined;
  readonly weight?: number | undefined;
  /** The size follows the traffic again. */
  readonly matchTrafficWeight?: boolean | undefined;
}

/** What rules are given: a step that no schema may have seen yet, and what stands around it. */
export interface StepInput {
  readonly step: Place;
  readonly routing: Place;
  /** What the routers can do that the Rollout configures. */
  readonly routers: readonly Abilities[];
}

export type StepRule = (input: StepInput) => readonly Violation[];

export interface StepKind {
  /** Counts against the others that say so: one step may have one of them. */
  readonly isExclusive?: true;
  /** What holds the Rollout as invalid. */
  readonly violations?: StepRule;
  /** The same, of what the reference looks at after the managed routes. */
  readonly lastViolations?: StepRule;
  /** The route that it makes or takes away, which has to be one of `managedRoutes`. */
  readonly route?: (step: Place) => Place;
  /** Arguments of its analyses, which may read the Rollout's metadata. */
  readonly arguments?: (step: Place) => readonly Place[];
  /** Plain mistakes that the reference lets through: for the webhook and the linter. */
  readonly warnings?: readonly ((step: Place) => readonly Violation[])[];

  /** What users know it by, while the loop does not drive it: a Rollout that has such a step is held. */
  readonly undriven?: string;
  /** Asked for the step that the Rollout is at, unless spec.paused holds it. Total, and the same for the same facts. */
  readonly verdict: (step: CanaryStep, facts: StepFacts) => Verdict;
  /** Its verdict does not look at sizes: once it is done the next step begins, and nothing is resized for this one. */
  readonly isApartFromSizes?: true;
  /** It may take as long as it likes: no progress is no failure meanwhile. */
  readonly isEndless?: true;
  /** Only a person can end it. */
  readonly waitsForPerson?: (step: CanaryStep) => boolean;
  /** Share of the requests that it asks for, of `maxTrafficWeight` or 100. It holds until a later step asks for another. */
  readonly weight?: (step: CanaryStep) => number | undefined;
  /** Size of a routed canary. It holds until a later step asks for another. */
  readonly size?: (step: CanaryStep) => CanarySize | undefined;

  /** For events, logs and the command line (docs/behaviour/canary.md#how-a-step-is-written). */
  readonly words: (step: CanaryStep) => string;
}

/** The parts of a kind that is validated and put into words, and holds the Rollout until a version drives it. */
export const undriven = (feature: string): Pick<StepKind, "undriven" | "verdict"> => ({
  undriven: feature,
  verdict: () => hold("NotDriven"),
});

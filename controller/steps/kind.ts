/**
 * What a kind of canary step consists of. One file of this folder and one line in stepKinds.ts make a kind: it is
 * validated, driven and put into words by its file. Pure, and below rules and rollout, which both use it.
 */
import type { Place } from "../../kube/validation/place.ts";
import type { Violation } from "../../kube/validation/violation.ts";
import type { ManagedRoute } from "../../providers/traffic/router.ts";
import type { Abilities } from "../../providers/traffic/traits.ts";
import type { SizeReason, StepReason } from "../../schema/reasons.ts";
import type { CanaryStep, StepPluginStatus } from "../../schema/rollout.ts";

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

/** The facts that verdicts are based on, at one instant. */
export interface StepFacts {
  /** ms since the epoch. */
  readonly now: number;
  /** The pause that a step has begun; `startedAt` is undefined where its time cannot be parsed. */
  readonly pause: { readonly startedAt: number | undefined } | undefined;
  /** A step has begun a pause, and somebody has removed it. */
  readonly isResumed: boolean;
  /** What the ReplicaSets lack of their sizes. A function, since kinds that do not check sizes need not pay for it. */
  readonly sizesLack: () => SizeReason | undefined;
  /** False: the router was asked, and the weight is not verified yet. Undefined: no router was asked. */
  readonly isWeightVerified: boolean | undefined;
  /** The phase of the AnalysisRun of this step; undefined: there is none. */
  readonly analysisPhase: () => string | undefined;
  /** The entries of this step in `status.canary.stepPluginStatuses`. */
  readonly pluginEntries: () => readonly StepPluginStatus[];
  /** The phase of the Experiment of this step; undefined: there is none. */
  readonly experimentPhase: () => string | undefined;
}

/** A size of the canary apart from its traffic: of pods, which count first, or of the pods for a weight. */
export interface CanarySize {
  readonly replicas?: number | undefined;
  readonly weight?: number | undefined;
  /** The size follows the traffic again. */
  readonly matchTrafficWeight?: boolean | undefined;
}

/** What a step does to one of `managedRoutes`: it makes or replaces the route, or removes it. */
export type RouteChange =
  { readonly kind: "set"; readonly route: ManagedRoute } | { readonly kind: "remove"; readonly name: string };

/** The input of rules: a step that no schema may have checked yet, and what stands around it. */
export interface StepInput {
  readonly step: Place;
  readonly routing: Place;
  /** The abilities of the routers that the Rollout configures. */
  readonly routers: readonly Abilities[];
}

export type StepRule = (input: StepInput) => readonly Violation[];

export interface StepKind {
  /** Excludes the other kinds with this mark: a step may have only one of them. */
  readonly isExclusive?: true;
  /** Violations for which the Rollout is held as invalid. */
  readonly violations?: StepRule;
  /** The same, for what the reference checks after the managed routes. */
  readonly lastViolations?: StepRule;
  /** The route that it makes or removes, which has to be one of `managedRoutes`. */
  readonly route?: (step: Place) => Place;
  /** Arguments of its analyses, which may read the Rollout's metadata. */
  readonly arguments?: (step: Place) => readonly Place[];
  /** Plain mistakes that the reference lets through: for the webhook and the linter. */
  readonly warnings?: readonly ((step: Place) => readonly Violation[])[];

  /** Its name for users while the loop does not drive it: a Rollout that has such a step is held. */
  readonly undriven?: string;
  /** Called for the step that the Rollout is at, unless spec.paused holds it. Total; the same for the same facts. */
  readonly verdict: (step: CanaryStep, facts: StepFacts) => Verdict;
  /** Its verdict does not check sizes: once it is done the next step begins, and nothing is resized for this one. */
  readonly isApartFromSizes?: true;
  /** It may take as long as it likes: missing progress is not a failure meanwhile. */
  readonly isEndless?: true;
  /** Only a person can end it. */
  readonly waitsForPerson?: (step: CanaryStep) => boolean;
  /** Share of the requests that it sets, of `maxTrafficWeight` or 100. It holds until a later step sets another. */
  readonly weight?: (step: CanaryStep) => number | undefined;
  /** Size of a routed canary. It holds until a later step sets another. */
  readonly size?: (step: CanaryStep) => CanarySize | undefined;
  /** The managed route that it changes. The change holds until a later step changes the route of that name. */
  readonly routeChange?: (step: CanaryStep) => RouteChange | undefined;

  /** For events, logs and the command line (docs/behaviour/canary.md#how-a-step-is-written). */
  readonly words: (step: CanaryStep) => string;
}

/** The parts of a kind that is validated and put into words, and holds the Rollout until a version drives it. */
export const undriven = (feature: string): Pick<StepKind, "undriven" | "verdict"> => ({
  undriven: feature,
  verdict: () => hold("NotDriven"),
});

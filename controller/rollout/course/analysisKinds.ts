/** The four ways in which a Rollout uses an analysis (docs/behaviour/rollout-analysis.md#analyses-of-a-rollout). */
import type { Rollout, RolloutAnalysis, RolloutAnalysisRunStatus, RolloutStatus } from "../../../schema/rollout.ts";
import { blueGreenOf, canaryOf, currentStepOf, stepIndexOf } from "../model/defaults.ts";
import type { AnalysisKind } from "../model/model.ts";

interface KindRow {
  readonly analysisOf: (rollout: Rollout) => RolloutAnalysis | undefined;
  /** Where in the Rollout the analysis stands, for messages. */
  readonly path: (rollout: Rollout) => string;
  /** The last part of a run's name, if it has one. */
  readonly infix: (rollout: Rollout) => string | undefined;
  /** What the status holds of the current run. */
  readonly recordedIn: (status: RolloutStatus) => RolloutAnalysisRunStatus | undefined;
  /** How the message of an abort begins. */
  readonly failure: string;
}

export const KINDS: Readonly<Record<AnalysisKind, KindRow>> = {
  Step: {
    analysisOf: (rollout) => currentStepOf(rollout)?.analysis,
    path: (rollout) => `spec.strategy.canary.steps[${stepIndexOf(rollout) ?? 0}].analysis`,
    infix: (rollout) => String(stepIndexOf(rollout) ?? 0),
    recordedIn: ({ canary }) => canary?.currentStepAnalysisRunStatus,
    failure: "Step-based analysis phase error/failed",
  },
  Background: {
    analysisOf: (rollout) => canaryOf(rollout)?.analysis,
    path: () => "spec.strategy.canary.analysis",
    infix: () => undefined,
    recordedIn: ({ canary }) => canary?.currentBackgroundAnalysisRunStatus,
    failure: "Background analysis phase error/failed",
  },
  PrePromotion: {
    analysisOf: (rollout) => blueGreenOf(rollout)?.prePromotionAnalysis,
    path: () => "spec.strategy.blueGreen.prePromotionAnalysis",
    infix: () => "pre",
    recordedIn: ({ blueGreen }) => blueGreen?.prePromotionAnalysisRunStatus,
    failure: "Blue/green pre-promotion analysis phase error/failed",
  },
  PostPromotion: {
    analysisOf: (rollout) => blueGreenOf(rollout)?.postPromotionAnalysis,
    path: () => "spec.strategy.blueGreen.postPromotionAnalysis",
    infix: () => "post",
    recordedIn: ({ blueGreen }) => blueGreen?.postPromotionAnalysisRunStatus,
    failure: "Blue/green post-promotion analysis phase error/failed",
  },
};

/** The kinds that a strategy has, in the order in which they are looked at. */
export const kindsOf = (rollout: Rollout): readonly AnalysisKind[] =>
  blueGreenOf(rollout) === undefined ? ["Step", "Background"] : ["PrePromotion", "PostPromotion"];

/** A run that has ended keeps its phase for ever. */
export const hasEnded = ({ phase }: { readonly phase: string }): boolean =>
  phase === "Successful" || phase === "Failed" || phase === "Error" || phase === "Inconclusive";

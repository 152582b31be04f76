/** The kinds of objects that a person acts on. */
import { ANALYSIS_RUNS, EXPERIMENTS, ROLLOUTS } from "../../kube/client/resources.ts";
import type { Resource } from "../../schema/kube.ts";

export interface TargetKind {
  readonly resource: Resource;
  /** As messages have it, and as a command's word. */
  readonly word: string;
  /** Other words for it. */
  readonly aliases: readonly string[];
}

export const ROLLOUT: TargetKind = { resource: ROLLOUTS, word: "rollout", aliases: ["ro", "rollouts"] };
export const EXPERIMENT: TargetKind = {
  resource: EXPERIMENTS,
  word: "experiment",
  aliases: ["exp", "experiments"],
};
export const ANALYSIS_RUN: TargetKind = {
  resource: ANALYSIS_RUNS,
  word: "analysisrun",
  aliases: ["ar", "analysisruns"],
};

/** Runs a step plugin and waits for its end. Not driven yet. */
import { type StepKind, undriven } from "./kind.ts";

export const plugin: StepKind = {
  ...undriven("plugin steps"),
  words: (step) => `plugin: ${step.plugin?.name}`,
};

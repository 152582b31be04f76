/** Asks a step plugin (docs/plugins.md#step-plugins). Nothing is written: its answer is a fact of a later pass. */
import type { ActionRow } from "./row.ts";

export interface CallStepPlugin {
  readonly kind: "callStepPlugin";
  readonly op: "run" | "terminate" | "abort";
  /** Of the step. */
  readonly index: number;
  readonly plugin: string;
  /** By which the plugin, and whoever waits for its answer, knows the call again. */
  readonly key: string;
  readonly config: unknown;
  /** What it has answered to the last call of its step. */
  readonly status: unknown;
}

export const callStepPlugin = {
  effect: (world, { key }) => ({ ...world, stepPluginCall: key }),
  requests: () => [],
  words: ({ op, plugin, index }) => `${op} step plugin "${plugin}" of step ${index + 1}`,
  target: () => "step plugin",
} as const satisfies ActionRow<CallStepPlugin>;

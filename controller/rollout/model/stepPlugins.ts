/** What a decision knows of the step plugins of a Rollout (docs/plugins.md#step-plugins). */
import type { Json } from "../../../kube/object/json.ts";
import type { ConfiguredPlugin } from "../../../providers/metrics/pluginService.ts";

/** What a plugin has answered. No text of it holds a secret. */
export type StepPluginAnswer =
  | {
      readonly kind: "answered";
      /** As it came: it may be none of those that there are; "" where it was left out. */
      readonly phase: string;
      readonly message: string;
      /** Handed to the plugin when it is asked again. */
      readonly status?: Json;
      /** How long it wants to be left alone. */
      readonly resumeMs?: number;
    }
  /** It did not answer, or not in the way that the contract says: why, in one sentence. */
  | { readonly kind: "failed"; readonly message: string };

export interface StepPluginOutcome {
  /** Of the call that it answers. */
  readonly key: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly arrivedAt: number;
  readonly answer: StepPluginAnswer;
}

export interface StepPluginFacts {
  readonly configured: (name: string) => ConfiguredPlugin;
  /** Those that are not in the stored status yet, in the order of their arrival. */
  readonly outcomes: readonly StepPluginOutcome[];
}

/** Why the plugin of the current step cannot be asked; it is asked by itself once that is over. */
export interface StepPluginFault {
  /** One sentence. */
  readonly message: string;
}

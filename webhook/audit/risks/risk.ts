/** What may keep a Rollout's next update from getting on, and is not wrong with the Rollout. */
import type { EventReason } from "../../../schema/reasons.ts";

export type RiskKind = "nodes" | "quota" | "endpoint";

export interface Risk {
  readonly kind: RiskKind;
  /** What tells two of a kind apart; the message may change while it is the same one. */
  readonly about: string;
  /** One sentence, without the last full stop. */
  readonly message: string;
}

export const RISK_REASONS: { readonly [K in RiskKind]: EventReason } = {
  nodes: "SurgeDoesNotFit",
  quota: "SurgeDoesNotFit",
  endpoint: "MetricDoesNotAnswer",
};

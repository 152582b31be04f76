/** The webhook's metrics for Prometheus. */
import { counterFamily, histogramFamily, single } from "../../controller/process/exposition.ts";
import type { Answer } from "../review/review.ts";

/** "malformed": it could not be read; "unread": it was too large to be read. */
export type ReviewOutcome = Answer["verdict"] | "malformed" | "unread";

/** Called by the webhook for each review. `kind` and `operation` are "" where they could not be read. */
export type Reviewed = (kind: string, operation: string, verdict: ReviewOutcome, durationMs: number) => void;

export interface WebhookMetrics {
  readonly reviewed: Reviewed;
  /** A few lines at a time. */
  render(): Generator<string>;
}

/** The API server's own buckets for admission webhooks, and finer ones in the range that we aim at. */
const durationBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * Starts with empty counters.
 * @param expiresAtMs when the served certificate expires, in milliseconds since the epoch; undefined: there is no such
 *   certificate
 */
export function createWebhookMetrics(expiresAtMs: () => number | undefined): WebhookMetrics {
  const reviews = counterFamily("sluice_admission_reviews_total", "Admission reviews answered.", [
    "kind",
    "operation",
    "verdict",
  ]);
  const durations = histogramFamily(
    "sluice_admission_review_duration_seconds",
    "Time from an admission review to its answer.",
    ["kind", "operation"],
    durationBounds,
  );
  return {
    reviewed(kind, operation, verdict, durationMs) {
      reviews.add([kind, operation, verdict]);
      durations.observe([kind, operation], durationMs / 1_000);
    },
    *render() {
      yield* reviews.render();
      yield* durations.render();
      const expiry = expiresAtMs();
      if (expiry !== undefined) {
        const help = "When the served certificate expires, seconds since 1970.";
        yield single("sluice_webhook_certificate_expiry_timestamp_seconds", "gauge", help, expiry / 1_000);
      }
    },
  };
}

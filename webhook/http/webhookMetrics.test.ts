import { expect, test } from "bun:test";
import { createWebhookMetrics } from "./webhookMetrics.ts";

test("reviews are counted by kind, operation and verdict, and timed by kind and operation", () => {
  const metrics = createWebhookMetrics(() => 1_800_000_000_000);
  metrics.reviewed("Rollout", "CREATE", "refused", 2);
  metrics.reviewed("Rollout", "CREATE", "allowed", 40);
  metrics.reviewed("", "", "malformed", 0.1);
  const page = [...metrics.render()].join("");
  expect(page).toContain('sluice_admission_reviews_total{kind="Rollout",operation="CREATE",verdict="refused"} 1\n');
  expect(page).toContain('sluice_admission_reviews_total{kind="",operation="",verdict="malformed"} 1\n');
  expect(page).toContain(
    'sluice_admission_review_duration_seconds_bucket{kind="Rollout",operation="CREATE",le="0.0025"} 1\n',
  );
  expect(page).toContain('sluice_admission_review_duration_seconds_sum{kind="Rollout",operation="CREATE"} 0.042\n');
  expect(page).toContain("sluice_webhook_certificate_expiry_timestamp_seconds 1800000000\n");
});

test("a webhook without certificate shows no expiry", () => {
  expect([...createWebhookMetrics(() => undefined).render()].join("")).not.toContain("expiry");
});

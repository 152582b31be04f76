import { expect, test } from "bun:test";
import { createCorrelator } from "./correlate.ts";
import type { KubeEvent } from "./recorder.ts";

const about = (name: string, message = "Rollout is paused", more: Partial<KubeEvent> = {}): KubeEvent => ({
  object: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name, namespace: "ns", uid: `uid-${name}` },
  type: "Normal",
  reason: "RolloutPaused",
  message,
  ...more,
});

const minute = 60_000;

test("lets 25 events of an object through, then one per 5 minutes", () => {
  const correlator = createCorrelator();
  const passed = (from: number, n: number, atMs: number): number =>
    Array.from({ length: n }, (_, i) =>
      correlator.correlate(about("web", "m", { reason: `R${from + i}` }), atMs),
    ).filter((result) => result !== undefined).length;
  expect(passed(0, 40, 0)).toBe(25);
  expect(passed(40, 5, 4 * minute)).toBe(0);
  expect(passed(50, 5, 5 * minute)).toBe(1);
  expect(passed(60, 40, 500 * minute)).toBe(25);
  expect(correlator.correlate(about("another"), 0)).toBeDefined();
});

test("combines similar events from the tenth within 10 minutes on", () => {
  const correlator = createCorrelator();
  const weight = (i: number) => about("web", `weight ${i}`, { reason: "TrafficWeightUpdated" });
  const messages = Array.from({ length: 12 }, (_, i) => correlator.correlate(weight(i), i * 1_000));
  expect(messages[8]?.message).toBe("weight 8");
  expect(messages[9]?.message).toBe("(combined from similar events): weight 9");
  expect(messages[11]).toMatchObject({ count: 3, message: "(combined from similar events): weight 11" });
  expect(correlator.correlate(weight(12), 30 * minute)).toMatchObject({
    message: "weight 12",
    count: 1,
  });
});

test("remembers 4,096 and no more", () => {
  const correlator = createCorrelator();
  const first = correlator.correlate(about("web-0"), 0);
  if (first !== undefined) correlator.sent(first, "web-0.1");
  expect(correlator.correlate(about("web-0"), 0)?.name).toBe("web-0.1");
  for (let i = 1; i <= 4_096; i += 1) correlator.correlate(about(`web-${i}`), 0);
  expect(correlator.correlate(about("web-0"), 0)?.name).toBeUndefined();
});

test("an event that stands for several began with the first of them", () => {
  const joined = createCorrelator().correlate(about("web"), 9_000, 3, 1_000);
  expect(joined).toMatchObject({ count: 3, firstAtMs: 1_000 });
});

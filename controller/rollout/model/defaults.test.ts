import { describe, expect, test } from "bun:test";
import type { Rollout, RolloutStrategy } from "../../../schema/rollout.ts";
import type { IntOrString } from "../../../schema/scalars.ts";
import * as defaults from "./defaults.ts";

const rolloutOf = (strategy: RolloutStrategy, replicas?: number): Rollout => ({
  metadata: { name: "web", namespace: "default" },
  spec: { strategy, ...(replicas === undefined ? {} : { replicas }) },
});

describe("fenceposts", () => {
  const cases: readonly (readonly [
    what: string,
    value: IntOrString,
    pods: number,
    surge: number,
    unavailable: number,
  ])[] = [
    ["an integer is a number of pods", 3, 10, 3, 3],
    ["a percentage is rounded up for surge and down for unavailable", "25%", 10, 3, 2],
    ["text without a sign is a percentage, too", "5", 10, 1, 0],
    ["text that is no number is 0, and then one pod may be unavailable", "many", 10, 0, 1],
    ["0 for both lets one pod be unavailable", 0, 10, 0, 1],
    ["more than all pods may surge, but not be unavailable", 20, 10, 20, 10],
    ["more than 100 % may surge, but not be unavailable", "250%", 2, 5, 2],
    ["no pods: none can be unavailable", "25%", 0, 0, 0],
  ];
  test.each(cases)("%s: %p of %i", (_, value, pods, surge, unavailable) => {
    const rollout = rolloutOf({ canary: { maxSurge: value, maxUnavailable: value } }, pods);
    expect(defaults.maxSurge(rollout)).toBe(surge);
    expect(defaults.maxUnavailable(rollout)).toBe(unavailable);
  });

  test("of blue-green: no surge, and 0 unavailable stays 0", () => {
    const of = (maxUnavailable: IntOrString): number =>
      defaults.maxUnavailable(rolloutOf({ blueGreen: { activeService: "a", maxUnavailable } }, 10));
    expect(defaults.maxSurge(rolloutOf({ blueGreen: { activeService: "a" } }, 10))).toBe(0);
    expect(of(0)).toBe(0);
    expect(of("25%")).toBe(2);
    expect(of(20)).toBe(10);
  });
});

describe("defaults", () => {
  const canary = rolloutOf({ canary: {} });
  const blueGreen = rolloutOf({ blueGreen: { activeService: "active" } });

  test("of a spec that says nothing", () => {
    expect(defaults.desiredReplicas(canary)).toBe(1);
    expect(defaults.revisionHistoryLimit(canary)).toBe(10);
    expect(defaults.progressDeadlineSeconds(canary)).toBe(600);
  });

  test("an old blue-green ReplicaSet stays for 30 s, one of a canary without a router for none", () => {
    expect(defaults.scaleDownDelaySeconds(blueGreen)).toBe(30);
    expect(defaults.scaleDownDelaySeconds(canary)).toBe(0);
    expect(
      defaults.scaleDownDelaySeconds(rolloutOf({ blueGreen: { activeService: "a", scaleDownDelaySeconds: 0 } })),
    ).toBe(0);
  });

  test("any number of old ReplicaSets may wait, unless a limit says otherwise", () => {
    expect(defaults.scaleDownDelayRevisionLimit(blueGreen)).toBe(Infinity);
    expect(
      defaults.scaleDownDelayRevisionLimit(
        rolloutOf({ blueGreen: { activeService: "a", scaleDownDelayRevisionLimit: 2 } }),
      ),
    ).toBe(2);
  });

  test("an aborted preview stays for 30 s, and for ever with 0", () => {
    const of = (abortScaleDownDelaySeconds: number): number | undefined =>
      defaults.abortScaleDownDelaySeconds(rolloutOf({ blueGreen: { activeService: "a", abortScaleDownDelaySeconds } }));
    expect(defaults.abortScaleDownDelaySeconds(blueGreen)).toBe(30);
    expect(of(0)).toBeUndefined();
    expect(of(5)).toBe(5);
  });
});

describe("the current step", () => {
  const steps = [{ setWeight: 10 }, { pause: {} }];
  const at = (index: number | undefined, list: object[] = steps): Rollout => ({
    ...rolloutOf({ canary: { steps: list } }),
    status: index === undefined ? {} : { currentStepIndex: index },
  });

  test("is the first before an index is written", () => {
    expect(defaults.stepIndexOf(at(undefined))).toBe(0);
    expect(defaults.currentStepOf(at(undefined))).toEqual({ setWeight: 10 });
  });

  test("is none when all are done, or there are none", () => {
    expect(defaults.currentStepOf(at(2))).toBeUndefined();
    expect(defaults.stepIndexOf(at(3, []))).toBeUndefined();
    expect(defaults.currentStepOf(at(3, []))).toBeUndefined();
  });
});

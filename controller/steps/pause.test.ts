import { describe, expect, test } from "bun:test";
import type { IntOrString } from "../../schema/scalars.ts";
import type { StepFacts, Verdict } from "./kind.ts";
import { pause } from "./pause.ts";

const facts = (now: number, more: Partial<StepFacts> = {}): StepFacts => ({
  now,
  pause: { startedAt: 0 },
  isResumed: false,
  sizesLack: () => undefined,
  isWeightVerified: undefined,
  analysisPhase: () => undefined,
  pluginEntries: () => [],
  experimentPhase: () => undefined,
  ...more,
});

const verdict = (duration: IntOrString | undefined, given: StepFacts): Verdict =>
  pause.verdict({ pause: duration === undefined ? {} : { duration } }, given);

/** Seconds after its beginning at which a pause ends; undefined when time does not end it. */
function secondsOf(duration: IntOrString | undefined): number | undefined {
  const early = verdict(duration, facts(-1_000_000));
  if (early.kind === "done" || early.wakeAt === undefined) return undefined;
  return (early.wakeAt - 1) / 1000;
}

describe("the duration of a pause", () => {
  const cases: readonly (readonly [duration: IntOrString | undefined, seconds: number | undefined])[] = [
    [undefined, undefined],
    [0, 0],
    [30, 30],
    ["30", 30],
    ["0", 0],
    ["30s", 30],
    ["1m", 60],
    ["1h30m", 5400],
    ["1.5m", 90],
    ["90m", 5400],
    ["1h0m1s", 3601],
    ["1500ms", 1],
    ["999ms", 0],
    ["1m0.9s", 60],
    ["-5s", -5],
    ["1d", -1],
    ["soon", -1],
    ["", -1],
  ];
  test.each(cases)("%p is %p seconds", (duration, seconds) => {
    expect(secondsOf(duration)).toBe(seconds as never);
  });
});

describe("a pause", () => {
  test("begins once, and asks for its condition", () => {
    expect(verdict("10s", facts(0, { pause: undefined }))).toEqual({
      kind: "hold",
      reason: "PauseBegins",
      beginsPause: true,
    });
  });

  test("is not over at the instant at which its duration ends, and over after it", () => {
    expect(verdict("10s", facts(10_000))).toEqual({ kind: "hold", reason: "PauseNotOver", wakeAt: 10_001 });
    expect(verdict("10s", facts(10_001))).toEqual({ kind: "done" });
  });

  test("without a duration waits for a person, who may also cut one short", () => {
    expect(verdict(undefined, facts(1e12))).toEqual({ kind: "hold", reason: "WaitsForPerson" });
    expect(verdict(undefined, facts(0, { pause: undefined, isResumed: true }))).toEqual({ kind: "done" });
    expect(verdict("1h", facts(0, { pause: undefined, isResumed: true }))).toEqual({ kind: "done" });
  });

  test("whose beginning cannot be read is not over", () => {
    expect(verdict("10s", facts(1e12, { pause: { startedAt: undefined } }))).toEqual({
      kind: "hold",
      reason: "PauseNotOver",
    });
  });
});

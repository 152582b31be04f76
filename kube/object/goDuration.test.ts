import { describe, expect, test } from "bun:test";
import { goDurationMs, goDurationNs, goDurationProblem } from "./goDuration.ts";
import { pauseSeconds } from "./pauseSeconds.ts";

describe("a duration as Go writes it", () => {
  test.each([
    ["0", 0],
    ["1.2s", 1_200],
    ["300ms", 300],
    ["1m30s", 90_000],
    ["-1h", -3_600_000],
    ["1us", 0.001],
    [".5m", 30_000],
    ["1.s", 1_000],
    ["5", undefined],
    ["", undefined],
    ["s", undefined],
    [".s", undefined],
    ["1d", undefined],
    ["1s ", undefined],
    ["1".repeat(1_001), undefined],
  ])("%p is %p ms", (text, ms) => {
    expect(goDurationMs(text)).toBe(ms);
  });

  test("is cut to whole nanoseconds, and may be longer than Go can hold", () => {
    expect(goDurationNs("0.9999999999s")).toBe(999_999_999n);
    expect(goDurationNs("9223372036854775807ns")).toBe(2n ** 63n - 1n);
    expect(goDurationProblem("9223372036854775807ns")).toBeUndefined();
    expect(goDurationProblem("9223372036854775808ns")).toBe('time: invalid duration "9223372036854775808ns"');
    expect(goDurationProblem("-9223372036854775808ns")).toBeUndefined();
  });

  test.each([
    ["10", 'time: missing unit in duration "10"'],
    ["1d", 'time: unknown unit "d" in duration "1d"'],
    ["1h5x", 'time: unknown unit "x" in duration "1h5x"'],
    ["soon", 'time: invalid duration "soon"'],
  ])("is refused in Go's words: %s", (text, problem) => {
    expect(goDurationProblem(text)).toBe(problem);
  });

  test.each([
    ["1m30s", 90],
    ["1.9s", 1],
    ["-1.9s", -1],
    ["90", 90],
    ["99999999999", -1],
    ["600000h", -2_147_483_648],
    ["3000000h", -1],
    ["soon", -1],
  ])("%s pauses for %p seconds", (text, seconds) => {
    expect(pauseSeconds(text)).toBe(seconds);
  });
});

import { describe, expect, test } from "bun:test";
import { humanDuration, since } from "./humanDuration.ts";

const [s, m, h, d] = [1_000, 60_000, 3_600_000, 86_400_000] as const;

describe("durations in tables", () => {
  test.each([
    [-3 * s, "<invalid>"],
    [-s, "0s"],
    [0, "0s"],
    [119 * s, "119s"],
    [2 * m, "2m"],
    [5 * m + 7 * s, "5m7s"],
    [10 * m + 7 * s, "10m"],
    [179 * m, "179m"],
    [3 * h, "3h"],
    [7 * h + 5 * m, "7h5m"],
    [47 * h, "47h"],
    [2 * d, "2d"],
    [3 * d + 4 * h, "3d4h"],
    [8 * d, "8d"],
    [729 * d, "729d"],
    [730 * d, "2y"],
    [735 * d, "2y5d"],
    [8 * 365 * d, "8y"],
  ])("%p ms read %s", (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });

  test("of no time are unknown", () => {
    expect(since("", 0)).toBe("<unknown>");
    expect(since("1970-01-01T00:00:00Z", 61_000)).toBe("61s");
  });
});

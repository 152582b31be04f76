import { describe, expect, test } from "bun:test";
import { humanDuration, listText, selectorText, since } from "./text.ts";

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

describe("texts in tables", () => {
  test("a selector has its requirements in order of key", () => {
    const matchExpressions = [
      { key: "b", operator: "In", values: ["y", "x"] },
      { key: "a", operator: "DoesNotExist" },
      { key: "d", operator: "Exists" },
      { key: "e", operator: "NotIn", values: ["z"] },
    ];
    expect(selectorText({ matchLabels: { c: "1" }, matchExpressions })).toBe("!a,b in (x,y),c=1,d,e notin (z)");
    expect(selectorText(undefined)).toBe("");
  });

  test("a long list says how many more there are", () => {
    expect(listText(["a", "b", "c", "d"], 3)).toBe("a,b,c + 1 more...");
    expect(listText([], 3)).toBe("<none>");
  });
});

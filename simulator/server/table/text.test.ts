import { describe, expect, test } from "bun:test";
import { listText, selectorText } from "./text.ts";

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

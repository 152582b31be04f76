import { describe, expect, test } from "bun:test";
import { jsonPath } from "./jsonPath.ts";

const object = {
  metadata: { annotations: { "a.b/c": "x" } },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Old", status: "False" },
    ],
    counts: { a: 1, b: 2 },
  },
};

describe("paths of printer columns", () => {
  test.each([
    [".status.conditions[0].type", ["Ready"]],
    ["status.conditions[-1].type", ["Old"]],
    ["{.status.conditions[*].type}", ["Ready", "Old"]],
    ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
    [".status.conditions[?(@.type!='Ready')].status", ["False"]],
    [".status.conditions[?(@.reason)].status", []],
    [String.raw`.metadata.annotations.a\.b/c`, ["x"]],
    [".metadata.annotations['a.b/c']", ["x"]],
    [".status.counts.*", [1, 2]],
    [".status.none.at.all", []],
    [".status.conditions[9]", []],
  ])("%s finds %p", (path, found) => {
    expect(jsonPath(path)?.(object)).toEqual(found);
  });

  test("that cannot be read are told apart from those that find nothing", () => {
    expect(jsonPath(".a[?(@.b > 1)]")).toBeUndefined();
    expect(jsonPath(".a..b")).toBeUndefined();
  });
});

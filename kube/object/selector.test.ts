import { describe, expect, test } from "bun:test";
import type { LabelSelector } from "../../schema/kube.ts";
import { formatSelector, matchesSelector } from "./selector.ts";

describe("a selector as text", () => {
  const cases: readonly (readonly [text: string, selector: LabelSelector | undefined])[] = [
    ["<none>", undefined],
    ["<none>", {}],
    ["app=web", { matchLabels: { app: "web" } }],
    ["app=web,tier=front", { matchLabels: { tier: "front", app: "web" } }],
    ["app in (a,b)", { matchExpressions: [{ key: "app", operator: "In", values: ["b", "a"] }] }],
    ["app notin (a)", { matchExpressions: [{ key: "app", operator: "NotIn", values: ["a"] }] }],
    ["app", { matchExpressions: [{ key: "app", operator: "Exists" }] }],
    ["!app", { matchExpressions: [{ key: "app", operator: "DoesNotExist" }] }],
  ];
  test.each(cases)("is %s", (text, selector) => {
    expect(formatSelector(selector)).toBe(text);
  });

  test("is sorted by key, equalities and expressions together", () => {
    const selector: LabelSelector = {
      matchLabels: { tier: "front" },
      matchExpressions: [
        { key: "zone", operator: "Exists" },
        { key: "app", operator: "In", values: ["web"] },
      ],
    };
    expect(formatSelector(selector)).toBe("app in (web),tier=front,zone");
  });
});

describe("a selector matches", () => {
  const one = (operator: string, ...values: string[]): LabelSelector => ({
    matchExpressions: [{ key: "app", operator, values }],
  });
  const cases: readonly (readonly [what: string, selector: LabelSelector | undefined, matches: boolean])[] = [
    ["equal labels", { matchLabels: { app: "web" } }, true],
    ["another value", { matchLabels: { app: "db" } }, false],
    ["labels of which one is missing", { matchLabels: { app: "web", tier: "x" } }, false],
    ["a value in a list", one("In", "db", "web"), true],
    ["a value not in a list", one("In", "db"), false],
    ["a value that must not be in a list", one("NotIn", "web"), false],
    [
      "a missing label that must not be in a list",
      { matchExpressions: [{ key: "x", operator: "NotIn", values: ["y"] }] },
      true,
    ],
    ["a label that exists", one("Exists"), true],
    ["a label that must not exist", one("DoesNotExist"), false],
    ["nothing by an empty selector", {}, false],
    ["nothing without a selector", undefined, false],
  ];
  test.each(cases)("%s: %#", (_, selector, matches) => {
    expect(matchesSelector(selector, { app: "web", zone: "a" })).toBe(matches);
  });
});

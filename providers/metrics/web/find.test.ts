import { describe, expect, test } from "bun:test";
import { jsonText } from "../text.ts";
import { findFirst } from "./find.ts";
/** What client-go 0.34 answers, by a program with jsonpath.Parse and FindResults; its first value is what counts. */
import go from "./goAnswers.json";
import { parseJsonPath } from "./jsonPath.ts";

function answer(path: string, data: unknown): string {
  const parsed = parseJsonPath(path);
  if ("problem" in parsed) return `syntax: ${parsed.problem}`;
  const found = findFirst(parsed.nodes, data);
  if (found === undefined) return "none";
  return "problem" in found ? `error: ${found.problem}` : `value: ${jsonText(found.value)}`;
}

describe("a JSONPath finds what client-go finds", () => {
  test("in one object, by more than two hundred paths", () => {
    const wrong = go.answers.filter(([path = "", expected]) => answer(path, go.data) !== expected);
    expect(go.answers.length).toBeGreaterThan(200);
    expect(wrong).toEqual([]);
  });

  test("in values of other shapes", () => {
    const wrong = go.others.filter(
      ([path, data, expected]) => answer(typeof path === "string" ? path : "", data) !== expected,
    );
    expect(wrong).toEqual([]);
  });
});

describe("where client-go is no use it is a little kinder", () => {
  test.each([
    ["{.items[?(@.f>1)].name}", 'value: "a"'],
    ["{.data.p[?(@==2)]}", "value: 2"],
    ["{.data.p[?(@<5)]}", "value: 1"],
  ])("%s compares a number in JSON with a whole one", (path, expected) => expect(answer(path, go.data)).toBe(expected));

  test("the members of an object come in the order of their names", () => {
    expect(answer("{.*}", go.data)).toBe("value: 5");
  });
});

describe("a JSONPath ends", () => {
  test.each([
    "{..[*]..[*]..[*]..[*]..[*]}",
    `{${"..a".repeat(200)}}`,
    `{${".*".repeat(400)}}`,
    "{range ..}{range $..}{range $..}{$}{end}{end}{end}",
    `{$${"[?(@.a)]".repeat(300)}}`,
  ])("in a deep and wide answer: %s", (path) => {
    const wide = (depth: number): unknown =>
      depth === 0 ? 1 : [wide(depth - 1), wide(depth - 1), { a: wide(depth - 1), b: wide(depth - 1) }];
    const parsed = parseJsonPath(path);
    if ("problem" in parsed) throw new Error(parsed.problem);
    expect(findFirst(parsed.nodes, wide(7))).not.toEqual({ value: undefined });
  });

  test("in one that is nested without end, with an error", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 200_000; i++) deep = [deep];
    const parsed = parseJsonPath("{..a}");
    if ("problem" in parsed) throw new Error(parsed.problem);
    expect(findFirst(parsed.nodes, deep)).toHaveProperty("problem");
  });

  test("though its filters are nested without end", () => {
    expect(parseJsonPath(`{${"[?(".repeat(50_000)}`)).toHaveProperty("problem");
  });
});

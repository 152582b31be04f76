import { describe, expect, test } from "bun:test";
import {
  analysisRunViolations,
  analysisRunWarnings,
  analysisTemplateViolations,
  analysisTemplateWarnings,
} from "./analysis.ts";
import { type Violation, violationText } from "../../../kube/validation/violation.ts";

const PROMETHEUS = { prometheus: { address: "http://p", query: "up" } };
const WEB = { web: { url: "http://x" } };

type Argument = { readonly name: string; readonly value?: string; readonly valueFrom?: object };

/** One metric with this condition. */
const spec = (successCondition: string, provider: object = PROMETHEUS, args: readonly Argument[] = []): object => ({
  spec: { args, metrics: [{ name: "m", provider, successCondition }] },
});

const texts = (violations: readonly Violation[]): readonly string[] =>
  violations.filter(({ rule }) => rule === "metric-condition").map(violationText);

const refused = (object: unknown): readonly string[] => texts(analysisTemplateViolations(object));
const warned = (object: unknown): readonly string[] => texts(analysisTemplateWarnings(object));

type Row = readonly [sentence: string, condition: string, provider?: object];

const table = (rows: readonly Row[]): { sentence: string; object: object }[] =>
  rows.map(([sentence, condition, provider]) => ({ sentence, object: spec(condition, provider) }));

const fine: readonly Row[] = [
  ["a comparison of the first series", "result[0] >= 0.95"],
  ["a scalar query", "isNaN(result) || result >= 0.95"],
  ["an empty list", "len(result) == 0 || result[0] < 5"],
  ["all series", "all(result, # < 0.05)"],
  ["a member of JSON", "result.ok && result.successPercent >= 0.90", WEB],
  ["a text", "result == 'It worked!'", WEB],
  ["an element of JSON", "result[0].v > 1", WEB],
  ["a number that may be missing", "default(result, 0) < 0.05", { datadog: { query: "q" } }],
  ["CloudWatch's values", "all(result[0].Values, {# <= 0.01})", { cloudWatch: {} }],
  ["SkyWalking's answer", "all(result.service.values, {asFloat(.value) >= 9900})", { skywalking: {} }],
  ["New Relic's member", "result['average.x'] > 1", { newRelic: { query: "q" } }],
  ["New Relic's list", "result[0].x > 1", { newRelic: { query: "q" } }],
  ["what a plugin reads in its own way", "results[0] >< 5", { plugin: { "a/b": {} } }],
  ["what a job does not read at all", "((", { job: { spec: {} } }],
  ["what cannot be known before it runs", "result[7] > 1"],
];

const wrong: readonly (readonly [sentence: string, condition: string, message: string, provider?: object])[] = [
  ["nothing to compare with", "result[0] >=", "it ends too early: expected a value (1:12)"],
  ["an assignment", "result[0] = 1", "unexpected =: expected an operator or the end (1:11)"],
  ["a misspelt name", "results[0] > 1", "unknown name results"],
  ["a misspelt function", "isNan(result[0])", "unknown name isNan"],
  ["a number that is compared with a text", 'result[0] == "a"', "== does not take a float64 and a string (1:11)"],
  ["a remainder of a float", "result[0] % 2 == 0", "% does not take a float64 and a int (1:11)"],
  ["a value that is no bool", "result[0]", "it gives a float64, and a condition is true or false"],
  ["a member of a list", "result[0].ok", "a float64 has no member ok"],
  ["a regular expression that is none", 'result matches "("', "not a regular expression", WEB],
  ["a list where there is one element more", "result.value > 1", "are found by an integer", { graphite: {} }],
];

describe("a template is not refused for", () => {
  test.each(table(fine))("$sentence", ({ object }) => {
    expect(refused(object)).toEqual([]);
  });
});

describe("a template and a run are refused for", () => {
  test.each(
    wrong.map(([sentence, condition, message, provider]) => ({ sentence, object: spec(condition, provider), message })),
  )("$sentence", ({ object, message }) => {
    const [only, ...more] = refused(object);
    expect(only).toContain("spec.metrics[0].successCondition: Invalid value: ");
    expect(only).toContain(message);
    expect(more).toEqual([]);
    expect(texts(analysisRunViolations(object))).toEqual([only ?? ""]);
  });

  test("each condition, with the line and an arrow", () => {
    const metrics = [{ name: "m", provider: PROMETHEUS, successCondition: "true", failureCondition: "result[0] >" }];
    expect(refused({ spec: { metrics } })).toEqual([
      'spec.metrics[0].failureCondition: Invalid value: "result[0] >": it ends too early: expected a value (1:11)\n | result[0] >\n | ..........^',
    ]);
  });
});

describe("tags in a condition", () => {
  test("are no mistake", () => {
    const conditions = ["result[0] >= {{args.x}}", "result[0] {{args.op}} 5", "{{args.all}}", 'result == "{{args.x}}"'];
    for (const condition of conditions) {
      expect([refused(spec(condition)), warned(spec(condition))]).toEqual([[], []]);
    }
  });

  test("warn in a template when nothing can stand for them", () => {
    expect(refused(spec("result[0] >= {{args.x}} )"))).toEqual([]);
    expect(warned(spec("result[0] >= {{args.x}} )"))[0]).toContain(
      "reads as no condition, whatever its tags stand for",
    );
  });

  test("warn in a template whose own values are wrong", () => {
    const [warning] = warned(spec("result[0] >= {{args.x}}", PROMETHEUS, [{ name: "x", value: "95 %" }]));
    expect(warning).toContain("is wrong with the values that the arguments have here: it ends too early");
    expect(warned(spec("result[0] >= {{ args.x }}", PROMETHEUS, [{ name: "x", value: "0.95" }]))).toEqual([]);
  });

  test("are judged in a run by what they stand for", () => {
    const run = (value: string): object => spec("result[0] >= {{args.x}}", PROMETHEUS, [{ name: "x", value }]);
    expect(texts(analysisRunViolations(run("0.95")))).toEqual([]);
    expect(texts(analysisRunViolations(run("high")))[0]).toContain("unknown name high");
    expect(texts(analysisRunWarnings(run("high")))).toEqual([]);
  });

  test("are not judged in a run when a secret has the value", () => {
    const valueFrom = { secretKeyRef: { name: "s", key: "k" } };
    const run = spec("result[0] >= {{args.x}}", PROMETHEUS, [{ name: "x", value: "high", valueFrom }]);
    expect(texts(analysisRunViolations(run))).toEqual([]);
  });
});

describe("a template warns", () => {
  test("of a condition that its provider does not read", () => {
    expect(warned(spec("result > 1", { job: { spec: {} } }))[0]).toContain("is not read by this provider");
  });

  test("of what a plugin will hardly read", () => {
    expect(warned(spec("result > ", { plugin: { "a/b": {} } }))[0]).toContain("reads as no condition");
    expect(warned(spec("result > 1", { plugin: { "a/b": {} } }))).toEqual([]);
  });
});

describe("conditions are not looked at without end", () => {
  test("beyond what anybody writes", () => {
    const metrics = Array.from({ length: 2_000 }, (_, index) => ({
      name: `m${index}`,
      provider: WEB,
      successCondition: "(".repeat(100),
    }));
    expect(refused({ spec: { metrics } }).length).toBe(200);
  });

  test("and never throw", () => {
    const odd: readonly unknown[] = [
      null,
      1,
      "x",
      [],
      { metrics: 1 },
      { metrics: [null, 1, { provider: [], successCondition: {} }] },
    ];
    for (const each of odd) {
      expect(() => [refused({ spec: each }), warned({ spec: each })]).not.toThrow();
    }
  });
});

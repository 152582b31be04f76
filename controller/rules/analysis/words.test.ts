import { describe, expect, test } from "bun:test";
import { ANY_OF, MIN_SAMPLES, NO_DATA } from "../../../schema/labels.ts";
import { violationText } from "../../../kube/validation/violation.ts";
import { analysisRunViolations, analysisTemplateViolations, analysisTemplateWarnings } from "./analysis.ts";
import { mergedWords, readWords, wordWarnings } from "./words.ts";

describe("what annotations say about metrics", () => {
  test("is read", () => {
    const { words, problems } = readWords({
      [NO_DATA]: "errors=inconclusive, a=b=success,",
      [MIN_SAMPLES]: "errors=100",
      [ANY_OF]: "errors | latency, c|d|c",
    });
    expect(problems).toEqual([]);
    expect(Object.fromEntries(words.noData)).toEqual({ errors: "inconclusive", "a=b": "success" });
    expect(Object.fromEntries(words.minSamples)).toEqual({ errors: 100 });
    expect(words.anyOf).toEqual([
      ["errors", "latency"],
      ["c", "d"],
    ]);
  });

  test.each([
    [NO_DATA, "errors", "errors", "is not of the form metric=value"],
    [NO_DATA, "errors=maybe", "errors=maybe", "is none of error, inconclusive, success, failure"],
    [MIN_SAMPLES, "a=1,b=-1", "b=-1", "is no whole number"],
    [ANY_OF, "a", "a", "names fewer than two metrics"],
    [ANY_OF, "a|a", "a|a", "names fewer than two metrics"],
    [ANY_OF, "a|b,b|c", "b|c", "names b, which is in a group already"],
  ])("%s: %s is refused at its place, with help", (annotation, value, part, detail) => {
    const object = { metadata: { annotations: { [annotation]: value } }, spec: { templates: [{ templateName: "x" }] } };
    const found = analysisTemplateViolations(object);
    expect(found.map((each) => [each.detail, each.value])).toEqual([[detail, part]]);
    expect(violationText(found[0] as NonNullable<(typeof found)[0]>)).toStartWith(
      `metadata.annotations.${annotation}: `,
    );
    expect(analysisRunViolations(object).some((each) => each.detail === detail)).toBe(true);
  });

  test("warns where no metric of the object has the name, unless others are included", () => {
    const metadata = { annotations: { [NO_DATA]: "errorz=success", [ANY_OF]: "errors|latency" } };
    const metrics = [{ name: "errors" }];
    expect(wordWarnings({ metadata, spec: { metrics } }).map(({ value }) => value)).toEqual(["errorz", "latency"]);
    const included = { metadata, spec: { metrics, templates: [{ templateName: "x" }] } };
    expect(analysisTemplateWarnings(included).filter(({ rule }) => rule === "metric-words-unmatched")).toEqual([]);
  });

  test.each([
    [{ metadata: null }],
    [{ metadata: { annotations: [1] } }],
    [{ metadata: { annotations: { [NO_DATA]: 1 } } }],
    [null],
  ])("of %j is nothing", (object) => {
    expect(wordWarnings(object)).toEqual([]);
  });

  test("of several templates goes together", () => {
    expect(
      mergedWords([{ [NO_DATA]: "a=success", other: "x" }, {}, { [NO_DATA]: "b=error", [ANY_OF]: "a|b" }]),
    ).toEqual({ [NO_DATA]: "a=success, b=error", [ANY_OF]: "a|b" });
  });
});

import { expect, test } from "bun:test";
import { violationText } from "../../../kube/validation/violation.ts";
import { templateIncludeFindings } from "./templateIncludes.ts";

const includes = (...names: readonly string[]) => ({
  templates: names.map((name) => ({
    templateName: name,
    ...(name === name.toUpperCase() ? { clusterScope: true } : {}),
  })),
});
const texts = (template: object, namespaced: object, cluster: object = {}) => {
  const templates = { namespaced: new Map(Object.entries(namespaced)), cluster: new Map(Object.entries(cluster)) };
  const { refuse, warn } = templateIncludeFindings(template, templates);
  return { refuse: refuse.map(violationText), warn: warn.map(violationText) };
};
const template = (name: string, spec: object, kind = "AnalysisTemplate") => ({ kind, metadata: { name }, spec });
const fine = { refuse: [], warn: [] };

test("a template that would include itself through others is refused, with the way round", () => {
  expect(texts(template("a", includes("b")), { b: includes("c"), c: includes("a") })).toEqual({
    refuse: [
      `spec.templates: Invalid value: "a": a template cannot include itself: AnalysisTemplate 'a' → AnalysisTemplate 'b' → AnalysisTemplate 'c' → AnalysisTemplate 'a'`,
    ],
    warn: [],
  });
  expect(texts(template("A", includes("B"), "ClusterAnalysisTemplate"), {}, { B: includes("A") }).refuse).toHaveLength(
    1,
  );
});

test("a circle that it only leads to, or with itself alone, is reported elsewhere", () => {
  expect(texts(template("a", includes("b")), { b: includes("c"), c: includes("b") })).toEqual(fine);
  expect(texts(template("a", includes("a")), {})).toEqual(fine);
});

test("a template that it includes and that does not exist is warned of", () => {
  expect(texts(template("a", includes("b", "C", "d")), { d: includes("e") })).toEqual({
    refuse: [],
    warn: [
      `spec.templates[0].templateName: Invalid value: "b": AnalysisTemplate 'b' not found`,
      `spec.templates[1].templateName: Invalid value: "C": ClusterAnalysisTemplate 'C' not found`,
    ],
  });
});

test("what a template of the cluster finds in a namespace is not known", () => {
  expect(texts(template("A", includes("b"), "ClusterAnalysisTemplate"), {})).toEqual(fine);
});

test("whatever it is given, it answers", () => {
  for (const junk of [undefined, null, 1, [], {}, { spec: { templates: [1, null] } }]) {
    expect(texts(junk as object, {}).refuse).toEqual([]);
  }
});

import { describe, expect, test } from "bun:test";
import { parseDocuments } from "./parse.ts";
import { placeInText, rangeOf } from "./position.ts";

const text = `spec:
  steps:
    - setWeight: 20
    - pause: {}
  labels:
    app.kubernetes.io/name: web
    app: x
  empty:
`;

function shown(path: string, isKeyMeant = false): readonly [string, boolean] {
  const [document] = parseDocuments(text);
  if (document === undefined) throw new Error("no document");
  const place = placeInText(document, document.contents, path);
  const [start, end] = rangeOf(place, text, isKeyMeant);
  return [text.slice(start, end), place.isWhole];
}

describe("the place of a path in a text", () => {
  test.each([
    ["spec.steps[0].setWeight", "20", true],
    ["spec.steps[1].pause", "pause", true],
    ["spec.steps[1]", "pause: {}", true],
    ["spec.steps", "steps", true],
    ["spec.labels.app.kubernetes.io/name", "web", true],
    ["spec.labels[app.kubernetes.io/name]", "web", true],
    ["spec.labels.app", "x", true],
    // Nothing stands there: the name does.
    ["spec.empty", "empty", true],
    ["spec.steps[7].setWeight", "steps", false],
    ["spec.template.metadata", "spec", false],
    ["spec.step", "spec", false],
  ])("%s is %s", (path, wanted, isWhole) => {
    expect(shown(path)).toEqual([wanted, isWhole]);
  });

  test("is the name of the member where that is wrong", () => {
    expect(shown("spec.labels.app", true)).toEqual(["app", true]);
  });
});

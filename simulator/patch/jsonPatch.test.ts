/** What a real API server (1.36) answered to the same patches of the same ConfigMap. */
import { describe, expect, test } from "bun:test";
import { applyJsonPatch } from "./jsonPatch.ts";
import { applyMergePatch } from "./applyMergePatch.ts";
import { PatchError } from "../model/patchError.ts";

const object = {
  metadata: {
    name: "settings",
    labels: { a: "1" },
    annotations: { "a/b": "s" },
    finalizers: ["x/a", "x/b"],
  },
  data: { k: "v" },
};
const { metadata } = object;
const withFinalizers = (...finalizers: readonly string[]) => ({ ...object, metadata: { ...metadata, finalizers } });
const withData = (entries: Readonly<Record<string, unknown>>) => ({ ...object, data: entries });

function refusalOf(action: () => unknown): PatchError {
  try {
    action();
  } catch (error) {
    if (error instanceof PatchError) return error;
    throw error;
  }
  throw new Error("The patch was not refused");
}

describe("a JSON patch", () => {
  const applies: readonly (readonly [string, readonly unknown[], unknown])[] = [
    ["adds a member", [{ op: "add", path: "/data/n", value: "x" }], withData({ k: "v", n: "x" })],
    ["adds null where it names no value", [{ op: "add", path: "/data/n" }], withData({ k: "v", n: null })],
    [
      "inserts before an element",
      [{ op: "add", path: "/metadata/finalizers/1", value: "x/y" }],
      withFinalizers("x/a", "x/y", "x/b"),
    ],
    [
      "appends with -",
      [{ op: "add", path: "/metadata/finalizers/-", value: "x/y" }],
      withFinalizers("x/a", "x/b", "x/y"),
    ],
    [
      "appends with -1, too",
      [{ op: "add", path: "/metadata/finalizers/-1", value: "x/y" }],
      withFinalizers("x/a", "x/b", "x/y"),
    ],
    ["removes a member", [{ op: "remove", path: "/data/k" }], withData({})],
    ["removes the last element by -1", [{ op: "remove", path: "/metadata/finalizers/-1" }], withFinalizers("x/a")],
    ["replaces a member", [{ op: "replace", path: "/data/k", value: "w" }], withData({ k: "w" })],
    [
      "sets a member that it should replace",
      [{ op: "replace", path: "/data/n", value: "x" }],
      withData({ k: "v", n: "x" }),
    ],
    ["replaces everything", [{ op: "replace", path: "", value: { a: 1 } }], { a: 1 }],
    ["moves", [{ op: "move", path: "/data/z", from: "/data/k" }], withData({ z: "v" })],
    ["copies", [{ op: "copy", path: "/data/z", from: "/data/k" }], withData({ k: "v", z: "v" })],
    ["copies nothing as null", [{ op: "copy", path: "/data/z", from: "/data/n" }], withData({ k: "v", z: null })],
    ["tests objects by value", [{ op: "test", path: "/metadata/labels", value: { a: "1" } }], object],
    ["tests for nothing with null", [{ op: "test", path: "/data/n", value: null }], object],
    ["reads ~1 as a slash", [{ op: "test", path: "/metadata/annotations/a~1b", value: "s" }], object],
    ["ignores what stands before the first slash", [{ op: "test", path: "x/data/k", value: "v" }], object],
    ["may be empty", [], object],
  ];
  test.each(applies)("%s", (_, operations, expected) => {
    expect(applyJsonPatch(object, operations)).toEqual(expected);
  });

  test("leaves the object as it was, and gives it back when it changes nothing", () => {
    const before = structuredClone(object);
    applyJsonPatch(object, [{ op: "add", path: "/metadata/labels/b", value: "2" }]);
    expect(object).toEqual(before);
    expect(applyJsonPatch(object, [{ op: "replace", path: "/data/k", value: "v" }])).toBe(object);
    expect(applyJsonPatch(object, null)).toBe(object);
  });

  const fails: readonly (readonly [string, unknown])[] = [
    ["a test of another value", { op: "test", path: "/data/k", value: "w" }],
    ["a test where nothing is", { op: "test", path: "/data/n", value: "w" }],
    ["a test of an element that is not there", { op: "test", path: "/metadata/finalizers/9", value: "x" }],
    ["a test of everything", { op: "test", path: "", value: {} }],
    ["removing what is not there", { op: "remove", path: "/data/n" }],
    ["removing below what is not there", { op: "remove", path: "/n/n" }],
    ["removing below a text", { op: "remove", path: "/data/k/x" }],
    ["removing an element beyond the end", { op: "remove", path: "/metadata/finalizers/5" }],
    ["removing an element by a word", { op: "remove", path: "/metadata/finalizers/x" }],
    ["removing -", { op: "remove", path: "/metadata/finalizers/-" }],
    ["removing everything", { op: "remove", path: "" }],
    ["replacing an element beyond the end", { op: "replace", path: "/metadata/finalizers/7", value: "x" }],
    ["adding below what is not there", { op: "add", path: "/n/n", value: "x" }],
    ["adding an element beyond the end", { op: "add", path: "/metadata/finalizers/7", value: "x" }],
    ["adding nowhere", { op: "add", value: "x" }],
    ["moving what is not there", { op: "move", path: "/data/z", from: "/data/n" }],
    ["moving from nowhere", { op: "move", path: "/data/z" }],
    ["copying below what is not there", { op: "copy", path: "/n/z", from: "/data/k" }],
    ["an operation that does not exist", { op: "bad", path: "/data/k", value: "x" }],
    ["no operation", { path: "/data/k", value: "x" }],
  ];
  test.each(fails)("fails at %s, in the API server's one text for all", (_, operation) => {
    const { status, why } = refusalOf(() => applyJsonPatch(object, [operation]));
    expect(status).toMatchObject({
      code: 422,
      reason: "Invalid",
      message: "the server rejected our request due to an error in our request",
      details: {},
    });
    expect(why).toStartWith("Cannot patch: ");
  });

  test.each([
    [{}, "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"],
    ["x", "json: cannot unmarshal string into Go value of type []handlers.jsonPatchOp"],
    [[5], "json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"],
    [[[]], "json: cannot unmarshal array into Go value of type handlers.jsonPatchOp"],
  ])("cannot be %j", (operations, problem) => {
    const { status } = refusalOf(() => applyJsonPatch(object, operations));
    expect(status).toMatchObject({ code: 400, reason: "BadRequest", message: `error decoding patch: ${problem}` });
  });

  test("has at most 10,000 operations", () => {
    const operations = Array.from({ length: 10_001 }, () => ({ op: "test", path: "/data/k", value: "v" }));
    expect(refusalOf(() => applyJsonPatch(object, operations)).status.code).toBe(413);
  });
});

describe("a merge patch", () => {
  test.each([
    ["sets, changes and removes members", { data: { k: null, n: "1", x: null } }, withData({ n: "1" })],
    ["removes a whole object", { data: null }, { metadata }],
    [
      "leaves members that it does not name",
      { metadata: { labels: { b: "2" } } },
      { ...object, metadata: { ...metadata, labels: { a: "1", b: "2" } } },
    ],
    ["replaces lists", { metadata: { finalizers: ["q/q"] } }, withFinalizers("q/q")],
    ["puts an object in the place of a text, without its nulls", { data: { k: { a: null } } }, withData({ k: {} })],
    [
      "drops nulls inside of lists",
      { data: { l: [{ a: null, b: 1 }, null] } },
      withData({ k: "v", l: [{ b: 1 }, null] }),
    ],
  ])("%s", (_, patch, expected) => {
    expect(applyMergePatch<object>(object, patch)).toEqual(expected);
  });

  test("gives back the object when it changes nothing", () => {
    expect(applyMergePatch(object, { data: { k: "v" }, metadata: { labels: { b: null } } })).toBe(object);
  });

  test.each([
    [[], "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"],
    [5, "error decoding patch: json: cannot unmarshal number into Go value of type map[string]interface {}"],
    [null, "Invalid JSON Patch"],
  ])("cannot be %j", (patch, message) => {
    const { status } = refusalOf(() => applyMergePatch(object, patch));
    expect(status).toMatchObject({ code: 400, reason: "BadRequest", message });
  });
});

import { describe, expect, test } from "bun:test";
import { mergePatch } from "../../kube/object/mergePatch.ts";
import { builtinSchema } from "../schema/builtin.ts";
import { PatchError } from "../model/patchError.ts";
import { applyStrategicMerge } from "./strategicMerge.ts";

const schema = builtinSchema("", "v1", "PodTemplate") ?? {};
/** The first line is the object, each other line a case. */
const [object = {}, ...cases] = (await Bun.file(new URL("strategicMerge.recorded.jsonl", import.meta.url)).text())
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Case);

interface Case {
  readonly name: string;
  readonly patch: unknown;
  /** What it changed, as a merge patch. */
  readonly change?: object;
  readonly refused?: { readonly code: number; readonly message: string };
}

describe("a strategic merge patch of a PodTemplate does what a real API server (1.36) did", () => {
  test.each(cases)("in this case: $name", ({ patch, change, refused }) => {
    let answer: object = {};
    try {
      answer = { change: changeOf(applyStrategicMerge<object>(object, patch, schema)) };
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      answer = { refused: { code: error.status.code, message: error.status.message } };
    }
    expect(answer).toEqual(change === undefined ? { refused } : { change });
  });

  test("and gives back the object that it does not change", () => {
    const patch = {
      metadata: { labels: { a: "1", zz: null }, finalizers: ["x/a"], "$setElementOrder/finalizers": ["x/a", "x/b"] },
      template: { spec: { containers: [{ name: "c", image: "c:1" }] } },
    };
    expect(applyStrategicMerge<object>(object, patch, schema)).toBe(object);
  });
});

describe("what a patch adds", () => {
  test("comes without its nulls and directives, at any depth", () => {
    const patch = { template: { spec: { affinity: { nodeAffinity: null, podAffinity: { $patch: "delete" } } } } };
    const { affinity } = (applyStrategicMerge<object>(object, patch, schema) as Patched).template.spec;
    expect(affinity).toEqual({});
  });

  test("may empty a map", () => {
    const patch = { template: { spec: { nodeSelector: { $patch: "delete" } } } };
    expect((applyStrategicMerge<object>(object, patch, schema) as Patched).template.spec.nodeSelector).toEqual({});
  });
});

const changeOf = (next: object): object => mergePatch({ ...object }, { ...next }) ?? {};

interface Patched {
  readonly template: { readonly spec: { readonly affinity?: unknown; readonly nodeSelector?: unknown } };
}

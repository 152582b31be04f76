import { expect, test } from "bun:test";
import { ownsSize, withoutOurSize } from "./managers.ts";

const entry = (manager: string, spec: object, others: object = {}, operation = "Update") => ({
  manager,
  operation,
  apiVersion: "apps/v1",
  time: "2026-01-01T00:00:00Z",
  fieldsType: "FieldsV1",
  fieldsV1: { ...others, "f:spec": spec },
});
const marks = { "f:metadata": { "f:annotations": {} } };

test("the size that we have written is let go of, and nothing else", () => {
  const theirs = entry("flux", { "f:replicas": {}, "f:template": {} }, {}, "Apply");
  const alone = entry("sluice", { "f:replicas": {} }, marks);
  const more = entry("sluice", { "f:replicas": {}, "f:paused": {} }, marks);
  expect(ownsSize([theirs, alone])).toBe(true);
  expect(withoutOurSize([theirs, alone])).toEqual([theirs, { ...alone, fieldsV1: marks }]);
  expect(withoutOurSize([more])).toEqual([{ ...more, fieldsV1: { ...marks, "f:spec": { "f:paused": {} } } }]);
  expect(ownsSize(withoutOurSize([theirs, alone, more]))).toBe(false);
});

test("a size that others have written, or that we only apply under our name, is not ours to let go of", () => {
  expect(ownsSize()).toBe(false);
  expect(ownsSize([entry("kubectl", { "f:replicas": {} }), entry("sluice", { "f:paused": {} })])).toBe(false);
  expect(ownsSize([entry("sluice", { "f:replicas": {} }, {}, "Apply")])).toBe(false);
});

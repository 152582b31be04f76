import { expect, test } from "bun:test";
import { warningsIn } from "./warningHeader.ts";

test("a warning is its text, without quotes and their marks", () => {
  expect(warningsIn(null)).toEqual([]);
  expect(warningsIn('299 - "a, b"')).toEqual(["a, b"]);
  expect(
    warningsIn('299 - "would violate \\"restricted\\": a\\\\b", 299 kube-apiserver "c" "Wed, 21 Oct 2015"'),
  ).toEqual(['would violate "restricted": a\\b', "c"]);
  expect(warningsIn('299 - "never ends')).toEqual([]);
});

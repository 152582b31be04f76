import { expect, test } from "bun:test";
import { didYouMean, listed, nearest } from "./nearNames.ts";

const members = ["setWeight", "pause", "setCanaryScale", "setHeaderRoute", "analysis"];

test.each([
  ["setWieght", "setWeight"],
  ["setweight", "setWeight"],
  ["set_weight", "setWeight"],
  ["set-canary-scale", "setCanaryScale"],
  ["Pause", "pause"],
  ["anlysis", "analysis"],
  ["plugin", undefined],
  ["x", undefined],
  ["", undefined],
  ["s".repeat(100), undefined],
])("%s is most like %s", (given, near) => {
  expect(nearest(given, members)).toBe(near);
});

test("a name that is there is not what was meant", () => {
  expect(nearest("pause", ["pause"])).toBeUndefined();
  expect(didYouMean("pauze", ["pause"])).toBe('Did you mean "pause"?');
});

test("names are listed up to eight", () => {
  expect([listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"], "or")]).toEqual([
    "",
    "a",
    "a and b",
    "a, b or c",
  ]);
  expect(listed("abcdefghij")).toBe("a, b, c, d, e, f, g, h and 2 more");
});

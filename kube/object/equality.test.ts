import { expect, test } from "bun:test";
import { equal } from "./equality.ts";

test.each([
  ["members in another order", { a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }],
  ["a member that is undefined, and one that is not there", { a: undefined, b: 1 }, { b: 1 }],
  ["zero and minus zero, which JSON does not tell apart", { a: 0 }, { a: -0 }],
  ["what is no number, twice", Number.NaN, Number.NaN],
])("%s are equal", (_, a, b) => {
  expect([equal(a, b), equal(b, a)]).toEqual([true, true]);
});

test.each([
  ["null and a member that is not there", { a: null }, {}],
  ["a list and an object of the same members", ["x"], { 0: "x" }],
  ["a list and a longer one", [1], [1, undefined]],
  ["a number and its text", { a: 1 }, { a: "1" }],
  ["an object and null", {}, null],
])("%s differ", (_, a, b) => {
  expect([equal(a, b), equal(b, a)]).toEqual([false, false]);
});

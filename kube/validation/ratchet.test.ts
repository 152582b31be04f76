import { describe, expect, test } from "bun:test";
import { newViolations } from "./ratchet.ts";
import type { Violation } from "./violation.ts";

const wrong = (change: Partial<Violation> = {}): Violation => ({
  path: "spec.strategy.canary.steps[0].setWeight",
  type: "Invalid",
  value: 101,
  detail: "SetWeight needs to be between 0 and 100",
  rule: "step-weight",
  ...change,
});
const twice = (value: string): Violation => wrong({ type: "Duplicate", rule: "name", detail: "", value });

const table: readonly (readonly [
  sentence: string,
  before: readonly Violation[],
  after: readonly Violation[],
  news: number,
])[] = [
  ["nothing is new where nothing is wrong", [wrong()], [], 0],
  ["what was wrong may stay", [wrong()], [wrong()], 0],
  ["it may move to another index", [wrong()], [wrong({ path: "spec.strategy.canary.steps[7].setWeight" })], 0],
  ["another wrong value in its place is no new mistake", [wrong()], [wrong({ value: 500 })], 0],
  ["a second one is new", [wrong()], [wrong(), wrong({ path: "spec.strategy.canary.steps[1].setWeight" })], 1],
  ["the same somewhere else is new", [wrong()], [wrong({ path: "spec.strategy.canary.steps[0].pause" })], 1],
  ["another text is new", [wrong()], [wrong({ detail: "x" })], 1],
  ["another help is no new mistake", [wrong({ help: "x" })], [wrong({ help: "y" })], 0],
  ["help where there was none is no new mistake", [wrong()], [wrong({ help: "y" })], 0],
  ["an index in a text does not count", [wrong({ detail: "at index 1" })], [wrong({ detail: "at index 2" })], 0],
  ["the true path counts where there are two", [wrong({ exactPath: "a" })], [wrong({ exactPath: "b" })], 1],
  ["another name that is there twice is new", [twice("a")], [twice("b")], 1],
];

describe("ratcheting", () => {
  test.each(table.map(([sentence, before, after, news]) => ({ sentence, before, after, news })))(
    "$sentence",
    ({ before, after, news }) => {
      expect(newViolations(before, after)).toHaveLength(news);
    },
  );
});

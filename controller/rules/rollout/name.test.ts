import { expect, test } from "bun:test";
import { violationText } from "../../../kube/validation/violation.ts";
import { nameViolations } from "./name.ts";

const named = (name: unknown): readonly string[] => nameViolations({ metadata: { name } }).map(violationText);

test("a name leaves room for the hash in the names of its ReplicaSets", () => {
  expect(named("a".repeat(242))).toEqual([]);
  expect(named("a".repeat(243))).toEqual([
    `metadata.name: Invalid value: "${"a".repeat(243)}": must have at most 242 characters: its ReplicaSets are named after it, with a hash behind`,
  ]);
});

test("a name that is not there yet, or is none, is not judged", () => {
  expect(nameViolations({ metadata: { generateName: "web-" } })).toEqual([]);
  expect([named(undefined), named(5), nameViolations(null)]).toEqual([[], [], []]);
});

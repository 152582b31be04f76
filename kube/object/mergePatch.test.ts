import { expect, test } from "bun:test";
import { mergePatch, patched } from "./mergePatch.ts";

const cases: readonly [sentence: string, before: object, after: object, patch: object | undefined][] = [
  ["equal values need no patch", { a: 1, b: { c: [1, 2] } }, { a: 1, b: { c: [1, 2] } }, undefined],
  ["a new member is set", {}, { a: 1 }, { a: 1 }],
  ["a changed member is set", { a: 1 }, { a: 2 }, { a: 2 }],
  ["a member that is gone becomes null", { a: 1, b: 2 }, { b: 2 }, { a: null }],
  ["an undefined member counts as gone", { a: 1 }, { a: undefined }, { a: null }],
  ["a nested object is patched, not replaced", { s: { a: 1, b: 2 } }, { s: { a: 1, b: 3 } }, { s: { b: 3 } }],
  ["a list is replaced whole", { l: [1, 2] }, { l: [1, 2, 3] }, { l: [1, 2, 3] }],
  ["a shorter list is replaced whole", { l: [{ x: 1 }, { x: 2 }] }, { l: [{ x: 1 }] }, { l: [{ x: 1 }] }],
  ["an object that becomes empty loses its members one by one", { s: { a: 1 } }, { s: {} }, { s: { a: null } }],
  ["a list in place of an object replaces it", { s: { a: 1 } }, { s: [1] }, { s: [1] }],
];

for (const [sentence, before, after, patch] of cases) {
  test(sentence, () => {
    expect(mergePatch({ ...before }, { ...after })).toEqual(patch as Record<string, unknown> | undefined);
  });
}

const applied: readonly [sentence: string, object: object, patch: object, after: object][] = [
  ["a member is set, and null removes one", { a: 1, b: 2 }, { a: null, c: 3 }, { b: 2, c: 3 }],
  [
    "objects are merged, lists are replaced",
    { s: { a: 1, b: 2 }, l: [1, 2] },
    { s: { b: 3 }, l: [4] },
    { s: { a: 1, b: 3 }, l: [4] },
  ],
  ["an object takes the place of what is none", { s: 1 }, { s: { a: 1, b: null } }, { s: { a: 1 } }],
  ["nulls vanish from objects in new lists, and stay as elements", {}, { l: [null, { a: null }] }, { l: [null, {}] }],
];

for (const [sentence, object, patch, after] of applied) {
  test(`applied: ${sentence}`, () => expect(patched(object, patch)).toEqual(after));
}

test("applied: what changes nothing gives the object itself, and what stays is shared", () => {
  const object = { a: 1, s: { b: 2 } };
  expect(patched(object, { a: 1, s: { b: 2, c: null } })).toBe(object);
  expect(patched(object, { a: 2 }).s).toBe(object.s);
});

for (const [sentence, before, after, patch] of cases) {
  test(`made and applied: ${sentence}`, () => {
    expect(patched(before, patch ?? {})).toEqual(JSON.parse(JSON.stringify(after)) as object);
  });
}

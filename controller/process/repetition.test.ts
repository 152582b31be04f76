import { expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import { createRepetitions, type RepetitionOptions } from "./repetition.ts";

const world = (options: Partial<RepetitionOptions> = {}) => {
  const clock = manualClock(1_000);
  return { clock, ...createRepetitions({ clock, isDue: ({ times }) => times % 10 === 0, ...options }) };
};

test("what happens again is to be logged at first, and then when it is due, with how often and since when", async () => {
  const { clock, meet } = world();
  expect(meet("a")).toMatchObject({ times: 1, logged: 1, sinceMs: 1_000 });
  for (let times = 2; times < 10; times += 1) expect(meet("a")).toBeUndefined();
  await clock.advance(500);
  expect(meet("a")).toMatchObject({ times: 10, logged: 2, sinceMs: 1_000, loggedAtMs: 1_500 });
});

test("a new text is to be logged at once, unless only its numbers are new or there were too many of them", () => {
  const { meet } = world({ isDue: () => false });
  expect(meet("a", "took 5 s")).toBeDefined();
  expect(meet("a", "took 7 s")).toBeUndefined();
  expect(meet("a", "refused")).toBeDefined();
  const later = Array.from("bcdefghijk", (text) => meet("a", text) !== undefined);
  expect(later.filter(Boolean)).toHaveLength(6);
});

test("after a while without it the next time is a first one, and what is longest ago is forgotten", async () => {
  const { clock, meet } = world({ overAfterMs: 100 });
  meet("a");
  await clock.advance(101);
  expect(meet("a")).toMatchObject({ times: 1, sinceMs: 1_101 });
  for (let n = 0; n < 4_096; n += 1) meet(`b${n}`);
  expect(meet("a")).toMatchObject({ times: 1 });
});

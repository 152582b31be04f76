import { expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import { paced } from "./paced.ts";

test("the first touch acts at once, those that follow soon act together, and none after the end", async () => {
  const clock = manualClock();
  const acts: number[] = [];
  const pace = paced(clock, 200, () => acts.push(clock.now()));
  for (const ms of [0, 10, 50, 130, 5, 500]) {
    await clock.advance(ms);
    pace.touch();
  }
  await clock.advance(10);
  expect(acts).toEqual([0, 200, 695]);
  pace.touch();
  pace.stop();
  pace.touch();
  await clock.advance(1_000);
  expect(acts).toHaveLength(3);
  expect(clock.waiting).toBe(0);
});

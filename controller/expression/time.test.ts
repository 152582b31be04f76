import { expect, test } from "bun:test";
import { evaluateTime } from "./evaluation.ts";

const NOW = Date.parse("2024-01-02T03:04:05.250Z");

test.each([
  ["now()", NOW],
  ['now() - duration("5m")', NOW - 300_000],
  ['now() + duration("1.5s")', NOW + 1_500],
  ['date("2024-01-01T00:00:00Z")', Date.parse("2024-01-01T00:00:00Z")],
  ['let d = duration("1h"); now() - d', NOW - 3_600_000],
])("%s is an instant", (source, ms) => {
  expect(evaluateTime(source, NOW)).toEqual({ ms });
});

test.each([
  ["", "it ends too early"],
  ["now(", "it ends too early"],
  ["5", "expected time.Time, but got int"],
  ["nil", "expected time.Time, but got nil"],
  ['duration("5m")', "expected time.Time, but got time.Duration"],
  ['now() - duration("soon")', "not a duration"],
  ["later()", "later"],
])("%p is none, and the problem says why", (source, why) => {
  const time = evaluateTime(source, NOW);
  expect("problem" in time ? time.problem : time).toContain(why);
});

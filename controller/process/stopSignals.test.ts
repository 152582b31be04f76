import { expect, test } from "bun:test";
import { exitCodeOf, ignoresHangup, wishes } from "./stopSignals.ts";

/** What signals at these times mean, in milliseconds after the first. */
function meant(...timesMs: number[]): string[] {
  let nowMs = 0;
  const wish = wishes(() => 5_000 + nowMs);
  return timesMs.map((atMs) => {
    nowMs = atMs;
    return wish();
  });
}

test.each([
  ["one signal ends in order", [0], ["stop"]],
  ["the copy that a parent passes on is the same wish", [0, 1], ["stop", "same"]],
  ["copies of several parents are the same wish", [0, 1, 2, 40], ["stop", "same", "same", "same"]],
  ["a second signal within a second is the same wish", [0, 999], ["stop", "same"]],
  ["a third one forces", [0, 300, 600], ["stop", "same", "force"]],
  ["a second key press, passed on like the first, forces", [0, 1, 400], ["stop", "same", "force"]],
  [
    "a second one after a second is told to wait, and forces when it comes again",
    [0, 3_000, 3_500],
    ["stop", "again", "force"],
  ],
  ["one after 10 s forces", [0, 10_000], ["stop", "force"]],
] as const)("%s", (_name, timesMs, wanted) => {
  expect(meant(...timesMs)).toEqual([...wanted]);
});

test("a forced end has the exit code of its signal", () => {
  expect([exitCodeOf("SIGHUP"), exitCodeOf("SIGINT"), exitCodeOf("SIGTERM")]).toEqual([129, 130, 143]);
});

test("a hangup that nohup has made the kernel ignore stays ignored", () => {
  expect(ignoresHangup("Name:\tbun\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n")).toBe(true);
  expect(ignoresHangup("Name:\tbun\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n")).toBe(false);
});

import { expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import { createComplaints } from "./complaints.ts";
import { tellWaits } from "./waits.ts";

test("long waits are logged with their namespace, all are counted", () => {
  const logged: unknown[] = [];
  const counted: number[] = [];
  const ignore = (): void => {};
  const warn = (_: string, fields?: unknown): void => void logged.push(fields);
  const complaints = createComplaints({
    log: { debug: ignore, info: ignore, error: ignore, warn },
    clock: manualClock(0),
  });
  const waited = tellWaits({ requestWaited: (ms) => void counted.push(ms) }, complaints);
  for (const ms of [50, 9_999, 12_000, 30_000, 40_000]) waited("shop", ms);
  waited("other", 11_000);
  expect(counted).toEqual([50, 9_999, 12_000, 30_000, 40_000, 11_000]);
  expect(logged).toMatchObject([
    { namespace: "shop", waitedSeconds: 12 },
    { namespace: "shop", waitedSeconds: 30, times: 2 },
    { namespace: "other", waitedSeconds: 11 },
  ]);
});

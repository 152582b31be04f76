import { describe, expect, test } from "bun:test";
import { createComplaints, type Complaint } from "./complaints.ts";
import type { Log, LogFields } from "./log.ts";
import { manualClock } from "../../kube/clock/clock.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const minute = 60_000;

function world() {
  const clock = manualClock(start);
  const lines: { level: string; message: string; at: number; fields: LogFields }[] = [];
  const at =
    (level: string): Log["info"] =>
    (message, fields = {}) =>
      void lines.push({
        level,
        message,
        at: clock.now() - start,
        fields: typeof fields === "function" ? fields() : fields,
      });
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const complaints = createComplaints({ log, clock });
  const report = (text: string, more: Partial<Complaint> = {}): void =>
    complaints.report({ about: "ns/web", level: "error", message: "Cannot go on", error: new Error(text), ...more });
  return { clock, lines, report };
}

describe("an error that repeats", () => {
  test("is logged the 1st, 2nd, 4th, 8th time, with how often and since when", async () => {
    const { clock, lines, report } = world();
    for (let n = 0; n < 1_000; n += 1) {
      report("no");
      await clock.advance(100);
    }
    expect(lines.map(({ fields }) => fields["times"] ?? 1)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    expect(lines[0]?.fields).toEqual({ error: new Error("no") });
    expect(lines[3]?.fields).toMatchObject({ times: 8, since: "2026-01-01T00:00:00.000Z" });
  });

  test("is logged once an hour at least", async () => {
    const { clock, lines, report } = world();
    for (let n = 0; n < 24 * 60; n += 1) {
      report("no");
      await clock.advance(minute);
    }
    const minutes = lines.map(({ at }) => at / minute);
    const gaps = minutes.slice(1).map((to, n) => to - (minutes[n] ?? 0));
    expect(gaps.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 32]);
    expect(Math.max(...gaps)).toBe(60);
  });

  test("is the same whatever numbers it has", () => {
    const { lines, report } = world();
    for (let n = 0; n < 8; n += 1) report(`no answer within ${5_000 - n} ms, version ${n}`);
    expect(lines).toHaveLength(4);
  });

  test("is news again after it has not been met for a while", async () => {
    const { clock, lines, report } = world();
    for (let n = 0; n < 3; n += 1) report("no");
    await clock.advance(6 * minute);
    report("no");
    expect(lines.map(({ fields }) => fields["times"])).toEqual([undefined, 2, undefined]);
  });
});

describe("another error", () => {
  test("about the same is logged at once", () => {
    const { lines, report } = world();
    for (let n = 0; n < 3; n += 1) report("no");
    report("never");
    for (let n = 0; n < 3; n += 1) report(n % 2 === 0 ? "no" : "never");
    expect(lines.map(({ fields }) => String(fields["error"]))).toEqual(["Error: no", "Error: no", "Error: never"]);
  });

  test("each time is told as seldom as the same one", () => {
    const { lines, report } = world();
    for (let n = 0; n < 1_024; n += 1) report(`no ${String.fromCodePoint(0x4e00 + n)}`);
    expect(lines.length).toBeLessThan(20);
  });

  test("that comes to the same is not another one", () => {
    const { lines, report } = world();
    for (const name of ["web", "shop", "cart", "mail"]) report(`no answer about ${name}`, { sameAs: "no answer" });
    expect(lines).toHaveLength(3);
  });

  test("about another thing is logged on its own", () => {
    const { lines, report } = world();
    for (const about of ["a", "b", "a", "b", "a", "b"]) report("no", { about });
    expect(lines).toHaveLength(4);
  });
});

test("more troubles than are remembered are still logged", () => {
  const { lines, report } = world();
  for (let n = 0; n < 5_000; n += 1) report("no", { about: `ns/web-${n}` });
  expect(lines).toHaveLength(5_000);
});

import { expect, test } from "bun:test";
import { durationHelp, durationMeant } from "./durationHelp.ts";
import { goDurationNs } from "./goDuration.ts";

test.each([
  ["1d", "24h"],
  ["2 days", "48h"],
  ["1w", "168h"],
  ["10 minutes", "10m"],
  ["1 hour, 30 min", "1h30m"],
  ["30 sec", "30s"],
  ["10M", "10m"],
  [" 5m ", "5m"],
  ["1.5 days", "36h"],
  ["soon", undefined],
  ["1 fortnight", undefined],
  ["", undefined],
  ["1d".repeat(100), undefined],
])("%s means %s", (given, meant) => {
  expect(durationMeant(given)).toBe(meant);
  if (meant !== undefined) expect(goDurationNs(meant)).toBeDefined();
});

test.each([
  ["1d", "seconds", '"1d" is not a duration: write "24h". '],
  ["-5m", "seconds", '"-5m" is negative. '],
  [-5, "seconds", "-5 is negative. "],
  ["99999999999", "seconds", '"99999999999" is too long. '],
  ["9999999h", "seconds", '"9999999h" is too long. Allowed'],
  [true, "seconds", "true is not a duration. "],
  ["30", "none", '"30" has no unit: write "30s". '],
] as const)("%p: what is wrong, then what is allowed", (given, bare, beginning) => {
  expect(durationHelp(given, bare)).toStartWith(beginning);
  expect(durationHelp(given, bare)).toContain('. Allowed is a number with the unit s, m or h, such as "30s"');
  expect(durationHelp(given, bare).includes("whole seconds")).toBe(bare === "seconds");
});

import { expect, test } from "bun:test";
import { slope } from "./churn.ts";

const samples = (rss: readonly number[]) =>
  rss.map((bytes, index) => ({ minute: index + 1, rss: bytes, anonymous: 0 }));

test("what grows by two bytes a minute grows by 120 an hour, without an error", () => {
  const { perHour, error } = slope(samples([10, 12, 14, 16, 18]), ({ rss }) => rss);
  expect(perHour).toBeCloseTo(120);
  expect(error).toBeCloseTo(0);
});

test("what goes up and down around one size has an error larger than its slope", () => {
  const { perHour, error } = slope(samples([10, 14, 9, 15, 10, 14]), ({ rss }) => rss);
  expect(Math.abs(perHour)).toBeLessThan(error);
});

test("two samples have no slope", () => {
  expect(slope(samples([10, 12]), ({ rss }) => rss).perHour).toBeNaN();
});

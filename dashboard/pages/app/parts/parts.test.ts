import { describe, expect, test } from "bun:test";
import { shortImage } from "./images.ts";
import { clauseOf, withClock } from "./sentence.ts";
import { domainOf, scaleOf, shortNumber, ticksOf } from "./scale.ts";

describe("a chart", () => {
  test("has room around its numbers, and none below zero where none is negative", () => {
    expect(domainOf([0.9, 1])).toEqual({ low: 0.885, high: 1.015 });
    expect(domainOf([0, 10])).toEqual({ low: 0, high: 11.5 });
    expect(domainOf([-10, 10])).toEqual({ low: -13, high: 13 });
  });

  test("has a number alone in its middle, and something where there is none", () => {
    const { low, high } = domainOf([5]);
    expect((low + high) / 2).toBe(5);
    expect(domainOf([0])).toEqual({ low: 0, high: 1 });
    expect(domainOf([Number.NaN, Infinity])).toEqual({ low: 0, high: 1 });
  });

  test("has round numbers at its side", () => {
    expect(ticksOf({ low: 0.885, high: 1.015 }, 4)).toEqual([0.9, 0.95, 1]);
    expect(ticksOf({ low: 0, high: 115 }, 4)).toEqual([0, 50, 100]);
    expect(ticksOf({ low: -13, high: 13 }, 4)).toEqual([-10, 0, 10]);
  });

  test("turns numbers into pixels, upside down where asked to", () => {
    const y = scaleOf({ low: 0, high: 10 }, { low: 100, high: 0 });
    expect([y(0), y(5), y(10)]).toEqual([100, 50, 0]);
    expect(scaleOf({ low: 1, high: 1 }, { low: 0, high: 10 })(1)).toBe(0);
  });

  test("writes numbers in few letters", () => {
    expect([0.9512, 0, 12, 1234.5, 12_345, 3_400_000, 2e10].map(shortNumber)).toEqual([
      "0.951",
      "0",
      "12",
      "1235",
      "12.3k",
      "3.4M",
      "20G",
    ]);
  });
});

test("an image is shown without its registry, a digest with its first letters", () => {
  expect(shortImage("registry.example.com:5000/shop/web:1.2")).toBe("web:1.2");
  expect(shortImage("web")).toBe("web");
  expect(shortImage(`example.com/web@sha256:${"abcdef0123".repeat(6)}`)).toBe("web@abcdef01");
});

describe("a sentence", () => {
  const now = Date.parse("2026-03-01T10:00:00Z");
  const local = new Date("2026-03-01T10:05:00Z").toLocaleTimeString(undefined, { hour12: false });

  test("says a moment by the clock of whoever reads it, and not how far it was", () => {
    expect(withClock("It waits until 2026-03-01T10:05:00Z (in 5m).", now)).toBe(`It waits until ${local}.`);
    expect(withClock("It waits until 2026-03-09T10:05:00Z (in 8d).", now)).toContain("2026");
    expect(withClock("It is done (5m ago).", now)).toBe("It is done (5m ago).");
  });

  test("leaves out the name that stands beside it", () => {
    expect(clauseOf('Rollout "web" is done.', "web", now)).toBe("is done.");
    expect(clauseOf('Rollout "api" is done.', "web", now)).toBe('Rollout "api" is done.');
  });
});

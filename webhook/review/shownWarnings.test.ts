import { describe, expect, test } from "bun:test";
import { shownWarnings } from "./shownWarnings.ts";

const bytes = (text: string): number => new TextEncoder().encode(text).length;
const words = (count: number): string => Array.from({ length: count }, (_, index) => `word${index}`).join(" ");

describe("a warning", () => {
  test("of up to 250 bytes stays as it is", () => {
    expect(shownWarnings(["spec.x: Invalid value: 1: wrong. Write 2"])).toEqual([
      "spec.x: Invalid value: 1: wrong. Write 2",
    ]);
  });

  test("that is longer has its help on a line of its own, with the path", () => {
    const detail = words(30);
    const help = "Write stableIngress with the name of an Ingress, or stableIngresses with a list of names";
    expect(shownWarnings([`spec.strategy.canary: Internal error: ${detail}. ${help}`])).toEqual([
      `spec.strategy.canary: Internal error: ${detail}.`,
      `spec.strategy.canary: ${help}`,
    ]);
  });

  test("loses no word on several lines, and each has the path", () => {
    const text = words(70);
    const lines = shownWarnings([`spec.template: Pod Security admission warns: ${text}`]);
    expect(lines).toHaveLength(3);
    expect(lines.every((line) => line.startsWith("spec.template: ") && bytes(line) <= 250)).toBe(true);
    const joined = lines.map((line) => line.replace("spec.template: ", "").replaceAll("...", "")).join(" ");
    expect(joined.split(/\s+/).filter((word) => word.startsWith("word"))).toEqual(text.split(" "));
  });

  test("that is too long for that keeps its beginning and its end", () => {
    const lines = shownWarnings([`spec.x: Invalid value: ${"é".repeat(5_000)}: wrong. Write 2`]);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toStartWith("spec.x: Invalid value: é");
    expect(lines.at(-1)).toEndWith("é: wrong. Write 2");
    expect(Math.max(...lines.map(bytes))).toBeLessThanOrEqual(250);
  });
});

describe("warnings together", () => {
  test("take fewer lines each the more there are, and the help stays", () => {
    const long = (index: number): string => `spec.x[${index}]: Invalid value: 1: ${words(80)}. Write ${index}`;
    for (const count of [1, 3, 5, 8, 12]) {
      const lines = shownWarnings(Array.from({ length: count }, (_, index) => long(index)));
      expect(lines.length).toBeLessThanOrEqual(12);
      expect(bytes(lines.join(""))).toBeLessThanOrEqual(3_600);
      for (let index = 0; index < count; index += 1) {
        expect(lines.some((line) => line.endsWith(`Write ${index}`))).toBe(true);
      }
    }
  });

  test("beyond twelve are counted", () => {
    const lines = shownWarnings(Array.from({ length: 50 }, (_, index) => `${index} ${"😀".repeat(500)}`));
    expect([lines.length, lines.at(-1)]).toEqual([12, "and 39 more warnings"]);
    expect(lines.every((line) => bytes(line) <= 250 && line.isWellFormed())).toBe(true);
  });

  test("are each said once, without control characters", () => {
    expect(shownWarnings(["two\nlines", "two\nlines"])).toEqual(["two lines"]);
  });
});

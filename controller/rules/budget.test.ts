import { describe, expect, test } from "bun:test";
import { spend, TooCostlyError, within } from "./budget.ts";

describe("a budget", () => {
  test("lets work through that fits, and returns what it made", () => {
    const made = within(3, () => {
      spend(3, "walking");
      return "made";
    });
    expect(made).toBe("made");
  });

  test("ends work that does not fit, and says at what", () => {
    const made = within(3, () => {
      spend(2, "walking");
      spend(2, "matching");
    });
    expect(made).toEqual(new TooCostlyError("matching"));
  });

  test("inside another one takes from it, and never has more than it", () => {
    const outer = within(10, () => {
      within(4, () => spend(4, "walking"));
      const inner = within(100, () => spend(7, "matching"));
      expect(inner).toEqual(new TooCostlyError("matching"));
      spend(1, "more");
    });
    expect(outer).toEqual(new TooCostlyError("more"));
  });

  test("that is over is nobody's any more", () => {
    within(1, () => spend(2, "walking"));
    expect(() => spend(1_000, "walking")).not.toThrow();
  });

  test("is given back when work fails otherwise", () => {
    expect(() =>
      within(1, () => {
        throw new Error("a bug");
      }),
    ).toThrow("a bug");
    expect(() => spend(1_000, "walking")).not.toThrow();
  });
});

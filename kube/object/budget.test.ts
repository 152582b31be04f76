import { describe, expect, test } from "bun:test";
import { cost, LIMITS, once, spend, spendBytes, spendText, tooCostly, TooCostlyError, within } from "./budget.ts";

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

describe("texts that are made", () => {
  test("have a limit of their own, before they are made", () => {
    const limits = { steps: 1_000_000, bytes: 10 };
    const made = within(limits, () => spendBytes(11, "expanding tags"));
    expect(made).toEqual(new TooCostlyError("expanding tags", "bytes"));
    expect(made instanceof TooCostlyError && tooCostly(made, limits)).toBe(
      "too large to judge: expanding tags makes more than 10 bytes of text",
    );
  });

  test("take time as well, and so do those that are read", () => {
    expect(cost(() => spendBytes(12_800, "expanding tags"))).toMatchObject({ steps: 100, bytes: 12_800 });
    expect(cost(() => spendText("x".repeat(12_800), "reading"))).toMatchObject({ steps: 100, bytes: 0 });
    expect(cost(() => spendText("short", "reading")).steps).toBe(0);
  });
});

test("who exceeds the steps is told how many there are", () => {
  const made = within(LIMITS.judgement, () => spend(LIMITS.judgement.steps + 1, "matching regular expressions"));
  expect(made instanceof TooCostlyError && tooCostly(made, LIMITS.judgement)).toBe(
    `too costly to judge: matching regular expressions takes more than ${LIMITS.judgement.steps} steps`,
  );
});

describe("what is found out", () => {
  const subject = { a: 1 };
  const find = (): number =>
    once("what it holds", subject, () => {
      spend(5, "walking");
      return subject.a;
    });

  test("about one subject is found out once in a judgement, in the parts of it, too", () => {
    const { result, steps } = cost(() => [find(), within(100, find), find()]);
    expect([result, steps]).toEqual([[1, 1, 1], 5]);
  });

  test("is not known in the next one, nor without one", () => {
    expect([cost(find).steps, cost(find).steps]).toEqual([5, 5]);
    expect(find()).toBe(1);
  });

  test("that is undefined is known as well", () => {
    let asked = 0;
    cost(() => {
      for (let i = 0; i < 3; i++) once("nothing", "s", () => void asked++);
    });
    expect(asked).toBe(1);
  });
});

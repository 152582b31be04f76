import { describe, expect, test } from "bun:test";
import type { Card, May } from "../../../model.ts";
import { barOf, primaryOf } from "./words.ts";

const all: May = {
  promote: true,
  "promote-full": true,
  abort: true,
  retry: true,
  restart: true,
  pause: true,
  resume: true,
};
const card = (phase: string, step = 2): Card => ({ phase, step, steps: 6 }) as Card;

describe("the buttons of a Rollout", () => {
  test("that is healthy are those that begin something", () => {
    expect(barOf(all, card("Healthy", 6), "Done")).toEqual(["pause", "restart"]);
  });

  test("that is paused let it go on, or turn it back", () => {
    const verbs = barOf(all, card("Paused"), "CanaryPauseStep");
    expect(verbs).toEqual(["promote", "promote-full", "abort", "pause", "restart"]);
    expect(primaryOf(verbs, card("Paused"))).toBe("promote");
  });

  test("that somebody holds let it go on first of all", () => {
    const verbs = barOf(all, card("Paused"), "PausedByUser");
    expect(verbs).toContain("resume");
    expect(verbs).not.toContain("pause");
    expect(primaryOf(verbs, card("Paused"))).toBe("resume");
  });

  test("that is degraded try again first of all", () => {
    expect(primaryOf(barOf(all, card("Degraded"), "RolloutAborted"), card("Degraded"))).toBe("retry");
  });

  test("that is turned back already offer neither to turn it back nor to go on with it", () => {
    const verbs = barOf(all, card("Degraded"), "RolloutAborted");
    expect(verbs).toEqual(["promote-full", "retry", "pause", "restart"]);
  });

  test("are only those that this user may press", () => {
    expect(barOf({ abort: true, restart: false }, card("Paused"), "")).toEqual(["abort"]);
    expect(barOf({}, card("Paused"), "")).toEqual([]);
  });
});

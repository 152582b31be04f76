import { expect, test } from "bun:test";
import { eventReasons, mustBeTold } from "./reasons.ts";

test("all warnings must be told, and of other events those that somebody waits for or has to act on", () => {
  expect(mustBeTold({ type: "Warning", reason: "NeverHeardOf" })).toBe(true);
  expect(mustBeTold({ type: "Normal", reason: "NeverHeardOf" })).toBe(false);
  expect(mustBeTold({ type: "Normal", reason: "toString" })).toBe(false);
  const always = Object.keys(eventReasons).filter((reason) => mustBeTold({ type: "Normal", reason }));
  expect(always).toContain("RolloutPaused");
  expect(always).toContain("RolloutCompleted");
  expect(always).not.toContain("ScalingReplicaSet");
});

test("every reason that deciding gives to an event is listed", async () => {
  const folder = new URL("../controller/rollout/", import.meta.url).pathname;
  const missing: string[] = [];
  let found = 0;
  for await (const path of new Bun.Glob("**/*.ts").scan(folder)) {
    const text = await Bun.file(`${folder}${path}`).text();
    for (const [, reason = ""] of text.matchAll(/\bemit\(\s*p,\s*(?:"\w+"|\w+),\s*"(\w+)"/g)) {
      found += 1;
      if (!Object.hasOwn(eventReasons, reason)) missing.push(`${path}: ${reason}`);
    }
  }
  expect(found).toBeGreaterThan(10);
  expect(missing, "add these to schema/reasons.ts, each with a sentence").toEqual([]);
});

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  type ConditionReason,
  conditionReasons,
  type EventReason,
  eventReasons,
  mustBeSent,
  type PauseReason,
  pauseReasons,
  type StepReason,
  stepReasons,
} from "./reasons.ts";

test("all warnings must be told, and of other events those that somebody waits for or has to act on", () => {
  expect(mustBeSent({ type: "Warning", reason: "NeverHeardOf" })).toBe(true);
  expect(mustBeSent({ type: "Normal", reason: "NeverHeardOf" })).toBe(false);
  expect(mustBeSent({ type: "Normal", reason: "toString" })).toBe(false);
  const always = Object.keys(eventReasons).filter((reason) => mustBeSent({ type: "Normal", reason }));
  expect(always).toContain("RolloutPaused");
  expect(always).toContain("RolloutCompleted");
  expect(always).not.toContain("ScalingReplicaSet");
});

/** The shipped sources, except the list itself and the simulator, whose objects are Kubernetes' own. */
const sources = await Promise.all(
  [...new Bun.Glob("{controller,providers,webhook,kube}/**/*.ts").scanSync(join(import.meta.dir, ".."))]
    .filter((path) => !/\.test\.ts$|testing\.ts$/.test(path))
    .map(async (path) => ({ path, text: await Bun.file(join(import.meta.dir, "..", path)).text() })),
);

const found = (pattern: RegExp): readonly (readonly string[])[] =>
  sources.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([, ...groups]) => [path, ...groups]));

describe("the list", () => {
  test("has the reason of every event that is written out", () => {
    const emitted = [
      ...found(/\bemit\(\s*p,\s*(?:"\w+"|\w+),\s*"(\w+)"/g),
      ...found(/type: "(?:Normal|Warning)",\s*reason: "(\w+)"/g),
    ];
    expect(emitted.length).toBeGreaterThan(20);
    const missing = emitted.filter(([, reason = ""]) => !Object.hasOwn(eventReasons, reason));
    expect(missing, "add these to schema/reasons.ts, each with a sentence").toEqual([]);
  });

  test("says which conditions have a reason", () => {
    const set = found(/\bnewCondition\("(\w+)", [^,]+, "(\w+)"/g);
    expect(set.length).toBeGreaterThan(8);
    const rows: Readonly<Record<string, { readonly of: readonly string[] }>> = conditionReasons;
    const missing = set.filter(([, type = "", reason = ""]) => rows[reason]?.of.includes(type) !== true);
    expect(missing, "add these to schema/reasons.ts, each with a sentence").toEqual([]);
  });

  test("is the only way to a reason: what takes one takes no other text", () => {
    // These do not compile without the comment.
    // @ts-expect-error not in the list
    const event: EventReason = "NeverHeardOf";
    // @ts-expect-error not in the list
    const condition: ConditionReason = "NeverHeardOf";
    // @ts-expect-error not in the list
    const pause: PauseReason = "NeverHeardOf";
    // @ts-expect-error not in the list
    const step: StepReason = "NeverHeardOf";
    expect([event, condition, pause, step].some((reason) => Object.hasOwn(eventReasons, reason))).toBe(false);
    const takers = found(/\b(?:newCondition|emit|addPause|removePause|hasReason|hold)\b[^;{]*\breason: (\w+)/g);
    expect(takers.map(([, type]) => type)).toContain("ConditionReason");
    expect(takers.filter(([, type]) => type === "string")).toEqual([]);
  });

  test("has no reason that nobody uses", () => {
    const texts = sources.map(({ text }) => text).join("\n");
    const all = [eventReasons, conditionReasons, pauseReasons, stepReasons].flatMap((list) => Object.keys(list));
    expect(all.filter((reason) => !texts.includes(`"${reason}"`))).toEqual([]);
  });

  test("has a sentence for each", () => {
    const sentences = [
      ...[...Object.values(eventReasons), ...Object.values(conditionReasons)].map(({ means }) => means),
      ...Object.values(pauseReasons),
      ...Object.values(stepReasons),
    ];
    expect(sentences.filter((sentence) => !/^[A-Z].+\.$/.test(sentence))).toEqual([]);
  });
});

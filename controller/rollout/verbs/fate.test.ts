import { expect, test } from "bun:test";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { fateOf } from "./fate.ts";

const pause = (startTime: string) => ({ reason: "CanaryPauseStep", startTime });
const nine = [pause("2026-01-01T09:00:00Z")];
const underWay: RolloutStatus = { currentPodHash: "b", stableRS: "a", currentStepIndex: 1, currentStepHash: "s" };

const rollout = (status: RolloutStatus, resourceVersion: string, uid = "u"): Rollout => ({
  metadata: { name: "web", namespace: "shop", uid, resourceVersion },
  spec: {},
  status: { ...underWay, ...status },
});

interface Case {
  readonly before: RolloutStatus;
  readonly sent: Readonly<Record<string, unknown>>;
  readonly now: RolloutStatus;
  readonly at?: string;
}

test.each<[string, "taken" | "lost" | "open", Case]>([
  [
    "an abort that nobody has written over yet",
    "open",
    { before: {}, sent: { abort: true }, now: { abort: true }, at: "2" },
  ],
  ["an abort that a later write has kept", "taken", { before: {}, sent: { abort: true }, now: { abort: true } }],
  ["an abort that is gone", "lost", { before: {}, sent: { abort: true }, now: {} }],
  ["an abort of what is over", "taken", { before: {}, sent: { abort: true }, now: { stableRS: "b" } }],
  [
    "an abort of a version that is no more",
    "taken",
    { before: {}, sent: { abort: true }, now: { currentPodHash: "c" } },
  ],
  [
    "a retry after which the same abort is there",
    "lost",
    { before: { abort: true, abortedAt: "x" }, sent: { abort: false }, now: { abort: true, abortedAt: "x" } },
  ],
  [
    "a retry that was aborted anew",
    "taken",
    { before: { abort: true, abortedAt: "x" }, sent: { abort: false }, now: { abort: true, abortedAt: "y" } },
  ],
  ["a full promotion that is gone", "lost", { before: {}, sent: { promoteFull: true }, now: {} }],
  ["a full promotion that is done", "taken", { before: {}, sent: { promoteFull: true }, now: { stableRS: "b" } }],
  ["a full promotion that was aborted", "taken", { before: {}, sent: { promoteFull: true }, now: { abort: true } }],
  [
    "a pause that is there again",
    "lost",
    { before: { pauseConditions: nine }, sent: { pauseConditions: null }, now: { pauseConditions: nine } },
  ],
  [
    "the pause of a later step",
    "taken",
    {
      before: { pauseConditions: nine },
      sent: { pauseConditions: null },
      now: { pauseConditions: nine, currentStepIndex: 2 },
    },
  ],
  [
    "a later pause",
    "taken",
    {
      before: { pauseConditions: nine },
      sent: { pauseConditions: null },
      now: { pauseConditions: [pause("2026-01-01T09:00:01Z")] },
    },
  ],
  ["a step that counts again", "lost", { before: {}, sent: { currentStepIndex: 2 }, now: { currentStepIndex: 1 } }],
  ["a step that stays done", "taken", { before: {}, sent: { currentStepIndex: 2 }, now: { currentStepIndex: 2 } }],
  [
    "the first of other steps",
    "taken",
    { before: {}, sent: { currentStepIndex: 2 }, now: { currentStepIndex: 1, currentStepHash: "t" } },
  ],
  [
    "steps that were done before",
    "taken",
    { before: { currentStepIndex: 3 }, sent: { currentStepIndex: 3 }, now: { currentStepIndex: 3 } },
  ],
])("%s is %s", (_, fate, { before, sent, now, at = "3" }) => {
  const patched = rollout({ ...before, ...(sent as RolloutStatus) }, "2");
  expect(fateOf({ status: sent, before: rollout(before, "1"), patched }, rollout(now, at))).toBe(fate);
});

test("a Rollout that was made again under the name has nothing to do with it", () => {
  const sent = { status: { abort: true }, before: rollout({}, "1"), patched: rollout({ abort: true }, "2") };
  expect(fateOf(sent, rollout({}, "9", "other"))).toBe("taken");
});

import { describe, expect, test } from "bun:test";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import type { LogFields } from "../../process/log.ts";
import { logStory, standingOf, type StoryMemory, storyOf } from "./rolloutLog.ts";
import { manifest } from "./testing.ts";

const steps = Array.from({ length: 40 }, (_, n) => ({ setWeight: n + 1 }));
const rollout = {
  ...manifest,
  metadata: { ...manifest.metadata, annotations: { "rollout.argoproj.io/revision": "2" } },
  spec: { ...manifest.spec, strategy: { canary: { steps } } },
} as unknown as Rollout;

const progressing = (reason: string, message = ""): RolloutStatus["conditions"] => [
  { type: "Progressing", status: "False", reason, message, lastTransitionTime: "", lastUpdateTime: "" },
];
const updating: RolloutStatus = { currentPodHash: "new", stableRS: "old", currentStepIndex: 1, phase: "Progressing" };
const aborted = { ...updating, abort: true, conditions: progressing("RolloutAborted", "aborted: the error rate rose") };
const stuck = { ...updating, phase: "Degraded", conditions: progressing("ProgressDeadlineExceeded", "timed out") };

const linesOf = (before: RolloutStatus, after: RolloutStatus): string[] =>
  storyOf(rollout, after, standingOf(rollout, before)).map(
    ({ level, message, fields = {} }) => `${level} ${[message, ...Object.values(fields)].join(" | ")}`,
  );

describe("a story tells", () => {
  test.each<[what: string, before: RolloutStatus, after: RolloutStatus, lines: string[]]>([
    ["nothing of counters", updating, { ...updating, replicas: 7, readyReplicas: 3, updatedReplicas: 4 }, []],
    ["nothing of an abort that was only asked for", updating, { ...updating, abort: true }, []],
    ["why it was aborted", { ...updating, abort: true }, aborted, ["warn Rollout aborted | the error rate rose"]],
    ["that the deadline has passed", updating, stuck, ["warn Rollout degraded | timed out"]],
    ["that it goes on after that", stuck, updating, ["info Rollout progresses again"]],
    [
      "two pauses of two steps",
      { ...updating, pauseConditions: [{ reason: "CanaryPauseStep", startTime: "" }] },
      { ...updating, currentStepIndex: 2, pauseConditions: [{ reason: "CanaryPauseStep", startTime: "" }] },
      ["info Rollout step completed | 2/40 | setWeight: 2", "info Rollout paused | CanaryPauseStep"],
    ],
    [
      "a new version in the middle of an abort",
      aborted,
      { ...aborted, currentPodHash: "newer", abort: undefined, conditions: [] },
      ["info Rollout update started | new"],
    ],
    [
      "many steps at once in one line",
      updating,
      { ...updating, currentStepIndex: 39 },
      ["info Rollout steps completed | 39/40 | 38"],
    ],
  ])("%s", (_what, before, after, lines) => {
    expect(linesOf(before, after)).toEqual(lines);
  });
});

describe("a storyteller", () => {
  const world = () => {
    const lines: { message: string; fields: LogFields }[] = [];
    const print = (message: string, fields?: LogFields | (() => LogFields)): void =>
      void lines.push({ message, fields: fields as LogFields });
    const log = { debug: print, info: print, warn: print, error: print };
    const memory: StoryMemory = { logged: undefined };
    const write = (seen: RolloutStatus, status: RolloutStatus) =>
      logStory(log, memory, { rollout, seen, status, events: [] });
    return { lines, write };
  };

  test("says who, where it stands, and what", () => {
    const { lines, write } = world();
    write(updating, aborted);
    expect(lines).toEqual([
      {
        message: "Rollout aborted",
        fields: {
          namespace: "ns",
          rollout: "web",
          step: "1/40",
          revision: "2",
          hash: "new",
          why: "the error rate rose",
        },
      },
    ]);
  });

  test("goes by what it told last, not by what it saw: users change statuses, too", () => {
    const { lines, write } = world();
    write(updating, aborted);
    const retried: RolloutStatus = { ...updating, abort: false };
    write(retried, retried);
    write(retried, retried);
    expect(lines.map(({ message }) => message)).toEqual(["Rollout aborted", "Rollout retried"]);
  });

  test("tells of health only after there was something to tell", () => {
    const { lines, write } = world();
    const healthy: RolloutStatus = { ...updating, stableRS: "new", currentStepIndex: 40, phase: "Healthy" };
    write(healthy, { ...healthy, phase: "Progressing" });
    write(healthy, healthy);
    expect(lines).toEqual([]);
    write(healthy, { ...stuck, stableRS: "new", currentStepIndex: 40 });
    write(healthy, healthy);
    expect(lines.map(({ message }) => message)).toEqual([
      "Rollout degraded",
      "Rollout progresses again",
      "Rollout healthy",
    ]);
  });
});

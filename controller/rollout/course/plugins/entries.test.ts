import { describe, expect, test } from "bun:test";
import type { StepPluginStatus } from "../../../../schema/rollout.ts";
import type { StepPluginAnswer } from "../../model/stepPlugins.ts";
import { begun, callKey, dueAt, ended, executed } from "./entries.ts";

const AT = Date.parse("2026-01-01T00:00:10.900Z");
const run = begun(1, "acme/load", AT - 5_000);
const outcomeOf = (answer: StepPluginAnswer) => ({ key: "k", startedAt: AT - 1_000, arrivedAt: AT, answer });
const answered = (phase: string, more: object = {}): StepPluginAnswer => ({
  kind: "answered",
  phase,
  message: "",
  ...more,
});

const common = { index: 1, name: "acme/load", operation: "Run", startedAt: "2026-01-01T00:00:05Z" };
const once = { ...common, updatedAt: "2026-01-01T00:00:10Z", executions: 1 };

describe("an answer to a run", () => {
  test.each<[string, StepPluginAnswer, object]>([
    ["that goes on", answered("Running"), { phase: "Running", backoff: "30s" }],
    ["that goes on for long", answered("Running", { resumeMs: 90_000 }), { phase: "Running", backoff: "1m30s" }],
    ["that goes on for hours", answered("Running", { resumeMs: 3_601_000 }), { phase: "Running", backoff: "1h0m1s" }],
    ["that goes on for ever", answered("Running", { resumeMs: 2.5e14 }), { phase: "Running", backoff: "8760h0m0s" }],
    ["that would go on too soon", answered("Running", { resumeMs: 10_000 }), { phase: "Running", backoff: "30s" }],
    ["without a phase", answered("", { message: "m" }), { phase: "Running", message: "m", backoff: "30s" }],
    [
      "that has succeeded",
      answered("Successful", { status: { a: 1 }, resumeMs: 20_000 }),
      { phase: "Successful", finishedAt: "2026-01-01T00:00:10Z", status: { a: 1 } },
    ],
    [
      "that has failed",
      answered("Failed", { message: "no" }),
      { phase: "Failed", message: "no", finishedAt: once.updatedAt },
    ],
    [
      "that is an error",
      answered("Error", { message: "e", status: { b: 1 } }),
      { phase: "Error", message: "e", backoff: "30s" },
    ],
    [
      "that never came",
      { kind: "failed", message: "no answer" },
      { phase: "Error", message: "no answer", backoff: "30s" },
    ],
    ["of no phase", answered("Done"), { phase: "Error", message: "phase 'Done' is not valid", backoff: "30s" }],
  ])("%s", (_, answer, expected) => {
    expect(executed(run, outcomeOf(answer))).toEqual({ ...once, ...expected } as StepPluginStatus);
  });

  test("counts, and an error keeps the state that was built on", () => {
    const first = executed(run, outcomeOf(answered("Running", { status: { a: 1 } })));
    const second = executed(first, outcomeOf({ kind: "failed", message: "gone" }));
    expect(second).toMatchObject({ executions: 2, phase: "Error", status: { a: 1 } });
    const third = executed(second, outcomeOf(answered("Running")));
    expect(third).not.toHaveProperty("status");
  });
});

test("an operation that ends a run is asked once: one that would go on has failed", () => {
  const at = { startedAt: "2026-01-01T00:00:09Z", finishedAt: "2026-01-01T00:00:10Z" };
  const aborted = { index: 1, name: "acme/load", operation: "Abort", ...at };
  expect(ended(run, "Abort", outcomeOf(answered("")))).toEqual({ ...aborted, phase: "Successful" });
  expect(ended(run, "Abort", outcomeOf(answered("Running")))).toEqual({ ...aborted, phase: "Failed" });
  expect(ended(run, "Abort", outcomeOf({ kind: "failed", message: "m" }))).toEqual({
    ...aborted,
    phase: "Error",
    message: "m",
  });
});

test("a run is due at once, then after its backoff; one that cannot be read is 30 s", () => {
  expect(dueAt(run)).toBeUndefined();
  const asked = executed(run, outcomeOf(answered("Running", { resumeMs: 17_000 })));
  expect(dueAt(asked)).toBe(Date.parse("2026-01-01T00:00:27Z"));
  expect(dueAt({ ...asked, backoff: "soon" })).toBe(Date.parse("2026-01-01T00:00:40Z"));
});

test("a call has the key of what is stored, and another one for each operation and execution", () => {
  const asked = executed(run, outcomeOf(answered("Running")));
  const keys = [run, asked].flatMap((entry) =>
    (["Run", "Abort", "Terminate"] as const).map((op) => callKey("u/h", entry, op)),
  );
  expect(keys[0]).toBe("u/h/1/Run/2026-01-01T00:00:05Z/0");
  expect(new Set(keys).size).toBe(6);
});

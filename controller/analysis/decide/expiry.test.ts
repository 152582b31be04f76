import { describe, expect, test } from "bun:test";
import type { AnalysisRunSpec } from "../../../schema/analysis.ts";
import { metric, play } from "./testing.ts";

describe("a run that is over is deleted", () => {
  const deleted = (ttlStrategy: AnalysisRunSpec["ttlStrategy"], answers = "S"): number | undefined =>
    play({ spec: { metrics: [metric({ consecutiveErrorLimit: 0 })], ttlStrategy }, answers: { m: answers } }).deletedAt;

  test.each<[string, AnalysisRunSpec["ttlStrategy"], string, number | undefined]>([
    ["after a success", { secondsAfterSuccess: 10, secondsAfterCompletion: 5 }, "S", 11_000],
    ["after a failure", { secondsAfterFailure: 10, secondsAfterCompletion: 5 }, "F", 11_000],
    ["after any completion", { secondsAfterCompletion: 5 }, "S", 6_000],
    ["after an error, as after any completion", { secondsAfterFailure: 10, secondsAfterCompletion: 5 }, "E", 6_000],
    ["at once with 0", { secondsAfterCompletion: 0 }, "S", 1_000],
    ["never after an error without that", { secondsAfterFailure: 10, secondsAfterSuccess: 10 }, "E", undefined],
    ["never without a strategy", undefined, "S", undefined],
  ])("%s", (_, ttlStrategy, answers, at) => {
    expect(deleted(ttlStrategy, answers)).toBe(at);
  });
});

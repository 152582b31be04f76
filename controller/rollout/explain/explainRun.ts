/** How an AnalysisRun stands, in a sentence and its facts (docs/cli/explain.md#of-an-experiment-or-an-analysisrun). */
import { timestamp } from "../../../kube/object/time.ts";
import { hasEnded } from "../course/analysisKinds.ts";
import { metricWords, runFinding } from "./analysis.ts";
import type { RunStanding } from "./evidence.ts";
import type { Explanation } from "./explain.ts";
import { clause, type Standing, when } from "./gate.ts";

/** Pure. @param now ms since the epoch */
export function explainRun(run: RunStanding, namespace: string, now: number): Explanation {
  const { name, phase, message, startedAt, metrics } = run;
  const timed = { evidence: { now } };
  const isOver = hasEnded(run);
  const finding = runFinding(run);
  const found = [message === "" ? undefined : clause(message), finding].filter((part) => part !== undefined).join("; ");
  const state = phase === "" ? "has not begun" : `${isOver ? "has ended" : "is"} ${phase}`;
  const next = metrics.flatMap(({ nextAt }) => nextAt ?? []);
  const until = next.length === 0 ? undefined : Math.max(now, Math.min(...next));
  const standing: Standing = isOver ? "done" : phase === "" ? "moving" : "waiting";
  return {
    name,
    namespace,
    standing,
    reason: isOver ? "Done" : phase === "" ? "AnalysisNotStarted" : "AnalysisNotOver",
    sentence: `AnalysisRun "${name}" ${state}${found === "" ? "" : `: ${found}`}.`,
    ...(startedAt === undefined ? {} : { since: timestamp(startedAt) }),
    ...(until === undefined ? {} : { until: timestamp(until) }),
    facts: [
      ...(startedAt === undefined ? [] : [{ about: "began", text: when(timed, startedAt) }]),
      ...metrics.map((metric) => ({ about: "metrics", text: metricWords(timed, metric) })),
    ],
    goesOnWhen: until === undefined ? [] : [`the next measurement is made, at ${when(timed, until)}`],
    commands: isOver
      ? []
      : [{ command: `sluice terminate analysisrun ${name} -n ${namespace}`, does: "end it with what it has found" }],
  };
}

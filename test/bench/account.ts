/** Of what the API server worked for one update: each kind of write times what one costs, and what is left. Pure. */
import type { FigureName, Figures } from "./figures.ts";
import { markdownTable } from "./figuresTable.ts";
import type { RequestCost } from "./requestCosts.ts";
import { FLOOR, quantile } from "./subject.ts";

interface Line {
  readonly words: string;
  readonly figure: FigureName;
  /** Of Rollouts; of the floor. */
  readonly cost: readonly [RequestCost["what"], RequestCost["what"]];
}

const LINES: readonly Line[] = [
  { words: "statuses", figure: "burstStatusWrites", cost: ["rolloutStatus", "deploymentStatus"] },
  { words: "ReplicaSets", figure: "burstReplicaSetWrites", cost: ["replicaSet", "replicaSet"] },
  { words: "the object itself", figure: "burstOwnerWrites", cost: ["rollout", "deploymentStatus"] },
  { words: "events", figure: "burstEventWrites", cost: ["event", "event"] },
];

const median = (runs: readonly Figures[], name: FigureName): number =>
  quantile(
    runs.map((run) => run[name]),
    0.5,
  );

/** A column: the sum of the lines is what was measured, since the last one is what they leave. */
function columnOf(label: string, runs: readonly Figures[], costs: readonly RequestCost[]): readonly string[] {
  const costOf = (what: RequestCost["what"]): number =>
    costs.find((cost) => cost.what === what)?.apiserver ?? Number.NaN;
  const parts = LINES.map(({ figure, cost: [ofRollout, ofFloor] }) => {
    const [writes, each] = [median(runs, figure), costOf(label === FLOOR ? ofFloor : ofRollout)];
    return { ms: writes * each, text: `${writes.toFixed(1)} × ${each.toFixed(1)} = ${(writes * each).toFixed(1)}` };
  });
  const whole = median(runs, "burstApiServerCpuMs");
  const rest = parts.reduce((left, { ms }) => left - ms, whole);
  return [...parts.map(({ text }) => text), rest.toFixed(1), whole.toFixed(1)];
}

/** A Markdown table in ms of CPU of the API server, one column for each subject. */
export function accountTable(
  results: ReadonlyMap<string, readonly Figures[]>,
  costs: readonly RequestCost[],
  heads: Readonly<Record<string, string>>,
): string {
  const columns = Array.from(results, ([label, runs]) => [heads[label] ?? label, ...columnOf(label, runs, costs)]);
  const words = [
    "",
    ...LINES.map((line) => line.words),
    "all else: pods, their owners' statuses, reads, watches",
    "measured",
  ];
  return markdownTable(words.map((text, row) => [text, ...columns.map((column) => column[row] ?? "")]));
}

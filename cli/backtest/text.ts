/** What came of a backtest, as text and as JSON (docs/cli/backtest.md#what-is-printed). Pure. */
import type { Replayed } from "../../controller/analysis/replay/replay.ts";
import { wrap } from "../paint.ts";
import { percent, timeText } from "../../simulator/simulate/words.ts";

export interface Outcome {
  readonly template: string;
  readonly runs: readonly Replayed[];
  readonly everyMs: number;
  readonly notes: readonly string[];
}

const PHASES = ["Successful", "Failed", "Inconclusive", "Error"] as const;
/** Runs that are told of one by one. */
const MOST_TOLD = 20;
/** Measurements of one of them. */
const MOST_SHOWN = 6;

const dateText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")}Z`;

const countOf = (runs: readonly Replayed[], phase: string): number => runs.filter((run) => run.phase === phase).length;

export function backtestText({ template, runs, everyMs, notes }: Outcome, columns: number): string {
  const [first, last] = [runs[0], runs.at(-1)];
  const span =
    first === undefined || last === undefined
      ? ""
      : `, ${dateText(first.startMs)} to ${dateText(last.startMs)}, every ${timeText(everyMs)}`;
  const bad = runs.filter(({ phase }) => phase !== "Successful");
  const told = bad.slice(-MOST_TOLD);
  const lines = [
    ...wrap(`AnalysisTemplate ${template}: ${runs.length} ${runs.length === 1 ? "run" : "runs"}${span}`, columns, "  "),
    "",
    ...PHASES.map((phase) => {
      const count = countOf(runs, phase);
      return `  ${phase.padEnd(12)}  ${String(count).padStart(5)}  ${percent(runs.length === 0 ? 0 : count / runs.length)}`;
    }),
    ...(bad.length === 0 ? [] : ["", ...causes(bad), ""]),
    ...(bad.length > told.length ? [`The last ${told.length} of ${bad.length}:`] : []),
    ...told.flatMap((run) => runLines(run).flatMap((line) => wrap(line, columns, "      "))),
    ...(notes.length === 0 ? [] : ["", ...notes.flatMap((note) => wrap(`Note: ${note}.`, columns, "  "))]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Which metrics it was. */
function causes(bad: readonly Replayed[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of bad.flatMap((run) => deciding(run).map((metric) => metric.name)))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1]);
  return sorted.length === 0 ? [] : [`Decided by: ${sorted.map(([name, count]) => `${name} (${count})`).join(", ")}`];
}

const deciding = ({ metrics, phase }: Replayed) =>
  metrics.filter((metric) => metric.phase === phase && metric.dryRun !== true);

function runLines(run: Replayed): readonly string[] {
  const { startMs, endMs, phase, message } = run;
  const why = message === undefined ? "" : `: ${message}`;
  return [
    `${dateText(startMs)}  ${phase} after ${timeText(endMs - startMs)}${why}`,
    ...deciding(run).map(({ name }) => `    ${name}: ${shown(run, name)}`),
  ];
}

/** The measurements that decided: those that were not good, the same one after the other once, the last ones of them. */
function shown(run: Replayed, metric: string): string {
  const found: { readonly time: string; readonly text: string; count: number }[] = [];
  for (const { startedAt, value, message, phase } of decisive(run, metric)) {
    const text = value ?? message ?? phase;
    const last = found.at(-1);
    if (last?.text === text) last.count += 1;
    else found.push({ time: new Date(startedAt).toISOString().slice(11, 16), text, count: 1 });
  }
  const texts = found
    .slice(-MOST_SHOWN)
    .map(({ time, text, count }) => `${time} ${text}${count > 1 ? ` (${count} times)` : ""}`);
  return `${found.length > MOST_SHOWN ? "… " : ""}${texts.join(", ")}`;
}

const decisive = ({ measurements }: Replayed, metric: string) =>
  measurements.filter((one) => one.metric === metric && one.phase !== "Successful");

export function backtestJson({ template, runs, everyMs, notes }: Outcome): unknown {
  return {
    template,
    everySeconds: everyMs / 1_000,
    counts: Object.fromEntries(PHASES.map((phase) => [phase, countOf(runs, phase)])),
    runs: runs.map((run) => ({
      startedAt: new Date(run.startMs).toISOString(),
      lastedSeconds: (run.endMs - run.startMs) / 1_000,
      phase: run.phase,
      ...(run.message !== undefined && { message: run.message }),
      terminated: run.isTerminated,
      metrics: run.metrics.map(({ name, phase, message, count = 0, error = 0 }) => ({
        name,
        phase,
        ...(message !== undefined && { message }),
        measured: count,
        errors: error,
        decided: decisive(run, name).map(({ startedAt, phase: one, value, message: why }) => ({
          at: new Date(startedAt).toISOString(),
          phase: one,
          ...(value !== undefined && { value }),
          ...(why !== undefined && { message: why }),
        })),
      })),
    })),
    notes,
  };
}

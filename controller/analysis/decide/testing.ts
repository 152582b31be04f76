/** Plays the life of an AnalysisRun on a clock of its own: for tests. */
import type { AnalysisRun, AnalysisRunSpec, AnalysisRunStatus, Metric } from "../../../schema/analysis.ts";
import { createMeasurements, type Measured } from "../facts/measurements.ts";
import { decideRun } from "./decide.ts";
import type { RunAction, RunDecision } from "./decision.ts";
import { isCompleted } from "./phase.ts";

const START = Date.parse("2026-01-01T00:00:00Z");

export const metric = (more: Partial<Metric> = {}): Metric => ({
  name: "m",
  provider: { web: { url: "http://a", jsonPath: "{$.a}" } },
  ...more,
});

const runOf = (spec: Partial<AnalysisRunSpec>, annotations: Readonly<Record<string, string>>): AnalysisRun => ({
  metadata: { name: "run", namespace: "shop", uid: "u", annotations },
  spec: { metrics: [metric()], ...spec },
});

/** What a measurement gives: S, F, I, E for the phases, R for one that goes on. */
type Letter = "S" | "F" | "I" | "E" | "R";

const PHASES = { S: "Successful", F: "Failed", I: "Inconclusive", E: "Error", R: "Running" } as const;

interface Play {
  readonly spec: Partial<AnalysisRunSpec>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** By metric, what each measurement gives in turn; the last one again and again. */
  readonly answers?: Readonly<Record<string, string>>;
  /** After so many ms of the run somebody terminates it. */
  readonly terminateAt?: number;
  /** ms that a measurement takes. */
  readonly takes?: number;
  /** ms at which the controller crashes, and is there again at once. */
  readonly crashes?: readonly number[];
  /** ms after which the play ends, whatever the run does. */
  readonly until?: number;
}

interface Played {
  readonly status: AnalysisRunStatus | undefined;
  /** Each decision that did something, with the ms since the start. */
  readonly lines: readonly string[];
  readonly events: readonly string[];
  /** Statuses that were written. */
  readonly writes: number;
  readonly deletedAt: number | undefined;
}

type Measuring = Extract<RunAction, { readonly kind: "measure" }>;

/** Of several things that happen at once, outcomes come first. */
export function play({
  spec,
  annotations = {},
  answers = {},
  terminateAt,
  takes = 100,
  crashes = [],
  until = 600_000,
}: Play): Played {
  let run = runOf(spec, annotations);
  let measurements = createMeasurements();
  const [lines, events]: [string[], string[]] = [[], []];
  const left = new Map(Object.entries(answers).map(([name, letters]) => [name, letters.split("") as Letter[]]));
  let arriving: { readonly at: number; readonly outcome: Measured }[] = [];
  let [now, writes] = [START, 0];
  let deletedAt: number | undefined;
  const answer = (name: string): Letter => {
    const letters = left.get(name) ?? [];
    return (letters.length > 1 ? letters.shift() : letters[0]) ?? "S";
  };
  const measured = (action: Measuring): Measured => {
    const letter = action.flight === "terminate" ? "I" : answer(action.metric.name);
    const at = now + takes;
    const common = { kind: action.flight, metric: action.metric.name, startedAt: now, arrivedAt: at };
    if (action.flight === "terminate") return { ...common, phase: "Inconclusive", message: "Metric Terminated" };
    if (letter === "R") return { ...common, phase: "Running", resumeAt: at + 5_000 };
    const text = letter === "E" ? { message: "no answer" } : { value: letter };
    return { ...common, phase: PHASES[letter], ...text };
  };
  const carryOut = ({ status, actions, events: emitted, taken }: RunDecision): void => {
    if (status !== undefined) {
      run = { ...run, status };
      writes += 1;
    }
    measurements.taken("u", taken);
    for (const event of emitted) events.push(`${event.type} ${event.reason}: ${event.message}`);
    for (const action of actions) {
      lines.push(`${now - START} ${lineOf(action)}`);
      if (action.kind === "deleteRun") deletedAt = now - START;
      if (action.kind !== "measure") continue;
      measurements.begin("u", action.metric.name, { kind: action.flight, startedAt: now });
      arriving.push({ at: now + takes, outcome: measured(action) });
    }
  };
  for (let n = 0; n < 10_000 && deletedAt === undefined; n += 1) {
    if (terminateAt !== undefined && now - START >= terminateAt)
      run = { ...run, spec: { ...run.spec, terminate: true } };
    const decision = decideRun({ run, heldBack: undefined, measuring: measurements.of("u") }, now);
    carryOut(decision);
    const terminate = run.spec.terminate === true || terminateAt === undefined ? Infinity : START + terminateAt;
    const crash = Math.min(...crashes.map((ms) => START + ms).filter((at) => at > now));
    const next = Math.min(...arriving.map(({ at }) => at), decision.wakeAt ?? Infinity, terminate, crash);
    if (!Number.isFinite(next) || next - START > until) break;
    if (next <= now) throw new Error(`the run is looked at again and again at ${now - START} ms`);
    now = next;
    if (now === crash) {
      measurements = createMeasurements();
      arriving = [];
    }
    for (const { outcome } of arriving.filter(({ at }) => at <= now)) measurements.arrive("u", outcome);
    arriving = arriving.filter(({ at }) => at > now);
  }
  return { status: run.status, lines, events, writes, deletedAt };
}

function lineOf(action: RunAction): string {
  switch (action.kind) {
    case "measure":
      return `${action.flight} ${action.metric.name}`;
    case "collect":
      return `collect ${action.measurements.length} of ${action.metric.name}`;
    case "deleteRun":
      return "delete the run";
    default:
      return action satisfies never;
  }
}

/** `Failed: message`, or the phase alone. */
export const ended = ({ status }: Played): string => {
  if (status === undefined) return "";
  return `${status.phase}${status.message === undefined ? "" : `: ${status.message}`}${isCompleted(status.phase) ? "" : " still"}`;
};

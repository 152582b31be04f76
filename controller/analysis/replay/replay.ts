/**
 * The course that an AnalysisRun would have had at another time: the same decisions, on a virtual time, with measurements
 * that somebody takes for that time (docs/cli/backtest.md). A measurement takes no time.
 */
import { timestamp } from "../../../kube/object/time.ts";
import type { AnalysisRun, MetricResult } from "../../../schema/analysis.ts";
import { decideRun } from "../decide/decide.ts";
import type { RunAction } from "../decide/decision.ts";
import { isCompleted } from "../decide/phase.ts";
import { createMeasurements, type Measured, type MeasuringOutcome } from "../facts/measurements.ts";

export type Measuring = Extract<RunAction, { readonly kind: "measure" }>;

/** Takes a measurement as of `atMs`. Never throws. */
export type Take = (run: AnalysisRun, action: Measuring, atMs: number) => Promise<MeasuringOutcome>;

export interface ReplayOptions {
  /** Without a status. */
  readonly run: AnalysisRun;
  /** ms since the epoch. */
  readonly startMs: number;
  /** When it is terminated, as that of an update that is over; ms since the epoch. */
  readonly terminateMs: number;
  readonly take: Take;
  readonly signal: AbortSignal;
}

export interface Replayed {
  /** Successful, Failed, Error or Inconclusive; "Running" where it is left. */
  readonly phase: string;
  readonly message: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
  /** It did not end by itself. */
  readonly isTerminated: boolean;
  readonly metrics: readonly MetricResult[];
  /** In the order in which they were taken. */
  readonly measurements: readonly Measured[];
}

const UID = "replayed";
/** No run of measurements that are a second apart needs more of them. */
const MOST_LOOKS = 100_000;

export async function replayed({ run: given, startMs, terminateMs, take, signal }: ReplayOptions): Promise<Replayed> {
  const metadata = { ...given.metadata, uid: UID, creationTimestamp: timestamp(startMs) };
  let { status } = given;
  let now = startMs;
  let isTerminated = false;
  const all: Measured[] = [];
  const measurements = createMeasurements();
  for (let looks = 0; looks < MOST_LOOKS && !signal.aborted; looks += 1) {
    const spec = { ...given.spec, ...(isTerminated && { terminate: true }) };
    const run = { ...given, metadata, spec, ...(status && { status }) };
    const decision = decideRun({ run, heldBack: undefined, measuring: measurements.of(UID) }, now);
    status = decision.status ?? status;
    measurements.taken(UID, decision.taken);
    if (isCompleted(status?.phase)) break;
    const measuring = decision.actions.filter((action) => action.kind === "measure");
    const outcomes = await Promise.all(
      measuring.map((action) => {
        measurements.begin(UID, action.metric.name, { kind: action.flight, startedAt: now });
        return take(run, action, now);
      }),
    );
    for (const outcome of outcomes) {
      measurements.arrive(UID, outcome);
      if (outcome.kind !== "unresolvable") all.push(outcome);
    }
    if (outcomes.length > 0) continue;
    if (decision.wakeAt === undefined && isTerminated) break;
    const wakeAt = decision.wakeAt ?? terminateMs;
    now = Math.max(now, isTerminated ? wakeAt : Math.min(wakeAt, terminateMs));
    isTerminated ||= now >= terminateMs;
  }
  const { phase = "Running", message, metricResults = [] } = status ?? {};
  return { phase, message, startMs, endMs: now, isTerminated, metrics: metricResults, measurements: all };
}

/** Takes one measurement beside the queue: reads what it needs, asks the provider, and judges what came. */
import { instant } from "../../../kube/object/time.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { RunningMeasurement } from "../../../providers/metrics/provider.ts";
import type { AnalysisRun, Measurement } from "../../../schema/analysis.ts";
import { readWords } from "../../rules/analysis/words.ts";
import type { MetricPlace, RunAction } from "../decide/decision.ts";
import { type DataWords, type Judged, judgedReading } from "../decide/reading.ts";
import type { MeasuringOutcome } from "../facts/measurements.ts";
import { asked, type Asked, type AskedPorts } from "./asked.ts";
import type { Measurer } from "./measurer.ts";
import { providerOf } from "../../../providers/metrics/providers.ts";
import type { Redact } from "../../../providers/metrics/redact.ts";

export interface TakingPorts extends AskedPorts {
  readonly measurer: Measurer;
  readonly clock: Clock;
  /** What was to be removed and was not, as a sentence. */
  readonly complain: (message: string) => void;
}

type Measuring = Extract<RunAction, { readonly kind: "measure" }>;

/** Never throws. @param startedAt ms since the epoch */
export async function takeMeasurement(
  ports: TakingPorts,
  run: AnalysisRun,
  action: Measuring,
  startedAt: number,
  signal: AbortSignal,
): Promise<MeasuringOutcome> {
  const { flight, metric } = action;
  const common = { kind: flight, metric: metric.name, startedAt };
  try {
    const outcome = await taken(ports, run, action, startedAt, signal);
    if ("unresolvable" in outcome) return { ...common, kind: "unresolvable", message: outcome.unresolvable };
    return { ...common, ...outcome, arrivedAt: ports.clock.now() };
  } catch (error) {
    // Only its kind is shown: what was thrown may quote anything.
    const kind = error instanceof Error ? error.name : typeof error;
    const message = `measuring failed by a mistake in Sluice (${kind}); please report it`;
    const phase = flight === "terminate" ? "Inconclusive" : "Error";
    return { ...common, phase, message, arrivedAt: ports.clock.now() };
  }
}

type Taken =
  (Judged & { readonly resultMetadata?: Readonly<Record<string, string>> }) | { readonly unresolvable: string };

async function taken(
  ports: TakingPorts,
  run: AnalysisRun,
  action: Measuring,
  now: number,
  signal: AbortSignal,
): Promise<Taken> {
  const { flight, metric, measured } = action;
  const question = await asked(ports, { run, metric, measured, now });
  // What cannot be asked any more is over all the same.
  if (question.kind === "unresolvable" && flight !== "terminate") return { unresolvable: question.message };
  const judged = await judgedBy(ports, question, action, wordsOf(run, metric), signal);
  const resultMetadata = flight === "begin" ? metadataOf(question) : undefined;
  return { ...judged, ...(resultMetadata === undefined ? {} : { resultMetadata }) };
}

async function judgedBy(
  ports: TakingPorts,
  question: Asked,
  { flight, measurement }: Measuring,
  words: DataWords,
  signal: AbortSignal,
): Promise<Judged> {
  const running = runningOf(measurement);
  if (flight === "terminate") {
    if (question.kind === "asked") {
      const { row, asking, redact } = question;
      for (const failure of await ports.measurer.terminate(row, asking, running, signal))
        ports.complain(redact(failure));
    }
    return { phase: "Inconclusive", message: "Metric Terminated" };
  }
  if (question.kind !== "asked") return { phase: "Error", message: question.message };
  const { row, asking, metric, redact } = question;
  const { measurer, clock } = ports;
  const reading = await (flight === "begin"
    ? measurer.begin(row, asking, signal)
    : measurer.resume(row, asking, running, signal));
  return paced(redacted(judgedReading(reading, metric, row, clock.now(), words), redact), flight, clock.now());
}

const SHORTEST_PAUSE_MS = 1_000;
/** A year. Sources say any time, and a status holds those of four-digit years only. */
const LONGEST_PAUSE_MS = 31_536_000_000;

/** A source that is never ready must not be asked without a pause; the first time it may be ready at once. */
function paced(judged: Judged, flight: Measuring["flight"], now: number): Judged {
  const { resumeAt } = judged;
  if (resumeAt === undefined) return judged;
  const earliest = flight === "resume" ? now + SHORTEST_PAUSE_MS : resumeAt;
  return { ...judged, resumeAt: Math.min(Math.max(resumeAt, earliest), now + LONGEST_PAUSE_MS) };
}

function wordsOf({ metadata }: AnalysisRun, { name }: MetricPlace): DataWords {
  const { noData, minSamples } = readWords(metadata.annotations ?? {}).words;
  return { noData: noData.get(name), minSamples: minSamples.get(name) };
}

const runningOf = (measurement: Measurement | undefined): RunningMeasurement => ({
  startedAt: instant(measurement?.startedAt),
  metadata: measurement?.metadata ?? {},
  resumeAt: instant(measurement?.resumeAt),
});

function redacted(judged: Judged, redact: Redact): Judged {
  const { value, message, metadata } = judged;
  return {
    ...judged,
    ...(value === undefined ? {} : { value: redact(value) }),
    ...(message === undefined ? {} : { message: redact(message) }),
    ...(metadata === undefined ? {} : { metadata: redactedMap(metadata, redact) }),
  };
}

const redactedMap = (map: Readonly<Record<string, string>>, redact: Redact): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(map).map(([name, text]) => [name, redact(text)]));

function metadataOf(question: Asked): Readonly<Record<string, string>> | undefined {
  if (question.kind !== "asked") return undefined;
  const { row, asking, redact } = question;
  const metadata = row.measure.metadata?.(asking.settings);
  return metadata === undefined ? undefined : redactedMap(metadata, redact);
}

/** Removes what measurements have left behind. Never throws: what is left is a line in the log. */
export const collectMeasurements = (...of: Parameters<typeof collected>): Promise<void> =>
  collected(...of).catch((error: unknown) =>
    of[0].complain(`a mistake in Sluice (${error instanceof Error ? error.name : typeof error}); please report it`),
  );

async function collected(
  ports: TakingPorts,
  run: AnalysisRun,
  metric: MetricPlace,
  measurements: readonly Measurement[],
  signal: AbortSignal,
): Promise<void> {
  const row = providerOf(run.spec.metrics[metric.index]?.provider, ports.providers)?.row;
  if (row?.measure.collect === undefined) return;
  const question = await asked(ports, { run, metric, measured: 0, now: ports.clock.now() });
  if (question.kind !== "asked") return ports.complain(question.message);
  for (const measurement of measurements) {
    const left = await ports.measurer.collect(row, question.asking, runningOf(measurement), signal);
    for (const failure of left) ports.complain(question.redact(failure));
  }
}

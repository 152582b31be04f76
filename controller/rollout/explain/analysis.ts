/** What analyses have found so far, in words. */
import { inWords } from "../../../kube/object/inWords.ts";
import { hasEnded } from "../course/analysisKinds.ts";
import type { MetricStanding, RunStanding } from "./evidence.ts";
import { clause, type Timed, when } from "./gate.ts";

/** `result < 5`, or why there is none. */
function conditionWords({ successCondition, failureCondition }: MetricStanding): string {
  const parts = [
    ...(successCondition === undefined ? [] : [`success is ${successCondition}`]),
    ...(failureCondition === undefined ? [] : [`failure is ${failureCondition}`]),
  ];
  return parts.length === 0 ? "it has no condition" : parts.join(", ");
}

const MOST_CHARS = 200;

/** A text of a source, on one line. */
function told(message: string): string {
  const line = clause(message.replaceAll(/\s+/g, " "));
  return line.length > MOST_CHARS ? `${line.slice(0, MOST_CHARS)}…` : line;
}

const text = (value: string): string => (/^[-\w.[\]]{1,40}$/.test(value) ? value : inWords(value));

function lastWords(metric: MetricStanding): string {
  const { last } = metric;
  if (last === undefined) return "nothing was measured yet";
  if (last.endedAt === undefined) return "a measurement is going on";
  const what = last.value === "" ? "" : ` ${text(last.value)}`;
  const why = last.message === "" ? "" : `: ${told(last.message)}`;
  return `last measurement${what} was ${last.phase}${why}`;
}

function limits({
  failed,
  failureLimit,
  inconclusive,
  inconclusiveLimit,
  errors,
  errorLimit,
}: MetricStanding): string[] {
  return [
    failureLimit < 0 ? `${failed} failed, which never ends it` : `${failed} failed of ${failureLimit} allowed`,
    ...(inconclusive > 0 ? [`${inconclusive} inconclusive of ${inconclusiveLimit} allowed`] : []),
    ...(errors > 0 ? [`${errors} errors in a row of ${errorLimit} allowed`] : []),
  ];
}

/** `metric errors: last measurement 7 was Failed (success is result < 5), 1 of 3 taken, 1 failed of 0 allowed, …`. */
export function metricWords(scene: Timed, metric: MetricStanding): string {
  const { name, count, taken, nextAt, phase, dryRun } = metric;
  return [
    `metric ${name}${dryRun ? " (dry run)" : ""}${hasEnded(metric) ? ` is ${phase}` : ""}: ${lastWords(metric)} (${conditionWords(metric)})`,
    count === undefined ? `${taken} taken` : `${taken} of ${count} taken`,
    ...limits(metric),
    ...(nextAt === undefined ? [] : [`next at ${when(scene, Math.max(nextAt, scene.evidence.now))}`]),
  ].join(", ");
}

/** The metric that decides first: one that has ended badly, one that has failed at all, else one that goes on. */
function tellingMetric({ metrics }: RunStanding): MetricStanding | undefined {
  const deciding = metrics.filter(({ dryRun }) => !dryRun);
  return (
    deciding.find((metric) => hasEnded(metric) && metric.phase !== "Successful") ??
    deciding.find(({ failed, errors }) => failed > 0 || errors > 0) ??
    deciding.find((metric) => !hasEnded(metric)) ??
    deciding[0]
  );
}

/** The last measurement against its condition; undefined when nothing is known of the run. */
export function runFinding(run: RunStanding | undefined): string | undefined {
  const metric = run === undefined ? undefined : tellingMetric(run);
  if (metric === undefined) return undefined;
  const { name, failed, failureLimit } = metric;
  const allowed = failureLimit < 0 ? "" : `, ${failed} failed of ${failureLimit} allowed`;
  return `metric ${name}: ${lastWords(metric)} (${conditionWords(metric)})${allowed}`;
}

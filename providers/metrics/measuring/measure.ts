/**
 * Takes a measurement: asks a provider what to ask, sends that, and reads what came, until there is a reading. The only
 * place that sends questions. Nothing is thrown, and everything ends in time (docs/behaviour/providers.md#one-measurement).
 */
import { type Clock, systemClock } from "../../../kube/clock/clock.ts";
import { deadline } from "../../../kube/clock/deadline.ts";
import { aborted } from "../../../kube/clock/sleep.ts";
import type {
  Answer,
  Ask,
  Asking,
  KubeQuestion,
  Measure,
  MetricProviderRow,
  Next,
  Question,
  Reading,
  RunningMeasurement,
} from "../provider.ts";
import { jsonText } from "../text.ts";
import type { SendHttp } from "./http.ts";

export interface MeasuringPorts {
  readonly http: SendHttp;
  readonly kube: (question: KubeQuestion, signal: AbortSignal) => Promise<Answer>;
  /** Aborts when the run no longer wants it, or the process ends. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

const MOST_ROUNDS = 8;
const MOST_QUESTIONS = 64;
/** For all rounds together. */
const LONGEST_MS = 600_000;
/** Characters of a text that is kept in the status of a run: ten of a metric have to fit into its object. */
const MOST_TEXT = 16_384;

/** Begins a measurement. */
export const measure = (ports: MeasuringPorts, row: MetricProviderRow, asking: Asking): Promise<Reading> =>
  taken(ports, row, asking, (provider) => provider.begin(asking));

/** Goes on with one that was left `running`. */
export const resumeMeasurement = (
  ports: MeasuringPorts,
  row: MetricProviderRow,
  asking: Asking,
  running: RunningMeasurement,
): Promise<Reading> =>
  taken(
    ports,
    row,
    asking,
    ({ resume }) => resume?.(asking, running) ?? { kind: "error", message: `${row.title} has nothing to go on with` },
  );

/** Ends one that is still running. @returns what did not succeed, as sentences for the log */
export const terminateMeasurement = (
  ports: MeasuringPorts,
  row: MetricProviderRow,
  asking: Asking,
  running: RunningMeasurement,
): Promise<readonly string[]> => said(ports, asking, row, () => row.measure.terminate?.(asking, running) ?? []);

/** Removes the traces of one that is no longer kept. @returns what did not succeed, as sentences for the log */
export const collectMeasurement = (
  ports: MeasuringPorts,
  row: MetricProviderRow,
  asking: Asking,
  running: RunningMeasurement,
): Promise<readonly string[]> => said(ports, asking, row, () => row.measure.collect?.(asking, running) ?? []);

const error = (message: string): Reading => ({ kind: "error", message });

async function taken(
  ports: MeasuringPorts,
  row: MetricProviderRow,
  asking: Asking,
  begin: (provider: Measure) => Next,
): Promise<Reading> {
  const provider = row.measure;
  const limit = deadline(ports.clock ?? systemClock, LONGEST_MS, ports.signal);
  const late = aborted(limit.signal).then(() =>
    error(
      ports.signal.aborted
        ? "the measurement was stopped"
        : `${row.title} did not come to a result within ${LONGEST_MS / 60_000} minutes`,
    ),
  );
  try {
    return written(await Promise.race([rounds(ports, row, provider, asking, begin, limit.signal), late]));
  } catch (thrown) {
    return error(mistake(row, thrown));
  } finally {
    limit.end();
  }
}

/** A provider throws only by a mistake in it. What it threw may quote anything, so that only its kind is shown. */
const mistake = ({ title }: MetricProviderRow, thrown: unknown): string =>
  `measuring by ${title} failed: ${thrown instanceof Error ? thrown.name : "a mistake in Sluice"}; please report it`;

async function rounds(
  ports: MeasuringPorts,
  row: MetricProviderRow,
  provider: Measure,
  asking: Asking,
  begin: (provider: Measure) => Next,
  signal: AbortSignal,
): Promise<Reading> {
  let next = begin(provider);
  for (let round = 0; next.kind === "ask"; round++) {
    if (round === MOST_ROUNDS) return error(`${row.title} came to no result after ${MOST_ROUNDS} questions`);
    if (next.questions.length > MOST_QUESTIONS)
      return error(`${row.title} would ask ${next.questions.length} questions at once`);
    const answers = await Promise.all(next.questions.map((question) => sent(ports, asking, question, signal)));
    const failure = answers.find((answer) => answer.kind === "failed");
    if (failure !== undefined && next.toleratesFailures !== true) return error(failure.message);
    next = further(row, provider, asking, answers, next);
  }
  return next;
}

function further(
  row: MetricProviderRow,
  { read }: Measure,
  asking: Asking,
  answers: readonly Answer[],
  asked: Ask,
): Next {
  return read?.(asking, answers, asked.state) ?? error(`${row.title} does not read what it asks for`);
}

async function sent(ports: MeasuringPorts, asking: Asking, question: Question, signal: AbortSignal): Promise<Answer> {
  try {
    if (question.to === "address") return await ports.http(question, signal, asking.run.namespace);
    return await ports.kube(question, signal);
  } catch {
    return { kind: "failed", message: "no answer: the request could not be made" };
  }
}

async function said(
  ports: MeasuringPorts,
  asking: Asking,
  row: MetricProviderRow,
  questions: () => readonly Question[],
): Promise<readonly string[]> {
  const limit = deadline(ports.clock ?? systemClock, LONGEST_MS, ports.signal);
  try {
    const asked = questions().slice(0, MOST_QUESTIONS);
    const answers = await Promise.all(asked.map((question) => sent(ports, asking, question, limit.signal)));
    return answers.flatMap((answer) => {
      if (answer.kind === "failed") return [answer.message];
      // What is gone already needs no removing.
      const isFine = (answer.status >= 200 && answer.status < 300) || answer.status === 404;
      return isFine ? [] : [`${row.title} answered with HTTP ${answer.status}`];
    });
  } catch (thrown) {
    return [mistake(row, thrown)];
  } finally {
    limit.end();
  }
}

const cut = (text: string): string =>
  text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}… (${text.length} characters)`;

const cutAll = (metadata: Readonly<Record<string, string>> | undefined) =>
  metadata === undefined
    ? {}
    : { metadata: Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, cut(text)])) };

/** With the text of its value, and no text longer than a status can hold. */
function written(reading: Reading): Reading {
  const texts = {
    ...("message" in reading && reading.message !== undefined && { message: cut(reading.message) }),
    ...cutAll(reading.metadata),
  };
  if (reading.kind === "value") return { ...reading, ...texts, text: cut(reading.text ?? jsonText(reading.value)) };
  if (reading.kind === "decided" && reading.text !== undefined)
    return { ...reading, ...texts, text: cut(reading.text) };
  return { ...reading, ...texts };
}

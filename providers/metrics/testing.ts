/** Conversations of providers, played by data. */
import type { Answer, Asking, HttpQuestion, MetricProviderRow, Next, RunningMeasurement } from "./provider.ts";

/** 1,700,000,000 seconds since the epoch. */
export const NOW = Date.parse("2023-11-14T22:13:20Z");

interface Around extends Partial<Omit<Asking, "secret" | "environment">> {
  /** By "namespace/name", and "/name" in Sluice's own namespace. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly variables?: Readonly<Record<string, string>>;
}

export const askingFor = (settings: unknown, { secrets = {}, variables = {}, ...more }: Around = {}): Asking => ({
  settings,
  metric: "errors",
  intervalMs: undefined,
  run: { namespace: "shop", name: "run", uid: "7b1e", labels: {} },
  now: NOW,
  secret: ({ namespace = "", name, key }) => secrets[`${namespace}/${name}`]?.[key],
  environment: (name) => variables[name],
  ...more,
});

export const answered = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer => ({
  kind: "answered",
  status,
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body),
});

interface Played {
  /** One a round. */
  readonly questions: readonly HttpQuestion[];
  /** A reading, or the questions that no answer is left for. */
  readonly end: Next;
}

/** A measurement, or one that goes on, with an answer a round. */
export function played(
  { measure }: MetricProviderRow,
  asking: Asking,
  answers: readonly Answer[],
  running?: RunningMeasurement,
): Played {
  const questions: HttpQuestion[] = [];
  let end = running === undefined ? measure.begin(asking) : measure.resume?.(asking, running);
  for (const answer of [...answers, undefined]) {
    if (end?.kind !== "ask") break;
    const [question] = end.questions;
    if (question?.to === "address") questions.push(question);
    if (answer !== undefined) end = measure.read?.(asking, [answer], end.state);
  }
  return { questions, end: end ?? { kind: "error", message: "not measured" } };
}

/** The only question that a measurement begins with. */
export const questionOf = (row: MetricProviderRow, asking: Asking): HttpQuestion | undefined =>
  played(row, asking, []).questions[0];

/** What an answer to the only question means. */
export const readingOf = (row: MetricProviderRow, asking: Asking, answer: Answer): Next =>
  played(row, asking, [answer]).end;

/** Answers that no source should give: each ends in an error, whatever the provider. */
export const HOSTILE: readonly (readonly [what: string, body: string])[] = [
  ["null", "null"],
  ["nothing", ""],
  ["a text", '"ok"'],
  ["a number", "1"],
  ["true", "true"],
  ["NaN", "NaN"],
  ["HTML", "<!DOCTYPE html><html><body>Sign in</body></html>"],
  ["half of JSON", '{"data":{"attributes":{"columns":[{"na'],
  ["an endless depth", "[".repeat(100_000)],
  ["a real depth", `${"[".repeat(50_000)}${"]".repeat(50_000)}`],
  ["zeros", "\0\0\0"],
];

/**
 * Measurements as Argo Rollouts takes them (recorded.jsonl): the providers of v1.9 were given these settings and
 * Secrets and a server with these answers, at 1,700,000,000 s; what they asked and what they made of the answers was
 * written down. Where Sluice means something else (docs/differences.md#metric-providers) there is no recording.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Answer, HttpQuestion, Next } from "./provider.ts";
import { PROVIDERS } from "./providers.ts";
import { answered, askingFor, NOW, played } from "./testing.ts";

interface Recording {
  readonly provider: string;
  readonly settings: unknown;
  readonly withoutInterval?: true;
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly answers: readonly { readonly status: number; readonly body: unknown }[];
  /** The metadata of a measurement that goes on. */
  readonly running?: Readonly<Record<string, string>>;
  readonly reference: {
    readonly phase: string;
    readonly value?: string;
    readonly message?: string;
    readonly metadata?: Readonly<Record<string, string>>;
    /** In seconds. */
    readonly resumeAt?: number;
    readonly requests: readonly {
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }[];
  };
}

const text = await Bun.file(join(import.meta.dir, "recorded.jsonl")).text();
const recordings = text
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Recording);

function phaseOf(end: Next): string {
  switch (end.kind) {
    case "value":
      return "Successful";
    case "decided":
      return end.phase;
    case "running":
      return "Running";
    case "noData":
    case "error":
      return "Error";
    case "ask":
      return "unanswered";
    default:
      return end satisfies never;
  }
}

/** A body as it was recorded: without the time of day, and the blanks of a GraphQL document. */
function bodyOf({ body = "", url }: HttpQuestion): unknown {
  if (body === "") return undefined;
  const shown = url.endsWith("/graphql") ? body.replaceAll(/"\d{4}-\d\d-\d\d \d{4}"/g, '"T"') : body;
  return withoutBlanks(JSON.parse(shown));
}

const withoutBlanks = (body: unknown): unknown => {
  const { query } = body as { readonly query?: unknown };
  return typeof query === "string" ? { ...(body as object), query: query.replaceAll(/[\s,]/g, "") } : body;
};

const requestOf = (question: HttpQuestion) => {
  const { pathname, search } = new URL(question.url);
  const body = bodyOf(question);
  return {
    method: question.method,
    path: pathname + search,
    headers: Object.fromEntries(
      Object.entries(question.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    ...(body !== undefined && { body }),
  };
};

function play({ provider, settings, withoutInterval, secrets, answers, running }: Recording) {
  const row = PROVIDERS.find(({ kind }) => kind === provider);
  if (row === undefined) throw new Error(`no provider ${provider}`);
  const asking = askingFor(settings, {
    intervalMs: withoutInterval === true ? undefined : 600_000,
    run: { namespace: "shop", name: "run", uid: "u", labels: {}, startedAt: NOW - 3_600_000 },
    ...(secrets && { secrets }),
    ...(provider === "cloudWatch" && { variables: { AWS_REGION: "eu-central-1" } }),
  });
  const given: readonly Answer[] = answers.map(({ status, body }) => answered(body, status));
  return played(row, asking, given, running && { startedAt: NOW, metadata: running });
}

describe("as in Argo Rollouts", () => {
  const named = recordings.map((recording, index) => [`${recording.provider} ${index + 1}`, recording] as const);

  test.each(named)("%s", (_, recording) => {
    const { reference, provider } = recording;
    const { questions, end } = play(recording);
    expect(phaseOf(end)).toBe(reference.phase);
    const { value = "", message = "", metadata = {}, resumeAt, requests } = reference;
    expect("text" in end ? end.text : "").toBe(value);
    // Where there is more to say, it stands behind the reference's words.
    expect("message" in end ? end.message : "").toStartWith(message);
    expect("metadata" in end ? end.metadata : {}).toEqual(metadata);
    expect(end.kind === "running" ? end.resumeAt / 1000 : undefined).toBe(resumeAt);
    if (provider === "cloudWatch") return;
    expect(questions.map(requestOf)).toMatchObject(
      requests.map((request) => ({ ...request, ...("body" in request && { body: withoutBlanks(request.body) }) })),
    );
  });
});

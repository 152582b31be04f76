/**
 * What the conversations of providers have in common: settings that are parsed, one answer, and texts that are neither
 * endless nor hold a secret (docs/behaviour/providers.md#what-all-have-in-common). Nothing here throws.
 */
import * as v from "valibot";
import { isObject, type Json } from "../../kube/object/json.ts";
import type { Answer, Asking, Measure, Next, Reading, RunningMeasurement, SecretKey } from "./provider.ts";
import { redactor } from "./redact.ts";
import { jsonText } from "./text.ts";

/** The steps of a provider's measurement, over settings of its schema. */
export interface Steps<Settings> {
  readonly secrets?: (settings: Settings, asking: Asking) => readonly SecretKey[];
  /** The values that must be in no text, whatever the source answers with. */
  readonly confidential?: (settings: Settings, asking: Asking) => readonly (string | undefined)[];
  readonly begin: (settings: Settings, asking: Asking) => Next;
  readonly read: (settings: Settings, asking: Asking, answers: readonly Answer[], state: unknown) => Next;
  readonly resume?: (settings: Settings, asking: Asking, running: RunningMeasurement) => Next;
  readonly metadata?: (settings: Settings) => Readonly<Record<string, string>>;
}

export const failed = (message: string): Reading => ({ kind: "error", message });
export const noData = (message: string): Reading => ({ kind: "noData", message });

/** A provider whose settings are of `schema`; others end in an error that says where they are wrong. */
export function measuredBy<S extends v.GenericSchema>(
  title: string,
  schema: S,
  steps: Steps<v.InferOutput<S>>,
): Measure {
  type Settings = v.InferOutput<S>;
  const parsed = (asking: Asking): v.SafeParseResult<S> => v.safeParse(schema, asking.settings);
  const next = (asking: Asking, work: (settings: Settings) => Next): Next => {
    const settings = parsed(asking);
    if (!settings.success) return failed(`the settings of ${title} cannot be read: ${problemOf(settings.issues[0])}`);
    const found = work(settings.output);
    return found.kind === "ask" ? found : presentable(found, steps.confidential?.(settings.output, asking) ?? []);
  };
  const { secrets, resume, metadata } = steps;
  return {
    begin: (asking) => next(asking, (settings) => steps.begin(settings, asking)),
    read: (asking, answers, state) => next(asking, (settings) => steps.read(settings, asking, answers, state)),
    ...(secrets && {
      secrets: (asking) => {
        const settings = parsed(asking);
        return settings.success ? secrets(settings.output, asking) : [];
      },
    }),
    ...(resume && { resume: (asking, running) => next(asking, (settings) => resume(settings, asking, running)) }),
    ...(metadata && {
      metadata: (raw) => {
        const settings = v.safeParse(schema, raw);
        return settings.success ? metadata(settings.output) : {};
      },
    }),
  };
}

const problemOf = (issue: v.BaseIssue<unknown>): string => {
  const path = v.getDotPath(issue);
  // The message quotes what it found, which may be the value of a secret argument.
  return path === null ? "they are no object" : `${path} is not ${issue.expected ?? "what it should be"}`;
};

export const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;

/** Shorter ones are parts of words. */
const SHORTEST_SECRET = 4;

function presentable(reading: Reading, confidential: readonly (string | undefined)[]): Reading {
  const hidden = confidential.map((value) => value?.trim() ?? "").filter(({ length }) => length >= SHORTEST_SECRET);
  if (hidden.length === 0) return reading;
  const clean = redactor(hidden);
  const { message, metadata } = reading;
  return {
    ...reading,
    ...("text" in reading && reading.text !== undefined && { text: clean(reading.text) }),
    ...(message !== undefined && { message: clean(message) }),
    ...(metadata && {
      metadata: Object.fromEntries(Object.entries(metadata).map(([key, text]) => [key, clean(text)])),
    }),
  };
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer to the only question, as `use` reads it. */
export function readOnly(answers: readonly Answer[], use: (answer: Answered) => Next): Next {
  const [answer] = answers;
  if (answer === undefined) return failed("the question was not answered");
  return answer.kind === "failed" ? failed(answer.message) : use(answer);
}

export const isOk = (status: number): boolean => status >= 200 && status <= 299;

/** Of the statuses that sources and proxies refuse with. */
const STATUSES: ReadonlyMap<number, string> = new Map([
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [406, "Not Acceptable"],
  [413, "Request Entity Too Large"],
  [422, "Unprocessable Entity"],
  [429, "Too Many Requests"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
]);

/** `401 Unauthorized` */
export const statusText = (status: number): string => `${status} ${STATUSES.get(status) ?? ""}`.trim();

/** What stands in an answer, as far as a message has room. */
export const excerpt = (body: string): string => shortened(body.trim(), 1_000);

type Decoded = { readonly json: unknown } | { readonly problem: string };

/** JSON of an answer; `problem`: a sentence with its beginning. */
export function decoded(title: string, body: string): Decoded {
  try {
    return { json: JSON.parse(body) as unknown };
  } catch {
    const begins = body.trim() === "" ? "it is empty" : `it begins with ${shortened(body.trim(), 100)}`;
    return { problem: `the answer of ${title} is not JSON: ${begins}` };
  }
}

/** As `decoded`, of an answer that is an object whenever the source is the one that it should be. */
export function decodedObject(title: string, body: string): { readonly json: Json } | { readonly problem: string } {
  const answer = decoded(title, body);
  if ("problem" in answer) return answer;
  const { json } = answer;
  return isObject(json) ? { json } : { problem: `the answer of ${title} is no object: it is ${shownJson(json)}` };
}

/** A member of a member …: undefined where a name on the way is missing or stands in something that is no object. */
export const memberAt = (json: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined), json);

/** A number that a float can hold: JSON may write larger ones. */
export const isFinite = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** Deeper values are refused: code that walks them would overflow its stack, conditions' as well. */
const MOST_LEVELS = 400;

const isTooDeep = (value: unknown, levels = 0): boolean => {
  if (typeof value !== "object" || value === null) return false;
  return levels > MOST_LEVELS || Object.values(value).some((each) => isTooDeep(each, levels + 1));
};

/** A value that is JSON. */
export function jsonReading(value: unknown, title: string): Reading {
  if (isTooDeep(value)) return failed(`the answer of ${title} is nested deeper than ${MOST_LEVELS} levels`);
  return { kind: "value", value, text: jsonText(value) };
}

/** JSON of a part of an answer in a message. */
export const shownJson = (value: unknown): string =>
  isTooDeep(value) ? "a value that is nested too deep" : shortened(jsonText(value), 100);

/** Without a slash at its end or a double one, without query and fragment; undefined: no address of HTTP. */
export function baseOf(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  [url.search, url.hash, url.pathname] = ["", "", url.pathname.replaceAll(/\/{2,}/g, "/")];
  return url.href.replace(/\/+$/, "");
}

const USER = /\/\/(?:[^/?#@]*:)?([^/?#@]*)@/;

/** A user or a password of an address as it is meant. */
export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `secret` of http://user:secret@host, which the sender makes a header of; as it is written, and as it is sent. */
export const passwordsOf = (address = ""): readonly (string | undefined)[] => {
  const { password = "" } = URL.parse(address) ?? {};
  return [password, unescaped(password), USER.exec(address)?.[1]];
};

/** An address in a message. */
export const shownAddress = (address: string): string => shortened(address.replace(USER, "//*****@"), 300);

/** What a metric's own Authorization headers hold, with and without the word in front. */
export const authorizationsIn = (
  headers: readonly { readonly key: string; readonly value: string }[] = [],
): readonly (string | undefined)[] =>
  headers
    .filter(({ key }) => key.trim().toLowerCase() === "authorization")
    .flatMap(({ value }) => [value, value.trim().split(/\s+/)[1]]);

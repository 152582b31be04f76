/**
 * The one sender of requests to addresses that metrics, Secrets and the environment name (docs/security.md#addresses-of-metrics).
 * A request ends in time with an answer or a sentence, whatever the server does; nothing is thrown.
 */
import { type Clock, systemClock } from "../../../kube/clock/clock.ts";
import { deadline } from "../../../kube/clock/deadline.ts";
import { aborted } from "../../../kube/clock/sleep.ts";
import { unescaped } from "../conversation.ts";
import type { Answer, Auth, HttpQuestion } from "../provider.ts";
import { createSign, type Sign } from "./aws/sign.ts";
import type { Sources } from "./aws/credentials.ts";
import { type Answered, type Exchange, exchangeOnce, type Wire } from "./wire/exchange.ts";
import { guardedWire, type WireOptions } from "./wire/guarded.ts";
import { basic, sendableHeaders } from "./wire/headers.ts";
import { NoAnswer, originOf, Refused } from "./wire/noAnswer.ts";
import { signed } from "./wire/signed.ts";
import { createTokens, type Tokens } from "./oauth2.ts";
import { exchangeAll } from "./wire/redirects.ts";
import { createTurns } from "./turns.ts";

/**
 * @param party whose requests take turns with those of others: the namespace of the run
 */
export type SendHttp = (question: HttpQuestion, signal: AbortSignal, party: string) => Promise<Answer>;

export interface HttpOptions extends WireOptions {
  /** Becomes the user agent `sluice/<version>`. */
  readonly version: string;
  /** Undefined: it is not there. */
  readonly readText: (path: string) => Promise<string | undefined>;
  readonly clock?: Clock;
  /** Called for each question that had to wait for its turn, ms. */
  readonly waited?: (party: string, ms: number) => void;
}

/** Bytes of an answer. */
const MOST_BYTES = 2 ** 20;
/** A question that wants longer is given so long. */
const LONGEST_MS = 600_000;
/** For the services that give credentials. */
const credentialsExchange = { maxBytes: 65_536, cutsOff: false };

interface Sender {
  readonly version: string;
  readonly wire: Wire;
  /** For addresses that the process's own environment names. */
  readonly ownWire: Wire;
  readonly tokens: Tokens;
  readonly sign: Sign;
  readonly clock: Clock;
  readonly environment: HttpOptions["environment"];
  readonly readText: HttpOptions["readText"];
}

export function createSendHttp(options: HttpOptions): SendHttp {
  const clock = options.clock ?? systemClock;
  const sender = senderOf(options, clock);
  const turns = createTurns();
  return async (question, signal, party) => {
    const timeoutMs = Math.min(Math.max(1, question.timeoutMs), LONGEST_MS);
    // The time of a question is that of its server: others of the party that hang must not be its fault.
    const askedAt = clock.now();
    const turn = await turns.take(party, signal);
    const waitedMs = clock.now() - askedAt;
    if (waitedMs > 0) options.waited?.(party, waitedMs);
    if (turn === undefined) return failed(STOPPED);
    const limit = deadline(clock, timeoutMs, signal);
    try {
      // Not only the request is aborted, the wait for it ends: whatever hangs inside, the measurement goes on.
      const late = aborted(limit.signal).then(() => {
        const to = URL.canParse(question.url) ? originOf(new URL(question.url)) : "the server";
        return failed(signal.aborted ? STOPPED : `no answer from ${to} within ${timeoutMs / 1_000} s`);
      });
      return await Promise.race([answerOf(sender, question, limit.signal), late]);
    } finally {
      limit.end();
      turn();
    }
  };
}

const STOPPED = "no answer: the measurement was stopped";
const failed = (message: string): Extract<Answer, { readonly kind: "failed" }> => ({ kind: "failed", message });

function senderOf(options: HttpOptions, clock: Clock): Sender {
  const wire = guardedWire(options, clock);
  return {
    version: options.version,
    wire,
    ownWire: { ...wire, refusal: () => Promise.resolve(undefined) },
    tokens: createTokens(clock),
    sign: createSign(clock),
    clock,
    environment: options.environment,
    readText: options.readText,
  };
}

async function answerOf(sender: Sender, question: HttpQuestion, signal: AbortSignal): Promise<Answer> {
  try {
    const answered = await asked(sender, question, signal);
    return { kind: "answered", ...answered };
  } catch (error) {
    const answer = failed(error instanceof NoAnswer ? error.message : "no answer: the request could not be made");
    return error instanceof Refused ? { ...answer, refused: true } : answer;
  }
}

async function asked(sender: Sender, question: HttpQuestion, signal: AbortSignal): Promise<Answered> {
  if (!URL.canParse(question.url)) throw new NoAnswer("no answer: the address of the metric is not one");
  const url = new URL(question.url);
  const exchange: Exchange = {
    method: question.method,
    url,
    headers: { "user-agent": `sluice/${sender.version}`, ...ofUrl(url), ...sendableHeaders(question.headers ?? {}) },
    body: question.body,
    insecure: question.insecure === true,
    maxBytes: Math.min(question.maxBytes ?? MOST_BYTES, MOST_BYTES),
    cutsOff: question.cutsOff === true,
    keepsRedirects: question.keepsRedirects,
    signal,
  };
  const { authentication } = question;
  if (question.ownAddress === true)
    return exchangeOnce(sender.ownWire, await authorized(sender, exchange, authentication));
  const answered = await exchangeAll(sender.wire, await authorized(sender, exchange, authentication));
  const isStale = authentication?.kind === "oauth2" && answered.status === 401 && sender.tokens.forget(authentication);
  return isStale ? exchangeAll(sender.wire, await authorized(sender, exchange, authentication)) : answered;
}

/** `http://user:password@host` */
function ofUrl({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  return { authorization: basic(unescaped(username), unescaped(password)) };
}

/** A header that the metric sets itself counts more. */
async function authorized(sender: Sender, exchange: Exchange, auth: Auth | undefined): Promise<Exchange> {
  if (auth === undefined) return exchange;
  const withHeaders = (headers: Readonly<Record<string, string>>): Exchange => ({
    ...exchange,
    headers: { ...headers, ...exchange.headers },
  });
  switch (auth.kind) {
    case "basic":
      return withHeaders({ authorization: basic(auth.username, auth.password) });
    case "oauth2": {
      const { signal, insecure } = exchange;
      const authorization = await sender.tokens.get(auth, ({ url, headers, body }) =>
        exchangeAll(sender.wire, {
          ...credentialsExchange,
          method: "POST",
          url,
          headers: { "user-agent": `sluice/${sender.version}`, ...headers },
          body,
          insecure,
          signal,
        }),
      );
      return withHeaders({ authorization });
    }
    case "sigv4": {
      const { method, url, body, headers } = exchange;
      const request = { method, url: url.href, headers, ...(body !== undefined && { body }) };
      return withHeaders(await sender.sign(request, auth, sourcesOf(sender, exchange.signal)));
    }
    case "hmac":
      return withHeaders(signed(auth.key, exchange.body ?? "", sender.clock.now()));
    default:
      return auth satisfies never;
  }
}

const sourcesOf = ({ ownWire, environment, readText }: Sender, signal: AbortSignal): Sources => ({
  environment,
  readText,
  ask: ({ method, url, headers, body }) =>
    exchangeOnce(ownWire, {
      ...credentialsExchange,
      method,
      url: new URL(url),
      headers,
      body,
      insecure: false,
      signal,
    }),
});

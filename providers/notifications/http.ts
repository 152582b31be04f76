/**
 * Sends requests of services to the addresses that their settings name. The same addresses are refused as for metrics
 * (docs/security.md#addresses-of-metrics): whoever may write a ConfigMap of a namespace chooses where the controller
 * sends to. A request ends in time with an answer or a sentence, whatever the server does; nothing is thrown.
 */
import { type Clock, systemClock } from "../../kube/clock/clock.ts";
import { deadline } from "../../kube/clock/deadline.ts";
import { aborted } from "../../kube/clock/sleep.ts";
import type { Sources } from "../metrics/measuring/aws/credentials.ts";
import { fetchAny } from "./fetchAny.ts";
import { createSign } from "../metrics/measuring/aws/sign.ts";
import { type Answered, type Exchange, exchangeOnce, type Wire } from "../metrics/measuring/wire/exchange.ts";
import { guardedWire, type WireOptions } from "../metrics/measuring/wire/guarded.ts";
import { basic, sendableHeaders } from "../metrics/measuring/wire/headers.ts";
import { NoAnswer, Refused } from "../metrics/measuring/wire/noAnswer.ts";
import { exchangeAll } from "../metrics/measuring/wire/redirects.ts";
import type { Answer } from "../metrics/provider.ts";
import { createGoogleTokens, type GoogleTokens } from "./googleTokens.ts";
import type { HttpRequest, SendHttp } from "./service.ts";

export interface HttpOptions extends WireOptions {
  /** Becomes the user agent `sluice/<version>`. */
  readonly version: string;
  /** Undefined: it is not there. */
  readonly readText: (path: string) => Promise<string | undefined>;
  readonly clock?: Clock;
}

const USUAL_MS = 30_000;
/** Bytes of an answer. */
const MOST_BYTES = 2 ** 20;
const MOST_CREDENTIALS = 65_536;

const failed = (message: string): Answer => ({ kind: "failed", message });

export function createSendHttp(options: HttpOptions): SendHttp {
  const clock = options.clock ?? systemClock;
  const wire = guardedWire({ fetch: fetchAny, ...options }, clock);
  const googleToken = createGoogleTokens(options, wire, clock);
  return async (request, signal) => {
    const url = URL.parse(request.url);
    if (url === null) return failed("not sent: its address is not one");
    const timeoutMs = Math.max(1, request.timeoutMs ?? USUAL_MS);
    const limit = deadline(clock, timeoutMs, signal);
    try {
      // Not only the request is aborted, the wait for it ends: whatever hangs inside, the sending goes on.
      const late = aborted(limit.signal).then(() =>
        failed(
          signal.aborted ? "no answer: it was stopped" : `no answer from ${url.host} within ${timeoutMs / 1_000} s`,
        ),
      );
      return await Promise.race([
        answerOf({ options, wire, clock, googleToken, signal: limit.signal }, request, url),
        late,
      ]);
    } finally {
      limit.end();
    }
  };
}

interface Sender {
  readonly options: HttpOptions;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly googleToken: GoogleTokens;
}

async function answerOf(sender: Sender, request: HttpRequest, url: URL): Promise<Answer> {
  try {
    return { kind: "answered", ...(await asked(sender, request, url)) };
  } catch (error) {
    const why = error instanceof NoAnswer ? error.message : "no answer: the request could not be made";
    return error instanceof Refused ? { kind: "failed", message: why, refused: true } : failed(why);
  }
}

async function asked(sender: Sender, request: HttpRequest, url: URL): Promise<Answered> {
  const { method, body, insecure, aws, google } = request;
  if (!/^[!#$%&'*+.^_`|~\w-]{1,60}$/.test(method)) throw new NoAnswer("not sent: its method is none of HTTP");
  const headers = {
    "user-agent": `sluice/${sender.options.version}`,
    ...ofUrl(url),
    ...sendableHeaders(request.headers ?? {}),
  };
  const exchange: Exchange = {
    method,
    url,
    headers,
    body: body === "" || method === "HEAD" ? undefined : body,
    insecure: insecure === true,
    maxBytes: MOST_BYTES,
    cutsOff: true,
    signal: sender.signal,
  };
  if (google !== undefined) {
    const authorization = `Bearer ${await sender.googleToken(google, sender.signal)}`;
    return exchangeAll(sender.wire, { ...exchange, headers: { ...headers, authorization } });
  }
  return exchangeAll(sender.wire, aws === undefined ? exchange : await signed(sender, exchange, aws));
}

/** `http://user:password@host` */
function ofUrl({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  try {
    return { authorization: basic(decodeURIComponent(username), decodeURIComponent(password)) };
  } catch {
    return { authorization: basic(username, password) };
  }
}

/** Keys of the settings stand in for those of the environment. */
async function signed(sender: Sender, exchange: Exchange, aws: HttpRequest["aws"] & {}): Promise<Exchange> {
  const { options, wire, clock, signal } = sender;
  const { keys } = aws;
  const named = keys && {
    AWS_ACCESS_KEY_ID: keys.id,
    AWS_SECRET_ACCESS_KEY: keys.secret,
    AWS_SESSION_TOKEN: undefined,
  };
  const own: Wire = { ...wire, refusal: () => Promise.resolve(undefined) };
  const sources: Sources = {
    environment: (name) =>
      named !== undefined && name in named ? named[name as keyof typeof named] : options.environment(name),
    readText: options.readText,
    ask: (request) =>
      exchangeOnce(own, {
        method: request.method,
        url: new URL(request.url),
        headers: request.headers,
        body: request.body,
        insecure: false,
        maxBytes: MOST_CREDENTIALS,
        cutsOff: false,
        signal,
      }),
  };
  const { method, url, body, headers } = exchange;
  const auth = { kind: "sigv4", ...aws, profile: undefined, roleArn: undefined } as const;
  const request = { method, url: url.href, headers, ...(body !== undefined && { body }) };
  // Credentials are kept by region alone, so those of one queue must not serve another: nothing is kept.
  const added = await createSign(clock)(request, auth, sources);
  return { ...exchange, headers: { ...headers, ...added } };
}

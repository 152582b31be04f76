/** OAuth2 by client credentials: tokens are asked for once, and kept while they are valid. */
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Auth } from "../provider.ts";
import type { Answered } from "./wire/exchange.ts";
import { basic } from "./wire/headers.ts";
import { NoAnswer, originOf } from "./wire/noAnswer.ts";

export type OAuth2 = Auth & { readonly kind: "oauth2" };

export interface TokenRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Tokens {
  /**
   * The value of the Authorization header.
   * @throws {NoAnswer}
   */
  readonly get: (auth: OAuth2, ask: (request: TokenRequest) => Promise<Answered>) => Promise<string>;
  /** For a token that a server no longer takes. @returns whether there was one */
  readonly forget: (auth: OAuth2) => boolean;
}

/** A token is not used any more shortly before its end. */
const SPARE_MS = 10_000;
/** One without an end is asked for anew after this time. */
const UNSAID_MS = 300_000;
const LONGEST_MS = 86_400_000;
const MOST_TOKENS = 1_000;

/** With the secret: who knows only the name of a client gets no token of it. */
const keyOf = ({ tokenUrl, clientId, clientSecret, scopes }: OAuth2): string =>
  JSON.stringify([tokenUrl, clientId, clientSecret, scopes]);

export function createTokens(clock: Clock): Tokens {
  const kept = new Map<string, { readonly untilMs: number; readonly authorization: string }>();
  return {
    async get(auth, ask) {
      const key = keyOf(auth);
      const found = kept.get(key);
      if (found !== undefined && clock.now() < found.untilMs) return found.authorization;
      const token = await newToken(auth, ask);
      if (kept.size >= MOST_TOKENS) kept.clear();
      kept.set(key, { untilMs: clock.now() + token.lastsMs - SPARE_MS, authorization: token.authorization });
      return token.authorization;
    },
    forget: (auth) => kept.delete(keyOf(auth)),
  };
}

interface Token {
  readonly authorization: string;
  readonly lastsMs: number;
}

/** The client's name and secret go into the header, as the standard wants it; servers that refuse that get them in the body. */
async function newToken(auth: OAuth2, ask: (request: TokenRequest) => Promise<Answered>): Promise<Token> {
  if (!URL.canParse(auth.tokenUrl)) throw new NoAnswer("the tokenUrl for OAuth2 is no address");
  const url = new URL(auth.tokenUrl);
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (auth.scopes.length > 0) form.set("scope", auth.scopes.join(" "));
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  const inHeader = basic(encodeURIComponent(auth.clientId), encodeURIComponent(auth.clientSecret));
  let answer = await ask({ url, headers: { ...headers, authorization: inHeader }, body: form.toString() });
  if (!isGood(answer)) {
    form.set("client_id", auth.clientId);
    form.set("client_secret", auth.clientSecret);
    answer = await ask({ url, headers, body: form.toString() });
  }
  const fields = fieldsOf(answer);
  const token = fields["access_token"];
  if (!isGood(answer) || typeof token !== "string" || token === "")
    throw new NoAnswer(`no OAuth2 token from ${originOf(url)}: ${whyNot(answer, fields)}`);
  if (!/^[\u0021-\u007E]+$/.test(token))
    throw new NoAnswer(`no OAuth2 token from ${originOf(url)}: it has characters that cannot be sent`);
  const seconds = Number(fields["expires_in"]);
  return {
    authorization: `${typeOf(fields["token_type"])} ${token}`,
    lastsMs: Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1_000, LONGEST_MS) : UNSAID_MS,
  };
}

const isGood = ({ status }: Answered): boolean => status >= 200 && status < 300;

function typeOf(type: unknown): string {
  if (typeof type !== "string" || !/^[A-Za-z][\w-]{0,40}$/.test(type)) return "Bearer";
  const known: Readonly<Record<string, string>> = { bearer: "Bearer", mac: "MAC", basic: "Basic" };
  return known[type.toLowerCase()] ?? type;
}

function fieldsOf({ headers, body }: Answered): Readonly<Record<string, unknown>> {
  const type = headers["content-type"] ?? "";
  if (/x-www-form-urlencoded|text\/plain/i.test(type) && !body.trimStart().startsWith("{"))
    return Object.fromEntries(new URLSearchParams(body));
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === "object" && json !== null ? Object.fromEntries(Object.entries(json)) : {};
  } catch {
    return {};
  }
}

/** The body is not shown; the standard's word for what is wrong is. */
function whyNot(answer: Answered, { error }: Readonly<Record<string, unknown>>): string {
  const word = typeof error === "string" && /^[a-z_]{1,60}$/.test(error) ? ` (${error})` : "";
  return isGood(answer) ? `its answer has no access_token${word}` : `it answered with HTTP ${answer.status}${word}`;
}

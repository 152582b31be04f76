/**
 * Asks an address that a template names whether anybody is there (docs/security.md#addresses-that-the-audit-asks): one request
 * without a body and without credentials, whose answer is not read. It is sent as those of measurements are, so that an
 * address that no analysis may ask is not asked here either.
 */
import { originOf } from "../../../providers/metrics/measuring/wire/noAnswer.ts";
import type { SendHttp } from "../../../providers/metrics/measuring/http.ts";

/** Why it does not answer, in a few words; undefined: it does; "not asked": its address is none that may be asked. */
export type Knock = (
  endpoint: { readonly url: string; readonly insecure: boolean },
  signal: AbortSignal,
) => Promise<string | undefined | typeof NOT_ASKED>;

export const NOT_ASKED = Symbol("not asked");

const TIMEOUT_MS = 3_000;
/** Its requests take turns with those of the analyses of each namespace. */
const PARTY = "the audit";

export const createKnock =
  (send: SendHttp): Knock =>
  async ({ url, insecure }, signal) => {
    const question = { to: "address", method: "HEAD", url, insecure, timeoutMs: TIMEOUT_MS } as const;
    const answer = await send({ ...question, keepsRedirects: true }, signal, PARTY);
    if (answer.kind === "failed") return answer.refused === true ? NOT_ASKED : withoutServer(answer.message, url);
    // 501: it knows no HEAD.
    return answer.status >= 500 && answer.status !== 501 ? `HTTP ${answer.status}` : undefined;
  };

/** `no answer from http://prom: nothing listens there` → `nothing listens there`: whoever reads it is told the server. */
function withoutServer(message: string, url: string): string {
  const from = `no answer from ${originOf(new URL(url))}`;
  return message.startsWith(`${from}: `) ? message.slice(from.length + 2) : message.replace(from, "no answer");
}

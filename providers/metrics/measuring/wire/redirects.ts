/** Redirects, followed by hand: each address is checked as the first one was, and secrets stay with their server. */
import { type Answered, type Exchange, exchangeOnce, type Wire } from "./exchange.ts";
import { NoAnswer, originOf } from "./noAnswer.ts";

/** As Go's client. */
const MOST_REDIRECTS = 10;
/** Says nothing that only the first server may know; a header of one's own may be a key. */
const HARMLESS: readonly string[] = ["accept", "accept-language", "content-type", "user-agent"];

/**
 * The last answer; one that leads nowhere is the last.
 * @throws {NoAnswer}
 */
export async function exchangeAll(wire: Wire, first: Exchange): Promise<Answered> {
  let exchange = first;
  for (let count = 0; ; count++) {
    const answered = await exchangeOnce(wire, exchange);
    const next = first.keepsRedirects === true ? undefined : redirected(exchange, answered);
    if (next === undefined) return answered;
    if (count === MOST_REDIRECTS)
      throw new NoAnswer(`no answer from ${originOf(first.url)}: it redirects more than ${MOST_REDIRECTS} times`);
    exchange = next;
  }
}

function redirected(exchange: Exchange, { status, headers }: Answered): Exchange | undefined {
  const location = headers["location"];
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined || location === "") return undefined;
  if (!URL.canParse(location, exchange.url.href))
    throw new NoAnswer(`no answer from ${originOf(exchange.url)}: it redirects to what is no address`);
  const url = new URL(location, exchange.url);
  const staysAt = url.hostname === exchange.url.hostname && !(isTls(exchange.url) && !isTls(url));
  const keepsBody = status === 307 || status === 308;
  const { body } = exchange;
  if (keepsBody && body !== undefined && !staysAt)
    throw new NoAnswer(`${originOf(exchange.url)} redirects what was sent to it to another server: name that one`);
  return {
    ...exchange,
    url,
    method: keepsBody ? exchange.method : "GET",
    body: keepsBody ? body : undefined,
    headers: Object.fromEntries(
      Object.entries(exchange.headers).filter(([name]) => {
        if (!keepsBody && name.startsWith("content-")) return false;
        return staysAt || HARMLESS.includes(name);
      }),
    ),
  };
}

const isTls = ({ protocol }: URL): boolean => protocol === "https:";

/** Headers that a metric may set. */
import { NoAnswer } from "./noAnswer.ts";

/** Say how a request is carried, which is up to the sender; Go's client leaves out what is set here of them, too. */
const CARRYING: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * In small letters; of the same name in several spellings the last one counts.
 * @throws {NoAnswer} for one that cannot be sent; its value is not shown
 */
export function sendableHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const [given, value] of Object.entries(headers)) {
    const name = given.trim().toLowerCase();
    if (CARRYING.has(name)) continue;
    if (!/^[!#$%&'*+.^_`|~\w-]{1,256}$/.test(name)) throw new NoAnswer("a header has a name that cannot be sent");
    // Bytes beyond Latin-1, and what ends a line.
    if (!/^[\t\u0020-\u007E\u0080-\u00FF]*$/.test(value))
      throw new NoAnswer(`the value of the header ${name} has characters that cannot be sent`);
    sent[name] = value;
  }
  return sent;
}

const encoded = (text: string): string => Buffer.from(text, "utf8").toString("base64");

export const basic = (username: string, password: string): string => `Basic ${encoded(`${username}:${password}`)}`;

/**
 * A small client of SMTP (RFC 5321): STARTTLS where it is offered, TLS from the beginning at port 465, AUTH by CRAM-MD5,
 * PLAIN or LOGIN. The same addresses are refused as for metrics (docs/security.md#addresses-of-metrics).
 */
import { createHmac } from "node:crypto";
import type { Socket } from "node:net";
import { type Clock, systemClock } from "../../kube/clock/clock.ts";
import { messageOf } from "../../kube/object/errors.ts";
import type { Wire } from "../metrics/measuring/wire/exchange.ts";
import { guardedWire, type WireOptions } from "../metrics/measuring/wire/guarded.ts";
import type { Lines } from "./lines.ts";
import { shown } from "./row.ts";
import type { Mail, SendMail } from "./service.ts";
import { inTime, overSocket } from "./session.ts";
import { connected, opened } from "./sockets.ts";

/** For all of a mail. */
const MOST_MS = 60_000;
/** Always with TLS from the beginning. */
const SMTPS = 465;

export function createSendMail(options: WireOptions & { readonly clock?: Clock }): SendMail {
  const clock = options.clock ?? systemClock;
  const wire = guardedWire(options, clock);
  return (mail, signal) =>
    inTime({ clock, mostMs: MOST_MS, signal, server: mail.host }, (limited) => delivered(wire, mail, limited));
}

const delivered = (wire: Wire, mail: Mail, signal: AbortSignal): Promise<void> =>
  overSocket(signal, async (lines, use) => {
    const first = await connected(wire, mail, mail.port === SMTPS, lines, use);
    await conversation(mail, first, lines, use);
  });

interface Reply {
  readonly code: number;
  /** Of each line, without the code. */
  readonly texts: readonly string[];
}

/** Lines of one answer. */
const MOST_LINES = 100;

/** @throws {Error} for another code than those wanted; `doing`: what the server was told, without secrets */
async function reply(lines: Lines, { host }: Mail, doing: string, wanted: readonly number[]): Promise<Reply> {
  const texts: string[] = [];
  for (;;) {
    const line = await lines.next();
    if (line === undefined) throw new Error(`${host} closed the connection at ${doing}`);
    const [, code = "", sign = "", text = ""] = /^(\d{3})([ -]?)(.*)$/.exec(line) ?? [];
    if (code === "" || texts.length >= MOST_LINES) throw new Error(`what answers at ${host} is not SMTP`);
    texts.push(text);
    if (sign === "-") continue;
    if (wanted.includes(Number(code))) return { code: Number(code), texts };
    throw new Error(`${host} answered ${doing} with ${code}: ${shown(texts.join(" "))}`);
  }
}

type Say = (line: string, doing: string, wanted: readonly number[]) => Promise<Reply>;

async function conversation(
  mail: Mail,
  first: Socket,
  lines: Lines,
  replaced: (socket: Socket) => void,
): Promise<void> {
  let socket = first;
  const say: Say = (line, doing, wanted) => {
    socket.write(`${line}\r\n`);
    return reply(lines, mail, doing, wanted);
  };
  await reply(lines, mail, "the connection", [220]);
  let offers = await greeted(say);
  let isTls = mail.port === SMTPS;
  if (!isTls && offers.has("STARTTLS")) {
    await say("STARTTLS", "STARTTLS", [220]);
    // What came before the handshake was not protected: it counts for nothing.
    lines.forget();
    socket = await opened(mail, socket, true, lines);
    replaced(socket);
    isTls = true;
    offers = await greeted(say);
  }
  if (mail.username !== "") await authenticated(mail, say, offers.get("AUTH"), isTls);
  await say(`MAIL FROM:<${mail.from}>${parametersOf(mail, offers)}`, "MAIL FROM", [250]);
  for (const to of mail.to) await say(`RCPT TO:<${to}>`, "RCPT TO", [250, 251]);
  await say("DATA", "DATA", [354]);
  await say(`${stuffed(mail.text)}.`, "the mail", [250]);
  // It is delivered, whatever comes of the farewell.
  await say("QUIT", "QUIT", [221]).catch(() => undefined);
}

/** @throws {Error} for an address beyond ASCII (RFC 6531) that the server does not take */
function parametersOf({ from, to, host }: Mail, offers: ReadonlyMap<string, string>): string {
  const isPlain = [from, ...to].every((address) => /^[\u0021-\u007E]*$/.test(address));
  if (!isPlain && !offers.has("SMTPUTF8"))
    throw new Error(`not sent: ${host} takes no address beyond ASCII (it does not offer SMTPUTF8)`);
  return `${offers.has("8BITMIME") ? " BODY=8BITMIME" : ""}${isPlain ? "" : " SMTPUTF8"}`;
}

/** RFC 5321, 4.5.2: a line that begins with a dot gets another one. Ends with CRLF. */
export function stuffed(text: string): string {
  const ended = text.endsWith("\r\n") ? text : `${text}\r\n`;
  return ended.replace(/^\./gm, "..");
}

/** What the server offers, with its parameters. */
async function greeted(say: Say): Promise<ReadonlyMap<string, string>> {
  const offered = await say("EHLO localhost", "EHLO", [250]).catch(async (error: unknown) => {
    // Older than 1995, or it says so.
    if (!/ with 50[02]: /.test(messageOf(error))) throw error;
    return say("HELO localhost", "HELO", [250]);
  });
  return new Map(
    offered.texts.slice(1).map((text): [string, string] => {
      const [name = "", ...parameters] = text.trim().split(/[ =]+/);
      return [name.toUpperCase(), parameters.join(" ").toUpperCase()];
    }),
  );
}

const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

async function authenticated(mail: Mail, say: Say, offered: string | undefined, isTls: boolean): Promise<void> {
  const { username, password, host } = mail;
  // As the reference: a server that asks for nothing is told nothing.
  if (offered === undefined) return;
  const ways = offered.split(" ");
  if (ways.includes("CRAM-MD5")) {
    const { texts } = await say("AUTH CRAM-MD5", "AUTH", [334]);
    const digest = createHmac("md5", password)
      .update(Buffer.from(texts[0] ?? "", "base64"))
      .digest("hex");
    await say(base64(`${username} ${digest}`), "AUTH", [235]);
    return;
  }
  if (!isTls && !["localhost", "127.0.0.1", "::1"].includes(host))
    throw new Error(`not sent: ${host} offers no TLS (STARTTLS), and the password would be sent in the clear`);
  if (ways.includes("LOGIN") && !ways.includes("PLAIN")) {
    await say("AUTH LOGIN", "AUTH", [334]);
    await say(base64(username), "AUTH", [334]);
    await say(base64(password), "AUTH", [235]);
    return;
  }
  await say(`AUTH PLAIN ${base64(`\0${username}\0${password}`)}`, "AUTH", [235]);
}

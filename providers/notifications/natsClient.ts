/** A client of NATS that publishes one message and asks whether it has come (https://docs.nats.io/reference/protocols). */
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import type { Socket } from "node:net";
import { type Clock, systemClock } from "../../kube/clock/clock.ts";
import { messageOf } from "../../kube/object/errors.ts";
import { isFields } from "../../kube/object/goJson.ts";
import type { Wire } from "../metrics/measuring/wire/exchange.ts";
import { guardedWire, type WireOptions } from "../metrics/measuring/wire/guarded.ts";
import type { Lines } from "./lines.ts";
import { shown } from "./row.ts";
import type { NatsMessage, SendNats } from "./service.ts";
import { inTime, overSocket } from "./session.ts";
import { connected, opened, type Server } from "./sockets.ts";

const MOST_MS = 30_000;
const USUAL_PORT = 4222;

export function createSendNats(options: WireOptions & { readonly clock?: Clock }): SendNats {
  const clock = options.clock ?? systemClock;
  const wire = guardedWire(options, clock);
  return (message, signal) =>
    inTime({ clock, mostMs: MOST_MS, signal, server: "NATS" }, (limited) => publishedSomewhere(wire, message, limited));
}

/** To the first of the servers that takes it. */
async function publishedSomewhere(wire: Wire, message: NatsMessage, signal: AbortSignal): Promise<void> {
  const reasons: string[] = [];
  for (const address of message.url.split(",")) {
    try {
      await published(wire, message, address.trim(), signal);
      return;
    } catch (error) {
      reasons.push(messageOf(error));
    }
  }
  throw new Error(reasons.join("; "));
}

async function published(wire: Wire, message: NatsMessage, address: string, signal: AbortSignal): Promise<void> {
  const url = URL.parse(address.includes("://") ? address : `nats://${address}`);
  if (url === null || url.hostname === "" || !["nats:", "tls:"].includes(url.protocol))
    throw new Error("not sent: service.nats.url is no address such as nats://host:4222");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const server: Server = { host, port: Number(url.port) || USUAL_PORT, insecure: false };
  await overSocket(signal, async (lines, use) => {
    let open = await connected(wire, server, false, lines, use);
    const info = infoOf(await lines.next(), host);
    if (url.protocol === "tls:" || info["tls_required"] === true) {
      lines.forget();
      open = await opened(server, open, true, lines);
      use(open);
    }
    await conversation(message, url, info, { socket: open, lines, host });
  });
}

type Info = Readonly<Record<string, unknown>>;

function infoOf(line: string | undefined, host: string): Info {
  const [, json = ""] = /^INFO (.*)$/.exec(line ?? "") ?? [];
  try {
    const info: unknown = JSON.parse(json);
    if (isFields(info)) return info;
  } catch {
    // Said below.
  }
  throw new Error(`what answers at ${host} is not NATS`);
}

interface Connection {
  readonly socket: Socket;
  readonly lines: Lines;
  readonly host: string;
}

async function conversation(message: NatsMessage, url: URL, info: Info, connection: Connection): Promise<void> {
  const options = {
    verbose: false,
    pedantic: false,
    lang: "sluice",
    version: "1",
    protocol: 1,
    headers: true,
    ...loginOf(message, url, info),
  };
  connection.socket.write(`CONNECT ${JSON.stringify(options)}\r\nPING\r\n`);
  await pong(connection, "the login");
  connection.socket.write(frameOf(message));
  await pong(connection, "the message");
}

/** What was sent before it has been taken. */
async function pong({ socket, lines, host }: Connection, doing: string): Promise<void> {
  for (;;) {
    const line = await lines.next();
    if (line === undefined) throw new Error(`${host} closed the connection at ${doing}`);
    if (line === "PONG") return;
    if (line === "PING") socket.write("PONG\r\n");
    if (line.startsWith("-ERR")) throw new Error(`${host} answered ${doing} with ${shown(line.slice("-ERR".length))}`);
  }
}

function loginOf({ username, password, nkey }: NatsMessage, url: URL, info: Info): Readonly<Record<string, string>> {
  if (nkey !== "") return signedBy(nkey, typeof info["nonce"] === "string" ? info["nonce"] : "");
  if (username !== "") return { user: username, pass: password };
  const [user, pass] = [decoded(url.username), decoded(url.password)];
  if (user === "") return {};
  return pass === "" ? { auth_token: user } : { user, pass };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The message with a PING after it; a header is one line. */
function frameOf({ subject, data, headers }: NatsMessage): Buffer {
  const body = Buffer.from(data, "utf8");
  const lines = [...headers].map(([name, value]) => {
    if (!/^[\u0021-\u0039\u003B-\u007E]+$/.test(name) || /[\r\n]/.test(value))
      throw new Error("not sent: a header of service.nats cannot be sent");
    return `${name}: ${value}\r\n`;
  });
  const head = Buffer.from(lines.length === 0 ? "" : `NATS/1.0\r\n${lines.join("")}\r\n`, "utf8");
  const command =
    lines.length === 0
      ? `PUB ${subject} ${body.length}\r\n`
      : `HPUB ${subject} ${head.length} ${head.length + body.length}\r\n`;
  return Buffer.concat([Buffer.from(command), head, body, Buffer.from("\r\nPING\r\n")]);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** Prefixes of the texts of keys: a seed, and the public key of a user. */
const SEED = 18 << 3;
const USER = 20 << 3;
/** What PKCS 8 puts before the 32 bytes of an Ed25519 key. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

function fromBase32(text: string): Buffer {
  let [bits, length] = [0, 0];
  const bytes: number[] = [];
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value === -1) return Buffer.alloc(0);
    bits = ((bits << 5) | value) & 0xfff;
    length += 5;
    if (length < 8) continue;
    length -= 8;
    bytes.push((bits >> length) & 0xff);
  }
  return Buffer.from(bytes);
}

function toBase32(bytes: Buffer): string {
  let [bits, length, text] = [0, 0, ""];
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff;
    length += 8;
    while (length >= 5) {
      length -= 5;
      text += ALPHABET[(bits >> length) & 31] ?? "";
    }
  }
  return length === 0 ? text : text + (ALPHABET[(bits << (5 - length)) & 31] ?? "");
}

/** CRC-16/XMODEM, little-endian as NKeys have it. */
function checksum(bytes: Buffer): Buffer {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021) & 0xffff;
  }
  return Buffer.from([crc & 0xff, crc >> 8]);
}

/** A server's nonce, signed by the key of a seed such as SUA… */
function signedBy(nkey: string, nonce: string): Readonly<Record<string, string>> {
  const raw = fromBase32(nkey.trim());
  const checked = raw.subarray(0, -2);
  if (raw.length !== 36 || ((raw[0] ?? 0) & 0xf8) !== SEED || !checksum(checked).equals(raw.subarray(-2)))
    throw new Error("not sent: service.nats.nkey is no seed of a key of NATS");
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, checked.subarray(2)]), format: "der", type: "pkcs8" });
  const shownKey = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  const named = Buffer.concat([Buffer.from([USER]), shownKey]);
  return {
    nkey: toBase32(Buffer.concat([named, checksum(named)])),
    sig: sign(null, Buffer.from(nonce, "utf8"), key).toString("base64url"),
  };
}

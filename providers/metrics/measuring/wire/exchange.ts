/** One request to one server, and its answer: at an address that was checked, and no longer than allowed. */
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { isIP } from "node:net";
import { codeOf } from "../../../../kube/object/errors.ts";
import { isUnconnected, NoAnswer, originOf, Refused, unreached } from "./noAnswer.ts";
import type { Resolve } from "./resolve.ts";

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly insecure: boolean;
  readonly maxBytes: number;
  readonly cutsOff: boolean;
  /** See `HttpQuestion`. */
  readonly keepsRedirects?: true | undefined;
  readonly signal: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Wire {
  readonly resolve: Resolve;
  /** Why an address is refused; undefined: it is not. */
  readonly refusal: (address: string, port: number) => Promise<string | undefined>;
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
}

/** Another address of the same name is tried when one does not take the connection. */
const MOST_ADDRESSES = 4;

export const portOf = (url: URL): number => Number(url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port);

/** The name without brackets; what IP address it is in whatever spelling, URL has found out already. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "");

export async function addressesOf(url: URL, resolve: Resolve): Promise<readonly string[]> {
  const host = hostOf(url);
  return isIP(host) === 0 ? resolve(host) : [host];
}

/**
 * The addresses of a server, all of them checked. A name that leads to an address that may not be reached is refused
 * even if it has others: nobody could say which of them was asked.
 * @throws {Refused} for that, and NoAnswer
 */
async function checkedAddresses(wire: Wire, url: URL): Promise<readonly string[]> {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new NoAnswer(`${url.protocol} is not asked: use an address that begins with http:// or https://`);
  const host = hostOf(url);
  const addresses = await addressesOf(url, wire.resolve).catch((error: unknown) => {
    throw unreached(url, error);
  });
  for (const address of addresses) {
    const why = await wire.refusal(address, portOf(url));
    if (why === undefined) continue;
    const named = address === host ? address : `${host}, which is ${address},`;
    throw new Refused(`${named} is not asked: it is ${why} (see --analysis-allow-address)`);
  }
  if (addresses.length === 0) throw new NoAnswer(`no answer from ${originOf(url)}: its name has no address`);
  return addresses.slice(0, MOST_ADDRESSES);
}

/**
 * Connects to the address that was checked, whatever the name leads to meanwhile; the server sees its name, and its
 * certificate is compared with it.
 */
function send(wire: Wire, exchange: Exchange, address: string): Promise<Response> {
  const { url, method, headers, body, insecure, signal } = exchange;
  const host = hostOf(url);
  const at = new URL(url);
  at.hostname = address.includes(":") ? `[${address}]` : address;
  at.username = "";
  at.password = "";
  at.hash = "";
  const init: BunFetchRequestInit = {
    method,
    headers: { ...headers, host: url.host, "accept-encoding": "identity" },
    redirect: "manual",
    // What is compressed all the same is unpacked here, where there is a limit.
    decompress: false,
    timeout: false,
    signal,
    ...(body !== undefined && { body }),
    ...(url.protocol === "https:" && {
      tls: {
        rejectUnauthorized: !insecure,
        ...(isIP(host) === 0 && { serverName: host.replace(/\.$/, "") }),
      },
    }),
  };
  return wire.fetch(at.href, init);
}

/** @throws {NoAnswer} also when the answer is too long */
export async function exchangeOnce(wire: Wire, exchange: Exchange): Promise<Answered> {
  const { url } = exchange;
  const addresses = await checkedAddresses(wire, url);
  for (const [index, address] of addresses.entries()) {
    try {
      const response = await send(wire, exchange, address);
      const bytes = await bytesOf(response, exchange);
      const headers = Object.fromEntries([...response.headers].map(([name, value]) => [name.toLowerCase(), value]));
      const body = textOf(unpacked(bytes, headers, exchange));
      return withoutCredentials({ status: response.status, headers, body }, exchange);
    } catch (error) {
      if (index === addresses.length - 1 || !isUnconnected(error)) throw unreached(url, error);
    }
  }
  throw new NoAnswer(`no answer from ${originOf(url)}`);
}

/** Shorter ones may be parts of a number or a word. */
const SHORTEST_CREDENTIAL = 8;

/** A server that repeats what a request is authorized by would bring it into a status: `user:password` in base64, a token. */
function withoutCredentials({ status, headers, body }: Answered, { headers: sent }: Exchange): Answered {
  const [, own = ""] = /^\S+\s+(.*)$/s.exec(sent["authorization"] ?? "") ?? [];
  const credentials = [own, sent["x-amz-security-token"] ?? ""].filter(({ length }) => length >= SHORTEST_CREDENTIAL);
  const clean = (text: string): string => credentials.reduce((rest, each) => rest.replaceAll(each, "*****"), text);
  if (credentials.length === 0) return { status, headers, body };
  const cleaned = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, clean(value)]));
  return { status, headers: cleaned, body: clean(body) };
}

const tooLong = ({ url, maxBytes }: Exchange): NoAnswer =>
  new NoAnswer(`the answer of ${originOf(url)} is longer than the ${maxBytes} bytes that are read`);

async function bytesOf(response: Response, exchange: Exchange): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) return Buffer.concat(chunks, length);
    length += value.length;
    chunks.push(value);
    if (length <= exchange.maxBytes) continue;
    // Not waited for: what a server that sends for ever does with the end of the connection is its own affair.
    void reader?.cancel().catch(() => undefined);
    if (!exchange.cutsOff) throw tooLong(exchange);
    return Buffer.concat(chunks, length).subarray(0, exchange.maxBytes);
  }
}

const unpackers: Readonly<Record<string, (bytes: Buffer, limit: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** Some servers compress though they were asked not to. */
function unpacked(bytes: Buffer, headers: Readonly<Record<string, string>>, exchange: Exchange): Buffer {
  const encoding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "" || bytes.length === 0) return bytes;
  const unpack = unpackers[encoding];
  const from = originOf(exchange.url);
  if (unpack === undefined) throw new NoAnswer(`the answer of ${from} is compressed in a way that is not known here`);
  try {
    return unpack(bytes, { maxOutputLength: exchange.maxBytes });
  } catch (error) {
    if (codeOf(error) === "ERR_BUFFER_TOO_LARGE") throw tooLong(exchange);
    throw new NoAnswer(`the answer of ${from} says that it is compressed, and could not be unpacked`, { cause: error });
  }
}

const textOf = (bytes: Buffer): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/**
 * The part of DER that a certificate needs, written and read. A library for it costs 19 MB of memory (@peculiar/x509:
 * an idle server grows from 31 to 50 MB, 10 MB of them heap); this and WebCrypto cost 3 MB of the runtime's program
 * text and 0.2 MB of heap.
 */

type Bytes = Uint8Array<ArrayBuffer>;

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tags: `[n]` around other elements, and `[n]` instead of a primitive's own tag. */
export const constructed = (n: number): number => 0xa0 + n;
export const primitive = (n: number): number => 0x80 + n;

export function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One element: tag, length, contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const body = concat(contents);
  const size: number[] = [];
  for (let rest = body.length; rest > 0; rest >>>= 8) size.unshift(rest & 0xff);
  const head = body.length < 0x80 ? [tag, body.length] : [tag, 0x80 + size.length, ...size];
  return concat([Uint8Array.from(head), body]);
}

export const sequence = (...contents: readonly Uint8Array[]): Bytes => element(TAG.sequence, ...contents);

/** A number that is not negative, most significant byte first; leading zeros do not matter. */
export function integer(bytes: Uint8Array): Bytes {
  const from = bytes.findIndex((byte) => byte !== 0);
  const digits = from < 0 ? Uint8Array.of(0) : bytes.subarray(from);
  return element(TAG.integer, (digits[0] ?? 0) >= 0x80 ? concat([Uint8Array.of(0), digits]) : digits);
}

/** From a text such as "1.2.840.10045.4.3.2". */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return element(TAG.oid, Uint8Array.from(bytes));
}

export const bitString = (bytes: Uint8Array, unusedBits = 0): Bytes =>
  element(TAG.bitString, Uint8Array.of(unusedBits), bytes);

export const utf8 = (text: string): Bytes => element(TAG.utf8, new TextEncoder().encode(text));

/** Whole seconds; RFC 5280 requires two digits of the year until 2049 and four from then on. */
export function time(ms: number): Bytes {
  const digits = new Date(ms).toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
  const short = ms < Date.UTC(2050, 0, 1);
  return element(short ? TAG.utcTime : TAG.generalizedTime, new TextEncoder().encode(short ? digits.slice(2) : digits));
}

/** An element inside a larger one; `raw` is all of it, `body` its contents. */
export interface Element {
  readonly tag: number;
  readonly raw: Bytes;
  readonly body: Bytes;
}

/** The elements that stand one after the other in `bytes`. @throws Error when they do not fill it exactly */
export function elementsOf(bytes: Bytes): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0;
    const short = bytes[at + 1] ?? 0;
    const sizeBytes = short < 0x80 ? 0 : short & 0x7f;
    if (sizeBytes > 4) throw new Error("an element is too long");
    let length = sizeBytes === 0 ? short : 0;
    for (let i = 0; i < sizeBytes; i += 1) length = length * 256 + (bytes[at + 2 + i] ?? 0);
    const start = at + 2 + sizeBytes;
    const end = start + length;
    if (end > bytes.length) throw new Error("it is cut off");
    found.push({ tag, raw: bytes.subarray(at, end), body: bytes.subarray(start, end) });
    at = end;
  }
  return found;
}

/** Milliseconds since the epoch, of a UTCTime or a GeneralizedTime. @throws Error */
export function timeOf({ tag, body }: Element): number {
  const text = new TextDecoder().decode(body);
  const year = tag === TAG.utcTime ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(year)?.slice(1).map(Number);
  if (parts === undefined) throw new Error("a time is not understood");
  const [y = 0, month = 0, day = 0, h = 0, m = 0, s = 0] = parts;
  return Date.UTC(y, month - 1, day, h, m, s);
}

/** As DER: the first of the blocks with this label, or all of them in order. Text around the blocks is ignored. */
export function pemBlocks(text: string, label: "CERTIFICATE" | "PRIVATE KEY"): Bytes[] {
  const block = new RegExp(`-----BEGIN ${label}-----([\\sA-Za-z0-9+/=]*)-----END ${label}-----`, "g");
  return Array.from(text.matchAll(block), ([, body = ""]) => Uint8Array.fromBase64(body));
}

export function pem(der: Uint8Array, label: "CERTIFICATE" | "PRIVATE KEY"): string {
  const lines = der.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

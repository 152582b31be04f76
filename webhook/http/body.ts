/**
 * Reading the body of a request, which may be anything: too large, too slow, not JSON, or JSON made to keep us busy.
 * The loop and other reviews share our one thread, so what would block it for long is refused before it is parsed.
 */
import type { Clock } from "../../kube/clock/clock.ts";
import type { SmallReads } from "./intake.ts";

/**
 * For an object of 3 MiB, the API server's maximum, together with the one that it replaces, and the review around them.
 */
const maxBodyBytes = 6 * 2 ** 20 + 256 * 2 ** 10;

/** The API server itself waits for 2 s. */
const bodyTimeoutMs = 2_000;

/**
 * JSON with more than this is not parsed, since parsing takes time and memory before the rules count anything. The
 * rules have their own limits for objects from elsewhere (kube/validation/size.ts), and a budget for their work. Real
 * objects have tens of levels, some thousand values, and lists of dozens. The longest text that Kubernetes takes is an
 * annotation of 256 KiB, in which every character may be escaped.
 */
export const shapeLimits = { depth: 256, values: 20_000, width: 1_000, textBytes: 640 * 2 ** 10 };

export interface RefusedBody {
  readonly kind: "refused";
  readonly status: number;
  readonly reason: string;
}

export type ReadBody = { readonly kind: "body"; readonly bytes: Uint8Array } | RefusedBody;

/** The length of the body in bytes by its header; the API server always sends that. */
export function announcedLength(request: Request): number | undefined {
  const header = request.headers.get("content-length");
  return header === null || !/^\d{1,12}$/.test(header) ? undefined : Number(header);
}

/** The refusal of a body that is too long. */
export const tooLong = (length: number, most = maxBodyBytes): RefusedBody | undefined =>
  length > most ? refused(413, `a review has at most ${most} bytes, this one has ${length}`) : undefined;

export const unannounced: RefusedBody = {
  kind: "refused",
  status: 411,
  reason: "the request has to announce its Content-Length",
};

/** Reads a small body of `length` bytes; never throws. */
export async function readSmall(request: Request, length: number, reads: SmallReads, clock: Clock): Promise<ReadBody> {
  const late = Promise.withResolvers<ReadBody>();
  const cancel = clock.after(bodyTimeoutMs, () =>
    late.resolve(refused(408, `the body did not come within ${bodyTimeoutMs} ms`)),
  );
  const end = reads.begin(length, () => late.resolve(refused(503, "others came, and the body did not")));
  const read = request.arrayBuffer().then(
    (buffer): ReadBody => ({ kind: "body", bytes: new Uint8Array(buffer) }),
    (): ReadBody => refused(400, "the body broke off"),
  );
  try {
    return await Promise.race([read, late.promise]);
  } finally {
    cancel();
    end();
  }
}

/** How often the reading of a large body is checked; without a new byte since the last check it only blocks others. */
const paceMs = 250;
/** How long reading may take while others wait for their turn. */
const hurriedMs = 1_000;

/**
 * Reads a large body of `length` bytes when its turn has come, into one buffer, so that memory holds only what has
 * arrived; never throws. A slow one has `bodyTimeoutMs` while no other waits.
 */
export async function readLarge(
  request: Request,
  length: number,
  othersWait: () => boolean,
  clock: Clock,
): Promise<ReadBody> {
  const reader = (request.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (reader === undefined) return refused(400, "the body broke off");
  const bytes = new Uint8Array(length);
  let filled = 0;
  const late = Promise.withResolvers<ReadBody>();
  let cancel = (): void => undefined;
  const watch = (sinceMs: number, before: number): void => {
    cancel = clock.after(paceMs, () => {
      const nowMs = sinceMs + paceMs;
      const slow = othersWait() && (filled === before || nowMs >= hurriedMs);
      if (slow) late.resolve(refused(503, "others wait, and the body comes slowly"));
      else if (nowMs >= bodyTimeoutMs) late.resolve(refused(408, `the body did not come within ${bodyTimeoutMs} ms`));
      else watch(nowMs, filled);
    });
  };
  watch(0, 0);
  const read = async (): Promise<ReadBody> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (filled + value.length > length) return refused(400, "the body is longer than announced");
      bytes.set(value, filled);
      filled += value.length;
    }
    return filled === length ? { kind: "body", bytes } : refused(400, "the body broke off");
  };
  try {
    return await Promise.race([read().catch(() => refused(400, "the body broke off")), late.promise]);
  } finally {
    cancel();
    if (filled < length) void reader.cancel().catch(() => undefined);
  }
}

const refused = (status: number, reason: string): RefusedBody => ({ kind: "refused", status, reason });

/** ASCII. Separate constants, which the compiler inlines: this loop runs over every byte. */
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

export interface Weight {
  /** The approximate number of objects, lists and their members. */
  readonly values: number;
  /** Why judging it would cost too much. */
  readonly excess?: string;
}

/**
 * Checks brackets and commas only (about 2 ns a byte), up to the first excess: whether the text is JSON is left to the
 * parser.
 */
export function weigh(bytes: Uint8Array, limits = shapeLimits): Weight {
  const widths = new Uint32Array(limits.depth + 1);
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE: {
        const start = at;
        for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
        if (at - start > limits.textBytes)
          return { values, excess: `a text in it has more than ${limits.textBytes} bytes` };
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > limits.depth) {
          return { values, excess: `it is nested more than ${limits.depth} levels deep` };
        }
        widths[depth] = 1;
        values++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth > 0) depth--;
        break;
      case COMMA: {
        values++;
        const width = (widths[depth] ?? 0) + 1;
        widths[depth] = width;
        if (width > limits.width) {
          return { values, excess: `a list or map in it has more than ${limits.width} members` };
        }
        break;
      }
      default:
    }
    if (values > limits.values) return { values, excess: `it has more than ${limits.values} values` };
  }
  return { values };
}

/** What can be read of a review without parsing it: the API server writes these members before the objects. */
export function headOf(bytes: Uint8Array): { readonly uid: string; readonly operation: string } | undefined {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 8_192));
  const uid = /^\s*\{[^[]*?"request"\s*:\s*\{\s*"uid"\s*:\s*"([\w-]{0,64})"/.exec(head)?.[1];
  const operation = /"operation"\s*:\s*"([A-Z]{1,16})"/.exec(head)?.[1];
  return uid === undefined || operation === undefined ? undefined : { uid, operation };
}

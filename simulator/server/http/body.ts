/** Bodies of requests, which may be too large, too slow, or too many at a time. */
import { StatusError } from "../../model/statusError.ts";

export interface BodyLimits {
  /** The limit for one body; the default of the API server. */
  readonly bytes: number;
  /** The limit for all bodies that are being read. */
  readonly bytesAtOnce: number;
  /** From the headers to the last byte. */
  readonly timeoutMs: number;
}

export const bodyLimits: BodyLimits = { bytes: 3 * 2 ** 20, bytesAtOnce: 48 * 2 ** 20, timeoutMs: 30_000 };

/**
 * A body that is too large is still read to its end, and dropped, up to so many times the limit: a client that is still
 * sending when the connection closes may never see the answer that gives the reason.
 */
const lettingGo = 4;

/** Reads a body to its end, or returns why it does not. Never rejects. */
export type BodyReader = (request: Request) => Promise<Uint8Array | StatusError>;

export function bodyReader({ bytes: most, bytesAtOnce, timeoutMs }: BodyLimits): BodyReader {
  let reading = 0;
  const tooLarge = (): StatusError =>
    new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${most}`, {});
  const tooMany = (): StatusError =>
    new StatusError(429, "TooManyRequests", "too many large requests at a time, please try again later", {
      retryAfterSeconds: 1,
    });
  const tooSlow = (): StatusError =>
    new StatusError(408, "Timeout", `the body of the request did not come within ${timeoutMs} ms`, {});

  return async ({ body, headers }) => {
    if (body === null) return new Uint8Array();
    if (Number(headers.get("content-length") ?? 0) > most * lettingGo) return tooLarge();
    const reader = body.getReader();
    let kept = new Bun.ArrayBufferSink();
    kept.start({ asUint8Array: true });
    let held = 0;
    let length = 0;
    let why: StatusError | undefined;
    const hold = (bytes: number): void => {
      held += bytes;
      reading += bytes;
    };
    const giveUp = (refusal: StatusError): void => {
      why = refusal;
      // Ends the reading below. Not awaited: it may never resolve.
      void reader.cancel().catch(() => undefined);
    };
    const take = (chunk: Uint8Array): void => {
      length += chunk.length;
      if (length > most * lettingGo) giveUp(tooLarge());
      else if (length > most) {
        if (held > 0) kept = new Bun.ArrayBufferSink();
        hold(-held);
      } else {
        hold(chunk.length);
        kept.write(chunk);
        if (reading > bytesAtOnce) giveUp(tooMany());
      }
    };
    const timer = setTimeout(() => giveUp(tooSlow()), timeoutMs);
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) take(read.value as Uint8Array);
    } catch {
      why ??= new StatusError(400, "BadRequest", "the body of the request broke off", {});
    } finally {
      clearTimeout(timer);
      hold(-held);
    }
    return why ?? (length > most ? tooLarge() : (kept.end() as Uint8Array));
  };
}

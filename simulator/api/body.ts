/** Bodies of requests, which may be too large, too slow, or too many at a time. */
import { StatusError } from "./statusError.ts";

export interface BodyLimits {
  /** Of one body; as the API server has it by default. */
  readonly bytes: number;
  /** Of all bodies that are being read. */
  readonly bytesAtOnce: number;
  /** From the headers to the last byte. */
  readonly timeoutMs: number;
}

export const bodyLimits: BodyLimits = { bytes: 3 * 2 ** 20, bytesAtOnce: 48 * 2 ** 20, timeoutMs: 30_000 };

/** Reads a body to its end, or says why it does not. Never rejects. */
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
    if (Number(headers.get("content-length") ?? 0) > most) return tooLarge();
    const reader = body.getReader();
    const chunks: Uint8Array[] = [];
    let length = 0;
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), timeoutMs);
    const giveUp = (why: StatusError): StatusError => {
      // Not waited for: it may wait for what never comes.
      void reader.cancel().catch(() => undefined);
      return why;
    };
    try {
      for (;;) {
        const read = await Promise.race([reader.read(), late.promise]);
        if (read === "late") return giveUp(tooSlow());
        if (read.done) return joined(chunks, length);
        chunks.push(read.value);
        length += read.value.length;
        reading += read.value.length;
        if (length > most) return giveUp(tooLarge());
        if (reading > bytesAtOnce) return giveUp(tooMany());
      }
    } catch {
      return new StatusError(400, "BadRequest", "the body of the request broke off", {});
    } finally {
      clearTimeout(timer);
      reading -= length;
    }
  };
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Reading answers of any length. */

/** The answer is longer than the caller's limit. */
export class TooLongError extends Error {}

/**
 * Parsing so many characters takes about a millisecond. Several large answers often come at once: each is parsed in a
 * turn of the event loop of its own, so that no turn takes as long as all of them.
 */
export const turnBytes = 128 * 2 ** 10;

type GiveWay = (() => Promise<void>) | undefined;

/** Parses a text of JSON; a long one waits for its turn. */
export async function parseInTurn(text: string, giveWay: GiveWay): Promise<unknown> {
  if (text.length > turnBytes) await giveWay?.();
  return JSON.parse(text);
}

/** The parsed body of an answer, however long. */
export async function readAll(response: Response, giveWay: GiveWay): Promise<unknown> {
  const announced = response.headers.get("content-length");
  if (announced !== null && Number(announced) <= turnBytes) return response.json();
  return parseInTurn(await response.text(), giveWay);
}

const decoder = new TextDecoder();

/**
 * The parsed body of an answer, and its length in bytes.
 * @throws {TooLongError} as soon as it has more than `mostBytes`; the rest is not read
 */
export async function readJson(
  response: Response,
  mostBytes: number,
  giveWay: GiveWay,
): Promise<{ json: unknown; bytes: number }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) break;
    bytes += value.length;
    if (bytes > mostBytes) {
      await reader?.cancel();
      throw new TooLongError(`it has more than ${mostBytes} bytes`);
    }
    chunks.push(value);
  }
  const text = decoder.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes));
  return { json: await parseInTurn(text, giveWay), bytes };
}

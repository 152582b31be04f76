/** Reading answers whose length others decide. */

/** The answer is longer than was to be read. */
export class TooLongError extends Error {}

/**
 * The parsed body of an answer, and its length in bytes.
 * @throws {TooLongError} as soon as it has more than `mostBytes`; the rest is not read
 */
export async function readJson(response: Response, mostBytes: number): Promise<{ json: unknown; bytes: number }> {
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
  const text = new TextDecoder().decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes));
  return { json: JSON.parse(text), bytes };
}

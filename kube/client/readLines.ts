const newline = 0x0a;

/** An object may have 3 MiB in the API server, and each of its characters may be escaped. */
const longestLine = 24 * 2 ** 20;

/**
 * Reads a stream of lines (a watch's JSON documents). Splitting is done on bytes, where a newline is never a part of
 * another character, so a chunk is scanned once and decoded once, however it was cut; a line over many chunks is joined
 * once. What follows the last newline is not a whole line and is dropped. A line that does not end is an error, before
 * it fills the memory.
 *
 * @param onLine may return a promise, for a line that is handled in a later turn: it is waited for.
 * @param onChunk called before the lines of every chunk, as a sign that the stream is alive.
 * @param signal ends the reading, either by an error of `reader.read()` or as if the stream had ended.
 */
export const readLines = async (
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onLine: (line: string) => unknown,
  onChunk: () => void,
): Promise<void> => {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      onChunk();
      let from = 0;
      for (let to = value.indexOf(newline); to >= 0; to = value.indexOf(newline, from)) {
        const piece = value.subarray(from, to);
        const line = begun.length === 0 ? piece : Buffer.concat([...begun, piece]);
        begun = [];
        begunBytes = 0;
        from = to + 1;
        if (line.length === 0) continue;
        const later = onLine(decoder.decode(line));
        if (later instanceof Promise) await later;
      }
      if (from === value.length) continue;
      begun.push(value.subarray(from));
      begunBytes += value.length - from;
      if (begunBytes > longestLine) throw new Error(`a line of it has more than ${longestLine} bytes`);
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
};

const newline = 0x0a;

/**
 * Reads a stream of lines (a watch's JSON documents). Splitting is done on bytes, where a newline is never a part of another
 * character, so a chunk is scanned once and decoded once, however it was cut; a line over many chunks is joined once.
 * What stands after the last newline is no whole line and dropped.
 *
 * @param onChunk told before the lines of every chunk: something was heard.
 * @param signal ends it, as an error of `reader.read()` or as an ordinary end.
 */
export const readLines = async (
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onLine: (line: string) => void,
  onChunk: () => void,
): Promise<void> => {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  let begun: Uint8Array[] = [];
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
        from = to + 1;
        if (line.length > 0) onLine(decoder.decode(line));
      }
      if (from < value.length) begun.push(value.subarray(from));
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
};

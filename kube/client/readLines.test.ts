import { expect, test } from "bun:test";
import { readLines } from "./readLines.ts";

const streamOf = (chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(to) {
      for (const chunk of chunks) to.enqueue(chunk);
      to.close();
    },
  });

const linesOf = async (chunks: readonly Uint8Array[]): Promise<string[]> => {
  const lines: string[] = [];
  await readLines(
    streamOf(chunks),
    new AbortController().signal,
    (line) => lines.push(line),
    () => {},
  );
  return lines;
};

const bytes = new TextEncoder().encode('{"name":"Zürich"}\n{"emoji":"🌊"}\n\nlast\nnot finished');

test("lines come out whole however the stream was cut, even within a character", async () => {
  for (const size of [1, 2, 3, 7, 20, 1_000]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.slice(i * size, (i + 1) * size),
    );
    expect(await linesOf(chunks)).toEqual(['{"name":"Zürich"}', '{"emoji":"🌊"}', "last"]);
  }
});

test("a line of 20 MB comes out whole of small pieces", async () => {
  const piece = new Uint8Array(16_384).fill(0x78);
  const [line] = await linesOf([...Array.from({ length: 1_250 }, () => piece), new Uint8Array([0x0a])]);
  expect(line?.length).toBe(20_480_000);
});

test("aborting ends it although the stream says nothing", async () => {
  const stop = new AbortController();
  const reading = readLines(
    new ReadableStream<Uint8Array>(),
    stop.signal,
    () => {},
    () => {},
  );
  stop.abort();
  await reading;
});

test("a line that does not end is an error before it fills the memory", async () => {
  const chunk = new Uint8Array(2 ** 20);
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(to) {
      sent += 1;
      to.enqueue(chunk);
    },
  });
  const reading = readLines(
    endless,
    new AbortController().signal,
    () => {},
    () => {},
  );
  expect((await reading.catch((error: unknown) => error)) as Error).toEqual(
    new Error("a line of it has more than 25165824 bytes"),
  );
  expect(sent).toBeLessThan(30);
});

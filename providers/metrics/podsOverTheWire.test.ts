/** Pods that are scraped by the sender, on this machine: what one of them does costs at most its own page. */
import { describe, expect, test } from "bun:test";
import { measure } from "./measuring/measure.ts";
import { rawServer, sender } from "./measuring/testing.ts";
import { pods } from "./pods.ts";
import type { KubeQuestion, Reading } from "./provider.ts";
import { answered, askingFor } from "./testing.ts";

const http = (body: string, type = "text/plain"): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
const page = (bad: number, all: number): string => http(`req{code="500"} ${bad}\nreq{code="200"} ${all - bad}\n`);

type Talk = Parameters<typeof rawServer>[0];
const says =
  (text: string): Talk =>
  (socket) =>
    socket.end(text);

const endless: Talk = (socket) => {
  socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
  const chunk = `10000\r\n${"req 1\n".repeat(10_923).slice(0, 65_536)}\r\n`;
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
    socket.once("drain", more);
  };
  more();
};

const podAt = (name: string, url: string) => ({
  metadata: {
    name,
    annotations: { "prometheus.io/port": new URL(url).port },
    creationTimestamp: "2023-01-01T00:00:00Z",
  },
  spec: { containers: [{ name: "c" }] },
  status: { podIP: "127.0.0.1", conditions: [{ type: "Ready", status: "True" }] },
});

async function compared(canary: readonly Talk[], stable: readonly Talk[], allow = ["127.0.0.0/8"]): Promise<Reading> {
  using stack = new DisposableStack();
  const served = (talks: readonly Talk[], letter: string) =>
    Promise.all(talks.map(async (talk, index) => podAt(`${letter}${index}`, stack.use(await rawServer(talk)).url)));
  const [ours, theirs] = [await served(canary, "c"), await served(stable, "s")];
  const kube = ({ path }: KubeQuestion) => Promise.resolve(answered({ items: path.includes("new") ? ours : theirs }));
  const settings = {
    canary: "new",
    stable: "old",
    scrape: { ratio: { of: 'req{code=~"5.."}', to: "req" } },
  };
  const ports = { http: sender({ addresses: { allow, deny: [] } }), kube, signal: new AbortController().signal };
  return await measure(ports, pods, askingFor(settings, { now: Date.now() }));
}

describe("pods that are scraped", () => {
  test("are compared", async () => {
    expect(await compared([says(page(3, 10))], [says(page(1, 10))])).toMatchObject({
      kind: "value",
      value: { ok: false, canary: { value: 0.3, samples: 10 }, stable: { value: 0.1 } },
    });
  });

  test.each<[string, Talk, string]>([
    ["writes without end", endless, "is longer than the 1048576 bytes"],
    ["has a million series", says(http("req 1\n".repeat(1_000_000))), "is longer than the 1048576 bytes"],
    ["answers with HTML", says(http("<!DOCTYPE html><p>req 1</p>", "text/html")), "a page for people"],
    ["is gone in the middle", (socket) => socket.destroy(), "127.0.0.1"],
    ["sends an error", says("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), "HTTP 503"],
    ["never answers", () => {}, "5 s"],
  ])(
    "go on without one that %s",
    async (_, talk, why) => {
      const reading = await compared([says(page(1, 10)), talk], [says(page(1, 10)), talk]);
      expect(reading).toMatchObject({
        kind: "value",
        value: { ok: true, canary: { value: 0.1 }, stable: { value: 0.1 } },
        message: expect.stringContaining(why) as string,
      });
    },
    20_000,
  );

  test("are not asked at an address that is not allowed", async () => {
    const reading = await compared([says(page(1, 10))], [says(page(1, 10))], []);
    expect(reading).toMatchObject({ kind: "noData", message: expect.stringContaining("is not asked") as string });
  });
});

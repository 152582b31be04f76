import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { type HealthServers, notReadyReasons, serveHealth } from "./health.ts";

let servers: HealthServers | undefined;
let problems: string[] = [];
const errors: unknown[] = [];
const onError = (error: unknown): void => void errors.push(error);

function start(options: { healthzPort?: number; metricsPort?: number } = {}): HealthServers {
  const renderMetrics = (): string[] => ["# HELP a b\n", "a 1\n"];
  servers = serveHealth({
    healthzPort: 0,
    metricsPort: 0,
    ...options,
    notReady: () => problems,
    renderMetrics,
    onError,
  });
  return servers;
}

/** Asks for the metrics, and reads no more than the first of them. */
async function lazyReader(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  await new Promise<void>((resolve) => socket.once("data", () => resolve(void socket.pause())));
  return socket;
}

/** The answer to bytes that no client of ours would send. */
async function answerTo(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (data: Buffer) => (answer += data.toString()));
  socket.write(request);
  await new Promise<void>((resolve, reject) => void socket.on("close", () => resolve()).on("error", reject));
  return answer;
}

afterEach(async () => {
  await servers?.stop();
  servers = undefined;
  problems = [];
  errors.length = 0;
});

describe("the health and metrics ports", () => {
  test("/healthz answers ok as plain text", async () => {
    const response = await fetch(`http://127.0.0.1:${start().healthzPort}/healthz`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toStartWith("text/plain");
    expect(await response.text()).toBe("ok");
  });

  test("/readyz says what is missing until nothing is", async () => {
    const url = `http://127.0.0.1:${start().healthzPort}/readyz`;
    problems = ["not synced: rollouts", "the API server has not answered yet"];
    const early = await fetch(url);
    expect(early.status).toBe(503);
    expect(await early.text()).toBe("not synced: rollouts\nthe API server has not answered yet\n");
    problems = [];
    expect((await fetch(url)).status).toBe(200);
  });

  test("/metrics is Prometheus text, on its own port only", async () => {
    const { healthzPort, metricsPort } = start();
    const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toBe("# HELP a b\na 1\n");
    expect((await fetch(`http://127.0.0.1:${healthzPort}/metrics`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${metricsPort}/`)).status).toBe(404);
  });

  test("other methods than GET and HEAD find nothing", async () => {
    const { healthzPort } = start();
    expect((await fetch(`http://127.0.0.1:${healthzPort}/healthz`, { method: "POST" })).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${healthzPort}/healthz`, { method: "HEAD" })).status).toBe(200);
  });

  test.each(["", "Host: \r\n", "Host: a b<>^\r\n", "Host: a:99999999\r\n", "Host: %\r\n", "Host: [\r\n"])(
    "whatever the Host, they answer (%j)",
    async (host) => {
      const { healthzPort, metricsPort } = start();
      const version = host === "" ? "1.0" : "1.1";
      for (const [port, path] of [
        [healthzPort, "/healthz?verbose"],
        [metricsPort, "/metrics"],
      ] as const) {
        const answer = await answerTo(port, `GET ${path} HTTP/${version}\r\n${host}Connection: close\r\n\r\n`);
        expect(answer).toStartWith("HTTP/1.1 200 OK");
      }
      expect(errors).toEqual([]);
    },
  );

  test("a fault of ours is told once to us, and not to whoever asked", async () => {
    const renderMetrics = (): string[] => {
      throw new Error("secret of ours");
    };
    servers = serveHealth({ healthzPort: 0, metricsPort: 0, notReady: () => [], renderMetrics, onError });
    const response = await fetch(`http://127.0.0.1:${servers.metricsPort}/metrics`);
    expect([response.status, await response.text()]).toEqual([500, "internal error: the log has it\n"]);
    expect(errors).toEqual([new Error("secret of ours")]);
  });

  test("a body is not read, and HEAD makes no page", async () => {
    let pages = 0;
    const renderMetrics = (): string[] => [`a ${(pages += 1)}\n`];
    servers = serveHealth({ healthzPort: 0, metricsPort: 0, notReady: () => [], renderMetrics, onError });
    const url = `http://127.0.0.1:${servers.metricsPort}/metrics`;
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(url, { method: "POST", body: "x".repeat(10_000) })).status).toBe(413);
    expect(pages).toBe(0);
  });

  test("four readers that take nothing of their pages keep the fifth away until they are gone", async () => {
    // More than the kernel buffers.
    const page = "x".repeat(16 * 2 ** 20);
    servers = serveHealth({ healthzPort: 0, metricsPort: 0, notReady: () => [], renderMetrics: () => [page], onError });
    const { metricsPort } = servers;
    const readers = await Promise.all(Array.from({ length: 4 }, () => lazyReader(metricsPort)));
    const scrape = (): Promise<Response> => fetch(`http://127.0.0.1:${metricsPort}/metrics`, { keepalive: false });
    const fifth = await scrape();
    expect([fifth.status, await fifth.text()]).toEqual([503, "4 scrapes are being answered: try again later\n"]);
    for (const reader of readers) reader.destroy();
    let last = await scrape();
    while (last.status === 503) last = await scrape();
    expect((await last.text()).length).toBe(page.length);
  });

  test("they listen on the address that is asked for, and one that the machine has not is named", async () => {
    const options = { healthzPort: 0, metricsPort: 0, notReady: () => [], renderMetrics: () => [], onError };
    servers = serveHealth({ ...options, healthAddress: "127.0.0.1", metricsAddress: "127.0.0.2" });
    const { healthzPort, metricsPort } = servers;
    const answers = (address: string): Promise<boolean> =>
      fetch(`http://${address}/metrics`).then(
        () => true,
        () => false,
      );
    expect(await answers(`127.0.0.1:${healthzPort}`)).toBe(true);
    expect(await answers(`127.0.0.2:${healthzPort}`)).toBe(false);
    expect(await answers(`127.0.0.2:${metricsPort}`)).toBe(true);
    expect(() => serveHealth({ ...options, metricsAddress: "192.0.2.1" })).toThrow(
      "Cannot listen on 192.0.2.1 (--metrics-bind-address): this machine does not have that address",
    );
  });

  test("a port that is taken is named with its flag, and nothing is left listening", () => {
    const { healthzPort } = start();
    const options = { notReady: () => [], renderMetrics: () => [], onError };
    expect(() => serveHealth({ ...options, healthzPort, metricsPort: 0 })).toThrow(
      `Cannot listen on port ${healthzPort} (--healthzPort)`,
    );
    expect(() => serveHealth({ ...options, healthzPort: 0, metricsPort: healthzPort })).toThrow("(--metricsPort)");
  });
});

describe("being ready", () => {
  const ready = { nowMs: 1_000_000, unsynced: [], lastAnswerAtMs: 1_000_000, lastFailureAtMs: undefined };
  const cases: readonly [string, Partial<Parameters<typeof notReadyReasons>[0]>, string[]][] = [
    ["everything is listed and answered", {}, []],
    ["kinds are not listed yet", { unsynced: ["rollouts", "services"] }, ["not synced: rollouts, services"]],
    ["nothing was ever heard", { lastAnswerAtMs: undefined }, ["the API server has not answered yet"]],
    ["an hour is quiet without failures", { nowMs: 4_600_000 }, []],
    ["a failure happened just now, which is forgiven", { lastAnswerAtMs: 995_000, lastFailureAtMs: 999_000 }, []],
    [
      "requests have failed for more than 10 s",
      { lastAnswerAtMs: 989_000, lastFailureAtMs: 999_000 },
      ["the API server has not answered for 11 s"],
    ],
    ["an answer came after the last failure", { lastAnswerAtMs: 989_000, lastFailureAtMs: 988_000 }, []],
  ];
  test.each(cases)("when %s", (_name, view, reasons) => {
    expect(notReadyReasons({ ...ready, ...view })).toEqual(reasons);
  });
});

import { afterEach, describe, expect, test } from "bun:test";
import { type HealthServers, notReadyReasons, serveHealth } from "./health.ts";

let servers: HealthServers | undefined;
let problems: string[] = [];

function start(options: { healthzPort?: number; metricsPort?: number } = {}): HealthServers {
  const renderMetrics = (): string[] => ["# HELP a b\n", "a 1\n"];
  servers = serveHealth({ healthzPort: 0, metricsPort: 0, ...options, notReady: () => problems, renderMetrics });
  return servers;
}

afterEach(async () => {
  await servers?.stop();
  servers = undefined;
  problems = [];
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

  test("a port that is taken is named with its flag, and nothing is left listening", () => {
    const { healthzPort } = start();
    const options = { notReady: () => [], renderMetrics: () => [] };
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

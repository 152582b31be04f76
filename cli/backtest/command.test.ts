import { describe, expect, test } from "bun:test";
import { systemClock } from "../../kube/clock/clock.ts";
import { recordingServer } from "../../providers/metrics/measuring/testing.ts";
import { testPorts } from "../testing.ts";
import { startsOf } from "./backtest.ts";
import { run } from "./command.ts";

const NOW = Date.parse("2026-03-31T12:34:56Z");

const template = (more = "") => `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate }
spec:
  args: [{ name: service }]
  metrics:
    - name: rate
      interval: 1m
      count: 5
      failureLimit: 1
      successCondition: result[0] >= 0.95
      provider: { prometheus: { address: "http://prometheus.invalid", query: 'rate{s="{{args.service}}"}' } }
${more}`;

async function backtested(args: readonly string[], stdin = template(), nowMs = NOW) {
  const ports = testPorts({ stdin: async () => stdin, clock: { ...systemClock, now: () => nowMs } });
  const code = await run(["-f", "-", ...args], ports);
  return { ...ports.told, code };
}

/** A Prometheus that remembers: a value for each time. */
const remembering = (valueAt: (date: Date) => number | undefined) =>
  recordingServer(({ body }) => {
    const form = new URLSearchParams(body);
    const value = valueAt(new Date(Number(form.get("time")) * 1_000));
    if (value === undefined) return new Response("away", { status: 503 });
    const result = [{ metric: {}, value: [Number(form.get("time")), String(value)] }];
    return Response.json({ status: "success", data: { resultType: "vector", result } });
  });

describe("a template over past data", () => {
  test("is counted by what its runs would have come to, with the measurements that decided", async () => {
    using server = remembering((date) => (date.getUTCDate() === 30 && date.getUTCHours() >= 12 ? 0.7 : 0.99));
    const { out, code } = await backtested(["--prometheus", server.url, "--args", "service=shop", "--since", "2d"]);
    expect(code).toBe(0);
    expect(out).toBe(`AnalysisTemplate rate: 7 runs, 2026-03-29 18:00Z to 2026-03-31 06:00Z, every 6h

  Successful        5  71.4%
  Failed            2  28.6%
  Inconclusive      0  0%
  Error             0  0%

Decided by: rate (2)

2026-03-30 12:00Z  Failed after 1m: Metric "rate" assessed Failed due to failed (2) > failureLimit (1)
    rate: 12:00 [0.7] (2 times)
2026-03-30 18:00Z  Failed after 1m: Metric "rate" assessed Failed due to failed (2) > failureLimit (1)
    rate: 18:00 [0.7] (2 times)
`);
  });

  test("asks for each measurement at its time, with the arguments in the query", async () => {
    using server = remembering(() => 0.99);
    const args = [
      "--prometheus",
      server.url,
      "--args",
      "service=shop",
      "--since",
      "6h",
      "--for",
      "10m",
      "--concurrency",
      "1",
    ];
    await backtested(args);
    const forms = server.recorded.map(({ body }) => new URLSearchParams(body));
    expect(new Set(forms.map((form) => form.get("query")))).toEqual(new Set(['rate{s="shop"}']));
    expect(forms.map((form) => new Date(Number(form.get("time")) * 1_000).toISOString().slice(11, 19))).toEqual([
      "12:00:00",
      "12:01:00",
      "12:02:00",
      "12:03:00",
      "12:04:00",
    ]);
  });

  test("is the same as JSON, with every run", async () => {
    using server = remembering((date) => (date.getUTCHours() === 6 ? undefined : 0.99));
    const { out } = await backtested([
      "--prometheus",
      server.url,
      "--args",
      "service=a=b",
      "--since",
      "1d",
      "-o",
      "json",
    ]);
    const json = JSON.parse(out) as {
      counts: object;
      runs: { startedAt: string; phase: string; metrics: { decided: object[] }[] }[];
    };
    expect(json.counts).toEqual({ Successful: 2, Failed: 0, Inconclusive: 0, Error: 1 });
    const bad = json.runs.find(({ phase }) => phase === "Error");
    expect(bad?.startedAt).toBe("2026-03-31T06:00:00.000Z");
    expect(bad?.metrics[0]?.decided).toHaveLength(5);
    expect(bad?.metrics[0]?.decided[0]).toMatchObject({ phase: "Error", message: "server_error: server error: 503" });
  });

  test("has its metrics of other sources left out, and named", async () => {
    using server = remembering(() => 0.99);
    const other =
      "    - { name: smoke, provider: { web: { url: 'http://a', jsonPath: '{$.a}' } }, successCondition: result > 1 }\n";
    const { out } = await backtested(
      ["--prometheus", server.url, "--args", "service=s", "--since", "1d"],
      template(other),
    );
    expect(out).toContain("Note: Left out, since only Prometheus knows how things were: smoke.");
  });

  test("that would measure for ever is ended, and that is said", async () => {
    using server = remembering(() => 0.99);
    const endless = template().replace("      count: 5\n", "");
    const { out } = await backtested(
      ["--prometheus", server.url, "--args", "service=s", "--since", "1d", "--for", "5m"],
      endless,
    );
    expect(out).toContain(
      "Note: 4 of the runs did not end by themselves, and were ended after 5m, as that of an update that is over.",
    );
    expect(out).toContain("  Successful        4  100%");
  });

  test("takes no more runs at once than it is told", async () => {
    let [running, most] = [0, 0];
    using server = recordingServer(() => Response.json({}));
    const slow = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch() {
        most = Math.max(most, (running += 1));
        await Bun.sleep(1);
        running -= 1;
        return Response.json({
          status: "success",
          data: { resultType: "vector", result: [{ metric: {}, value: [0, "1"] }] },
        });
      },
    });
    await backtested([
      "--prometheus",
      `http://127.0.0.1:${slow.port}`,
      "--args",
      "service=s",
      "--since",
      "3d",
      "--concurrency",
      "2",
    ]);
    await slow.stop(true);
    expect([most <= 2, server.recorded]).toEqual([true, []]);
  });
});

test("runs begin at whole multiples, and are over by now", () => {
  const hour = 3_600_000;
  expect(startsOf(NOW, 24 * hour, 6 * hour, hour).map((at) => new Date(at).toISOString().slice(5, 13))).toEqual([
    "03-30T18",
    "03-31T00",
    "03-31T06",
  ]);
  expect(startsOf(NOW, hour, 6 * hour, hour)).toEqual([]);
});

describe("what is wrong is told, with what to do", () => {
  test.each([
    [
      ["--args", "service=s", "--since", "10m", "--every", "1h"],
      template(),
      "give a longer --since, or a shorter --every or --for",
    ],
    [[], template(), "args.service was not resolved: give --args service=VALUE"],
    [["--args", "service"], template(), "Write NAME=VALUE."],
    [["--since", "a month"], template(), "Write 30d, 6h or 90m."],
    [["--prometheus", "prometheus:9090"], template(), "Write http://HOST:PORT."],
    [["--every", "1s"], template(), "more than 10000 runs"],
    [["--args", "service=s"], "kind: Service", "no AnalysisTemplate is among what was given"],
    [["--args", "service=s"], template("  templates: [null]\n"), "no AnalysisRun can be made of AnalysisTemplate"],
    [["--template", "x"], template(), 'no AnalysisTemplate "x" is among what was given'],
    [
      ["--args", "service=s"],
      `${template()}---${template().replace("name: rate }", "name: other }")}`,
      "(rate, other): say which by --template NAME",
    ],
    [
      ["--args", "service=s"],
      template().replace("interval: 1m", "interval: 1x"),
      'AnalysisTemplate "rate" is invalid: ',
    ],
    [
      ["--args", "service=s"],
      template().replace(/provider: .*/, "provider: { web: { url: 'http://a' } }"),
      "has no metric of Prometheus",
    ],
  ])("%j", async (args, stdin, problem) => {
    const { err, out, code } = await backtested(args, stdin);
    expect([err.startsWith("Error: "), out, code]).toEqual([true, "", 1]);
    expect(err).toContain(problem);
  });

  test("a source that does not answer", async () => {
    using server = remembering(() => undefined);
    const { err, code } = await backtested(["--prometheus", server.url, "--args", "service=s", "--since", "1d"]);
    expect([err, code]).toEqual(["Error: nothing could be measured: server_error: server error: 503\n", 1]);
  });

  test("the value of a Secret, which is given as an argument instead", async () => {
    using server = remembering(() => 1);
    const secret = template().replace(
      "{ name: service }",
      "{ name: service, valueFrom: { secretKeyRef: { name: a, key: b } } }",
    );
    expect((await backtested(["--prometheus", server.url, "--since", "1d"], secret)).err).toContain(
      "give --args service=VALUE",
    );
    expect((await backtested(["--prometheus", server.url, "--since", "1d", "--args", "service=s"], secret)).code).toBe(
      0,
    );
  });

  test("--help explains itself within 80 columns", async () => {
    const { out, code } = await backtested(["--help"]);
    expect([code, out.split("\n").filter((line) => line.length > 80)]).toEqual([0, []]);
  });
});

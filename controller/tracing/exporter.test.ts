import { describe, expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import { createExporter, type ExporterPorts } from "./exporter.ts";
import { tracingSettings } from "./settings.ts";
import type { Span } from "./spans/span.ts";

const SECOND = 1_000;

const span = (n: number): Span => ({
  traceId: "a".repeat(32),
  spanId: String(n).padStart(16, "0"),
  name: `span ${n}`,
  startMs: 1_700_000_000_123,
  endMs: 1_700_000_001_000,
  attributes: { "sluice.step.index": n },
});

const spans = (count: number): Span[] => Array.from({ length: count }, (_, n) => span(n + 1));

interface Sent {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly count: number;
  readonly at: number;
}

/** A collector that gives these answers in turn, then 200 for ever. */
function collector(answers: readonly (() => Response | Promise<Response>)[] = [], env: Record<string, string> = {}) {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const sent: Sent[] = [];
  const complaints: string[] = [];
  const post: ExporterPorts["post"] = async (url, { headers, body }) => {
    const text =
      typeof body === "string" ? body : new TextDecoder().decode(Bun.gunzipSync(body as Uint8Array<ArrayBuffer>));
    const { resourceSpans } = JSON.parse(text) as {
      resourceSpans: { scopeSpans: { spans: unknown[] }[] }[];
    };
    const count = resourceSpans[0]?.scopeSpans[0]?.spans.length ?? 0;
    sent.push({ url, headers: headers as Record<string, string>, count, at: clock.now() - Date.UTC(2026, 0, 1) });
    return (await answers[sent.length - 1]?.()) ?? Response.json({});
  };
  const settings = tracingSettings({ endpoint: "http://collector:4318", env, version: "1.2.3" });
  const report: ExporterPorts["complaints"]["report"] = ({ message, error }) =>
    void complaints.push(`${message}: ${String(error)}`);
  const exporter = createExporter(settings, {
    clock,
    complaints: { report },
    version: "1.2.3",
    post,
    random: () => 1,
  });
  const metrics = (): string[] =>
    [...exporter.render()]
      .join("")
      .split("\n")
      .filter((line) => /^[^#].*(?:sent_total \d+| [1-9]\d*)$/.test(line));
  return { clock, sent, complaints, exporter, metrics };
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (): Response =>
    new Response("", { status: code, headers });
const never = (): Promise<Response> => new Promise(() => {});

describe("the exporter", () => {
  test("gathers spans for a second, and sends them in batches of 512", async () => {
    const { clock, sent, exporter, metrics } = collector();
    exporter.add(spans(600));
    await clock.advance(500);
    expect(sent).toEqual([]);
    exporter.add(spans(100));
    await clock.advance(SECOND);
    expect(sent.map(({ count }) => count)).toEqual([512, 188]);
    expect(sent[0]).toMatchObject({
      url: "http://collector:4318/v1/traces",
      headers: { "content-type": "application/json", "user-agent": "sluice/1.2.3" },
    });
    expect(metrics()).toEqual(["sluice_trace_spans_sent_total 700"]);
  });

  test("shows every kind of loss from the start, so that the first one is an increase", () => {
    const { exporter } = collector();
    const text = [...exporter.render()].join("");
    const whys = [...text.matchAll(/dropped_total\{why="(\w+)"\} 0/g)].map(([, why]) => why);
    expect(whys).toEqual(["crowded", "refused", "unanswered", "stopped"]);
  });

  test("is asleep when there is nothing to send", async () => {
    const { clock, exporter } = collector();
    expect(clock.waiting).toBe(0);
    exporter.add(spans(1));
    await clock.advance(SECOND);
    expect(clock.waiting).toBe(0);
  });

  test("tries again, less and less often, where the collector is busy or away", async () => {
    const away = (): never => {
      throw new Error("connection refused");
    };
    const { clock, sent, exporter, metrics, complaints } = collector([status(503), away, status(429), status(502)]);
    exporter.add(spans(3));
    await clock.advance(60 * SECOND);
    expect(sent.map(({ at }) => at / SECOND)).toEqual([1, 2, 4, 8, 16]);
    expect(metrics()).toEqual(["sluice_trace_spans_sent_total 3"]);
    expect(complaints).toEqual([
      "Cannot send traces: POST to http://collector:4318 was answered with HTTP 503",
      "Cannot send traces: POST to http://collector:4318 failed: connection refused",
      "Cannot send traces: POST to http://collector:4318 was answered with HTTP 429",
      "Cannot send traces: POST to http://collector:4318 was answered with HTTP 502",
    ]);
  });

  test("waits for as long as Retry-After says, in seconds or as a date, but not for ever", async () => {
    const date = new Date(Date.UTC(2026, 0, 1, 0, 1)).toUTCString();
    const answers = [
      status(429, { "retry-after": "30" }),
      status(503, { "retry-after": date }),
      status(503, { "retry-after": "999999" }),
      status(503, { "retry-after": "0" }),
    ];
    const { clock, sent, exporter } = collector(answers);
    exporter.add(spans(1));
    await clock.advance(400 * SECOND);
    expect(sent.map(({ at }) => at / SECOND)).toEqual([1, 31, 60, 360, 361]);
  });

  test("gives up a batch that is refused, and goes on with the next", async () => {
    const { clock, sent, exporter, metrics } = collector([status(400)]);
    exporter.add(spans(600));
    await clock.advance(SECOND);
    expect(sent.map(({ count }) => count)).toEqual([512, 88]);
    expect(metrics()).toEqual([
      "sluice_trace_spans_sent_total 88",
      'sluice_trace_spans_dropped_total{why="refused"} 512',
    ]);
  });

  test("gives up what could not be delivered for a quarter of an hour", async () => {
    const { clock, exporter, metrics } = collector(Array.from({ length: 100 }, () => status(503)));
    exporter.add(spans(2));
    await clock.advance(1_000 * SECOND);
    expect(metrics()).toEqual([
      "sluice_trace_spans_sent_total 0",
      'sluice_trace_spans_dropped_total{why="unanswered"} 2',
    ]);
  });

  test("drops what finds no room while the collector does not answer, and holds nobody up", async () => {
    const { clock, exporter, metrics } = collector([never]);
    exporter.add(spans(1));
    await clock.advance(SECOND);
    exporter.add(spans(5_000));
    expect(metrics()).toContain('sluice_trace_spans_dropped_total{why="crowded"} 904');
  });

  test("does not wait for an answer for longer than the timeout", async () => {
    const hangs: ExporterPorts["post"] = (_, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    const clock = manualClock(0);
    const reports: string[] = [];
    const env = { OTEL_EXPORTER_OTLP_TIMEOUT: "3000" };
    const exporter = createExporter(tracingSettings({ endpoint: "http://c:4318", env, version: "1" }), {
      clock,
      complaints: { report: ({ error }) => void reports.push(String(error)) },
      version: "1",
      post: hangs,
    });
    exporter.add(spans(1));
    await clock.advance(4 * SECOND);
    expect(reports).toEqual(["POST to http://c:4318 failed: no answer within 3000 ms"]);
  });

  test("counts what a collector says that it did not take", async () => {
    const partial = (): Response => Response.json({ partialSuccess: { rejectedSpans: "2", errorMessage: "too old" } });
    const { clock, exporter, metrics, complaints } = collector([partial]);
    exporter.add(spans(5));
    await clock.advance(SECOND);
    expect(metrics()).toEqual(["sluice_trace_spans_sent_total 3", 'sluice_trace_spans_dropped_total{why="refused"} 2']);
    expect(complaints).toEqual(["Cannot send traces: POST to http://collector:4318: 2 spans were rejected: too old"]);
  });

  test("sends at its end what is left, for no longer than it may", async () => {
    const { clock, sent, exporter, metrics } = collector([status(503)]);
    exporter.add(spans(3));
    const stopped = exporter.stop(2 * SECOND);
    await clock.advance(0);
    await stopped;
    expect(sent.map(({ at }) => at)).toEqual([0]);
    expect(metrics()).toEqual(["sluice_trace_spans_sent_total 0", 'sluice_trace_spans_dropped_total{why="stopped"} 3']);
  });

  test("compresses where it is asked to", async () => {
    const { clock, sent, exporter } = collector([], { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" });
    exporter.add(spans(9));
    await clock.advance(SECOND);
    expect(sent).toMatchObject([{ count: 9, headers: { "content-encoding": "gzip" } }]);
  });
});

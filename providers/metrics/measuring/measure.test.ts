import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import type { Answer, Asking, HttpQuestion, KubeQuestion, Measure, MetricProviderRow } from "../provider.ts";
import {
  collectMeasurement,
  measure,
  type MeasuringPorts,
  resumeMeasurement,
  terminateMeasurement,
} from "./measure.ts";
import { question } from "./testing.ts";

const asking: Asking = {
  settings: {},
  metric: "m",
  intervalMs: undefined,
  run: { namespace: "prod", name: "run", uid: "u", labels: {} },
  now: 0,
  secret: () => undefined,
  environment: () => undefined,
};
const rowOf = (provider: Measure): MetricProviderRow => ({
  kind: "made up",
  title: "Barometer",
  conditions: { kind: "ignored" },
  reaches: [],
  measure: provider,
});
const answered = (body: string, status = 200): Answer => ({ kind: "answered", status, headers: {}, body });
const failed: Answer = { kind: "failed", message: "no answer from http://a" };

function portsOf(answer: (question: HttpQuestion | KubeQuestion) => Answer, more: Partial<MeasuringPorts> = {}) {
  const asked: string[] = [];
  const ports: MeasuringPorts = {
    http(each, _, party) {
      asked.push(`${party}: ${each.url}`);
      return Promise.resolve(answer(each));
    },
    kube(each) {
      asked.push(`Kubernetes: ${each.path}`);
      return Promise.resolve(answer(each));
    },
    signal: new AbortController().signal,
    ...more,
  };
  return { ports, asked };
}

const ask = (...urls: string[]) => ({ kind: "ask", questions: urls.map((url) => question(url)) }) as const;
const kube: KubeQuestion = { to: "Kubernetes", method: "DELETE", path: "/job", timeoutMs: 1 };
const running = { startedAt: 0, metadata: {} };

describe("a measurement", () => {
  test("asks, and reads the answers in the order of the questions, until there is a reading", async () => {
    const { ports, asked } = portsOf((each) => answered(each.to === "address" ? each.url : each.path));
    const seen: unknown[] = [];
    const provider = rowOf({
      begin: () => ({ ...ask("http://a", "http://b"), state: 1 }),
      read(_, answers, state) {
        seen.push(state, ...answers.map((each) => each.kind === "answered" && each.body));
        return state === 1
          ? { kind: "ask", questions: [kube], state: 2 }
          : { kind: "value", value: { b: 1, a: "<" }, metadata: { x: "y" } };
      },
    });
    expect(await measure(ports, provider, asking)).toEqual({
      kind: "value",
      value: { b: 1, a: "<" },
      text: '{"a":"\\u003c","b":1}',
      metadata: { x: "y" },
    });
    expect(seen).toEqual([1, "http://a", "http://b", 2, "/job"]);
    expect(asked).toEqual(["prod: http://a", "prod: http://b", "Kubernetes: /job"]);
  });

  test("whose question fails is an error with its reason, unless the provider reads failures", async () => {
    const { ports } = portsOf(() => failed);
    const begin = () => ask("http://a");
    expect(await measure(ports, rowOf({ begin }), asking)).toEqual({ kind: "error", message: failed.message });
    const tolerant = rowOf({
      begin: () => ({ ...ask("http://a"), toleratesFailures: true }),
      read: (_, [answer]) => ({ kind: "value", value: answer?.kind }),
    });
    expect(await measure(ports, tolerant, asking)).toMatchObject({ kind: "value", value: "failed" });
  });

  test("that goes on keeps what the provider wants to know again, and is read again", async () => {
    const { ports } = portsOf(() => answered("7"));
    const provider = rowOf({
      begin: () => ({ kind: "running", resumeAt: 5, metadata: { id: "1" } }),
      resume: (_, { metadata }) => ask(`http://a/${metadata["id"]}`),
      read: (_, [answer]) => ({
        kind: "decided",
        phase: "Failed",
        text: answer?.kind === "answered" ? answer.body : "",
      }),
    });
    expect(await measure(ports, provider, asking)).toEqual({ kind: "running", resumeAt: 5, metadata: { id: "1" } });
    const resumed = await resumeMeasurement(ports, provider, asking, { startedAt: 0, metadata: { id: "1" } });
    expect(resumed).toEqual({ kind: "decided", phase: "Failed", text: "7" });
  });

  test.each<[does: string, provider: Measure, message: string]>([
    [
      "asks for ever",
      { begin: () => ask("http://a"), read: () => ask("http://a") },
      "Barometer came to no result after 8 questions",
    ],
    [
      "asks too much at once",
      { begin: () => ask(...Array<string>(65).fill("http://a")) },
      "Barometer would ask 65 questions at once",
    ],
    ["asks and does not read", { begin: () => ask("http://a") }, "Barometer does not read what it asks for"],
    [
      "throws",
      {
        begin: () => {
          throw new TypeError("s3cret");
        },
      },
      "measuring by Barometer failed: TypeError; please report it",
    ],
    [
      "throws while it reads",
      {
        begin: () => ask("http://a"),
        read: () => {
          throw new RangeError("s3cret");
        },
      },
      "measuring by Barometer failed: RangeError; please report it",
    ],
  ])("of a provider that %s is an error", async (_, provider, message) => {
    const { ports } = portsOf(() => answered("1"));
    expect(await measure(ports, rowOf(provider), asking)).toEqual({ kind: "error", message });
  });

  test("whose sender throws is an error", async () => {
    const { ports } = portsOf(() => {
      throw new Error("s3cret");
    });
    expect(await measure(ports, rowOf({ begin: () => ask("http://a") }), asking)).toEqual({
      kind: "error",
      message: "no answer: the request could not be made",
    });
  });

  test("ends in time, whatever does not answer", async () => {
    const clock = manualClock();
    const { ports } = portsOf(() => failed, { clock, http: () => new Promise(() => undefined) });
    const reading = measure(ports, rowOf({ begin: () => ask("http://a") }), asking);
    await clock.advance(600_000);
    expect(await reading).toEqual({ kind: "error", message: "Barometer did not come to a result within 10 minutes" });
    expect(clock.waiting).toBe(0);
  });

  test("ends when it is stopped", async () => {
    const stop = new AbortController();
    const { ports } = portsOf(() => failed, { signal: stop.signal, http: () => new Promise(() => undefined) });
    const reading = measure(ports, rowOf({ begin: () => ask("http://a") }), asking);
    stop.abort();
    expect(await reading).toEqual({ kind: "error", message: "the measurement was stopped" });
  });

  test("keeps no text that its run's status could not hold", async () => {
    const { ports } = portsOf(() => failed);
    const long = "x".repeat(1_000_000);
    const reading = await measure(
      ports,
      rowOf({ begin: () => ({ kind: "value", value: long, message: long, metadata: { a: long } }) }),
      asking,
    );
    if (reading.kind !== "value") throw new Error("no value");
    expect(reading.value).toBe(long);
    for (const text of [reading.text, reading.message, reading.metadata?.["a"]])
      expect(text?.length).toBeLessThan(16_500);
  });
});

describe("ending and removing a measurement", () => {
  test("ask what the provider says, and tell what did not succeed", async () => {
    const { ports, asked } = portsOf(() => answered("", 403));
    const provider = rowOf({ begin: () => ask(), terminate: () => [kube], collect: () => [kube, kube] });
    expect(await terminateMeasurement(ports, provider, asking, running)).toEqual(["Barometer answered with HTTP 403"]);
    expect(await collectMeasurement(ports, provider, asking, running)).toHaveLength(2);
    expect(asked).toHaveLength(3);
  });

  test("have nothing to say when all is gone, there is nothing to ask, or the provider throws only its name", async () => {
    const { ports } = portsOf(() => answered("", 404));
    const provider = rowOf({
      begin: () => ask(),
      terminate: () => [kube],
      collect: () => {
        throw new Error("s3cret");
      },
    });
    expect(await terminateMeasurement(ports, provider, asking, running)).toEqual([]);
    expect(await collectMeasurement(ports, provider, asking, running)).toEqual([
      "measuring by Barometer failed: Error; please report it",
    ]);
    expect(await collectMeasurement(ports, rowOf({ begin: () => ask() }), asking, running)).toEqual([]);
  });
});

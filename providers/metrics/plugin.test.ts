import { describe, expect, test } from "bun:test";
import { plugin } from "./plugin.ts";
import { pluginNamed, pluginsOf, type ConfiguredPlugin } from "./pluginService.ts";
import { answered, askingFor, HOSTILE, NOW, played, questionOf, readingOf } from "./testing.ts";

const ready: ConfiguredPlugin = { kind: "ready", service: { url: "http://latency.tools/", signedBy: undefined } };
const signed: ConfiguredPlugin = {
  kind: "ready",
  service: { url: "http://latency.tools/", signedBy: { name: "plugins", key: "latency" } },
};
const settings = { "acme/latency": { quantile: 0.99 } };
const asking = (found: ConfiguredPlugin = ready, more: object = {}) =>
  askingFor(settings, { plugin: () => found, measured: 2, ...more });
const said = (body: unknown, status = 200) => readingOf(plugin, asking(), answered(body, status));

describe("a plugin is asked", () => {
  test("by one POST, which says what is asked of whom", () => {
    const question = questionOf(plugin, asking());
    expect(question).toMatchObject({
      method: "POST",
      url: "http://latency.tools/",
      ownAddress: true,
      headers: { "idempotency-key": "7b1e/errors/run/2" },
    });
    expect(JSON.parse(question?.body ?? "")).toEqual({
      contract: "sluice.plugin/v1",
      kind: "metric",
      op: "run",
      plugin: "acme/latency",
      idempotencyKey: "7b1e/errors/run/2",
      config: { quantile: 0.99 },
      metric: { name: "errors" },
      run: { namespace: "shop", name: "run", uid: "7b1e", labels: {} },
    });
    expect(question?.authentication).toBeUndefined();
  });

  test("with a signature where a key is configured, and not without that key", () => {
    expect(plugin.measure.secrets?.(asking(signed))).toEqual([
      { namespace: undefined, name: "plugins", key: "latency" },
    ]);
    const known = asking(signed, { secrets: { "/plugins": { latency: "k3y" } } });
    expect(questionOf(plugin, known)?.authentication).toEqual({ kind: "hmac", key: "k3y" });
    expect(plugin.measure.begin(asking(signed))).toEqual({
      kind: "error",
      message: 'plugin acme/latency is not asked: Secret "plugins" has no key "latency" to sign requests with',
    });
  });

  test("again with what it has answered, to go on, to end and to clear up", () => {
    const running = { startedAt: NOW, metadata: { id: "7" } };
    const { questions } = played(plugin, asking(), [], running);
    expect(JSON.parse(questions[0]?.body ?? "")).toMatchObject({
      op: "resume",
      measurement: { startedAt: "2023-11-14T22:13:20.000Z", metadata: { id: "7" } },
    });
    expect(plugin.measure.terminate?.(asking(), running)).toHaveLength(1);
    expect(plugin.measure.collect?.(asking(), running)[0]?.body).toContain('"op":"gc"');
  });

  test("with the key of what is stored, whoever asks and when, and with another one for each time that it goes on", () => {
    const keyAt = (now: number, running: object): unknown =>
      played(plugin, asking(ready, { now }), [], { startedAt: NOW, metadata: {}, ...running }).questions[0]?.headers?.[
        "idempotency-key"
      ];
    expect(keyAt(NOW + 11_000, { resumeAt: NOW + 10_000 })).toBe(`7b1e/errors/resume/${NOW}/${NOW + 10_000}`);
    expect(keyAt(NOW + 19_000, { resumeAt: NOW + 10_000 })).toBe(keyAt(NOW + 11_000, { resumeAt: NOW + 10_000 }));
    const keys = [{}, { resumeAt: NOW + 10_000 }, { resumeAt: NOW + 11_000 }, { startedAt: NOW + 1_000 }];
    expect(new Set(keys.map((running) => keyAt(NOW + 20_000, running))).size).toBe(keys.length);
  });

  test("three times, with the same key, where it fails in a way that may pass", () => {
    const { questions, end } = played(plugin, asking(), [
      answered("", 503),
      { kind: "failed", message: "no answer from http://latency.tools" },
      answered({ phase: "Successful", value: 1.5 }),
    ]);
    expect(new Set(questions.map(({ headers }) => headers?.["idempotency-key"])).size).toBe(1);
    expect(questions).toHaveLength(3);
    expect(end).toEqual({ kind: "decided", phase: "Successful", text: "1.5" });
    const gone = played(plugin, asking(), [answered("", 503), answered("", 503), answered("", 503)]);
    expect(gone.end).toEqual({ kind: "error", message: "plugin acme/latency answered HTTP 503 Service Unavailable" });
  });

  test("only where it is configured", () => {
    const lists = { metricProviderPlugins: new Map(), stepPlugins: new Map(), trafficRouterPlugins: new Map() };
    const missing = pluginNamed({ kind: "read", lists }, "metricProviderPlugins", "acme/latency");
    expect(plugin.measure.begin(asking(missing))).toEqual({
      kind: "error",
      message:
        "unable to get metric plugin: unable to find plugin (acme/latency): plugin acme/latency not configured in configmap",
    });
  });
});

test.each([
  [
    { phase: "Failed", value: { p99: 2 }, message: "slow", metadata: { query: "q", n: 3 } },
    { kind: "decided", phase: "Failed", text: '{"p99":2}', message: "slow", metadata: { query: "q", n: "3" } },
  ],
  [{ phase: "Inconclusive" }, { kind: "decided", phase: "Inconclusive" }],
  [
    { phase: "Running", resumeAt: "17s" },
    { kind: "running", resumeAt: NOW + 17_000 },
  ],
  [
    { phase: "Running", resumeAt: "2023-11-14T22:14:20Z" },
    { kind: "running", resumeAt: NOW + 60_000 },
  ],
  [
    { phase: "Running", resumeAt: "soon" },
    { kind: "running", resumeAt: NOW + 10_000 },
  ],
  [
    { phase: "Error", message: "no quota" },
    { kind: "error", message: "no quota" },
  ],
  [{ phase: "Done" }, { kind: "error", message: "plugin acme/latency: phase 'Done' is not valid" }],
  [{}, { kind: "error", message: "plugin acme/latency: phase '' is not valid" }],
])("the answer %j is read", (body, reading) => {
  expect(said(body)).toEqual(reading as ReturnType<typeof said>);
});

test.each(HOSTILE)("%s is an error", (_, body) => {
  expect(said(body)).toMatchObject({ kind: "error" });
});

test("where a program is downloaded from, nobody answers, and that is said", () => {
  expect(said("", 405)).toEqual({
    kind: "error",
    message:
      "plugin acme/latency answered HTTP 405 Method Not Allowed; its location has to be the address of a service, not of a program",
  });
});

describe("the configuration", () => {
  test.each([
    [{ name: "a/b", location: "http://x/" }, ready.kind],
    [{ name: "a/b", location: "https://x/", signingKeyFrom: { secretRef: { name: "s" } } }, "ready"],
    [{ name: "a/b", disabled: true, location: "file://x" }, "disabled"],
    [{ name: "a/b", location: "file:///plugin-bin/x", sha256: "1" }, "unusable"],
    [{ name: "a/b" }, "unusable"],
    [{ name: "a/b", location: "http://" }, "unusable"],
    [{ name: "a/b", location: "http://x/", signingKeyFrom: {} }, "unusable"],
    [{ name: "a/b/c", location: "http://x/" }, undefined],
    [{ location: "http://x/" }, undefined],
    ["a/b", undefined],
  ])("of %j is %p", (item, kind) => {
    const { plugins, problems } = pluginsOf("stepPlugins", [item]);
    expect(plugins.get("a/b")?.kind).toBe(kind as ConfiguredPlugin["kind"]);
    expect(problems.length).toBe(kind === "ready" || kind === "disabled" ? 0 : 1);
  });

  test("may not give a metric provider a name of Sluice's own", () => {
    const item = { name: "sluice.dev/pods", location: "http://x/" };
    const { plugins, problems } = pluginsOf("metricProviderPlugins", [item]);
    expect(plugins.size).toBe(0);
    expect(problems).toEqual([
      "metricProviderPlugins[0]: sluice.dev/pods is not asked: names that begin with sluice.dev/ are Sluice's own providers, which need no entry here: leave it out, or call it otherwise (docs/behaviour/providers.md#sluices-own-providers)",
    ]);
    // Steps have none of ours, and are named as in the reference.
    expect(pluginsOf("stepPlugins", [item]).problems[0]).toContain("must be in the format of <namespace>/<name>");
  });

  test("that is no list is reported", () => {
    expect(pluginsOf("stepPlugins", { a: 1 }).problems).toEqual(["stepPlugins is no list of plugins"]);
    expect(pluginsOf("stepPlugins", null)).toEqual({ plugins: new Map(), problems: [] });
  });

  test("says of a program what is to be there instead", () => {
    const [problem] = pluginsOf("metricProviderPlugins", [{ name: "a/b", location: "file://x" }]).problems;
    expect(problem).toContain(
      "metricProviderPlugins[0]: plugin a/b: its location file://x is no address: Sluice loads no programs",
    );
  });
});

import { describe, expect, test } from "bun:test";
import { kayenta } from "./kayenta.ts";
import type { Answer } from "./provider.ts";
import { answered, askingFor, HOSTILE, NOW, played } from "./testing.ts";

const scope = { scope: "app", region: "eu", step: 60 };
const settings = {
  address: "http://kayenta:8090/",
  application: "guestbook",
  canaryConfigName: "my config",
  metricsAccountName: "metrics",
  configurationAccountName: "configs",
  storageAccountName: "storage",
  threshold: { pass: 90, marginal: 75 },
  scopes: [
    { name: "default", controlScope: { ...scope, scope: "stable" }, experimentScope: { ...scope, scope: "canary" } },
  ],
};
const written = {
  start: { start: "2024-01-01T00:00:00Z" },
  end: { end: "2024-01-01T01:00:00Z" },
};

const asking = (more: object = {}, around: object = { intervalMs: 600_000 }) =>
  askingFor({ ...settings, ...more }, around);
const configs = answered([
  { ID: "id 1", Name: "other" },
  { id: "id 2", name: "my config" },
]);
const started = answered({ canaryExecutionId: "01ABC" });
const messageOf = (more: object, answers: readonly Answer[], around?: object): string => {
  const { end } = played(kayenta, asking(more, around), answers);
  return end.kind === "error" ? end.message : end.kind;
};
const running = { startedAt: NOW, metadata: { canaryExecutionId: "01ABC" } };
const judged = (body: unknown, status = 200) => played(kayenta, asking(), [answered(body, status)], running).end;
const score = (value: unknown) => ({ complete: true, result: { judgeResult: { score: { score: value } } } });

describe("Kayenta", () => {
  test("is asked for the configuration of that name, and then to start an analysis by it", () => {
    const { questions, end } = played(kayenta, asking(), [configs, started]);
    expect(end).toEqual({ kind: "running", resumeAt: NOW + 15_000, metadata: { canaryExecutionId: "01ABC" } });
    const [first, second] = questions;
    expect(first).toEqual({
      to: "address",
      method: "GET",
      url: "http://kayenta:8090/canaryConfig?application=guestbook&configurationAccountName=storage",
      timeoutMs: 15_000,
    });
    const { body = "", ...rest } = second ?? {};
    expect(rest).toEqual({
      to: "address",
      method: "POST",
      url: "http://kayenta:8090/canary/id%202?application=guestbook&metricsAccountName=metrics&configurationAccountName=configs&storageAccountName=storage",
      headers: { "Content-Type": "application/json" },
      timeoutMs: 15_000,
    });
    const window = { start: "2023-11-14T22:03:20Z", end: "2023-11-14T22:13:20Z" };
    expect(JSON.parse(body)).toEqual({
      scopes: {
        default: {
          controlScope: { scope: "stable", location: "eu", step: 60, ...window },
          experimentScope: { scope: "canary", location: "eu", step: 60, ...window },
        },
      },
      thresholds: { pass: 90, marginal: 75 },
    });
  });

  const scopesOf = (more: object, around?: object): unknown => {
    const { questions } = played(kayenta, asking(more, around), [configs, started]);
    return (JSON.parse(questions[1]?.body ?? "{}") as { readonly scopes?: unknown }).scopes;
  };

  test("looks back to the beginning of the run", () => {
    const run = { namespace: "shop", name: "run", uid: "7b1e", labels: {}, startedAt: NOW - 3_600_000 };
    expect(scopesOf({ lookback: true }, { run })).toMatchObject({
      default: { controlScope: { start: "2023-11-14T21:13:20Z" }, experimentScope: { start: "2023-11-14T21:13:20Z" } },
    });
    expect(messageOf({ lookback: true }, [])).toBe(
      "lookback needs the time at which the AnalysisRun began, and it has none yet",
    );
  });

  test("takes times as they are written", () => {
    const at = { ...scope, ...written.start, ...written.end };
    const scopes = [{ name: "s", controlScope: at, experimentScope: { ...at, start: "2024-01-01T00:30:00Z" } }];
    expect(scopesOf({ scopes }, {})).toEqual({
      s: {
        controlScope: { scope: "app", location: "eu", step: 60, ...written.start, ...written.end },
        experimentScope: { scope: "app", location: "eu", step: 60, start: "2024-01-01T00:30:00Z", ...written.end },
      },
    });
  });

  test.each([
    ["start", { ...scope, ...written.start }, scope],
    ["end", scope, { ...scope, ...written.end }],
  ])("does not take a %s in one of the scopes alone", (member, controlScope, experimentScope) => {
    expect(messageOf({ scopes: [{ name: "s", controlScope, experimentScope }] }, [])).toBe(
      `controlScope.${member} and experimentScope.${member} must both be set or be empty`,
    );
  });

  test.each([
    [{}, [], {}, 'Invalid duration "": time: invalid duration "": the metric needs an interval, or lookback: true'],
    [{ address: "kayenta" }, [], undefined, "Kayenta address kayenta is not a valid URL"],
    [
      { threshold: { pass: "90" } },
      [],
      undefined,
      "the settings of Kayenta cannot be read: threshold.pass is not number",
    ],
    [{}, [answered("", 500)], undefined, "Invalid Response: HTTP 500"],
    [{}, [answered([{ id: "x", name: "other" }])], undefined, "Canary config not found"],
    [{}, [answered({})], undefined, "the answer of Kayenta is no list of canary configurations"],
    [{}, [configs, answered("no account", 400)], undefined, "Invalid Response: HTTP 400: no account"],
    [{}, [configs, answered({})], undefined, "Invalid canaryExecutionId"],
  ])("ends in an error: %j %j", (more, answers, around, expected) => {
    expect(messageOf(more, answers, around)).toBe(expected);
  });

  test("starts an analysis that has a number for a name", () => {
    expect(played(kayenta, asking(), [configs, answered({ canaryExecutionId: 5 })]).end).toMatchObject({
      metadata: { canaryExecutionId: "5" },
    });
  });
});

describe("an analysis of Kayenta", () => {
  const { metadata } = running;

  test("is asked for by its name, until it is complete", () => {
    const { questions, end } = played(kayenta, asking(), [answered({ complete: false })], running);
    expect(questions).toEqual([
      { to: "address", method: "GET", url: "http://kayenta:8090/canary/01ABC", timeoutMs: 15_000 },
    ]);
    expect(end).toEqual({ kind: "running", resumeAt: NOW + 15_000, metadata });
  });

  test.each<[number, "Successful" | "Inconclusive" | "Failed", string]>([
    [100, "Successful", "100"],
    [90, "Successful", "90"],
    [89.99, "Inconclusive", "89"],
    [75, "Inconclusive", "75"],
    [74.9, "Failed", "74"],
    [0, "Failed", "0"],
    [-0.5, "Failed", "0"],
  ])("of score %p is %s", (value, phase, text) => {
    expect(judged(score(value))).toEqual({ kind: "decided", phase, text, metadata });
  });

  test.each([
    [{ complete: true }, 200, "Missing Score"],
    [score("100"), 200, "Missing Score"],
    [score(null), 200, "Missing Score"],
    [{}, 200, "Missing Complete Status"],
    [{ complete: "yes" }, 200, "Missing Complete Status"],
    ["gone", 404, "Invalid Response: HTTP 404: gone"],
  ])("that answers %j with status %i is an error", (body, status, expected) => {
    expect(judged(body, status)).toEqual({ kind: "error", message: expected, metadata });
  });

  test("whose name is lost is an error", () => {
    const end = played(kayenta, asking(), [], { startedAt: NOW, metadata: {} }).end;
    expect(end).toEqual({ kind: "error", message: "Invalid canaryExecutionId" });
  });

  test.each(HOSTILE)("that answers with %s is an error", (_, body) => {
    expect(judged(body).kind).toBe("error");
    expect(messageOf({}, [answered(body)])).not.toBe("running");
    expect(messageOf({}, [configs, answered(body)])).not.toBe("running");
  });
});

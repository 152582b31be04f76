import { describe, expect, test } from "bun:test";
import { ApiError } from "../../kube/client/apiError.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { manualClock, systemClock } from "../../kube/clock/clock.ts";
import { createSendHttp } from "../../providers/metrics/measuring/http.ts";
import { measure } from "../../providers/metrics/measuring/measure.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { servePlugin } from "../../test/referencePlugin.ts";
import type { CallStepPlugin } from "../rollout/actions/callStepPlugin.ts";
import type { StepPluginAnswer } from "../rollout/model/stepPlugins.ts";
import { createPluginsConfigured } from "./configuration.ts";
import { createStepCalls } from "./stepCalls.ts";

type Data = Readonly<Record<string, string>>;

const errorOf = (status: number): ApiError => new ApiError(`HTTP ${status}`, { status, reason: "" });

/** A configuration that a test changes, and what was logged about it. */
function configuredBy(answer: () => Data | undefined | ApiError) {
  const clock = manualClock(1_000_000);
  const seen = { logged: [] as string[], changed: 0, read: 0 };
  const client = {
    async request() {
      seen.read += 1;
      const data = answer();
      if (data instanceof ApiError) throw data;
      if (data === undefined) throw errorOf(404);
      return { data };
    },
  } as unknown as KubeClient;
  const log = { error: (_: string, fields?: object) => void seen.logged.push(JSON.stringify(fields)) };
  const changed = (): void => void (seen.changed += 1);
  const configured = createPluginsConfigured({ client, clock, log, ownNamespace: "sluice", changed });
  return { clock, seen, configured };
}

const kindOf = async (configured: ReturnType<typeof configuredBy>["configured"]) => {
  const read = await configured.read();
  return read.kind === "read" ? read.lists.stepPlugins.get("a/b")?.kind : read.problem;
};

describe("what plugins there are", () => {
  test("is read every ten seconds while somebody asks, and a change is told", async () => {
    let location = "http://x/";
    const { clock, seen, configured } = configuredBy(() => ({ stepPlugins: `- {name: a/b, location: "${location}"}` }));
    expect(configured.known()).toBeUndefined();
    expect(await kindOf(configured)).toBe("ready");
    location = "file://x";
    expect([await kindOf(configured), seen.read, seen.changed]).toEqual(["ready", 1, 1]);
    await clock.advance(10_000);
    expect([await kindOf(configured), seen.read, seen.changed]).toEqual(["unusable", 2, 2]);
    expect(seen.logged).toHaveLength(1);
    expect(seen.logged[0]).toContain("argo-rollouts-config");
  });

  test("is nothing without the ConfigMap, and a text that is not YAML is reported", async () => {
    expect(await kindOf(configuredBy(() => undefined).configured)).toBeUndefined();
    const broken = configuredBy(() => ({ stepPlugins: "- {name" }));
    expect(await kindOf(broken.configured)).toBeUndefined();
    expect(broken.seen.logged[0]).toContain("stepPlugins is not YAML");
  });

  test("stays as it was while the API server is away, and is said where it may not be read", async () => {
    let answer: Data | ApiError = { stepPlugins: "- {name: a/b, location: 'http://x/'}" };
    const { clock, configured } = configuredBy(() => answer);
    expect(await kindOf(configured)).toBe("ready");
    answer = errorOf(503);
    await clock.advance(10_000);
    expect(await kindOf(configured)).toBe("ready");
    answer = errorOf(403);
    await clock.advance(10_000);
    expect(await kindOf(configured)).toContain('ConfigMap "argo-rollouts-config" cannot be read');
  });
});

const rollout: Rollout = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "shop", uid: "u1" },
  spec: { selector: { matchLabels: { app: "web" } }, template: {} },
} as unknown as Rollout;

const callOf = (more: Partial<CallStepPlugin> = {}): CallStepPlugin => ({
  kind: "callStepPlugin",
  op: "run",
  index: 0,
  plugin: "acme/load",
  key: "u1/h/0/Run/t/0",
  config: { return: "Running", requeue: "17s" },
  status: undefined,
  ...more,
});

/** A call over the wire to the reference plugin. */
async function called(more: Partial<CallStepPlugin> = {}, { key = "k3y", ownKey = "k3y", leads = true } = {}) {
  const asked: Readonly<Record<string, unknown>>[] = [];
  using server = servePlugin(key, (call) => void asked.push(call));
  const http = createSendHttp({
    version: "test",
    addresses: { allow: [], deny: [] },
    apiServers: [],
    environment: () => undefined,
    readText: async () => undefined,
  });
  const kube = () => Promise.reject(new Error("not asked"));
  const service = { url: server.url.href, signedBy: { name: "plugins", key: "key" } };
  const lists = {
    metricProviderPlugins: new Map(),
    trafficRouterPlugins: new Map(),
    stepPlugins: new Map([["acme/load", { kind: "ready", service } as const]]),
  };
  const configuration = { kind: "read", lists } as const;
  let isLeader = true;
  const calls = createStepCalls({
    clock: systemClock,
    configured: { known: () => configuration, read: async () => configuration },
    readSecret: async (namespace) => (namespace === "sluice" && ownKey !== "" ? { key: ownKey } : undefined),
    ownNamespace: "sluice",
    ask: (row, asking, signal) => measure({ http, kube, signal }, row, asking),
    validForMs: () => (isLeader ? 10_000 : 0),
  });
  const arrived = Promise.withResolvers<void>();
  calls.call(rollout, callOf(more), arrived.resolve);
  const before = calls.of("u1");
  isLeader = leads;
  await Promise.race([arrived.promise, Bun.sleep(leads ? 5_000 : 200)]);
  const after = calls.of("u1");
  if (before === "waiting" || after === "waiting") throw new Error("the configuration is known");
  return { asked, inFlight: before.inFlight, after, answer: after.facts.outcomes[0]?.answer, calls };
}

describe("a step plugin is asked", () => {
  test("beside the queue, signed, with what it needs to know, and its answer is a fact", async () => {
    const { asked, inFlight, answer, after, calls } = await called({ status: { data: "d", count: 1 } });
    expect(inFlight).toBe("u1/h/0/Run/t/0");
    expect(asked).toMatchObject([
      {
        contract: "sluice.plugin/v1",
        kind: "step",
        op: "run",
        plugin: "acme/load",
        step: { index: 0 },
        status: { data: "d", count: 1 },
        rollout: { metadata: { name: "web" } },
      },
    ]);
    expect(answer).toEqual({
      kind: "answered",
      phase: "Running",
      message: "",
      status: { data: "d", count: 2 },
      resumeMs: 17_000,
    });
    calls.taken("u1", after.facts.outcomes);
    expect(calls.of("u1")).toMatchObject({ inFlight: undefined, facts: { outcomes: [] } });
  });

  test.each<[string, Parameters<typeof called>[1], StepPluginAnswer]>([
    [
      "refuses who signs by another key",
      { ownKey: "other" },
      { kind: "failed", message: "plugin acme/load answered HTTP 401 Unauthorized: who are you?" },
    ],
    [
      "is not asked without its key",
      { ownKey: "" },
      {
        kind: "failed",
        message: 'plugin acme/load is not asked: Secret "plugins" has no key "key" to sign requests with',
      },
    ],
  ])("and %s", async (_, options, answer) => {
    expect((await called({}, options)).answer).toEqual(answer);
  });

  test("and what it answers to one that no longer leads is dropped", async () => {
    expect((await called({}, { leads: false })).answer).toBeUndefined();
  });
});

/** Routers that are plugins, asked over a sender that a test answers (docs/plugins.md#traffic-routers). */
import { describe, expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import type { Answer, HttpQuestion } from "../../providers/metrics/provider.ts";
import { measure } from "../../providers/metrics/measuring/measure.ts";
import type { ConfiguredPlugin } from "../../providers/metrics/pluginService.ts";
import { pluginQuestions } from "../../providers/traffic/pluginTraffic.ts";
import { routedBy, wanting } from "../../test/golden/routingStories.ts";
import { createRouterCalls } from "./routerCalls.ts";

const KEY = "geheim-4711";
const plugins = { "acme/edge": { site: "north" } };
const web = routedBy({ plugins }, { stableService: "stable", canaryService: "canary" });
const rollout = { ...web, metadata: { ...web.metadata, uid: "u1" } };
const NAMES = ["acme/edge"];

interface Sent {
  readonly question: HttpQuestion;
  readonly party: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly answer: (body: unknown, status?: number) => Promise<void>;
}

const service = (url = "http://edge.tools/"): ConfiguredPlugin => ({
  kind: "ready",
  service: { url, signedBy: { name: "plugins", key: "key" } },
});

/** What is sent is answered by the test, when it likes. */
function calls(configured = service()) {
  const clock = manualClock(1_000_000);
  const sent: Sent[] = [];
  const world: { configured: ConfiguredPlugin | undefined; leads: boolean; arrived: number } = {
    configured,
    leads: true,
    arrived: 0,
  };
  const http = (question: HttpQuestion, signal: AbortSignal, party: string): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    sent.push({
      question,
      party,
      body: JSON.parse(question.body ?? "{}") as Sent["body"],
      signal,
      async answer(body, status = 200) {
        resolve({
          kind: "answered",
          status,
          headers: {},
          body: typeof body === "string" ? body : JSON.stringify(body),
        });
        await settled();
      },
    });
    return promise;
  };
  const known = () =>
    ({
      kind: "read",
      lists: {
        metricProviderPlugins: new Map(),
        stepPlugins: new Map(),
        trafficRouterPlugins: new Map(world.configured === undefined ? [] : [["acme/edge", world.configured]]),
      },
    }) as const;
  const own = createRouterCalls({
    clock,
    configured: { known, read: async () => known() },
    readSecret: async () => ({ key: KEY }),
    ownNamespace: "sluice",
    ask: (row, asking, signal) =>
      measure({ http, kube: () => Promise.reject(new Error("not asked")), signal }, row, asking),
    validForMs: () => (world.leads ? 10_000 : 0),
  });
  const stateAt = (weight: number) => {
    const facts = own.of("u1", NAMES);
    const [question] = pluginQuestions(rollout, wanting(weight));
    if (facts === "waiting" || question === undefined) throw new Error("what is configured is known");
    return facts.stateOf(question);
  };
  const ask = async (weight: number, of = rollout): Promise<void> => {
    own.ask(of, pluginQuestions(of, wanting(weight)), () => void (world.arrived += 1));
    await settled();
  };
  return { clock, sent, world, own, stateAt, ask };
}

const settled = (): Promise<void> => Bun.sleep(1);

const successful = { phase: "Successful" };

describe("a router that is a plugin", () => {
  test("is asked for the whole of the traffic, and its answer holds for that traffic alone", async () => {
    const { sent, stateAt, ask, world } = calls();
    expect(stateAt(20)).toEqual({ kind: "unanswered", isAsked: false });
    await ask(20);
    expect(stateAt(20)).toEqual({ kind: "unanswered", isAsked: true });
    expect(sent[0]?.body).toMatchObject({
      contract: "sluice.plugin/v1",
      kind: "traffic",
      op: "route",
      plugin: "acme/edge",
      config: { site: "north" },
      traffic: { canaryWeight: 20, stableWeight: 80, total: 100, stableService: "stable", canaryService: "canary" },
      rollout: { metadata: { name: "web" } },
    });
    await ask(20);
    expect(sent).toHaveLength(1);
    await sent[0]?.answer(successful);
    expect(world.arrived).toBe(1);
    expect(stateAt(20)).toMatchObject({
      kind: "answered",
      answer: { kind: "routes", verified: undefined },
      isDue: false,
    });
    expect(stateAt(40)).toEqual({ kind: "unanswered", isAsked: false });
  });

  test("is not waited for when other traffic is wanted meanwhile, and is told which request is the later one", async () => {
    const { sent, stateAt, ask, world } = calls();
    await ask(20);
    await ask(0);
    expect(sent.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    const [before, after] = sent.map(({ body }) => body["sequence"] as number);
    expect(after).toBeGreaterThan(before ?? Infinity);
    expect(new Set(sent.map(({ body }) => body["idempotencyKey"])).size).toBe(2);
    await sent[0]?.answer(successful);
    expect([stateAt(0), world.arrived]).toEqual([{ kind: "unanswered", isAsked: true }, 0]);
    await sent[1]?.answer(successful);
    expect([stateAt(0).kind, world.arrived]).toEqual(["answered", 1]);
  });

  test("sets no pace for passes that want one traffic and another by turns, as beside a router that cannot be written", async () => {
    const { clock, sent, ask, world } = calls();
    for (const weight of [20, 40, 20, 40, 20, 40]) {
      await ask(weight);
      await sent.at(-1)?.answer(successful);
    }
    expect([sent.length, world.arrived]).toEqual([6, 4]);
    await clock.advance(10_000);
    expect(world.arrived).toBe(6);
  });

  test("is asked again for traffic that it had before another", async () => {
    const { sent, stateAt, ask } = calls();
    for (const weight of [20, 0]) {
      await ask(weight);
      await sent.at(-1)?.answer(successful);
    }
    expect(stateAt(20)).toEqual({ kind: "unanswered", isAsked: false });
    await ask(20);
    expect(sent).toHaveLength(3);
  });

  test.each([
    ["has verified the weights", { ...successful, verified: true }, { kind: "routes", verified: true }, 600_000],
    ["has not verified them", { ...successful, verified: false }, { kind: "routes", verified: false }, 10_000],
    ["cannot tell", { ...successful, verified: null }, { kind: "routes", verified: undefined }, 600_000],
    ["is at it", { phase: "Running", message: "soon" }, { kind: "running", message: "soon" }, 10_000],
    ["says when it will be", { phase: "Running", resumeAt: "3s" }, { kind: "running", message: "" }, 3_000],
    ["says so too soon", { phase: "Running", resumeAt: "1ms" }, { kind: "running", message: "" }, 1_000],
    [
      "cannot",
      { phase: "Failed", message: "no such site" },
      { kind: "failed", message: "plugin acme/edge answered Failed: no such site" },
      10_000,
    ],
    [
      "quotes the key",
      { phase: "Error", message: `bad key ${KEY}` },
      { kind: "failed", message: "plugin acme/edge answered Error: bad key *****" },
      10_000,
    ],
    [
      "says nothing",
      {},
      {
        kind: "failed",
        message: "plugin acme/edge answered without a phase that there is: Successful, Running, Failed or Error",
      },
      10_000,
    ],
    [
      "says anything",
      { ...successful, verified: "yes" },
      { kind: "failed", message: "plugin acme/edge answered with a verified that is neither true nor false" },
      10_000,
    ],
  ] as const)("that %s is asked again in its time", async (_, body, answer, againMs) => {
    const { clock, sent, stateAt, ask } = calls();
    await ask(20);
    await sent[0]?.answer(body);
    expect(stateAt(20)).toMatchObject({ kind: "answered", answer, isDue: false, dueAt: clock.now() + againMs });
    await clock.advance(againMs - 1);
    await ask(20);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(stateAt(20)).toMatchObject({ isDue: true });
    await ask(20);
    expect([sent.length, stateAt(20)]).toMatchObject([2, { kind: "answered", answer, isDue: false }]);
  });

  test("that is a program's address, or is away, has failed with what to do", async () => {
    const { sent, stateAt, ask } = calls();
    await ask(20);
    await sent[0]?.answer("Not Found", 404);
    expect(stateAt(20)).toMatchObject({
      answer: {
        message:
          "plugin acme/edge answered HTTP 404 Not Found: Not Found; its location has to be the address of a service, not of a program",
      },
    });
  });

  test("that nobody has configured is not asked, with how to mend it, and is once it is configured elsewhere", async () => {
    const { sent, stateAt, ask, world } = calls();
    world.configured = undefined;
    await ask(20);
    expect([sent.length, stateAt(20)]).toEqual([
      0,
      {
        kind: "unusable",
        problem:
          'unable to find plugin (acme/edge): plugin acme/edge not configured in configmap; name its service under trafficRouterPlugins in the ConfigMap "argo-rollouts-config" of Sluice\'s own namespace (docs/plugins.md#configuration)',
      },
    ]);
    world.configured = service();
    await ask(20);
    await sent[0]?.answer(successful);
    expect(stateAt(20).kind).toBe("answered");
    world.configured = service("http://elsewhere.tools/");
    expect(stateAt(20)).toEqual({ kind: "unanswered", isAsked: false });
    await ask(20);
    expect(sent[1]?.question.url).toBe("http://elsewhere.tools/");
  });

  test("waits for its turn with requests to itself alone", async () => {
    const { sent, ask } = calls();
    await ask(20);
    expect(sent[0]?.party).toBe("plugin acme/edge");
  });

  test("has nothing to say to one that no longer leads", async () => {
    const { sent, stateAt, ask, world } = calls();
    await ask(20);
    world.leads = false;
    await sent[0]?.answer(successful);
    expect([stateAt(20), world.arrived]).toEqual([{ kind: "unanswered", isAsked: false }, 0]);
  });

  test("gives all to stable when the Rollout is gone, and when the Rollout names it no longer", async () => {
    for (const forget of [
      (own: ReturnType<typeof calls>["own"]) => own.forget("u1"),
      (own: ReturnType<typeof calls>["own"]) => void own.of("u1", []),
    ]) {
      const { own, sent, stateAt, ask, world } = calls();
      await ask(20);
      forget(own);
      expect(sent[0]?.signal.aborted).toBe(true);
      await settled();
      expect(sent[1]?.body["traffic"]).toMatchObject({ canaryWeight: 0, stableWeight: 100, routes: [] });
      expect(sent[1]?.signal.aborted).toBe(false);
      await sent[0]?.answer(successful);
      expect([stateAt(20), world.arrived]).toEqual([{ kind: "unanswered", isAsked: false }, 0]);
    }
  });

  test("is not asked for the sake of a Rollout that goes when stable has all", async () => {
    const { own, sent, ask } = calls();
    await ask(0);
    await sent[0]?.answer(successful);
    own.forget("u1");
    await settled();
    expect(sent).toHaveLength(1);
  });
});

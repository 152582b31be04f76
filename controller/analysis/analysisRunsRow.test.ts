import { describe, expect, test } from "bun:test";
import type { ApiError } from "../../kube/client/apiError.ts";
import { unanswered } from "../../kube/client/apiError.ts";
import { targetOf } from "../../kube/client/target.ts";
import type { KubeRequest } from "../../kube/client/transport.ts";
import type { HttpQuestion } from "../../providers/metrics/provider.ts";
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import type { Draft } from "../../simulator/model/model.ts";
import type { AnalysisRun, AnalysisRunSpec, Metric } from "../../schema/analysis.ts";
import { refusal, testApi } from "../../test/apiServer.ts";
import { unobserved } from "../controller.ts";
import type { RoomLimits } from "../rollout/facts/room.ts";
import { wireController } from "../wiring.ts";

const RUNS = "analysisruns.argoproj.io";
const SECOND = 1_000;

const up = (name: string, more: Partial<Metric> = {}): Metric => ({
  name,
  provider: { prometheus: { address: `http://${name}.source`, query: "up" } },
  successCondition: "result[0] == 1",
  ...more,
});

interface Options {
  readonly http?: SendHttp;
  readonly validForMs?: () => number;
  readonly room?: RoomLimits;
}

const answer = (body: object, status = 200): Awaited<ReturnType<SendHttp>> => ({
  kind: "answered",
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

const one = answer({ status: "success", data: { resultType: "vector", result: [{ metric: {}, value: [0, "1"] }] } });

/** Our controller before an API server, with sources that answer as the test says. */
function stage({ http = () => Promise.resolve(one), validForMs, room }: Options = {}) {
  const api = testApi({ installed: true, namespaces: ["shop"] });
  const { core, clock, client } = api;
  const logged: string[] = [];
  const asked: HttpQuestion[] = [];
  const write = (message: string, fields?: unknown): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const until = new AbortController();
  const wired = wireController(
    {
      client,
      clock,
      log: { debug: write, info: write, warn: write, error: write },
      observer: unobserved,
      measuring: {
        http(question, ...rest) {
          asked.push(question);
          return http(question, ...rest);
        },
        environment: () => undefined,
        ownNamespace: "sluice",
      },
      ...(validForMs === undefined ? {} : { validForMs: () => validForMs }),
    },
    { namespace: undefined, instanceId: "", resyncMs: 900 * SECOND, concurrency: 5, room },
  );
  void wired.lead({ election: undefined, until: until.signal });
  const create = (name: string, spec: Partial<AnalysisRunSpec>): void =>
    void core.create(RUNS, { metadata: { name, namespace: "shop" }, spec: { metrics: [up("a")], ...spec } });
  const run = (name: string) => core.get({ resource: RUNS, namespace: "shop", name }) as unknown as AnalysisRun;
  const events = (): string[] =>
    core.list("events").map((event) => `${String(event["reason"])}: ${String(event["message"])}`);
  const patches = (): KubeRequest[] =>
    api.requests.filter(({ method, path }) => method === "PATCH" && path.includes("/analysisruns/"));
  const refuse = (which: (request: KubeRequest) => ApiError | undefined): void => {
    api.hook.before = (request) => {
      const error = which(request);
      if (error !== undefined) throw error;
    };
  };
  return { ...api, asked, logged, create, run, events, patches, refuse, end: () => until.abort() };
}

const isStatus = ({ method, path }: KubeRequest): boolean => method === "PATCH" && path.includes("/analysisruns/");

describe("an AnalysisRun", () => {
  test("is measured, judged and written once a measurement, with its events", async () => {
    const { create, run, clock, patches, events, end } = stage();
    create("r", { metrics: [up("a", { interval: "10s", count: 3 })] });
    await clock.advance(60 * SECOND);
    expect(run("r").status).toMatchObject({ phase: "Successful", runSummary: { count: 1, successful: 1 } });
    expect(run("r").status?.metricResults?.[0]?.measurements).toHaveLength(3);
    expect(patches()).toHaveLength(3);
    expect(events()).toEqual([
      "MetricSuccessful: Metric 'a' Completed. Result: Successful",
      "AnalysisRunSuccessful: Analysis Completed. Result: Successful",
    ]);
    end();
  });

  test("is not held up by another one whose source never answers", async () => {
    const hangs: SendHttp = ({ url }) => (url.includes("//hangs.") ? new Promise(() => {}) : Promise.resolve(one));
    const { create, run, clock, end } = stage({ http: hangs });
    for (let n = 0; n < 20; n += 1) create(`hangs-${n}`, { metrics: [up("hangs")] });
    create("good", {});
    await clock.advance(5 * SECOND);
    expect(run("good").status?.phase).toBe("Successful");
    expect(run("hangs-0").status?.phase).toBe("Running");
    end();
  });

  test("whose source goes on for ever ends in an error by the measurement's own limit", async () => {
    const { create, run, clock, end } = stage({ http: () => new Promise(() => {}) });
    create("r", { metrics: [up("a", { consecutiveErrorLimit: 0 })] });
    await clock.advance(700 * SECOND);
    expect(run("r").status?.phase).toBe("Error");
    end();
  });

  test("is not looked at while nothing is due", async () => {
    const { create, clock, requests, end } = stage();
    create("r", { metrics: [up("a", { interval: "5m" })] });
    await clock.advance(10 * SECOND);
    const before = requests.length;
    await clock.advance(200 * SECOND);
    expect(requests.length).toBe(before);
    end();
  });

  test("that is terminated ends at once", async () => {
    const { create, run, core, clock, end } = stage();
    create("r", { metrics: [up("a", { interval: "10s" })] });
    await clock.advance(15 * SECOND);
    core.modify({ resource: RUNS, namespace: "shop", name: "r" }, (old) => ({
      ...old,
      spec: { ...(old["spec"] as object), terminate: true },
    }));
    await clock.advance(SECOND);
    expect(run("r").status).toMatchObject({ phase: "Successful", message: "Run Terminated" });
    end();
  });

  test("that is deleted is not measured to the end", async () => {
    const signals: AbortSignal[] = [];
    const { create, core, clock, logged, end } = stage({
      http: (_, signal) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    create("r", {});
    await clock.advance(2 * SECOND);
    core.delete({ resource: RUNS, namespace: "shop", name: "r" });
    await clock.advance(SECOND);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(logged.filter((line) => line.includes("Cannot"))).toEqual([]);
    end();
  });

  test("goes when its time to live is over", async () => {
    const { create, core, clock, end } = stage();
    create("r", { ttlStrategy: { secondsAfterCompletion: 30 } });
    await clock.advance(20 * SECOND);
    expect(core.list(RUNS)).toHaveLength(1);
    await clock.advance(20 * SECOND);
    expect(core.list(RUNS)).toEqual([]);
    end();
  });
});

test("an AnalysisRun that is too large ends in an error, and costs nobody anything", async () => {
  const { create, run, clock, asked, end } = stage();
  const query = "x".repeat(200_000);
  create("r", { metrics: ["a", "b", "c"].map((n) => up(n, { provider: { prometheus: { query } } })) });
  await clock.advance(2 * SECOND);
  expect(run("r").status?.phase).toBe("Error");
  expect(run("r").status?.message).toStartWith("Analysis spec invalid: too large to judge: it has ");
  expect(asked).toEqual([]);
  end();
});

describe("an AnalysisRun for which there is no room", () => {
  const room = { namespaceBytes: 6_000, totalBytes: 6_000 };
  const large = (more: Partial<Metric> = {}) => ({
    metrics: [up("a", { successCondition: `result[0] == 1 // ${"x".repeat(3_000)}`, ...more })],
  });

  test("waits, and is measured once there is some", async () => {
    const { create, run, core, clock, end } = stage({ room });
    for (const name of ["first", "second"]) create(name, large({ interval: "10s" }));
    await clock.advance(5 * SECOND);
    const waiting = ["first", "second"].filter((name) => run(name).status === undefined);
    expect(waiting).toHaveLength(1);
    const other = waiting[0] === "first" ? "second" : "first";
    core.delete({ resource: RUNS, namespace: "shop", name: other });
    await clock.advance(20 * SECOND);
    expect(run(waiting[0] ?? "").status?.phase).toBe("Running");
    end();
  });

  test("has that of another one as soon as it is over", async () => {
    const { create, run, clock, end } = stage({ room });
    for (const name of ["first", "second"]) create(name, large());
    await clock.advance(20 * SECOND);
    for (const name of ["first", "second"]) expect(run(name).status?.phase).toBe("Successful");
    end();
  });
});

describe("the outcome of a measurement", () => {
  test("is written after all when the first write is refused for a moment", async () => {
    const { create, run, clock, refuse, asked, end } = stage();
    let left = 3;
    refuse((request) => (isStatus(request) && left-- > 0 ? refusal(request, 503, "ServiceUnavailable") : undefined));
    create("r", {});
    await clock.advance(10 * SECOND);
    expect(run("r").status?.phase).toBe("Successful");
    expect(asked).toHaveLength(1);
    end();
  });

  test("counts once when the answer to its write is lost", async () => {
    const { create, run, clock, client, end } = stage();
    const { request } = client;
    let isLost = false;
    Object.assign(client, {
      async request(sent: KubeRequest) {
        const given = await request(sent);
        if (!isStatus(sent) || isLost) return given;
        isLost = true;
        throw unanswered(targetOf(sent.method, sent.path), "Timeout", "no answer", undefined);
      },
    });
    create("r", { metrics: [up("a", { interval: "10s", count: 2 })] });
    await clock.advance(30 * SECOND);
    expect(isLost).toBe(true);
    expect(run("r").status?.metricResults?.[0]).toMatchObject({ count: 2, successful: 2 });
    end();
  });

  test("is dropped when the Lease is lost meanwhile, and measured again by the next leader", async () => {
    const lease = { validForMs: 15_000 };
    const landing: (() => void)[] = [];
    const http: SendHttp = () => new Promise((resolve) => void landing.push(() => resolve(one)));
    const { create, run, clock, patches, asked, end } = stage({ http, validForMs: () => lease.validForMs });
    create("r", {});
    await clock.advance(2_000);
    const before = patches();
    lease.validForMs = 0;
    landing[0]?.();
    await clock.advance(500);
    expect(patches()).toEqual(before);
    lease.validForMs = 15_000;
    await clock.advance(10_000);
    landing[1]?.();
    await clock.advance(500);
    expect(asked).toHaveLength(2);
    expect(run("r").status?.phase).toBe("Successful");
    end();
  });
});

describe("a secret of an argument", () => {
  const CANARY = 'can"ary/4711 geheim';
  const secret: Draft = {
    metadata: { name: "s", namespace: "shop" },
    data: { k: Buffer.from(CANARY).toString("base64") },
  };
  const args = [{ name: "token", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }];
  const metrics = [
    up("a", {
      interval: "1s",
      count: 2,
      provider: { prometheus: { address: "http://a.source", query: 'up{token="{{args.token}}"}' } },
      consecutiveErrorLimit: 0,
    }),
    up("b", { successCondition: "result > '{{args.token}}'", consecutiveErrorLimit: 0 }),
  ];

  test("reaches the source, and leaves neither by the status, nor by an event, nor by the log", async () => {
    const said = answer({ status: "error", errorType: "bad_data", error: `you said ${CANARY}` }, 400);
    const { create, core, clock, asked, logged, end } = stage({
      http: async ({ url }) => (url.includes("//a.") ? said : one),
    });
    core.create("secrets", secret);
    create("r", { metrics, args });
    await clock.advance(30 * SECOND);
    expect(new URLSearchParams(asked[0]?.body).get("query")).toContain("4711 geheim");
    const everything = JSON.stringify([core.list(RUNS), core.list("events"), logged]);
    expect(everything).not.toContain("4711");
    expect(everything).not.toContain("geheim");
    expect(everything).toContain("you said *****");
    end();
  });

  test.each<[string, Draft | undefined, string]>([
    ["that is missing", undefined, 'secrets "s" not found'],
    ["whose key is missing", { ...secret, data: { other: "" } }, "key 'k' does not exist in secret 's'"],
  ])("%s ends the run in an error", async (_, stored, why) => {
    const { create, run, core, clock, asked, events, end } = stage();
    if (stored !== undefined) core.create("secrets", stored);
    create("r", { args, metrics: [up("a")] });
    await clock.advance(2 * SECOND);
    expect(run("r").status).toEqual({ phase: "Error", message: `Unable to resolve metric arguments: ${why}` });
    expect(asked).toEqual([]);
    expect(events()).toEqual(["AnalysisRunError: Analysis Completed. Result: Error"]);
    end();
  });

  test("that cannot be read for a moment costs a measurement and not the run", async () => {
    const { create, run, core, clock, refuse, end } = stage();
    core.create("secrets", secret);
    let left = 1;
    refuse((request) =>
      request.path.includes("/secrets/") && left-- > 0 ? refusal(request, 500, "InternalError") : undefined,
    );
    create("r", { args, metrics: [up("a")] });
    await clock.advance(20 * SECOND);
    expect(run("r").status).toMatchObject({ phase: "Successful", metricResults: [{ error: 1, successful: 1 }] });
    end();
  });

  test("is read once for all metrics that are measured together", async () => {
    const { create, core, clock, requests, end } = stage();
    core.create("secrets", secret);
    create("r", { args, metrics: ["a", "b", "c"].map((name) => up(name)) });
    await clock.advance(2 * SECOND);
    expect(requests.filter(({ path }) => path.includes("/secrets/"))).toHaveLength(1);
    end();
  });
});

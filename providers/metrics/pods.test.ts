import { describe, expect, test } from "bun:test";
import { HASH_LABEL } from "../../schema/labels.ts";
import { pods } from "./pods.ts";
import type { Answer, Asking, AskingRun, Next, Question } from "./provider.ts";
import { answered, askingFor, NOW } from "./testing.ts";

const run: AskingRun = {
  namespace: "shop",
  name: "run",
  uid: "u",
  labels: { [HASH_LABEL]: "new" },
  owner: { kind: "Rollout", name: "web" },
};
const asking = (settings: unknown = {}, more: Partial<AskingRun> = {}): Asking =>
  askingFor(settings, { run: { ...run, ...more } });

interface Talk {
  readonly lines: readonly (readonly string[])[];
  readonly end: Next | undefined;
}

const lineOf = (question: Question): string => (question.to === "address" ? question.url : question.path);

function talk(asked: Asking, rounds: readonly (readonly Answer[])[]): Talk {
  const lines: string[][] = [];
  let end: Next | undefined = pods.measure.begin(asked);
  for (const answers of rounds) {
    if (end?.kind !== "ask") break;
    lines.push(end.questions.map(lineOf));
    end = pods.measure.read?.(asked, answers, end.state);
  }
  if (end?.kind === "ask") lines.push(end.questions.map(lineOf));
  return { lines, end };
}

const rollout = answered({ status: { currentPodHash: "new", stableRS: "old" } });
const MINUTE = 60_000;

interface PodMore {
  readonly ready?: boolean;
  readonly ageMs?: number;
  readonly restarts?: number;
  readonly last?: string;
  readonly state?: object;
  readonly spec?: object;
  readonly metadata?: object;
  readonly ip?: string;
}

const pod = (name: string, { ready = true, ageMs = 5 * MINUTE, restarts = 0, last, state, ...more }: PodMore = {}) => ({
  metadata: { name, creationTimestamp: new Date(NOW - ageMs).toISOString(), ...more.metadata },
  spec: { containers: [{ name: "c", ports: [{ containerPort: 8080 }] }], ...more.spec },
  status: {
    phase: "Running",
    podIP: more.ip ?? "10.1.0.1",
    conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    containerStatuses: [
      {
        name: "c",
        restartCount: restarts,
        ...(state === undefined ? {} : { state }),
        ...(last === undefined ? {} : { lastState: { terminated: { reason: last, exitCode: 137 } } }),
      },
    ],
  },
});
const list = (...items: readonly object[]): Answer => answered({ items });

const compared = (canary: readonly object[], settings: unknown = {}): Talk =>
  talk(asking(settings), [[rollout], [list(...canary), list(pod("old-1", { restarts: 7 }))]]);

describe("which pods are the canary's", () => {
  test("is known from the Rollout that the run belongs to, so that settings need nothing", () => {
    const { lines } = talk(asking(null), [[rollout]]);
    expect(lines).toEqual([
      ["/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web"],
      ["new", "old"].map(
        (hash) => `/api/v1/namespaces/shop/pods?labelSelector=rollouts-pod-template-hash%3D${hash}&limit=50`,
      ),
    ]);
  });

  test("may be written, as arguments give them", () => {
    const { lines } = talk(asking({ canary: "a", stable: "b" }, { owner: undefined, labels: {} }), []);
    expect(lines[0]).toHaveLength(2);
  });

  test("may be those of a Rollout that is named", () => {
    const { lines } = talk(asking({ rollout: "other" }, { owner: undefined, labels: {} }), []);
    expect(lines).toEqual([["/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/other"]]);
  });

  test("cannot be known without an owner and without settings", () => {
    expect(talk(asking({}, { owner: undefined, labels: {} }), []).end?.kind).toBe("error");
  });

  test.each([[{ canary: "a,b=c" }], [{ rollout: "../x" }], [{ rollout: "a/b" }]])("cannot be %j", (settings) => {
    expect(talk(asking(settings, { labels: {} }), []).end?.kind).toBe("error");
  });

  test("stable is nothing once the canary is stable itself", () => {
    const same = answered({ status: { currentPodHash: "new", stableRS: "new" } });
    expect(talk(asking(), [[same]]).lines[1]).toHaveLength(1);
  });
});

describe("the pods of a canary", () => {
  test("that run are fine", () => {
    expect(compared([pod("a"), pod("b")]).end).toMatchObject({
      kind: "value",
      value: {
        ok: true,
        canary: { pods: 2, ready: 2, restarts: 0, down: 0, oomKills: 0 },
        stable: { pods: 1, restarts: 7 },
        ratio: null,
      },
      samples: 2,
    });
  });

  test.each([
    ["that restarted", [pod("a", { restarts: 2, last: "Error" })], {}, "2 restarts: a (2 restarts, Error)"],
    [
      "that was killed for its memory",
      [pod("a", { restarts: 1, last: "OOMKilled" })],
      { maxRestarts: 9 },
      "1 OOM kills: a (1 restarts, OOMKilled)",
    ],
    [
      "that waits to be started again",
      [pod("a", { state: { waiting: { reason: "CrashLoopBackOff" } }, last: "Error" })],
      {},
      "1 containers are down: a (0 restarts, Error)",
    ],
    [
      "that has just ended",
      [pod("a", { state: { terminated: { reason: "Error", exitCode: 1 } } })],
      {},
      "1 containers are down: a (0 restarts, Error)",
    ],
    ["that is not ready in time", [pod("a", { ready: false })], {}, "1 pods are not ready: a"],
  ])("of which there is one %s are not", (_, canary, settings, message) => {
    expect(compared(canary, settings).end).toMatchObject({ value: { ok: false }, message });
  });

  test.each([
    [
      "restarts",
      { restartCount: 1, lastState: { terminated: { reason: "Error" } } },
      "1 restarts: a (1 restarts, Error)",
    ],
    [
      "is killed for its memory",
      { lastState: { terminated: { reason: "OOMKilled" } } },
      "1 OOM kills: a (0 restarts, OOMKilled)",
    ],
    ["is down", { state: { terminated: { reason: "Error" } } }, "1 containers are down: a (0 restarts, Error)"],
    [
      "waits to be started again",
      { state: { waiting: { reason: "CrashLoopBackOff" } } },
      "1 containers are down: a (0 restarts)",
    ],
  ])("whose native sidecar %s are not, and an init container that ends is none", (_, status, message) => {
    const withInit = (restartPolicy: object): object => {
      const one = pod("a", { spec: { initContainers: [{ name: "i", ...restartPolicy }] } });
      return { ...one, status: { ...one.status, initContainerStatuses: [{ name: "i", ...status }] } };
    };
    expect(compared([withInit({ restartPolicy: "Always" })]).end).toMatchObject({ value: { ok: false }, message });
    expect(compared([withInit({})]).end).toMatchObject({ value: { ok: true } });
  });

  test.each([
    ["that restarted less often than it may", [pod("a", { restarts: 2 })], { maxRestarts: "2" }],
    ["that has had no time to be ready", [pod("a", { ready: false, ageMs: 10_000 })], {}],
    ["that has had less time than it needs", [pod("a", { ready: false })], { settleSeconds: 600 }],
  ])("of which there is one %s are fine", (_, canary, settings) => {
    expect(compared(canary, settings).end).toMatchObject({ value: { ok: true } });
  });

  test("that are being deleted do not count, and with none there is no data", () => {
    const going = pod("a", { restarts: 5, metadata: { deletionTimestamp: "2023-11-14T22:13:00Z" } });
    expect(compared([going]).end).toMatchObject({ kind: "noData" });
  });

  test("cannot be compared where the API server refuses the list", () => {
    const refused = answered({ message: "no" }, 403);
    expect(talk(asking(), [[rollout], [refused, refused]]).end).toEqual({
      kind: "error",
      message: "pods cannot be listed: no",
    });
  });
});

const RATIO = { scrape: { ratio: { of: 'req{code=~"5.."}', to: "req" } } };
const page = (bad: number, all: number): Answer => answered(`req{code="500"} ${bad}\nreq{code="200"} ${all - bad}\n`);

const scrapedWith = (
  answers: readonly Answer[],
  settings: object = RATIO,
  canary: readonly object[] = [pod("a", { ip: "10.1.0.1" })],
): Talk => talk(asking(settings), [[rollout], [list(...canary), list(pod("s", { ip: "fd00::1" }))], answers]);

describe("a scrape of the pods", () => {
  test("goes to each pod by its address and its only port", () => {
    expect(scrapedWith([]).lines[2]).toEqual(["http://10.1.0.1:8080/metrics", "http://[fd00::1]:8080/metrics"]);
  });

  test.each([
    [{ port: 9090, path: "/m", scheme: "https" }, {}, "https://10.1.0.1:9090/m"],
    [{ port: "admin" }, {}, "http://10.1.0.1:9000/metrics"],
    [{ port: "9100" }, {}, "http://10.1.0.1:9100/metrics"],
    [{}, { "prometheus.io/port": "7000", "prometheus.io/path": "/x" }, "http://10.1.0.1:7000/x"],
    [{}, {}, "http://10.1.0.1:8081/metrics"],
  ])("with %j and annotations %j goes to %s", (more, annotations, url) => {
    const ports = [
      { name: "http", containerPort: 80 },
      { name: "http-metrics", containerPort: 8081 },
      { name: "admin", containerPort: 9000 },
    ];
    const canary = [pod("a", { metadata: { annotations }, spec: { containers: [{ ports }] } })];
    const settings = { scrape: { ...RATIO.scrape, ...more } };
    const stable = pod("s", { metadata: { annotations }, spec: { containers: [{ ports }] } });
    const { lines } = talk(asking(settings), [[rollout], [list(...canary), list(stable)]]);
    expect(lines[2]?.[0]).toBe(url);
  });

  test.each([
    ["its own only port, whatever its sidecar has", [{ containerPort: 80 }], [{ containerPort: 9102 }], 80],
    ["the metrics port of its sidecar", [{ containerPort: 80 }], [{ name: "metrics", containerPort: 9102 }], 9102],
    ["the only port of its sidecar, where it has none", [], [{ containerPort: 9102 }], 9102],
  ])("of a pod with a native sidecar goes to %s", (_, own, ports, port) => {
    const spec = { containers: [{ ports: own }], initContainers: [{ name: "s", restartPolicy: "Always", ports }] };
    const { lines } = scrapedWith([], RATIO, [pod("a", { spec })]);
    expect(lines[2]?.[0]).toBe(`http://10.1.0.1:${port}/metrics`);
  });

  test("takes a few pods of many, spread over all", () => {
    const many = Array.from({ length: 50 }, (_, n) => pod(`p${n}`, { ip: `10.1.0.${n}` }));
    const { lines } = scrapedWith([], RATIO, many);
    expect(lines[2]?.slice(0, 5)).toEqual([0, 10, 20, 30, 40].map((n) => `http://10.1.0.${n}:8080/metrics`));
    const all = scrapedWith([], { scrape: { ...RATIO.scrape, pods: 1_000 } }, many);
    expect(all.lines[2]).toHaveLength(21);
  });

  test.each([
    [1, 100, 1, 100, true, 1],
    [12, 1_000, 10, 1_000, true, 1.2],
    [5, 100, 1, 100, false, 5],
    [0, 100, 0, 100, true, 1],
  ])("of %i in %i against %i in %i is ok: %p", (bad, all, stableBad, stableAll, ok, ratio) => {
    const { end } = scrapedWith([page(bad, all), page(stableBad, stableAll)]);
    expect(end).toMatchObject({ kind: "value", samples: all, value: { ok } });
    expect((end as unknown as { value: { ratio: number } }).value.ratio).toBeCloseTo(ratio, 9);
  });

  test("that is worse says by how much", () => {
    expect(scrapedWith([page(5, 100), page(1, 100)]).end).toMatchObject({
      message: "canary 0.05 > 0.012 (stable 0.01)",
    });
  });

  test.each([
    [{ tolerance: 9 }, true],
    [{ allowed: "0.05" }, true],
    [{ allowed: 0.04 }, false],
  ])("with %j is ok: %p", (more, ok) => {
    expect(scrapedWith([page(5, 100), page(1, 100)], { ...RATIO, ...more }).end).toMatchObject({ value: { ok } });
  });

  test("of a quantile compares the histograms of all pods together", () => {
    const histogram = (fast: number, all: number): Answer =>
      answered(`t_bucket{le="0.1"} ${fast}\nt_bucket{le="1"} ${all}\nt_bucket{le="+Inf"} ${all}\n`);
    const settings = { scrape: { quantile: { of: "t", q: 0.5 } } };
    const { end } = scrapedWith([histogram(10, 100), histogram(100, 100)], settings);
    expect(end).toMatchObject({ samples: 100, value: { ok: false, stable: { value: 0.05, samples: 100 } } });
  });

  test("of an average is that of the pods", () => {
    const settings = { scrape: { average: { of: "queue" } } };
    const canary = [pod("a"), pod("b")];
    const { end } = scrapedWith([answered("queue 1"), answered("queue 3"), answered("queue 2")], settings, canary);
    expect(end).toMatchObject({ value: { canary: { value: 2 }, stable: { value: 2 }, ok: true } });
  });

  test("of a pod that has gone meanwhile goes on with the others", () => {
    const gone: Answer = { kind: "failed", message: "no answer from http://10.1.0.1:8080" };
    const { end } = scrapedWith([gone, page(1, 100), page(1, 100)], RATIO, [pod("a"), pod("b")]);
    expect(end).toMatchObject({
      value: { ok: true, canary: { value: 0.01 } },
      message: "not scraped: a: no answer from http://10.1.0.1:8080",
    });
  });

  test.each([
    ["HTML", answered("<html>req 5</html>")],
    ["an error", answered("req 5", 500)],
    ["nothing", answered("")],
    ["other series", answered("other 1")],
    ["infinities", answered("req +Inf\nreq -Inf")],
    ["no requests yet", page(0, 0)],
    ["an endless page", { kind: "failed", message: "more than 1 MiB" } as const],
  ])("that gives %s is no data", (_, answer) => {
    expect(scrapedWith([answer, page(1, 100)]).end).toMatchObject({ kind: "noData" });
  });

  test("without an answer of a canary that was killed is a verdict all the same", () => {
    const killed = pod("a", { restarts: 1, last: "OOMKilled" });
    expect(scrapedWith([answered("", 500), page(1, 100)], RATIO, [killed]).end).toMatchObject({ value: { ok: false } });
  });

  test("without any port to go to is an error that says what to write", () => {
    const canary = [pod("a", { spec: { containers: [{}] } })];
    expect(scrapedWith([], RATIO, canary).end).toMatchObject({ kind: "error" });
  });
});

describe("settings", () => {
  test.each([
    [undefined, undefined],
    [null, undefined],
    [{}, undefined],
    [RATIO, undefined],
    [{ maxRestarts: "{{args.most}}", scrape: { average: { of: "{{args.series}}" } } }, undefined],
    [{ maxRestart: 1 }, "there is no maxRestart"],
    [{ maxRestarts: -1 }, "maxRestarts is negative or too large"],
    [{ tolerance: "much" }, "tolerance is no number"],
    [{ scrape: {} }, "scrape needs one of ratio, quantile and average"],
    [{ scrape: { average: { of: "rate(x[5m])" } } }, "scrape.average.of is no series of Prometheus"],
    [{ scrape: { ...RATIO.scrape, average: { of: "x" } } }, "scrape needs one of ratio, quantile and average"],
  ])("of %j: %p", (settings, problem) => {
    expect(pods.settingsProblem?.(settings)).toBe(problem as string);
  });
});

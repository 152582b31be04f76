import { describe, expect, test } from "bun:test";
import type { KubeEvent } from "../../../kube/runtime/recorder.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { manualClock } from "../../../kube/clock/clock.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import { collectionPath } from "../../../kube/client/path.ts";
import { RESOURCE_QUOTAS } from "../../../kube/client/resources.ts";
import { refusal } from "../../../test/apiServer.ts";
import { createRisks, type RisksOptions } from "./risks.ts";

const resyncMs = 900_000;
const cpu = (amount: string) => ({ containers: [{ name: "c", image: "i", resources: { requests: { cpu: amount } } }] });

const rollout = (strategy: object, more: { status?: object; spec?: object } = {}): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "ns", uid: "u", resourceVersion: "1" },
  spec: { replicas: 4, template: { spec: cpu("1") }, strategy, ...more.spec },
  status: { phase: "Healthy", stableRS: "h", currentPodHash: "h", replicas: 4, ...more.status },
});

function world(rollouts: readonly Rollout[], more: Partial<RisksOptions> = {}) {
  const clock = manualClock();
  const requests: KubeRequest["path"][] = [];
  const lists: Record<string, object[]> = { nodes: [], pods: [], resourcequotas: [] };
  const hook: { before: (request: KubeRequest) => void } = { before: () => undefined };
  // The simulator has no quotas.
  const client = {
    async request(request: KubeRequest) {
      requests.push(request.path);
      hook.before(request);
      return { items: lists[request.path.split("/").at(-1) ?? ""] };
    },
  } as unknown as KubeClient;
  const events: string[] = [];
  const lines: string[] = [];
  const log = {
    debug() {},
    info: (text: string) => void lines.push(text),
    warn: (text: string) => void lines.push(text),
    error() {},
  };
  const knocked: string[] = [];
  const answers = new Map<string, string | undefined>();
  const templates = new Map<string, unknown>();
  const risks = createRisks({
    client,
    clock,
    log,
    rollouts: () => rollouts,
    podSpecOf: ({ spec }) => spec.template?.spec,
    templatesIn: () => ({ namespaced: templates, cluster: new Map() }),
    knock: async ({ url }) => {
      knocked.push(url);
      return answers.get(url);
    },
    record: ({ type, reason, message, object }: KubeEvent) =>
      void events.push(`${type} ${reason} ${object.namespace}/${object.name}: ${message}`),
    namespace: undefined,
    resyncMs,
    ...more,
  });
  const ending = new AbortController();
  const settle = async (ms = 0): Promise<void> => {
    await clock.advance(ms);
    for (let i = 0; i < 30; i += 1) await clock.advance(0);
  };
  const start = async (): Promise<void> => {
    void risks.run(ending.signal);
    await settle();
  };
  const gauge = (): Record<string, number> =>
    Object.fromEntries(
      [...risks.render()]
        .join("")
        .split("\n")
        .flatMap((line) => {
          const [, kind = "", count] = /risk="(\w+)"\} (\d+)/.exec(line) ?? [];
          return kind === "" ? [] : [[kind, Number(count)]];
        }),
    );
  const node = (cpuOfAll: string): void => {
    lists["nodes"] = [{ metadata: { name: "a" }, status: { allocatable: { cpu: cpuOfAll, pods: "110" } } }];
  };
  const pod = (spec: object): void => void lists["pods"]?.push({ spec: { ...spec, nodeName: "a" } });
  const quota = (hard: object, used: object): void => {
    lists["resourcequotas"] = [{ metadata: { name: "q", namespace: "ns" }, status: { hard, used } }];
  };
  const end = (): void => ending.abort();
  return {
    node,
    pod,
    quota,
    templates,
    answers,
    knocked,
    events,
    lines,
    requests,
    hook,
    gauge,
    start,
    settle,
    end,
  };
}

describe("what an update starts beside the running pods", () => {
  test.each<[string, object, string]>([
    ["blue-green", { blueGreen: { activeService: "a" } }, "An update starts 4 pods beside those that run (blueGreen)"],
    [
      "behind a router",
      { canary: { trafficRouting: {} } },
      "An update starts 4 pods beside those that run (trafficRouting)",
    ],
    ["by maxSurge", { canary: { maxSurge: "100%" } }, "An update may start 4 pods beside those that run (maxSurge)"],
  ])("is told by an event where the nodes have no room for it: %s", async (_, strategy, begin) => {
    const { node, pod, start, events, gauge, end } = world([rollout(strategy)]);
    node("4");
    pod(cpu("1"));
    pod(cpu("1"));
    await start();
    expect(events).toEqual([
      `Warning SurgeDoesNotFit ns/web: ${begin}, and the nodes have room for 2 (cpu); lower what the pods request, or what an update starts at once, or add nodes`,
    ]);
    expect(gauge()).toEqual({ nodes: 1, quota: 0, endpoint: 0 });
    end();
  });

  test("is told where a quota has no room for it", async () => {
    const { node, quota, start, events, gauge, end } = world([rollout({ canary: {} })]);
    node("40");
    quota({ "requests.cpu": "4" }, { "requests.cpu": "4" });
    await start();
    expect(events).toEqual([
      'Warning SurgeDoesNotFit ns/web: An update may start 1 pod beside those that run (maxSurge), and ResourceQuota "q" allows 0 (requests.cpu); lower what the pods request, or what an update starts at once, or raise the quota',
    ]);
    expect(gauge()).toEqual({ nodes: 0, quota: 1, endpoint: 0 });
    end();
  });

  test.each<[string, Rollout]>([
    ["it is in an update", rollout({ blueGreen: { activeService: "a" } }, { status: { currentPodHash: "other" } })],
    ["it is not healthy", rollout({ blueGreen: { activeService: "a" } }, { status: { phase: "Paused" } })],
    ["it is being scaled", rollout({ blueGreen: { activeService: "a" } }, { status: { replicas: 2 } })],
    ["the stable pods make room", rollout({ canary: { trafficRouting: {}, dynamicStableScale: true } })],
    ["an update starts no pod", rollout({ canary: { maxSurge: 0 } })],
    [
      "it is to have no pods",
      rollout({ blueGreen: { activeService: "a" } }, { spec: { replicas: 0 }, status: { replicas: 0 } }),
    ],
    ["it fits", rollout({ canary: {} })],
  ])("is no risk where %s", async (_, object) => {
    const { node, start, events, end } = world([object]);
    node("3");
    await start();
    expect(events).toEqual([]);
    end();
  });

  test("is told once while it lasts, and again when it comes back", async () => {
    const { node, start, settle, events, gauge, end } = world([rollout({ blueGreen: { activeService: "a" } })]);
    node("1");
    await start();
    node("2");
    await settle(resyncMs);
    expect(events).toHaveLength(1);
    node("4");
    await settle(resyncMs);
    expect(gauge()).toMatchObject({ nodes: 0 });
    node("1");
    await settle(resyncMs);
    expect(events).toHaveLength(2);
    end();
  });

  test("is not looked at where we may not read, which is said once", async () => {
    for (const [plural, left] of [
      ["nodes", "quota"],
      ["pods", "quota"],
      ["resourcequotas", "nodes"],
    ] as const) {
      const { node, quota, hook, lines, start, settle, gauge, end } = world([
        rollout({ blueGreen: { activeService: "a" } }),
      ]);
      node("1");
      quota({ pods: "1" }, { pods: "1" });
      hook.before = (request) => {
        if (request.path.split("/").at(-1) === plural) throw refusal(request, 403, "Forbidden");
      };
      await start();
      await settle(resyncMs);
      expect(lines).toEqual(["Updates are not compared with the room that the cluster has"]);
      expect(gauge()).toEqual({ nodes: 0, quota: 0, endpoint: 0, [left]: 1 });
      end();
    }
  });

  test("costs no request where no update would start a pod; with one namespace nodes are not asked for", async () => {
    const idle = world([rollout({ canary: { maxSurge: 0 } })]);
    await idle.start();
    expect(idle.requests).toEqual([]);
    idle.end();
    const narrow = world([rollout({ canary: {} })], { namespace: "ns" });
    await narrow.start();
    expect(narrow.requests).toEqual([collectionPath(RESOURCE_QUOTAS, "ns")]);
    narrow.end();
  });
});

describe("the address of a metric", () => {
  const analysis = (...names: readonly string[]) => ({
    canary: { maxSurge: 0, analysis: { templates: names.map((templateName) => ({ templateName })) } },
  });
  const asking = (url: string) => ({ metrics: [{ name: "m", provider: { web: { url } } }] });

  test("that does not answer is told by an event, and asked again ten minutes later at the earliest", async () => {
    const { templates, answers, knocked, events, gauge, start, settle, end } = world([rollout(analysis("t"))], {
      resyncMs: 60_000,
    });
    templates.set("t", asking("http://prom/x?q=secret"));
    answers.set("http://prom/x", "ECONNREFUSED");
    await start();
    for (let minute = 0; minute < 9; minute += 1) await settle(60_000);
    expect(knocked).toEqual(["http://prom/x"]);
    expect(events).toEqual([
      "Warning MetricDoesNotAnswer ns/web: The metric \"m\" of AnalysisTemplate 't' asks http://prom, which does not answer Sluice (ECONNREFUSED); see that it runs, and that a NetworkPolicy lets Sluice out to it, before an update asks it",
    ]);
    expect(gauge()).toMatchObject({ endpoint: 1 });
    answers.delete("http://prom/x");
    await settle(60_000);
    expect(knocked).toHaveLength(2);
    expect(gauge()).toMatchObject({ endpoint: 0 });
    end();
  });

  test("is asked a few times in a pass, whatever tenants write: eight for a namespace", async () => {
    const { templates, knocked, start, settle, end } = world([rollout(analysis("t"))]);
    const metrics = Array.from({ length: 50 }, (_, index) => asking(`http://h${index}/`).metrics[0]);
    templates.set("t", { metrics });
    await start();
    expect(knocked).toHaveLength(8);
    await settle(resyncMs);
    expect(knocked).toHaveLength(16);
    end();
  });
});

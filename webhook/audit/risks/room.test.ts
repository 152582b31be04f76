import { describe, expect, test } from "bun:test";
import { growsByItself, type NodeFacts, nodeFacts, nodeRoom } from "./nodeRoom.ts";
import { amountsOf, type Amounts, podNeeds } from "./podNeeds.ts";
import { quotaFacts, quotaRoom } from "./quotaRoom.ts";

const container = (requests: object, limits: object = {}, more: object = {}) => ({
  resources: { requests, limits },
  ...more,
});
const milli = (amounts: Amounts): Record<string, number> =>
  Object.fromEntries([...amounts].map(([name, amount]) => [name, Number(amount)]));

describe("what a pod needs", () => {
  test("is what its containers need together, or its init containers on the way, and the overhead", () => {
    const spec = {
      containers: [container({ cpu: "100m", memory: "1Gi" }), container({ cpu: 1 })],
      initContainers: [
        container({ cpu: "2" }),
        container({ cpu: "50m" }, {}, { restartPolicy: "Always" }),
        container({ cpu: "3", memory: "1Mi" }),
      ],
      overhead: { cpu: "10m" },
    };
    expect(milli(podNeeds(spec).requests)).toEqual({ cpu: 3_060, memory: 1_000 * 2 ** 30 });
  });

  test("is the limit where there is no request", () => {
    const { requests, limits } = podNeeds({ containers: [container({ memory: "1" }, { cpu: "2", memory: "3" })] });
    expect([milli(requests), milli(limits)]).toEqual([
      { cpu: 2_000, memory: 1_000 },
      { cpu: 2_000, memory: 3_000 },
    ]);
  });

  test("is nothing of whatever is no pod", () => {
    for (const junk of [undefined, null, 1, [], { containers: [null, { resources: { requests: { cpu: "x" } } }] }]) {
      expect(podNeeds(junk).requests.size).toBe(0);
    }
  });
});

const node = (name: string, allocatable: object, spec: object = {}, labels: object = {}): NodeFacts =>
  nodeFacts({ metadata: { name, labels }, spec, status: { allocatable } });
const pod = (cpu: string, more: object = {}) => ({ containers: [container({ cpu })], ...more });
const roomFor = (spec: object, nodes: readonly NodeFacts[], used: Record<string, object> = {}) =>
  nodeRoom(
    spec,
    podNeeds(spec),
    nodes,
    new Map(Object.entries(used).map(([name, amounts]) => [name, amountsOf(amounts)])),
  );

describe("the room on nodes", () => {
  const small = node("a", { cpu: "2", pods: "110" });

  test("is what is allocatable and not requested, whole pods on each node", () => {
    const nodes = [small, node("b", { cpu: "1500m", pods: "110" })];
    expect(roomFor(pod("1"), nodes)).toEqual({ pods: 3, lacks: "cpu" });
    expect(roomFor(pod("1"), nodes, { a: { cpu: "1100m" }, b: { cpu: "600m" } })).toEqual({ pods: 0, lacks: "cpu" });
    expect(roomFor(pod("1"), nodes, { a: { cpu: "5" } })?.pods).toBe(1);
  });

  test("ends with the number of pods, and with whatever a node does not have", () => {
    expect(roomFor({ containers: [{}] }, [small], { a: { pods: "108" } })).toEqual({ pods: 2, lacks: "pods" });
    const gpu = { containers: [container({ "nvidia.com/gpu": 1 })] };
    expect(roomFor(gpu, [small])).toEqual({ pods: 0, lacks: "nvidia.com/gpu" });
  });

  test("is none on nodes that the pods do not select, or whose taints they do not tolerate", () => {
    const tainted = node("a", { cpu: "2", pods: "9" }, { taints: [{ key: "k", value: "v", effect: "NoSchedule" }] });
    const cordoned = node("a", { cpu: "2", pods: "9" }, { unschedulable: true });
    const preferred = node("a", { cpu: "2", pods: "9" }, { taints: [{ key: "k", effect: "PreferNoSchedule" }] });
    expect(roomFor(pod("1"), [tainted])).toEqual({ pods: 0, lacks: "" });
    expect(roomFor(pod("1"), [cordoned])).toEqual({ pods: 0, lacks: "" });
    expect(roomFor(pod("1"), [preferred])?.pods).toBe(2);
    for (const toleration of [
      { operator: "Exists" },
      { key: "k", operator: "Exists", effect: "NoSchedule" },
      { key: "k", value: "v" },
    ]) {
      expect(roomFor(pod("1", { tolerations: [toleration] }), [tainted])?.pods).toBe(2);
    }
    for (const toleration of [
      { key: "k", value: "w" },
      { key: "k", value: "v", effect: "NoExecute" },
    ]) {
      expect(roomFor(pod("1", { tolerations: [toleration] }), [tainted])?.pods).toBe(0);
    }
    const nodeSelector = { disk: "ssd" };
    expect(roomFor(pod("1", { nodeSelector }), [small])?.pods).toBe(0);
    expect(roomFor(pod("1", { nodeSelector }), [node("b", { cpu: "1", pods: "1" }, {}, nodeSelector)])?.pods).toBe(1);
  });

  test("cannot be told where nodes come by themselves, or pods take the places of others", () => {
    const karpenter = node("a", { cpu: "2", pods: "9" }, {}, { "karpenter.sh/nodepool": "default" });
    expect(growsByItself(karpenter)).toBe(true);
    expect(roomFor(pod("9"), [karpenter])).toBeUndefined();
    expect(roomFor(pod("9", { priorityClassName: "high" }), [small])).toBeUndefined();
  });

  test("is none of whatever is no node", () => {
    for (const junk of [undefined, null, 1, { spec: { taints: [null] } }]) {
      expect(nodeRoom({}, podNeeds({}), [nodeFacts(junk)], new Map())?.pods).toBe(0);
    }
  });
});

describe("the room in quotas", () => {
  const quota = (name: string, hard: object, used: object = {}, spec: object = {}) => {
    const facts = quotaFacts({ metadata: { name }, spec, status: { hard, used } });
    return facts === undefined ? [] : [facts];
  };
  const needs = podNeeds({ containers: [container({ cpu: "1" }, { memory: "1Gi" })] });

  test("is that of the quota which allows the fewest pods", () => {
    const quotas = [
      ...quota("a", { pods: "10", "requests.cpu": "8" }, { pods: "3", "requests.cpu": "3" }),
      ...quota("b", { "limits.memory": "4Gi" }, { "limits.memory": "1Gi" }),
    ];
    expect(quotaRoom(needs, quotas)).toEqual({ pods: 3, quota: "b", lacks: "limits.memory" });
    expect(quotaRoom(needs, quota("c", { cpu: "0" }))).toEqual({ pods: 0, quota: "c", lacks: "cpu" });
    expect(quotaRoom(needs, quota("d", { "count/pods": "1" }, { "count/pods": "2" }))?.pods).toBe(0);
  });

  test("is not limited by what such pods do not take, nor by a quota with a scope", () => {
    expect(quotaRoom(needs, quota("a", { "limits.cpu": "0", "count/secrets": "0" }))).toBeUndefined();
    for (const spec of [{ scopes: ["BestEffort"] }, { scopeSelector: {} }]) {
      expect(quotaRoom(needs, quota("a", { pods: "0" }, {}, spec))).toBeUndefined();
    }
    expect(quotaFacts(null)).toBeUndefined();
  });
});

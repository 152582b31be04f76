import { describe, expect, test } from "bun:test";
import type { Json } from "../../../kube/object/json.ts";
import { shortfalls } from "./quota.ts";

const quota = (hard: object, used: object = {}, spec: object = {}): Json => ({ spec, status: { hard, used } });
const container = (requests: object, limits: object = {}): object => ({ name: "c", resources: { requests, limits } });
const extra = { pods: 2, objects: { "count/rollouts.argoproj.io": 1 } };
const told = (given: Json, spec: object): readonly string[] => shortfalls(given, spec as Json, extra);

const half = { containers: [container({ cpu: "500m", memory: "512Mi" }, { cpu: "1", memory: "1Gi" })] };

describe("a quota is too small", () => {
  test.each<[object, object, string]>([
    [{ pods: "5" }, { pods: "4" }, "pods: 2 more is needed, and 1 of 5 is left"],
    [{ "count/pods": "5" }, { "count/pods": "5" }, "count/pods: 2 more is needed, and 0 of 5 is left"],
    [{ cpu: "2" }, { cpu: "1500m" }, "cpu: 1 more is needed, and 0.5 of 2 is left"],
    [{ "requests.cpu": "2" }, { "requests.cpu": "1.25" }, "requests.cpu: 1 more is needed, and 0.75 of 2 is left"],
    [{ "limits.cpu": "3" }, { "limits.cpu": "2" }, "limits.cpu: 2 more is needed, and 1 of 3 is left"],
    [
      { "limits.memory": "3Gi" },
      { "limits.memory": "2Gi" },
      "limits.memory: 2Gi more is needed, and 1Gi of 3Gi is left",
    ],
    [{ memory: 1000 }, {}, "memory: 1Gi more is needed, and 1000 of 1000 is left"],
    [
      { "count/rollouts.argoproj.io": "1" },
      { "count/rollouts.argoproj.io": "3" },
      "count/rollouts.argoproj.io: 1 more is needed, and 0 of 1 is left",
    ],
  ])("with %j of which %j is used", (hard, used, text) => {
    expect(told(quota(hard, used), half)).toEqual([text]);
  });

  test("by what containers ask for together, or one that comes before them asks for alone", () => {
    const limit = quota({ cpu: "1" });
    const one = container({ cpu: "300m" });
    expect(told(limit, { containers: [one, one] })).toEqual(["cpu: 1.2 more is needed, and 1 of 1 is left"]);
    expect(told(limit, { containers: [one], initContainers: [container({ cpu: "600m" })] })).toHaveLength(1);
    expect(told(limit, { containers: [one], initContainers: [container({ cpu: "400m" })] })).toEqual([]);
    const sidecar = { ...container({ cpu: "300m" }), restartPolicy: "Always" };
    expect(told(limit, { containers: [one], initContainers: [sidecar] })).toHaveLength(1);
    expect(told(limit, { containers: [one], overhead: { cpu: "250m" } })).toHaveLength(1);
    expect(told(limit, { containers: [container({}, { cpu: "600m" })] })).toHaveLength(1);
  });
});

describe("a quota is none of theirs", () => {
  test.each<[string, object]>([
    ["that counts other things", quota({ secrets: "0", "requests.nvidia.com/gpu": "0", services: "0" })],
    ["for pods without requests", quota({ pods: "0" }, {}, { scopes: ["BestEffort"] })],
    ["for pods that end", quota({ pods: "0" }, {}, { scopes: ["Terminating"] })],
  ])("%s", (_, given) => {
    expect(told(given as Json, half)).toEqual([]);
  });

  test("but for the others it is", () => {
    expect(told(quota({ pods: "0" }, {}, { scopes: ["NotTerminating", "NotBestEffort"] }), half)).toHaveLength(1);
    const priority = { scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator: "Exists" }] } };
    expect(told(quota({ pods: "0" }, {}, priority), half)).toHaveLength(1);
  });
});

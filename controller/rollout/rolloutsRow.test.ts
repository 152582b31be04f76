import { describe, expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import { createQueue } from "../../kube/runtime/queue.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { ReplicaSet, Service } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { servicesRow } from "../services/serviceCleanup.ts";
import { decide } from "./decide/decide.ts";
import { sourcesOf } from "./facts/cacheSources.ts";
import { createStores } from "./facts/stores.ts";
import { HASH_LABEL, MANAGED_BY } from "../../schema/labels.ts";
import { rolloutsRow } from "./rolloutsRow.ts";

const noClient: KubeClient = {
  server: "https://cluster",
  namespace: "ns",
  request: () => Promise.reject(new Error("nothing is asked here")),
  open: () => Promise.reject(new Error("nothing is watched here")),
};

const rollout = (name: string, version: number, stableService = "web", uid = name): Rollout =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name, namespace: "ns", uid, resourceVersion: String(version) },
    spec: { strategy: { canary: { stableService } } },
  }) as unknown as Rollout;

const replicaSet = (version: number, controller: string | undefined, ready = 0): ReplicaSet =>
  ({
    metadata: {
      name: "web-1",
      namespace: "ns",
      uid: "set",
      resourceVersion: String(version),
      labels: { [HASH_LABEL]: "1" },
      ownerReferences: controller === undefined ? [] : [{ uid: controller, controller: true }],
    },
    spec: { replicas: 1, template: {} },
    status: { replicas: 1, readyReplicas: ready },
  }) as unknown as ReplicaSet;

const service = (version: number, selector: object, manager?: string): Service =>
  ({
    metadata: {
      name: "web",
      namespace: "ns",
      uid: "service",
      resourceVersion: String(version),
      annotations: manager === undefined ? {} : { [MANAGED_BY]: manager },
    },
    spec: { selector },
  }) as unknown as Service;

/**
 * The caches, and what was queued for what was put into them, since the last look. `leads`: whether we are the leader.
 */
function stage({ leads = true } = {}) {
  const clock = manualClock();
  const stores = createStores();
  const reported: string[] = [];
  const report = (what: string) => (message: string) => void reported.push(`${what}: ${message}`);
  const log = { debug: report("log"), info: report("log"), warn: report("log"), error: report("log") };
  const validForMs = (): number => (leads ? 15_000 : 0);
  const observer = {
    reconciled: () => {},
    eventEmitted: (key: string, _: string, reason: string) => void reported.push(`event of ${key}: ${reason}`),
    rolloutFinished: () => {},
    rolloutDeleted: (key: string) => void reported.push(`deleted: ${key}`),
  };
  const events = { record: () => {}, sent: async () => {} };
  const ports = { client: noClient, clock, log, stores, validForMs, decide, events, observer };
  const sources = sourcesOf(stores, "");
  const line: string[] = [];
  for (const row of [rolloutsRow(ports, sources), servicesRow(ports, sources)]) {
    const add = (key: string): void => void line.push(`${row.noun} ${key}`);
    const addFirst = (key: string): void => void line.push(`first ${row.noun} ${key}`);
    const queue = { ...createQueue({ clock }), add, addFirst };
    for (const { listen } of row.watches) listen(queue);
  }
  return { clock, stores, reported, inLine: () => line.splice(0) };
}

describe("a Rollout comes into line", () => {
  test("when it is new or changed, and not for the answer to a write of its own pass", () => {
    const { stores, inLine } = stage();
    stores.rollouts.upsert(rollout("web", 1));
    expect(inLine()).toEqual(["Rollout ns/web"]);
    stores.rollouts.written(rollout("web", 2));
    stores.rollouts.upsert(rollout("web", 2));
    expect(inLine()).toEqual([]);
    stores.rollouts.upsert(rollout("web", 3));
    expect(inLine()).toEqual(["Rollout ns/web"]);
  });

  test("before others when it is asked for something else, by its spec or by an abort", () => {
    const { stores, inLine } = stage();
    const asked = (version: number, generation: number, abort?: boolean): Rollout => {
      const { metadata, ...rest } = rollout("web", version);
      return { ...rest, metadata: { ...metadata, generation }, status: abort === undefined ? {} : { abort } };
    };
    for (const step of [asked(1, 1), asked(2, 2), asked(3, 2), asked(4, 2, true)]) stores.rollouts.upsert(step);
    const first = "first Rollout ns/web";
    expect(inLine()).toEqual([first, first, "Rollout ns/web", first]);
  });

  test("for its ReplicaSet, unless nothing but the version has changed", () => {
    const { stores, inLine } = stage();
    stores.rollouts.upsert(rollout("web", 1));
    stores.rollouts.upsert(rollout("api", 2));
    inLine();
    stores.replicaSets.upsert(replicaSet(3, "web"));
    stores.replicaSets.upsert(replicaSet(4, "web"));
    expect(inLine()).toEqual(["Rollout ns/web"]);
    stores.replicaSets.written(replicaSet(5, "web", 1));
    expect(inLine()).toEqual([]);
    stores.replicaSets.deleted("ns/web-1", "set");
    expect(inLine()).toEqual(["Rollout ns/web"]);
  });

  test("a moment later for a ReplicaSet that has yet to reach its size, since more is about to come", async () => {
    const { clock, stores, inLine } = stage();
    stores.rollouts.upsert(rollout("web", 1));
    inLine();
    const sized = (version: number, replicas: number): ReplicaSet => {
      const made = replicaSet(version, "web");
      return { ...made, spec: { ...made.spec, replicas: 2 }, status: { replicas } };
    };
    stores.replicaSets.upsert(sized(3, 0));
    stores.replicaSets.upsert(sized(4, 1));
    await clock.advance(29);
    expect(inLine()).toEqual([]);
    await clock.advance(1);
    expect(inLine()).toEqual(["Rollout ns/web"]);
    stores.replicaSets.upsert(sized(5, 2));
    expect(inLine()).toEqual(["Rollout ns/web"]);
  });

  test("for a ReplicaSet that was released, whoever wrote that, since another may adopt it", () => {
    const { stores, inLine } = stage();
    for (const name of ["web", "api"]) stores.rollouts.upsert(rollout(name, 1));
    stores.replicaSets.upsert(replicaSet(3, "web"));
    inLine();
    stores.replicaSets.written(replicaSet(4, undefined));
    expect(inLine()).toEqual(["Rollout ns/web", "Rollout ns/api"]);
  });

  test("for the ReplicaSet of a deleted Rollout of its name, once that is gone", () => {
    const { stores, inLine } = stage();
    stores.rollouts.upsert(rollout("web", 1));
    stores.replicaSets.upsert(replicaSet(3, "deleted"));
    inLine();
    stores.replicaSets.upsert(replicaSet(4, "deleted", 1));
    expect(inLine()).toEqual([]);
    stores.replicaSets.deleted("ns/web-1", "set");
    expect(inLine()).toEqual(["Rollout ns/web"]);
  });

  test("for a ReplicaSet that nobody controls, with all of its namespace", () => {
    const { stores, inLine } = stage();
    for (const name of ["web", "api"]) stores.rollouts.upsert(rollout(name, 1));
    inLine();
    stores.replicaSets.upsert(replicaSet(3, undefined));
    expect(inLine()).toEqual(["Rollout ns/web", "Rollout ns/api"]);
  });

  test("for a Service that it names, which comes into line itself after it", () => {
    const { stores, inLine } = stage();
    stores.rollouts.upsert(rollout("web", 1));
    inLine();
    stores.services.upsert(service(2, { app: "web" }));
    expect(inLine()).toEqual(["Rollout ns/web", "Service ns/web"]);
    stores.services.upsert(service(3, { app: "web" }));
    stores.services.written(service(4, { app: "web", [HASH_LABEL]: "1" }));
    expect(inLine()).toEqual([]);
  });
});

describe("a Rollout that is gone", () => {
  test("is reported, and its Services come into line: those that it named, and those that it managed", () => {
    const { stores, reported, inLine } = stage();
    stores.rollouts.upsert(rollout("web", 1, "other"));
    stores.services.upsert(service(2, { app: "web" }, "web"));
    inLine();
    stores.rollouts.deleted("ns/web", "web");
    expect(inLine()).toEqual(["Service ns/other", "Service ns/web"]);
    expect(reported).toEqual(["deleted: ns/web", "log: Rollout deleted", "event of ns/web: RolloutDeleted"]);
  });

  test("is reported by who leads only", () => {
    const { stores, reported } = stage({ leads: false });
    stores.rollouts.upsert(rollout("web", 1));
    stores.rollouts.deleted("ns/web", "web");
    expect(reported).toEqual(["deleted: ns/web"]);
  });
});

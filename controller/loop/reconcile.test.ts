import { describe, expect, test } from "bun:test";
import { ApiError } from "../../providers/kube/apiError.ts";
import type { KubeClient, KubeRequest } from "../../providers/kube/transport.ts";
import type { ReplicaSet, Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { createGatherer } from "../snapshot/gather.ts";
import { createStores } from "../snapshot/stores.ts";
import { manualClock } from "./clock.ts";
import { createReconciler, type Decide } from "./reconcile.ts";

type Json = Record<string, unknown>;

const merged = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Json = typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
};

const failure = (status: number, reason: string): ApiError =>
  new ApiError(reason, { status, reason, cause: { message: `${reason} by the API server` } });

/** An API server in miniature: objects by path, versions, preconditions; `refuse` answers in its place. */
function fakeApi() {
  const objects = new Map<string, Json>();
  const requests: KubeRequest[] = [];
  let version = 100;
  const state = { refuse: undefined as ((request: KubeRequest) => ApiError | undefined) | undefined };
  const stored = (path: string, object: unknown): Json => {
    version += 1;
    const old = object as { metadata?: Json };
    const next = { ...old, metadata: { ...old.metadata, resourceVersion: String(version) } };
    objects.set(path, next);
    return next;
  };
  const answer = (request: KubeRequest): Json => {
    requests.push(request);
    const refused = state.refuse?.(request);
    if (refused !== undefined) throw refused;
    const path = request.path.replace(/\/status$/, "");
    const held = objects.get(path);
    if (request.method === "POST") {
      const { name } = (request.body as { metadata: { name: string } }).metadata;
      if (objects.has(`${path}/${name}`)) throw failure(409, "AlreadyExists");
      const created = merged(request.body, {
        metadata: { uid: `uid-${name}`, generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" },
      });
      return stored(`${path}/${name}`, created);
    }
    if (held === undefined) throw failure(404, "NotFound");
    if (request.method === "GET") return held;
    const expected = (request.body as { metadata?: Json }).metadata?.["resourceVersion"];
    if (expected !== (held["metadata"] as Json)["resourceVersion"]) throw failure(409, "Conflict");
    return stored(path, merged(held, request.body));
  };
  const client: KubeClient = {
    server: "https://cluster",
    namespace: "ns",
    // Nothing checks that an answer is a T, here as there.
    request: async <T>(request: KubeRequest) => answer(request) as T,
    open: () => Promise.reject(new Error("no watches here")),
  };
  return { client, objects, requests, state, put: stored };
}

const rolloutPath = "/apis/argoproj.io/v1alpha1/namespaces/ns/rollouts/web";
const setsPath = "/apis/apps/v1/namespaces/ns/replicasets";
const writes = (requests: readonly KubeRequest[]): string[] =>
  requests.filter((r) => r.method !== "GET").map((r) => `${r.method} ${r.path.split("/ns/")[1] ?? ""}`);

const manifest = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: {
    name: "web",
    namespace: "ns",
    uid: "rollout-uid",
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
    strategy: { canary: {} },
  },
  status: { somethingNewer: "kept" },
};

function world(options: { readonly validForMs?: number; readonly resources?: object; readonly decide?: Decide } = {}) {
  const api = fakeApi();
  const stores = createStores();
  const clock = manualClock(Date.parse("2026-01-01T00:00:10Z"));
  const events: string[] = [];
  const wakes: number[] = [];
  const reconciler = createReconciler({
    client: api.client,
    stores,
    clock,
    gatherer: createGatherer(stores),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    validForMs: () => options.validForMs ?? 15_000,
    recordEvent: (_, event) => void events.push(event.reason),
    eventsTold: async () => {},
    waiting: () => 0,
    wakeAfter: (_, ms) => void wakes.push(ms),
    forgetWake: () => {},
    finished: () => {},
    decide: options.decide,
  });
  const { template } = manifest.spec;
  const containers = template.spec.containers.map((container) => ({
    ...container,
    resources: options.resources ?? {},
  }));
  const spec = { ...manifest.spec, template: { ...template, spec: { containers } } };
  stores.rollouts.upsert(api.put(rolloutPath, { ...manifest, spec }) as unknown as Rollout);
  const turn = () => reconciler.reconcile("ns/web");
  const rollout = (): Json => api.objects.get(rolloutPath) ?? {};
  const status = (): Json => (rollout()["status"] ?? {}) as Json;
  return { api, stores, clock, events, wakes, turn, rollout, status };
}

/** What a turn failed with, "" when it did not. */
const failureOf = (turn: Promise<void>): Promise<string> =>
  turn.then(
    () => "",
    (error: unknown) => String(error),
  );

/** The one ReplicaSet that was created, as the API server holds it. */
const createdSet = (objects: ReadonlyMap<string, Json>): [path: string, set: ReplicaSet] => {
  const found = [...objects].find(([path]) => path.startsWith(setsPath));
  if (found === undefined) throw new Error("no ReplicaSet was created");
  return [found[0], found[1] as unknown as ReplicaSet];
};

describe("a first turn", () => {
  test("creates the ReplicaSet with its first size, then gives the Rollout its revision, and holds the status for an answer", async () => {
    const { api, turn, wakes } = world();
    await turn();
    expect(writes(api.requests)).toEqual(["POST replicasets", "PATCH rollouts/web"]);
    expect(createdSet(api.objects)[1].spec.replicas).toBe(2);
    expect(wakes).toContain(250);
  });

  test("is followed by one status, which tells everything", async () => {
    const { api, turn, status, clock, events } = world();
    await turn();
    await clock.advance(250);
    await turn();
    expect(writes(api.requests).slice(2)).toEqual(["PATCH rollouts/web/status"]);
    expect(status()).toMatchObject({ phase: "Progressing", observedGeneration: "1", somethingNewer: "kept" });
    expect(events).toEqual([
      "RolloutAddedToInformer",
      "RolloutUpdated",
      "NewReplicaSetCreated",
      "RolloutNotCompleted",
      "ScalingReplicaSet",
      "RolloutCompleted",
    ]);
  });

  test("is followed by nothing when nothing changes", async () => {
    const { api, turn, clock } = world();
    await turn();
    await clock.advance(250);
    await turn();
    const before = api.requests.length;
    await turn();
    await clock.advance(5_000);
    await turn();
    expect(api.requests.length).toBe(before);
  });
});

describe("a write", () => {
  test("names the version that it was decided on", async () => {
    const { api, turn } = world();
    await turn();
    const patch = api.requests.find((r) => r.method === "PATCH");
    expect(patch?.body).toMatchObject({ metadata: { resourceVersion: "101" } });
  });

  test("is not sent while the Lease may run out before the answer", async () => {
    const { api, turn } = world({ validForMs: 5_000 });
    expect(await failureOf(turn())).toContain("the leader Lease may run out");
    expect(api.requests).toEqual([]);
  });

  test("that meets a newer object fails, and the next turn goes on from there", async () => {
    const { api, stores, turn, rollout } = world();
    api.put(rolloutPath, rollout());
    expect(await failureOf(turn())).toContain("Conflict");
    stores.rollouts.upsert(rollout() as unknown as Rollout);
    await turn();
    expect(writes(api.requests)).toEqual(["POST replicasets", "PATCH rollouts/web", "PATCH rollouts/web"]);
    expect(rollout()["metadata"]).toMatchObject({ annotations: { "rollout.argoproj.io/revision": "1" } });
  });
});

describe("events", () => {
  const refuseOnce = (api: ReturnType<typeof world>["api"], path: string): void => {
    api.state.refuse = (request) => {
      if (request.path !== path) return undefined;
      api.state.refuse = undefined;
      return failure(409, "Conflict");
    };
  };

  test("of a status that an action's failure kept back are told with the next one", async () => {
    const told = [{ type: "Normal", reason: "RolloutCompleted", message: "m", after: "status" }] as const;
    const decide: Decide = ({ rollout: { metadata, status } }) => ({
      actions: metadata.annotations === undefined ? [{ kind: "updateRollout", revision: "1" }] : [],
      ...(status?.phase === "Healthy"
        ? { status: undefined, events: [] }
        : { status: { phase: "Healthy" }, events: told }),
      wakeAt: undefined,
      more: false,
      finished: undefined,
    });
    const { api, turn, events } = world({ decide });
    refuseOnce(api, rolloutPath);
    expect(await failureOf(turn())).toContain("Conflict");
    expect(events).not.toContain("RolloutCompleted");
    await turn();
    await turn();
    expect(events.filter((reason) => reason === "RolloutCompleted")).toHaveLength(1);
  });

  test("are all told, once each, when an action fails while the status waits", async () => {
    const { api, turn, clock, events } = world();
    refuseOnce(api, rolloutPath);
    expect(await failureOf(turn())).toContain("Conflict");
    await turn();
    await clock.advance(250);
    await turn();
    const once = ["RolloutAddedToInformer", "NewReplicaSetCreated", "RolloutUpdated", "RolloutNotCompleted"];
    expect(events.toSorted()).toEqual([...once, "RolloutCompleted", "ScalingReplicaSet"].toSorted());
  });

  test("of a status that could not be written are not told again with the next one", async () => {
    const { api, turn, clock, events } = world();
    await turn();
    await clock.advance(250);
    refuseOnce(api, `${rolloutPath}/status`);
    expect(await failureOf(turn())).toContain("Conflict");
    await turn();
    expect(events.filter((reason) => reason === "RolloutCompleted")).toHaveLength(1);
  });
});

describe("a ReplicaSet of the wanted name that is there already", () => {
  /** What a crash after the creation leaves: the object, but not in our cache. */
  async function nameOf(): Promise<[path: string, set: ReplicaSet]> {
    const { api, turn } = world();
    await turn();
    return createdSet(api.objects);
  }

  test("is ours when we control it and it has our template", async () => {
    const [path, set] = await nameOf();
    const { api, turn, rollout } = world();
    api.put(path, set);
    await turn();
    expect(rollout()["metadata"]).toMatchObject({ annotations: { "rollout.argoproj.io/revision": "1" } });
  });

  test("is a collision when it is somebody else's, and the next name is another", async () => {
    const [path, set] = await nameOf();
    const { api, turn, status, stores, rollout } = world();
    api.put(path, { ...set, metadata: { ...set.metadata, ownerReferences: [] } });
    await turn();
    expect(status()["collisionCount"]).toBe(1);
    stores.rollouts.upsert(rollout() as unknown as Rollout);
    await turn();
    expect([...api.objects.keys()].filter((key) => key.startsWith(setsPath))).toHaveLength(2);
  });

  test("is waited for when its Rollout is gone: the garbage collector takes it", async () => {
    const [path, set] = await nameOf();
    const { api, turn, status } = world();
    const owner = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      name: "web",
      uid: "former-uid",
      controller: true,
    };
    api.put(path, { ...set, metadata: { ...set.metadata, ownerReferences: [owner] } });
    expect(await failureOf(turn())).toContain("is still being deleted");
    expect(status()["collisionCount"]).toBeUndefined();
  });
});

describe("a ReplicaSet that the API server refuses", () => {
  test("is told in the status with the API server's own words, and tried again", async () => {
    const { api, turn, status, events } = world();
    api.state.refuse = (request) => (request.method === "POST" ? failure(403, "Forbidden") : undefined);
    expect(await failureOf(turn())).toContain("Forbidden by the API server");
    const [condition] = status()["conditions"] as Json[];
    expect(condition).toMatchObject({ type: "Progressing", status: "False", reason: "ReplicaSetCreateError" });
    expect(condition?.["message"]).toEndWith("Forbidden by the API server");
    expect(events).toContain("ReplicaSetCreateError");
  });

  test("is not told when the API server itself is in trouble", async () => {
    const { api, turn, status } = world();
    api.state.refuse = (request) => (request.method === "POST" ? failure(503, "ServiceUnavailable") : undefined);
    expect(await failureOf(turn())).toContain("ServiceUnavailable");
    expect(status()).toEqual({ somethingNewer: "kept" });
  });
});

describe("a Rollout whose template has a quantity that is none", () => {
  const requests = { memory: "lots" };

  test("is driven without it, as the reference does, and warned of once", async () => {
    const { api, turn, clock, events, rollout } = world({ resources: { limits: { cpu: "1" }, requests } });
    for (let turns = 0; turns < 4; turns += 1) {
      await turn();
      await clock.advance(500);
    }
    const [, set] = createdSet(api.objects);
    const pod = set.spec.template?.spec as { containers: { resources: object }[] };
    expect(pod.containers[0]?.resources).toEqual({ limits: { cpu: "1" }, requests: {} });
    expect(events.filter((reason) => reason === "MalformedTemplate")).toHaveLength(1);
    // Clients written in Go would not read the status behind it.
    expect((rollout()["spec"] as (typeof manifest)["spec"]).template.spec).toMatchObject(pod);
  });

  test("is held where the reference would lose more than that", async () => {
    const { api, turn, status } = world({ resources: { limits: { cpu: "lots", memory: "1Gi" } } });
    await turn();
    expect(writes(api.requests)).toEqual(["PATCH rollouts/web/status"]);
    expect(status()["message"]).toContain('resources.limits[cpu]: Invalid value: "lots"');
  });
});

describe("a Rollout whose pods do not become ready", () => {
  const podsPath = "/api/v1/namespaces/ns/pods";
  const waiting = { waiting: { reason: "ErrImagePull", message: "web:1: not found" } };

  async function stuck() {
    const built = world();
    const { api, turn, clock } = built;
    await turn();
    await clock.advance(250);
    await turn();
    const [path, set] = createdSet(api.objects);
    const told = { ...set, status: { observedGeneration: 1, replicas: 2 } };
    built.stores.replicaSets.upsert(api.put(path, told) as unknown as ReplicaSet);
    for (let turns = 0; turns < 2; turns += 1) {
      await turn();
      await clock.advance(500);
    }
    const owner = { uid: set.metadata.uid, controller: true };
    const pod = {
      metadata: { name: "web-1", namespace: "ns", ownerReferences: [owner] },
      spec: { containers: [{ name: "web", image: "web:1" }] },
      status: { containerStatuses: [{ name: "web", ready: false, state: waiting }] },
    };
    api.put(podsPath, { items: [pod] });
    const reads = (): number => api.requests.filter(({ path }) => path === podsPath).length;
    const message = (): unknown =>
      (built.status()["conditions"] as Json[]).find(({ type }) => type === "Progressing")?.["message"];
    return { ...built, reads, message };
  }

  test("is asked why once its progress deadline has passed, and only now and then from there on", async () => {
    const { turn, clock, reads, message, wakes } = await stuck();
    expect(reads()).toBe(0);
    await clock.advance(601_000);
    await turn();
    expect(reads()).toBe(1);
    expect(message()).toEndWith(
      'has timed out progressing. 1 of 1 pods not ready: ImagePullBackOff, container "web", image "web:1": web:1: not found.',
    );
    await turn();
    expect(reads()).toBe(1);
    expect(wakes).toContain(30_000);
    await clock.advance(30_000);
    await turn();
    expect(reads()).toBe(2);
  });

  test("is told of all the same when its pods cannot be read", async () => {
    const { api, turn, clock, message } = await stuck();
    api.state.refuse = ({ path }) => (path === podsPath ? failure(403, "Forbidden") : undefined);
    await clock.advance(601_000);
    await turn();
    expect(message()).toEndWith("has timed out progressing. Why is not known: Forbidden.");
  });
});

describe("a Rollout that takes the place of a Deployment", () => {
  const deploymentPath = "/apis/apps/v1/namespaces/ns/deployments/web";

  /** Its two pods are available, and the Deployment still has as many. */
  async function migrated() {
    const built = world();
    const { api, stores, turn, clock } = built;
    const { template, selector } = manifest.spec;
    const metadata = { name: "web", namespace: "ns", uid: "deployment-uid", generation: 1 };
    const deployment = api.put(deploymentPath, { metadata, spec: { replicas: 2, selector, template } });
    stores.workloads.Deployment.objects.upsert(deployment as unknown as Workload);
    const { template: _, selector: __, ...spec } = manifest.spec;
    const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web", scaleDown: "onsuccess" };
    const referring = { ...manifest, spec: { ...spec, workloadRef } };
    stores.rollouts.upsert(api.put(rolloutPath, referring) as unknown as Rollout);
    await turn();
    const [path, set] = createdSet(api.objects);
    const counts = { observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 2 };
    stores.replicaSets.upsert(api.put(path, { ...set, status: counts }) as unknown as ReplicaSet);
    const settle = async (): Promise<string[]> => {
      const failures: string[] = [];
      for (let turns = 0; turns < 4; turns += 1) {
        await clock.advance(300);
        failures.push(await failureOf(turn()));
      }
      return failures.filter((text) => text !== "");
    };
    const size = (): unknown => (api.objects.get(deploymentPath)?.["spec"] as Json)["replicas"];
    /** Somebody writes the Deployment. */
    const resize = (replicas: number): void => {
      const old = api.objects.get(deploymentPath) ?? {};
      const { generation } = old["metadata"] as { generation: number };
      const next = merged(old, { metadata: { generation: generation + 1 }, spec: { replicas } });
      stores.workloads.Deployment.objects.upsert(api.put(deploymentPath, next) as unknown as Workload);
    };
    return { ...built, settle, size, resize };
  }

  test("scales it down once it is Healthy, and never stores the template", async () => {
    const { settle, size, status, rollout } = await migrated();
    expect(await settle()).toEqual([]);
    expect(size()).toBe(0);
    expect(status()).toMatchObject({ phase: "Healthy", selector: "app=web" });
    expect(Object.keys(rollout()["spec"] as Json)).toEqual(["replicas", "strategy", "workloadRef"]);
  });

  test("is Healthy although somebody keeps it from scaling the Deployment, and tries again", async () => {
    const { api, settle, size, status } = await migrated();
    api.state.refuse = ({ method, path }) =>
      method === "PATCH" && path === deploymentPath ? failure(403, "Forbidden") : undefined;
    expect(await settle()).toContain("ApiError: Forbidden");
    expect(size()).toBe(2);
    expect(status()["phase"]).toBe("Healthy");
    api.state.refuse = undefined;
    await settle();
    expect(size()).toBe(0);
  });

  test("answers whoever scales it up at once, and then only every ten seconds", async () => {
    const { settle, size, resize, clock, turn, wakes } = await migrated();
    await settle();
    await clock.advance(60_000);
    resize(2);
    await turn();
    expect(size()).toBe(0);
    resize(2);
    await turn();
    expect(size()).toBe(2);
    expect(wakes).toContain(10_000);
    await clock.advance(10_000);
    await turn();
    expect(size()).toBe(0);
  });
});

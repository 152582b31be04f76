import { describe, expect, test } from "bun:test";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { createdSet, failure, type Json, rolloutPath, world, writes } from "./testing.ts";

describe("a restart", () => {
  const podsPath = "/api/v1/namespaces/ns/pods";

  /** Two old pods, `a` and `b`, both available; evictions of those in `refused` are refused. */
  async function due(refused: readonly string[]) {
    const built = world();
    const { api, turn, clock, stores } = built;
    await turn();
    const [path, set] = createdSet(api.objects);
    const status = { observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 2 };
    stores.replicaSets.upsert(api.put(path, { ...set, status }) as unknown as ReplicaSet);
    await clock.advance(1_000);
    await turn();
    const pods = ["a", "b"].map((name) => ({
      metadata: {
        name,
        namespace: "ns",
        creationTimestamp: "2026-01-01T00:00:00Z",
        ownerReferences: [{ uid: set.metadata.uid, controller: true }],
      },
      status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:01Z" }] },
    }));
    api.put(podsPath, { items: pods });
    const asked = (): string[] =>
      api.requests.flatMap(({ path: asks }) => (asks.endsWith("/eviction") ? [asks.split("/").at(-2) ?? ""] : []));
    api.state.refuse = (request) => {
      if (!request.path.endsWith("/eviction")) return undefined;
      return refused.includes(request.path.split("/").at(-2) ?? "")
        ? failure(429, "TooManyRequests")
        : failure(404, "NotFound");
    };
    const edit = (spec: object): void => {
      const old = built.rollout() as { metadata: { generation: number }; spec: object };
      const metadata = { ...old.metadata, generation: old.metadata.generation + 1 };
      stores.rollouts.upsert(
        api.put(rolloutPath, { ...old, metadata, spec: { ...old.spec, ...spec } }) as unknown as Rollout,
      );
    };
    edit({ restartAt: "2026-01-01T00:00:05Z" });
    return { ...built, asked, edit };
  }

  test("asks for the next pod when a disruption budget keeps the first, and for no more than may go", async () => {
    const { turn, asked } = await due(["a"]);
    await turn();
    expect(asked()).toEqual(["a", "b"]);
    const { turn: other, asked: second } = await due([]);
    await other();
    expect(second()).toEqual(["a"]);
  });

  test("that is refused every pod holds up nothing else, and is tried again after 30 s", async () => {
    const { api, turn, asked, edit, clock, wakes } = await due(["a", "b"]);
    await turn();
    expect(asked()).toEqual(["a", "b"]);
    edit({ strategy: { canary: { stableMetadata: { labels: { role: "stable" } } } } });
    await turn();
    expect(asked()).toHaveLength(2);
    expect(wakes.at(-1)).toBeLessThanOrEqual(30_000);
    expect(createdSet(api.objects)[1].spec.template?.metadata?.labels).toMatchObject({ role: "stable" });
    await clock.advance(30_000);
    await turn();
    expect(asked()).toEqual(["a", "b", "a", "b"]);
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
    // Clients written in Go would not read the status after it.
    expect(rollout()["spec"]).toMatchObject({ template: { spec: pod } });
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

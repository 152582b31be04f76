import { describe, expect, test } from "bun:test";
import type { Decide } from "./reconcile.ts";
import type { ReplicaSet } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import {
  createdSet,
  failure,
  failureOf,
  type manifest,
  rolloutPath,
  setsPath,
  world,
  writes,
  type Json,
} from "./testing.ts";

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

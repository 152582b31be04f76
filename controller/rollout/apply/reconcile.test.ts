import { describe, expect, test } from "bun:test";
import { ApiError } from "../../../kube/client/apiError.ts";
import type { Decide } from "./carryOut.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { createdSet, failure, failureOf, rolloutPath, setsPath, world, writes, type Json } from "./testing.ts";

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

describe("the log", () => {
  test("tells what has happened once its status is stored, and once only", async () => {
    const { api, turn, clock, said } = world();
    await turn();
    await clock.advance(250);
    api.state.refuse = (request) => (request.path.endsWith("/status") ? failure(409, "Conflict") : undefined);
    expect(await failureOf(turn())).toContain("Conflict");
    expect(said).toEqual([]);
    api.state.refuse = undefined;
    await turn();
    await turn();
    expect(said).toEqual(["Rollout started", "Rollout completed"]);
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

  test("because the namespace is being deleted is no news for its status, and no warning", async () => {
    const { api, turn, status, events } = world();
    const details = { causes: [{ reason: "NamespaceTerminating" }] };
    api.state.refuse = (request) =>
      request.method === "POST" ? new ApiError("no", { status: 403, reason: "Forbidden", details }) : undefined;
    expect(await failureOf(turn())).toContain("no");
    expect(status()).toEqual({ somethingNewer: "kept" });
    expect(events).not.toContain("ReplicaSetCreateError");
  });

  test("is not told when the API server itself is in trouble", async () => {
    const { api, turn, status } = world();
    api.state.refuse = (request) => (request.method === "POST" ? failure(503, "ServiceUnavailable") : undefined);
    expect(await failureOf(turn())).toContain("ServiceUnavailable");
    expect(status()).toEqual({ somethingNewer: "kept" });
  });
});

describe("others have their turn", () => {
  test("before a Rollout is looked at, and after what follows from its spec was found out", async () => {
    const told: string[] = [];
    const { turn } = world({
      giveWay: () => Promise.resolve(void told.push("others")),
      decide: (snapshot) => {
        told.push(snapshot.podHash === "" ? "nothing known" : "decided");
        return { actions: [], status: undefined, events: [], wakeAt: undefined, more: false, finished: undefined };
      },
    });
    await turn();
    await turn();
    expect(told).toEqual(["others", "others", "decided", "others", "decided"]);
  });
});

import { describe, expect, test } from "bun:test";
import type { Decide } from "./carryOut.ts";
import type { OwnerReference } from "../../../simulator/model/model.ts";
import { refusal } from "../../../test/apiServer.ts";
import {
  createdSet,
  failureOf,
  foreignStatus,
  type Json,
  REPLICA_SETS,
  rolloutPath,
  world,
  writes,
} from "./testing.ts";

describe("a first turn", () => {
  test("creates the ReplicaSet with its first size, then gives the Rollout its revision, and holds the status for an answer", async () => {
    const { core, requests, turn, wakes } = world();
    await turn();
    expect(writes(requests)).toEqual(["POST replicasets", "PATCH rollouts/web"]);
    expect(createdSet(core).spec.replicas).toBe(2);
    expect(wakes).toContain(250);
  });

  test("is followed by one status, which tells everything", async () => {
    const { requests, turn, status, clock, events } = world();
    await turn();
    await clock.advance(250);
    await turn();
    expect(writes(requests).slice(2)).toEqual(["PATCH rollouts/web/status"]);
    expect(status()).toMatchObject({ phase: "Progressing", observedGeneration: "1", ...foreignStatus });
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
    const { requests, turn, clock } = world();
    await turn();
    await clock.advance(250);
    await turn();
    const before = requests.length;
    await turn();
    await clock.advance(5_000);
    await turn();
    expect(requests.length).toBe(before);
  });
});

describe("a write", () => {
  test("names the version that it was decided on", async () => {
    const { requests, turn, rollout } = world();
    const { resourceVersion } = rollout().metadata;
    await turn();
    const patch = requests.find((r) => r.method === "PATCH");
    expect(patch?.body).toMatchObject({ metadata: { resourceVersion } });
  });

  test("is not sent while the Lease may run out before the answer", async () => {
    const { requests, turn } = world({ validForMs: 5_000 });
    expect(await failureOf(turn())).toContain("the leader Lease may run out");
    expect(requests).toEqual([]);
  });

  test("that meets a newer object fails, and the next turn goes on from there", async () => {
    const { core, requests, stores, turn, rollout } = world();
    core.modify({ resource: "rollouts.argoproj.io", namespace: "ns", name: "web" }, (old) => ({
      ...old,
      metadata: { ...old.metadata, labels: { written: "meanwhile" } },
    }));
    expect(await failureOf(turn())).toContain("Conflict");
    stores.rollouts.upsert(rollout());
    await turn();
    expect(writes(requests)).toEqual(["POST replicasets", "PATCH rollouts/web", "PATCH rollouts/web"]);
    expect(rollout().metadata).toMatchObject({ annotations: { "rollout.argoproj.io/revision": "1" } });
  });
});

describe("events", () => {
  const refuseOnce = ({ refuse }: ReturnType<typeof world>, path: string): void =>
    refuse((request) => {
      if (request.path !== path) return undefined;
      refuse(() => undefined);
      return refusal(request, 409, "Conflict");
    });

  test("of a status that an action's failure kept back are told with the next one", async () => {
    const listed = [{ type: "Normal", reason: "RolloutCompleted", message: "m", after: "status" }] as const;
    const decide: Decide = ({ rollout: { metadata, status } }) => ({
      actions: metadata.annotations === undefined ? [{ kind: "updateRollout", revision: "1" }] : [],
      ...(status?.phase === "Healthy"
        ? { status: undefined, events: [] }
        : { status: { phase: "Healthy" }, events: listed }),
      wakeAt: undefined,
      more: false,
      finished: undefined,
    });
    const built = world({ decide });
    const { turn, events } = built;
    refuseOnce(built, rolloutPath);
    expect(await failureOf(turn())).toContain("Conflict");
    expect(events).not.toContain("RolloutCompleted");
    await turn();
    await turn();
    expect(events.filter((reason) => reason === "RolloutCompleted")).toHaveLength(1);
  });

  test("are all told, once each, when an action fails while the status waits", async () => {
    const built = world();
    const { turn, clock, events } = built;
    refuseOnce(built, rolloutPath);
    expect(await failureOf(turn())).toContain("Conflict");
    await turn();
    await clock.advance(250);
    await turn();
    const once = ["RolloutAddedToInformer", "NewReplicaSetCreated", "RolloutUpdated", "RolloutNotCompleted"];
    expect(events.toSorted()).toEqual([...once, "RolloutCompleted", "ScalingReplicaSet"].toSorted());
  });

  test("of a status that could not be written are not told again with the next one", async () => {
    const built = world();
    const { turn, clock, events } = built;
    await turn();
    await clock.advance(250);
    refuseOnce(built, `${rolloutPath}/status`);
    expect(await failureOf(turn())).toContain("Conflict");
    await turn();
    expect(events.filter((reason) => reason === "RolloutCompleted")).toHaveLength(1);
  });
});

describe("the log", () => {
  test("tells what has happened once its status is stored, and once only", async () => {
    const { refuse, turn, clock, logged } = world();
    await turn();
    await clock.advance(250);
    refuse((request) => (request.path.endsWith("/status") ? refusal(request, 409, "Conflict") : undefined));
    expect(await failureOf(turn())).toContain("Conflict");
    expect(logged).toEqual([]);
    refuse(() => undefined);
    await turn();
    await turn();
    expect(logged).toEqual(["Rollout started", "Rollout completed"]);
  });
});

describe("a ReplicaSet of the wanted name that is there already", () => {
  /** What a crash after the creation leaves: the object, but not in our cache. */
  async function left(owners: (ours: OwnerReference) => readonly OwnerReference[]) {
    const { core: other, turn } = world();
    await turn();
    const { metadata, spec } = createdSet(other);
    const built = world();
    const { name, namespace, labels = {}, annotations = {}, ownerReferences = [] } = metadata;
    const { uid = "" } = built.rollout().metadata;
    const references = owners({ ...(ownerReferences[0] as OwnerReference), uid });
    const draft = { name, namespace, labels, annotations, ownerReferences: references };
    built.core.create(REPLICA_SETS, { metadata: draft, spec });
    return built;
  }

  test("is ours when we control it and it has our template", async () => {
    const { turn, rollout } = await left((ours) => [ours]);
    await turn();
    expect(rollout().metadata).toMatchObject({ annotations: { "rollout.argoproj.io/revision": "1" } });
  });

  test("is a collision when it is somebody else's, and the next name is another", async () => {
    const { core, turn, status, stores, rollout, wakes } = await left(() => []);
    wakes.length = 0;
    await turn();
    expect(status()["collisionCount"]).toBe(1);
    // Nothing that happens elsewhere wakes it.
    expect(wakes.at(-1)).toBe(0);
    stores.rollouts.upsert(rollout());
    await turn();
    expect(core.list(REPLICA_SETS)).toHaveLength(2);
  });

  test("is waited for when its Rollout is gone: the garbage collector takes it", async () => {
    const { clock, turn, status } = await left((ours) => [{ ...ours, uid: "former-uid" }]);
    expect(await failureOf(turn())).toContain("is still being deleted");
    expect(status()["collisionCount"]).toBeUndefined();
    await clock.advance(1_000);
    expect(await failureOf(turn())).toBe("");
  });
});

describe("a ReplicaSet that the API server refuses", () => {
  test("is told in the status with the API server's own words, and tried again", async () => {
    const { refuse, turn, status, events } = world();
    refuse((request) => (request.method === "POST" ? refusal(request, 403, "Forbidden", "by a quota") : undefined));
    expect(await failureOf(turn())).toContain("by a quota");
    const [condition] = status()["conditions"] as Json[];
    expect(condition).toMatchObject({ type: "Progressing", status: "False", reason: "ReplicaSetCreateError" });
    expect(condition?.["message"]).toEndWith(": by a quota");
    expect(events).toContain("ReplicaSetCreateError");
  });

  test("because the namespace is being deleted is no news for its status, and no warning", async () => {
    const { core, turn, status, events } = world();
    // The Rollout is there until the namespace controller takes it.
    core.delete({ resource: "namespaces", name: "ns" });
    expect(await failureOf(turn())).toContain("because it is being terminated");
    expect(status()).toEqual(foreignStatus);
    expect(events).not.toContain("ReplicaSetCreateError");
  });

  test("is not told when the API server itself is in trouble", async () => {
    const { refuse, turn, status } = world();
    refuse((request) => (request.method === "POST" ? refusal(request, 503, "ServiceUnavailable") : undefined));
    expect(await failureOf(turn())).toContain("ServiceUnavailable");
    expect(status()).toEqual(foreignStatus);
  });
});

describe("others have their turn", () => {
  test("before a Rollout is looked at, and after what follows from its spec was found out", async () => {
    const listed: string[] = [];
    const { turn } = world({
      giveWay: () => Promise.resolve(void listed.push("others")),
      decide: (snapshot) => {
        listed.push(snapshot.podHash === "" ? "nothing known" : "decided");
        return { actions: [], status: undefined, events: [], wakeAt: undefined, more: false, finished: undefined };
      },
    });
    await turn();
    await turn();
    expect(listed).toEqual(["others", "others", "decided", "others", "decided"]);
  });
});

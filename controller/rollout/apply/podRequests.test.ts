import { describe, expect, test } from "bun:test";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { ApiCore } from "../../../simulator/model/model.ts";
import { refusal } from "../../../test/apiServer.ts";
import { answerWith, createdSet, type Json, world, writes } from "./testing.ts";

/** Creates a pod of the ReplicaSet, as the ReplicaSet controller would. */
function createPod(core: ApiCore, set: ReplicaSet, name: string, status: object): void {
  const { uid = "" } = set.metadata;
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: set.metadata.name, uid, controller: true };
  const { labels } = set.spec.template?.metadata ?? {};
  core.create("pods", {
    metadata: { name, namespace: "ns", ...(labels === undefined ? {} : { labels }), ownerReferences: [owner] },
    spec: set.spec.template?.spec,
  });
  core.modify({ resource: "pods", namespace: "ns", name }, (old) => ({ ...old, status }), { subresource: "status" });
}

describe("a restart", () => {
  /** Two old pods, `a` and `b`, both available; evictions of those in `refused` are refused. */
  async function due(refused: readonly string[]) {
    const built = world();
    const { core, turn, clock, requests, refuse } = built;
    await turn();
    const lastTransitionTime = new Date(clock.now()).toISOString();
    for (const name of ["a", "b"]) {
      createPod(core, createdSet(core), name, { conditions: [{ type: "Ready", status: "True", lastTransitionTime }] });
    }
    answerWith(built, { observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 2 });
    await clock.advance(1_000);
    await turn();
    const evicted = ({ path }: { path: string }): string | undefined => /([^/]+)\/eviction$/.exec(path)?.[1];
    const asked = (): string[] => requests.flatMap((request) => evicted(request) ?? []);
    refuse((request) =>
      refused.includes(evicted(request) ?? "") ? refusal(request, 429, "TooManyRequests") : undefined,
    );
    const change = (spec: object): void =>
      built.edit((old) => ({ ...old, spec: { ...(old["spec"] as object), ...spec } }));
    change({ restartAt: new Date(clock.now()).toISOString() });
    await clock.advance(1_000);
    return { ...built, asked, change };
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
    const { core, turn, asked, change, clock, wakes } = await due(["a", "b"]);
    await turn();
    expect(asked()).toEqual(["a", "b"]);
    change({ strategy: { canary: { stableMetadata: { labels: { role: "stable" } } } } });
    await turn();
    expect(asked()).toHaveLength(2);
    expect(wakes.at(-1)).toBeLessThanOrEqual(30_000);
    expect(createdSet(core).spec.template?.metadata?.labels).toMatchObject({ role: "stable" });
    await clock.advance(30_000);
    await turn();
    expect(asked()).toEqual(["a", "b", "a", "b"]);
  });
});

describe("a Rollout whose template has a value that is not a quantity", () => {
  const requests = { memory: "lots" };

  test("is driven without it, as the reference does, and warned of once", async () => {
    const { core, turn, clock, events, rollout } = world({ resources: { limits: { cpu: "1" }, requests } });
    for (let turns = 0; turns < 4; turns += 1) {
      await turn();
      await clock.advance(500);
    }
    const pod = createdSet(core).spec.template?.spec as { containers: { resources: object }[] };
    expect(pod.containers[0]?.resources).toEqual({ limits: { cpu: "1" } });
    expect(events.filter((reason) => reason === "MalformedTemplate")).toHaveLength(1);
    // Clients written in Go would not read the status after it.
    const containers = [{ name: "web", image: "web:1", resources: { limits: { cpu: "1" }, requests: {} } }];
    expect(rollout().spec.template).toMatchObject({ spec: { containers } });
  });

  test("is held where the reference would lose more than that", async () => {
    const { requests: sent, turn, status } = world({ resources: { limits: { cpu: "lots", memory: "1Gi" } } });
    await turn();
    expect(writes(sent)).toEqual(["PATCH rollouts/web/status"]);
    expect(status()["message"]).toContain('resources.limits[cpu]: Invalid value: "lots"');
  });
});

describe("a Rollout whose pods do not become ready", () => {
  const podsPath = "/api/v1/namespaces/ns/pods";
  const waiting = { waiting: { reason: "ErrImagePull", message: "web:1: not found" } };

  async function stuck() {
    const built = world();
    const { core, requests, turn, clock } = built;
    await turn();
    await clock.advance(250);
    await turn();
    answerWith(built, { observedGeneration: 1, replicas: 2 });
    for (let turns = 0; turns < 2; turns += 1) {
      await turn();
      await clock.advance(500);
    }
    const container = { name: "web", image: "web:1", imageID: "", restartCount: 0, ready: false, state: waiting };
    createPod(core, createdSet(core), "web-1", { containerStatuses: [container] });
    const reads = (): number => requests.filter(({ path }) => path === podsPath).length;
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
    const { refuse, turn, clock, message } = await stuck();
    refuse((request) => (request.path === podsPath ? refusal(request, 403, "Forbidden") : undefined));
    await clock.advance(601_000);
    await turn();
    expect(message()).toEndWith(
      'has timed out progressing. Why is not known: Cannot list pods in "ns": HTTP 403 Forbidden: no.',
    );
  });
});

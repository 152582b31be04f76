import { describe, expect, test } from "bun:test";
import { type ManualClock, manualClock } from "../../../kube/clock/clock.ts";
import { createCore } from "./core.ts";
import type { ApiCore, ApiObject, Change, Draft } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";

interface Bed {
  readonly core: ApiCore;
  readonly clock: ManualClock;
  readonly changes: Change[];
}

/** Numbers that only look random. */
const counting = (): (() => number) => {
  let state = 1;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

const bed = (): Bed => {
  const clock = manualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  const core = createCore({ clock, random: counting(), frozen: true });
  const changes: Change[] = [];
  core.onChange((change) => changes.push(change));
  return { core, clock, changes };
};

const refusal = (act: () => unknown): StatusError["status"] => {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  throw new Error("Nothing was refused");
};

const configMap = (name: string, more: Draft["metadata"] = {}, data: Record<string, string> = { a: "1" }): Draft => ({
  metadata: { name, namespace: "default", ...more },
  data,
});

const replicaSet = (name: string, more: Draft["metadata"] = {}): Draft => ({
  metadata: { name, namespace: "default", ...more },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
  },
});

const pod = (name: string, more: Draft["metadata"] = {}, spec: object = {}): Draft => ({
  metadata: { name, namespace: "default", ...more },
  spec: { containers: [{ name: "web", image: "web:1" }], ...spec },
});

const owner = ({ apiVersion, kind, metadata: { name, uid } }: ApiObject, blockOwnerDeletion = true) => ({
  ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion }],
});

const texts = (changes: readonly Change[]): string[] =>
  changes.map(({ type, resource, object }) => `${type} ${resource} ${object.metadata.name}`);

describe("a new object", () => {
  test("gets uid, time, number and, where the kind counts, generation 1", () => {
    const { core } = bed();
    const { metadata } = core.create("replicasets.apps", replicaSet("web"));
    expect(metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(metadata.creationTimestamp).toBe("2026-01-02T03:04:05Z");
    expect(metadata.resourceVersion).toBe(core.resourceVersion);
    expect(metadata.generation).toBe(1);
    expect(core.create("configmaps", configMap("a")).metadata.generation).toBeUndefined();
  });

  test("gets a name from generateName, the same for the same seed", () => {
    const [first, second] = [bed(), bed()].map(
      ({ core }) => core.create("pods", pod("", { generateName: "web-" })).metadata.name,
    );
    expect(first).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(second).toBe(first ?? "");
  });

  test("brings no status where the status has a subresource", () => {
    const { core } = bed();
    const created = core.create("replicasets.apps", { ...replicaSet("web"), status: { replicas: 7 } });
    expect(created["status"]).toEqual({ replicas: 0 });
  });

  test("is refused when there is one of its name", () => {
    const { core } = bed();
    core.create("configmaps", configMap("a"));
    expect(refusal(() => core.create("configmaps", configMap("a")))).toMatchObject({
      code: 409,
      reason: "AlreadyExists",
      message: 'configmaps "a" already exists',
      details: { name: "a", kind: "configmaps" },
    });
  });

  test("is refused in a namespace that is missing, or going", async () => {
    const { core, clock } = bed();
    expect(refusal(() => core.create("configmaps", configMap("a", { namespace: "nowhere" })))).toMatchObject({
      code: 404,
      message: 'namespaces "nowhere" not found',
    });
    core.create("namespaces", { metadata: { name: "going" } });
    core.create("pods", pod("web", { namespace: "going", finalizers: ["example.com/wait"] }));
    core.delete({ resource: "namespaces", name: "going" });
    await clock.advance(0);
    expect(refusal(() => core.create("configmaps", configMap("a", { namespace: "going" })))).toMatchObject({
      code: 403,
      message:
        'configmaps "a" is forbidden: unable to create new content in namespace going because it is being terminated',
    });
  });
});

describe("an update", () => {
  test("that says nothing new is no write", () => {
    const { core, changes } = bed();
    const created = core.create("configmaps", configMap("a"));
    const again = core.update("configmaps", structuredClone(created));
    expect(again).toBe(created);
    expect(texts(changes)).toEqual(["ADDED configmaps a"]);
  });

  test("made from an old version is refused", () => {
    const { core } = bed();
    const created = core.create("configmaps", configMap("a"));
    core.update("configmaps", { ...created, data: { a: "2" } });
    expect(refusal(() => core.update("configmaps", { ...created, data: { a: "3" } }))).toMatchObject({
      code: 409,
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  test("raises the generation with the spec alone", () => {
    const { core } = bed();
    const ref = { resource: "replicasets.apps", namespace: "default", name: "web" };
    const created = core.create("replicasets.apps", replicaSet("web"));
    const labelled = core.modify(ref, (object) => ({
      ...object,
      metadata: { ...object.metadata, labels: { a: "b" } },
    }));
    expect(labelled.metadata.generation).toBe(1);
    const spec = { ...(created["spec"] as object), replicas: 2 };
    expect(core.modify(ref, (object) => ({ ...object, spec })).metadata.generation).toBe(2);
    const reported = core.modify(ref, (object) => ({ ...object, status: { replicas: 2 } }), { subresource: "status" });
    expect(reported.metadata.generation).toBe(2);
    expect(reported["status"]).toEqual({ replicas: 2 });
  });

  test("of the object leaves the status, one of the status the object", () => {
    const { core } = bed();
    const ref = { resource: "replicasets.apps", namespace: "default", name: "web" };
    core.create("replicasets.apps", replicaSet("web"));
    const change = (object: ApiObject): Draft => ({
      ...object,
      spec: { ...(object["spec"] as object), replicas: 3 },
      status: { replicas: 3 },
    });
    const updated = core.modify(ref, change);
    expect(updated["status"]).toEqual({ replicas: 0 });
    const reported = core.modify(ref, (object) => ({ ...change(object), spec: {} }), { subresource: "status" });
    expect(reported).toMatchObject({ spec: { replicas: 3 }, status: { replicas: 3 } });
  });

  test("cannot add a finalizer to what is being deleted", () => {
    const { core } = bed();
    const ref = { resource: "configmaps", namespace: "default", name: "a" };
    core.create("configmaps", configMap("a", { finalizers: ["example.com/one"] }));
    core.delete(ref);
    const finalizers = ["example.com/one", "example.com/two"];
    const change = (object: ApiObject): Draft => ({ ...object, metadata: { ...object.metadata, finalizers } });
    expect(refusal(() => core.modify(ref, change)).message).toBe(
      'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/two"}',
    );
  });

  test("that is only tried stores nothing", () => {
    const { core, changes } = bed();
    const created = core.create("configmaps", configMap("a"));
    const shown = core.update("configmaps", { ...created, data: { a: "2" } }, { dryRun: true });
    expect(shown["data"]).toEqual({ a: "2" });
    expect(core.get({ resource: "configmaps", namespace: "default", name: "a" })).toBe(created);
    expect(changes.length).toBe(1);
  });
});

describe("deletion", () => {
  test("of a running pod waits for the kubelet, of a waiting one does not", () => {
    const { core, changes } = bed();
    core.create("pods", pod("waiting"));
    core.create("pods", pod("running", {}, { nodeName: "n" }));
    core.delete({ resource: "pods", namespace: "default", name: "waiting" });
    const ref = { resource: "pods", namespace: "default", name: "running" };
    expect(core.delete(ref).metadata).toMatchObject({
      deletionTimestamp: "2026-01-02T03:04:35Z",
      deletionGracePeriodSeconds: 30,
    });
    core.delete(ref);
    core.delete(ref, { gracePeriodSeconds: 0 });
    expect(core.get(ref)).toBeUndefined();
    expect(texts(changes.slice(2))).toEqual([
      "MODIFIED pods waiting",
      "DELETED pods waiting",
      "MODIFIED pods running",
      "MODIFIED pods running",
      "DELETED pods running",
    ]);
  });

  test("waits for finalizers, and happens with the last of them", () => {
    const { core } = bed();
    const ref = { resource: "configmaps", namespace: "default", name: "a" };
    core.create("configmaps", configMap("a", { finalizers: ["example.com/one"] }));
    expect(core.delete(ref).metadata.deletionTimestamp).toBe("2026-01-02T03:04:05Z");
    core.modify(ref, (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
    expect(core.get(ref)).toBeUndefined();
  });

  test("with a precondition that does not hold is refused", () => {
    const { core } = bed();
    const { uid } = core.create("configmaps", configMap("a")).metadata;
    const ref = { resource: "configmaps", namespace: "default", name: "a" };
    expect(refusal(() => core.delete(ref, { preconditions: { uid: "other" } })).message).toBe(
      `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  });

  test("of a namespace takes all that is in it along", async () => {
    const { core, clock } = bed();
    core.create("namespaces", { metadata: { name: "shop" } });
    core.create("pods", pod("web", { namespace: "shop" }, { nodeName: "n" }));
    core.create("configmaps", configMap("a", { namespace: "shop" }));
    expect(core.delete({ resource: "namespaces", name: "shop" })["status"]).toEqual({ phase: "Terminating" });
    await clock.advance(0);
    expect(core.list("configmaps", { namespace: "shop" })).toEqual([]);
    expect(core.get({ resource: "namespaces", name: "shop" })).toBeDefined();
    core.delete({ resource: "pods", namespace: "shop", name: "web" }, { gracePeriodSeconds: 0 });
    await clock.advance(0);
    expect(core.get({ resource: "namespaces", name: "shop" })).toBeUndefined();
  });
});

describe("the garbage collector", () => {
  const family = (blockOwnerDeletion = true) => {
    const made = bed();
    const { core } = made;
    const parent = core.create("replicasets.apps", replicaSet("parent"));
    core.create("pods", pod("child", owner(parent, blockOwnerDeletion), { nodeName: "n" }));
    const names = (resource: string) => core.list(resource).map(({ metadata }) => metadata.name);
    return {
      ...made,
      delete: (propagationPolicy: "Background" | "Foreground" | "Orphan") =>
        core.delete({ resource: "replicasets.apps", namespace: "default", name: "parent" }, { propagationPolicy }),
      parents: () => names("replicasets.apps"),
      child: () => core.get({ resource: "pods", namespace: "default", name: "child" }),
      endChild: () => core.delete({ resource: "pods", namespace: "default", name: "child" }, { gracePeriodSeconds: 0 }),
    };
  };

  test("deletes dependents after their owner, not in the same breath", async () => {
    const world = family();
    world.delete("Background");
    expect(world.parents()).toEqual([]);
    expect(world.child()?.metadata.deletionTimestamp).toBeUndefined();
    await world.clock.advance(0);
    expect(world.child()?.metadata.deletionTimestamp).toBeDefined();
  });

  test("keeps the owner until blocking dependents are gone", async () => {
    const world = family();
    expect(world.delete("Foreground").metadata).toMatchObject({ finalizers: ["foregroundDeletion"], generation: 2 });
    await world.clock.advance(0);
    expect(world.child()?.metadata.deletionTimestamp).toBeDefined();
    expect(world.parents()).toEqual(["parent"]);
    world.endChild();
    await world.clock.advance(0);
    expect(world.parents()).toEqual([]);
  });

  test("does not wait for dependents that do not block", async () => {
    const world = family(false);
    world.delete("Foreground");
    await world.clock.advance(0);
    expect(world.parents()).toEqual([]);
    expect(world.child()?.metadata.deletionTimestamp).toBeDefined();
  });

  test("sets dependents free when asked to", async () => {
    const world = family();
    world.delete("Orphan");
    await world.clock.advance(0);
    expect(world.parents()).toEqual([]);
    expect(world.child()?.metadata.ownerReferences).toBeUndefined();
    expect(world.child()?.metadata.deletionTimestamp).toBeUndefined();
  });

  test("deletes what is created for an owner that is no more", async () => {
    const { core, clock } = bed();
    const parent = core.create("replicasets.apps", replicaSet("parent"));
    core.delete({ resource: "replicasets.apps", namespace: "default", name: "parent" });
    core.create("configmaps", configMap("late", owner(parent)));
    await clock.advance(0);
    expect(core.list("configmaps")).toEqual([]);
  });

  test("leaves dependents of owners whose kind it does not know, and those with another owner", async () => {
    const { core, clock } = bed();
    const foreign = { apiVersion: "example.com/v1", kind: "Thing", name: "t", uid: "t" };
    core.create("configmaps", configMap("foreign", { ownerReferences: [foreign] }));
    const [one, two] = ["one", "two"].map((name) => core.create("replicasets.apps", replicaSet(name)));
    const both = [one, two].flatMap((each) => (each === undefined ? [] : owner(each).ownerReferences));
    const ownerReferences = both.map((reference) => ({ ...reference, controller: false }));
    core.create("configmaps", configMap("shared", { ownerReferences }));
    core.delete({ resource: "replicasets.apps", namespace: "default", name: "one" });
    await clock.advance(0);
    expect(core.list("configmaps").map(({ metadata }) => [metadata.name, metadata.ownerReferences?.length])).toEqual([
      ["foreign", 1],
      ["shared", 1],
    ]);
  });
});

describe("listeners and lists", () => {
  test("a listener that writes does not change the order in which others hear", () => {
    const { core, changes } = bed();
    const received: string[] = [];
    core.onChange(({ object }) => {
      if (object.metadata.name === "first") core.create("configmaps", configMap("second"));
    });
    core.onChange(({ object }) => received.push(object.metadata.name));
    core.create("configmaps", configMap("first"));
    expect(received).toEqual(["first", "second"]);
    expect(texts(changes)).toEqual(["ADDED configmaps first", "ADDED configmaps second"]);
  });

  test("what is stored cannot be changed where that is asked for", () => {
    const { core } = bed();
    const stored = core.create("configmaps", configMap("a"));
    expect(() => Object.assign(stored["data"] as object, { a: "2" })).toThrow(TypeError);
  });

  test("lists are in order of namespace and name, and selectors choose", () => {
    const { core } = bed();
    for (const name of ["a-b", "a"]) core.create("namespaces", { metadata: { name } });
    core.create("configmaps", configMap("z", { namespace: "a" }));
    core.create("configmaps", configMap("y", { namespace: "a-b", labels: { app: "web" } }));
    core.create("configmaps", configMap("b", { namespace: "a", labels: { app: "db" } }));
    const names = (options: Parameters<ApiCore["list"]>[1]) =>
      core.list("configmaps", options).map(({ metadata }) => metadata.name);
    expect(names({})).toEqual(["y", "b", "z"]);
    expect(names({ namespace: "a" })).toEqual(["b", "z"]);
    expect(names({ labelSelector: "app in (web,db),app!=db" })).toEqual(["y"]);
    expect(names({ labelSelector: "!app" })).toEqual(["z"]);
    expect(names({ fieldSelector: "metadata.name=b,metadata.namespace!=a-b" })).toEqual(["b"]);
    expect(refusal(() => names({ fieldSelector: "spec.x=b" })).code).toBe(400);
    expect(refusal(() => names({ labelSelector: "a b" })).code).toBe(400);
  });
});

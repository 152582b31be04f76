import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import { crds } from "../../../schema/crd.ts";
import type { ApiCore, Draft } from "../../model/model.ts";
import { savedState, type SavedState } from "./saved.ts";
import { createApiServer } from "../requests/inMemoryServer.ts";

const clock = manualClock(Date.UTC(2026, 0, 1));
const definitions = "customresourcedefinitions.apiextensions.k8s.io";
const configMap = (name: string, more: object = {}): Draft => ({ metadata: { name, namespace: "default", ...more } });

/** Through a file and back. */
const reopened = (core: ApiCore): ReturnType<typeof createApiServer> =>
  createApiServer({ clock, saved: JSON.parse(JSON.stringify(savedState(core))) as SavedState });

const begun = (): ApiCore => createApiServer({ clock }).core;

describe("a server that goes on from what another one left", () => {
  test("has the same objects, with the same uids and numbers", () => {
    const before = begun();
    before.create("configmaps", configMap("a"));
    before.create("nodes", { metadata: { name: "n" } });
    const after = reopened(before).core;
    expect(savedState(after)).toEqual(savedState(before));
  });

  test("gives numbers above those that were given, also when the latest object is gone", () => {
    const before = begun();
    before.create("configmaps", configMap("a"));
    before.delete({ resource: "configmaps", namespace: "default", name: "a" });
    const after = reopened(before).core;
    expect(after.resourceVersion).toBe(before.resourceVersion);
    const made = after.create("configmaps", configMap("b"));
    expect(Number(made.metadata.resourceVersion)).toBeGreaterThan(Number(before.resourceVersion));
  });

  test("serves the kinds that were defined, with their objects", () => {
    const before = begun();
    for (const definition of crds as readonly Draft[]) before.create(definitions, definition);
    const spec = { selector: { matchLabels: { app: "web" } }, template: {}, strategy: { canary: {} } };
    const rollout = before.create("rollouts.argoproj.io", { metadata: { name: "web", namespace: "default" }, spec });
    const after = reopened(before).core;
    expect(after.get({ resource: "rollouts.argoproj.io", namespace: "default", name: "web" })).toEqual(rollout);
  });

  test("tells watches from before that they have to list again", async () => {
    const before = begun();
    before.create("configmaps", configMap("a"));
    const server = reopened(before);
    const response = await server.handle({
      method: "GET",
      path: "/api/v1/configmaps",
      query: { watch: "true", resourceVersion: "1" },
    });
    if (response.kind !== "watch") throw new Error("no watch");
    const types: string[] = [];
    response.start(
      ({ type }) => types.push(type),
      () => {},
    )();
    expect(types).toEqual(["ERROR"]);
  });

  test("keeps what is owned, and removes it with its owner", async () => {
    const before = begun();
    const owner = before.create("configmaps", configMap("owner"));
    const { uid } = owner.metadata;
    const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid }];
    // Comes before its owner in the order of names.
    before.create("configmaps", configMap("a-part", { ownerReferences }));
    const after = reopened(before).core;
    await clock.advance(1_000);
    expect(after.list("configmaps").map(({ metadata }) => metadata.name)).toEqual(["a-part", "owner"]);
    after.delete({ resource: "configmaps", namespace: "default", name: "owner" });
    await clock.advance(1_000);
    expect(after.list("configmaps")).toEqual([]);
  });

  test("ends what was ending", async () => {
    const before = begun();
    before.create("namespaces", { metadata: { name: "old" } });
    before.create("configmaps", { metadata: { name: "a", namespace: "old" } });
    before.delete({ resource: "namespaces", name: "old" });
    const state = savedState(before);
    const after = createApiServer({ clock, saved: state }).core;
    await clock.advance(1_000);
    expect(after.get({ resource: "namespaces", name: "old" })).toBeUndefined();
    expect(after.list("configmaps")).toEqual([]);
  });

  test("refuses objects of a kind that nothing defines", () => {
    const saved: SavedState = { resourceVersion: "5", objects: { "rollouts.argoproj.io": [] } };
    expect(() => createApiServer({ clock, saved })).toThrow(
      "there are rollouts.argoproj.io in it, and nothing that defines them",
    );
  });
});

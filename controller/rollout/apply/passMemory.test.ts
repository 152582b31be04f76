import { describe, expect, test } from "bun:test";
import { createMemories, freshMemory } from "./passMemory.ts";
import { refusal } from "../../../test/apiServer.ts";
import { failureOf, manifest, world } from "./testing.ts";

describe("what a pass remembers for the next", () => {
  test("is kept a Rollout, and nothing is kept of one that nobody asked about", () => {
    const memories = createMemories();
    memories.of("ns/web").isAnnounced = true;
    expect(memories.of("ns/web").isAnnounced).toBe(true);
    expect(memories.of("ns/api")).toEqual(freshMemory());
    expect(memories.known("ns/never")).toBeUndefined();
  });

  test("is forgotten together, and what a pass under way still notes does not reach a namesake", () => {
    const memories = createMemories();
    const underWay = memories.of("ns/web");
    memories.forget("ns/web");
    underWay.evictionsRefusedAt = 1_000;
    underWay.statusWrittenAt = 1_000;
    expect(memories.known("ns/web")).toBeUndefined();
    expect(memories.of("ns/web")).toEqual(freshMemory());
  });
});

describe("a Rollout that was deleted and made again", () => {
  test("is announced again", async () => {
    const { stores, core, turn, events, rollout, forget } = world();
    const { uid = "" } = rollout().metadata;
    await turn();
    await turn();
    const announced = () => events.filter((reason) => reason === "RolloutAddedToInformer").length;
    expect(announced()).toBe(1);
    core.delete({ resource: "rollouts.argoproj.io", namespace: "ns", name: "web" });
    stores.rollouts.deleted("ns/web", uid);
    forget();
    core.create("rollouts.argoproj.io", manifest);
    stores.rollouts.upsert(rollout());
    expect(await failureOf(turn())).toContain("the one that had its name before is still being deleted");
    expect(announced()).toBe(2);
  });
});

describe("a pass whose Rollout is gone", () => {
  test("leaves nothing behind", async () => {
    const { stores, turn, memories, forget, rollout } = world();
    await turn();
    expect(memories.known("ns/web")).toBeDefined();
    stores.rollouts.deleted("ns/web", rollout().metadata.uid ?? "");
    forget();
    await turn();
    expect(memories.known("ns/web")).toBeUndefined();
  });

  test("that fails meanwhile leaves nothing behind either", async () => {
    const { refuse, stores, turn, memories, forget, rollout } = world();
    refuse((request) => {
      stores.rollouts.deleted("ns/web", rollout().metadata.uid ?? "");
      forget();
      return refusal(request, 500, "InternalError");
    });
    expect(await failureOf(turn())).toContain("InternalError");
    expect(memories.known("ns/web")).toBeUndefined();
  });
});

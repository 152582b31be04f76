import { describe, expect, test } from "bun:test";
import type { Rollout } from "../../../schema/rollout.ts";
import { createMemories, freshMemory } from "./memory.ts";
import { failure, failureOf, rolloutPath, world } from "./testing.ts";

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
    const { stores, api, turn, events, rollout, forget } = world();
    await turn();
    await turn();
    const announced = () => events.filter((reason) => reason === "RolloutAddedToInformer").length;
    expect(announced()).toBe(1);
    stores.rollouts.deleted("ns/web", "rollout-uid");
    forget();
    const { status: _, metadata, ...rest } = rollout();
    const again = api.put(rolloutPath, { ...rest, metadata: { ...(metadata as object), uid: "second" } });
    stores.rollouts.upsert(again as unknown as Rollout);
    expect(await failureOf(turn())).toContain("its predecessor of the same name is still being deleted");
    expect(announced()).toBe(2);
  });
});

describe("a pass whose Rollout is gone", () => {
  test("leaves nothing behind", async () => {
    const { stores, turn, memories, forget } = world();
    await turn();
    expect(memories.known("ns/web")).toBeDefined();
    stores.rollouts.deleted("ns/web", "rollout-uid");
    forget();
    await turn();
    expect(memories.known("ns/web")).toBeUndefined();
  });

  test("that fails meanwhile leaves nothing behind either", async () => {
    const { api, stores, turn, memories, forget } = world();
    api.state.refuse = () => {
      stores.rollouts.deleted("ns/web", "rollout-uid");
      forget();
      return failure(500, "InternalError");
    };
    expect(await failureOf(turn())).toContain("InternalError");
    expect(memories.known("ns/web")).toBeUndefined();
  });
});

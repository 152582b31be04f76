import { describe, expect, test } from "bun:test";
import { createEventQueue, type EventQueueLimits } from "./eventQueue.ts";
import type { KubeEvent } from "./recorder.ts";

const about = (name: string, reason: string, message = reason): KubeEvent => ({
  object: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name, namespace: "ns", uid: `uid-${name}` },
  type: "Normal",
  reason,
  message,
});

function world(limits: Partial<EventQueueLimits> = {}) {
  const dropped: string[] = [];
  const usual = { joinFrom: Infinity, narrationBytes: Infinity, mostBytes: Infinity };
  const queue = createEventQueue(1, { ...usual, ...limits }, ({ event }) => dropped.push(event.message));
  let at = 0;
  const push = (name: string, reason: string, message?: string): void =>
    queue.push(about(name, reason, message), (at += 1), `${name}.${at}`);
  const rest = (): string[] => {
    const seen: string[] = [];
    for (let item = queue.shift(0); item !== undefined; item = queue.shift(0))
      seen.push(`${item.event.object.name} ${item.event.message} x${item.times} at ${item.atMs}`);
    return seen;
  };
  return { queue, dropped, push, rest };
}

test("events come out in order, each by itself", () => {
  const { queue, push, rest } = world();
  push("web", "ScalingReplicaSet", "to 1");
  push("web", "ScalingReplicaSet", "to 2");
  push("web", "RolloutPaused");
  expect(rest()).toEqual(["web to 1 x1 at 1", "web to 2 x1 at 2", "web RolloutPaused x1 at 3"]);
  expect([queue.size, queue.bytes]).toEqual([0, 0]);
});

describe("under pressure", () => {
  test("what waits about an object for a reason is one event, with its latest text and time, in its old place", () => {
    const { queue, push, rest } = world({ joinFrom: 2 });
    push("web", "ScalingReplicaSet", "to 1");
    push("web", "RolloutPaused", "for a while");
    push("web", "ScalingReplicaSet", "to 2");
    push("shop", "ScalingReplicaSet", "to 7");
    push("web", "ScalingReplicaSet", "to 3");
    push("web", "RolloutPaused", "for good");
    expect(rest()).toEqual(["web to 3 x3 at 5", "web for good x2 at 6", "shop to 7 x1 at 4"]);
    expect([queue.size, queue.bytes]).toEqual([0, 0]);
  });

  test("the oldest narration goes first, and never what must be told", () => {
    const { queue, dropped, push } = world({ narrationBytes: 3_000 });
    push("web", "RolloutAborted");
    for (let i = 0; i < 4; i += 1) push(`web-${i}`, "ScalingReplicaSet", `scaled ${i}`);
    for (let i = 0; i < 6; i += 1) push(`web-${i}`, "RolloutPaused");
    expect(dropped).toEqual(["scaled 0", "scaled 1", "scaled 2", "scaled 3"]);
    expect(queue.size).toBe(7);
  });

  test("memory stays within the last bound, whatever must be told", () => {
    const { queue, dropped, push } = world({ joinFrom: 100, narrationBytes: 50_000, mostBytes: 100_000 });
    for (let i = 0; i < 5_000; i += 1) push(`web-${i}`, "RolloutAborted", "x".repeat(i % 1_000));
    expect(queue.bytes).toBeLessThanOrEqual(100_000);
    expect(queue.size + dropped.length).toBe(5_000);
  });

  test("a storm over a few objects takes no more room than their reasons", () => {
    const { queue, dropped, push } = world({ joinFrom: 1_000, narrationBytes: 3_000_000, mostBytes: 12_000_000 });
    const reasons = ["ScalingReplicaSet", "RolloutUpdated", "RolloutPaused", "RolloutCompleted", "RolloutAborted"];
    for (let edit = 0; edit < 20_000; edit += 1)
      for (const reason of reasons) push(`web-${edit % 200}`, reason, `${reason} ${edit}`);
    expect([queue.size, dropped.length]).toEqual([1_000 + 200 * 5 - 1_000, 0]);
  });
});

test("what is put back is counted no second time, and joins what comes later", () => {
  const { queue, push, rest } = world({ joinFrom: 0 });
  push("web", "RolloutAborted", "first");
  const item = queue.shift(0);
  if (item === undefined) throw new Error("nothing waits");
  queue.putBack(item);
  push("web", "RolloutAborted", "second");
  expect(rest()).toEqual(["web second x1 at 2"]);
});

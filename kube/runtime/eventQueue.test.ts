import { describe, expect, test } from "bun:test";
import { createEventQueue, type EventQueueLimits } from "./eventQueue.ts";
import { textOf, timesOf } from "./joined.ts";
import type { KubeEvent } from "./recorder.ts";

const about = (name: string, reason: string, message = reason): KubeEvent => ({
  object: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name, namespace: "ns", uid: `uid-${name}` },
  type: "Normal",
  reason,
  message,
});

const boundless: EventQueueLimits = {
  joinFrom: Infinity,
  mergeFrom: Infinity,
  joinAllFrom: Infinity,
  patienceMs: Infinity,
  narrationBytes: Infinity,
  mostBytes: Infinity,
};

/** Each event is recorded 1 ms after the one before. */
function world(limits: Partial<EventQueueLimits> = {}) {
  const dropped: string[] = [];
  const queue = createEventQueue(1, { ...boundless, ...limits }, ({ event }) => dropped.push(event.message));
  let at = 0;
  const push = (name: string, reason: string, message?: string): void =>
    queue.push(about(name, reason, message), (at += 1), `${name}.${at}`);
  const rest = (nowMs = 0): string[] => {
    const seen: string[] = [];
    for (let item = queue.shift(0, nowMs); item !== undefined; item = queue.shift(0, nowMs)) {
      const when = item.sinceMs === item.atMs ? `${item.atMs}` : `${item.sinceMs}–${item.atMs}`;
      seen.push(`${item.event.object.name} ${textOf(item)} x${timesOf(item)} at ${when}`);
    }
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

describe("when many wait", () => {
  test("narration about an object for one reason is one event that says how many it stands for, in its old place", () => {
    const { queue, push, rest } = world({ joinFrom: 2 });
    push("web", "ScalingReplicaSet", "to 1");
    push("web", "RolloutUpdated", "to revision 2");
    push("web", "ScalingReplicaSet", "to 2");
    push("shop", "ScalingReplicaSet", "to 7");
    push("web", "ScalingReplicaSet", "to 3");
    push("shop", "ScalingReplicaSet", "to 7");
    expect(rest()).toEqual([
      "web to 3 (and 2 more like it) x3 at 1–5",
      "web to revision 2 x1 at 2",
      "shop to 7 x2 at 4–6",
    ]);
    expect([queue.size, queue.bytes]).toEqual([0, 0]);
  });

  test("and still more, narration about an object is one event that names the reasons of the others", () => {
    const { queue, push, rest } = world({ joinFrom: 0, mergeFrom: 3 });
    push("web", "RolloutUpdated", "to revision 2");
    push("web", "ScalingReplicaSet", "to 1");
    push("web", "ScalingReplicaSet", "to 2");
    push("shop", "RolloutUpdated", "to revision 9");
    push("mail", "RolloutUpdated", "to revision 5");
    push("web", "RolloutStepCompleted", "step 1");
    push("shop", "ScalingReplicaSet", "to 7");
    push("web", "ScalingReplicaSet", "to 3");
    expect(rest()).toEqual([
      "web to 3 (and 4 more: RolloutUpdated, 2 ScalingReplicaSet, RolloutStepCompleted) x3 at 1–8",
      "shop to 7 (and 1 more: RolloutUpdated) x1 at 4–7",
      "mail to revision 5 x1 at 5",
    ]);
    expect([queue.size, queue.bytes]).toEqual([0, 0]);
  });

  test("what must be sent goes first, after what has happened to its object before", () => {
    const { push, rest } = world({ joinFrom: 1 });
    push("a", "ScalingReplicaSet");
    push("b", "ScalingReplicaSet");
    push("web", "ScalingReplicaSet", "to 1");
    push("web", "ScalingReplicaSet", "to 2");
    push("web", "RolloutAborted", "aborted");
    push("web", "ScalingReplicaSet", "to 0");
    expect(rest().map((line) => line.replace(/ x.*/, ""))).toEqual([
      "web to 2 (and 1 more like it)",
      "web aborted",
      "a ScalingReplicaSet",
      "b ScalingReplicaSet",
      "web to 0",
    ]);
  });

  test("narration that has waited for long takes turns with what must be sent", () => {
    const { push, rest } = world({ joinFrom: 1, patienceMs: 1_000 });
    for (const name of ["a", "b", "c"]) push(name, "ScalingReplicaSet");
    for (const name of ["x", "y", "z"]) push(name, "RolloutAborted");
    expect(rest(5_000).map((line) => line.slice(0, 1))).toEqual(["a", "x", "b", "y", "c", "z"]);
  });

  test("what must be sent keeps its own words; only equal words are counted", () => {
    const { push, rest } = world({ joinFrom: 0, mergeFrom: 0 });
    push("web", "RolloutPaused", "at step 1");
    push("web", "RolloutPaused", "at step 2");
    push("web", "RolloutPaused", "at step 2");
    expect(rest()).toEqual(["web at step 1 x1 at 1", "web at step 2 x2 at 2–3"]);
  });
});

describe("when the API server takes no events", () => {
  test("the oldest narration goes first, and never what must be told", () => {
    const { queue, dropped, push } = world({ narrationBytes: 3_000 });
    push("web", "RolloutAborted");
    for (let i = 0; i < 4; i += 1) push(`web-${i}`, "ScalingReplicaSet", `scaled ${i}`);
    for (let i = 0; i < 6; i += 1) push(`web-${i}`, "RolloutPaused");
    expect(dropped).toEqual(["scaled 0", "scaled 1", "scaled 2", "scaled 3"]);
    expect(queue.size).toBe(7);
  });

  test("what must be sent about an object for a reason is one event in the end, with its number", () => {
    const { push, rest } = world({ joinFrom: 0, joinAllFrom: 2 });
    push("web", "RolloutAborted", "revision 2");
    push("shop", "RolloutAborted", "revision 7");
    push("web", "RolloutAborted", "revision 3");
    expect(rest()).toEqual(["web revision 3 (and 1 more like it) x2 at 1–3", "shop revision 7 x1 at 2"]);
  });

  test("memory stays within the last bound, whatever must be told", () => {
    const { queue, dropped, push } = world({ joinFrom: 100, narrationBytes: 50_000, mostBytes: 100_000 });
    for (let i = 0; i < 5_000; i += 1) push(`web-${i}`, "RolloutAborted", "x".repeat(i % 1_000));
    expect(queue.bytes).toBeLessThanOrEqual(100_000);
    expect(queue.size + dropped.length).toBe(5_000);
  });

  test("a storm over a few objects takes no more room than their reasons", () => {
    const bounds = { narrationBytes: 3_000_000, mostBytes: 12_000_000 };
    const { queue, dropped, push, rest } = world({ joinFrom: 200, mergeFrom: 400, joinAllFrom: 1_000, ...bounds });
    const reasons = ["ScalingReplicaSet", "RolloutUpdated", "RolloutPaused", "RolloutCompleted", "RolloutAborted"];
    for (let edit = 0; edit < 20_000; edit += 1)
      for (const reason of reasons) push(`web-${edit % 200}`, reason, `${reason} ${edit}`);
    expect(dropped).toEqual([]);
    expect(queue.size).toBeLessThanOrEqual(200 * 2 * 5);
    const counts = rest().map((line) => 1 + Number(/\(and (\d+) more/.exec(line)?.[1] ?? 0));
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(100_000);
  });
});

describe("what is put back", () => {
  test("is counted no second time, also with its equal", () => {
    const { queue, push, rest } = world({ joinFrom: 0 });
    push("web", "RolloutAborted", "first");
    const item = queue.shift(0, 0);
    if (item === undefined) throw new Error("nothing waits");
    queue.putBack(item);
    expect(queue.size).toBe(1);
    push("web", "RolloutAborted", "first");
    expect(rest()).toEqual(["web first x1 at 1–2"]);
  });

  test("is counted under the new words when it joins what comes later", () => {
    const { queue, push, rest } = world({ joinFrom: 0, joinAllFrom: 0 });
    push("web", "RolloutAborted", "first");
    const item = queue.shift(0, 0);
    if (item === undefined) throw new Error("nothing waits");
    queue.putBack(item);
    push("web", "RolloutAborted", "second");
    expect(rest()).toEqual(["web second (and 1 more like it) x2 at 1–2"]);
  });
});

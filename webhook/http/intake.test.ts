import { describe, expect, test } from "bun:test";
import { createLane, createSmallReads } from "./intake.ts";

describe("the lane", () => {
  test("lets one in at a time, in order, and turns away who comes when it is full", async () => {
    const lane = createLane(2);
    const order: string[] = [];
    const first = await lane.enter();
    const second = lane.enter()?.then((leave) => {
      order.push("second");
      leave();
    });
    expect(lane.enter()).toBeUndefined();
    order.push("first");
    first?.();
    await second;
    expect(order).toEqual(["first", "second"]);
    expect(lane.enter()).toBeDefined();
  });
});

describe("the bytes of large reviews", () => {
  const claim = { waiting: 10, whole: 50 };

  test("are never more than allowed, whoever of them has its turn", async () => {
    const lane = createLane(100, 100);
    const leave = await lane.enter(claim);
    const order: number[] = [];
    const turns = [1, 2, 3, 4, 5].map((number) =>
      lane.enter(claim)?.then((next) => {
        order.push(number);
        return next;
      }),
    );
    expect([lane.bytes(), lane.waiting()]).toEqual([100, 5]);
    expect(lane.enter(claim)).toBeUndefined();
    leave?.();
    const second = await turns[0];
    expect([lane.bytes(), lane.waiting()]).toEqual([90, 4]);
    // A larger one fits while it waits, but would be too much when it has its turn.
    expect(lane.enter({ waiting: 10, whole: 70 })).toBeUndefined();
    second?.();
    for (const turn of turns.slice(1)) (await turn)?.();
    expect(order).toEqual([1, 2, 3, 4, 5]);
    expect(lane.bytes()).toBe(0);
  });

  test("are free again when one that waits goes away, and the others keep their order", async () => {
    const lane = createLane(100, 100);
    const leave = await lane.enter(claim);
    const gone = new AbortController();
    const left = lane.enter(claim, gone.signal)?.then(
      () => "had its turn",
      (reason: unknown) => reason,
    );
    const stays = lane.enter(claim, new AbortController().signal);
    gone.abort("went away");
    expect(await left).toBe("went away");
    expect([lane.bytes(), lane.waiting()]).toEqual([60, 1]);
    leave?.();
    (await stays)?.();
    expect(lane.bytes()).toBe(0);
  });
});

describe("small bodies", () => {
  test("always find room: who has kept us waiting the longest gives way, and no more than are needed", () => {
    const reads = createSmallReads(100);
    const gaveWay: string[] = [];
    const begin = (name: string, bytes: number) => reads.begin(bytes, () => gaveWay.push(name));
    begin("a", 40);
    begin("b", 40);
    begin("c", 20);
    expect([reads.bytes(), gaveWay]).toEqual([100, []]);
    begin("d", 10);
    expect([reads.bytes(), gaveWay]).toEqual([70, ["a"]]);
    begin("e", 80);
    expect([reads.bytes(), gaveWay]).toEqual([90, ["a", "b", "c"]]);
  });

  test("give their room back once, when they have come or have given way", () => {
    const reads = createSmallReads(100);
    const first = reads.begin(60, () => undefined);
    const second = reads.begin(60, () => undefined);
    first();
    expect(reads.bytes()).toBe(60);
    second();
    second();
    expect(reads.bytes()).toBe(0);
  });
});

import { expect, test } from "bun:test";
import { createRoom, DEFAULT_ROOM, roomWithin } from "./room.ts";

const MIB = 2 ** 20;
const object = (namespace: string, mebibytes: number, name = "o") => ({
  kind: "Rollout",
  namespace,
  name,
  bytes: mebibytes * MIB,
});
const limits = { namespaceBytes: 4 * MIB, totalBytes: 10 * MIB };

test("a namespace has its share and no more, and another one has its own", () => {
  const room = createRoom(limits);
  expect(room.take("1", object("a", 3))).toBeUndefined();
  expect(room.take("2", object("a", 2))).toContain('the objects of namespace "a" would take more than 4 MiB');
  expect(room.take("3", object("a", 1))).toBeUndefined();
  expect(room.take("4", object("b", 4))).toBeUndefined();
});

test("beyond what there is in all a namespace has a mebibyte for sure", () => {
  const room = createRoom(limits);
  for (const namespace of ["a", "b"]) room.take(namespace, object(namespace, 4));
  expect(room.take("c", object("c", 3))).toContain("all objects would take more than 10 MiB");
  expect(room.take("d", object("d", 2))).toBeUndefined();
  expect(room.take("e", object("e", 1))).toBeUndefined();
  expect(room.take("e2", object("e", 0.5))).toContain("all objects");
});

test("an object takes room once, however often it changes, and none when it is gone", () => {
  const room = createRoom(limits);
  for (let i = 0; i < 100; i++) expect(room.take("1", object("a", 3))).toBeUndefined();
  room.release("1");
  room.release("1");
  expect(room.take("2", object("a", 4))).toBeUndefined();
});

test("what waits is told of when there is room for it, the first that fits first", () => {
  const room = createRoom(limits);
  let calls = 0;
  room.onFree(() => (calls += 1));
  room.take("1", object("a", 2));
  room.take("2", object("a", 2));
  room.take("3", object("a", 4, "large"));
  room.take("4", object("a", 1, "small"));
  expect([calls, room.nextThatFits()]).toEqual([0, undefined]);
  room.release("1");
  expect([calls, room.nextThatFits()?.[1].name]).toEqual([1, "small"]);
  expect(room.take("4", object("a", 1, "small"))).toBeUndefined();
  expect(room.nextThatFits()).toBeUndefined();
  room.release("2");
  room.release("4");
  expect([calls, room.nextThatFits()?.[1].name]).toEqual([3, "large"]);
  room.release("3");
  expect(room.nextThatFits()).toBeUndefined();
});

test("the shares grow with the memory that the process may take, and are those of the shipped Deployment where nobody knows it", () => {
  expect(roomWithin(192 * MIB)).toEqual(DEFAULT_ROOM);
  expect(roomWithin(384 * MIB)).toEqual({ namespaceBytes: 48 * MIB, totalBytes: 96 * MIB });
  expect([roomWithin(undefined), roomWithin(0)]).toEqual([DEFAULT_ROOM, DEFAULT_ROOM]);
});

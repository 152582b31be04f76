import { describe, expect, test } from "bun:test";
import { compareResourceVersions, createStore, keyOf } from "./cache.ts";

interface Thing {
  readonly metadata: { name: string; namespace: string; uid: string; resourceVersion: string };
  readonly owner?: string;
  readonly noise?: string;
}

const thing = (
  name: string,
  resourceVersion: number,
  more: { uid?: string; owner?: string; noise?: string } = {},
): Thing => {
  const { uid = `uid-${name}`, ...rest } = more;
  return { metadata: { name, namespace: "ns", uid, resourceVersion: String(resourceVersion) }, ...rest };
};

const storeOfThings = () => {
  const store = createStore<Thing, "owner", Thing>({
    transform: ({ metadata, owner, noise }) =>
      noise === "unwanted" ? undefined : { metadata, ...(owner !== undefined && { owner }) },
    indices: { owner: ({ owner }) => (owner === undefined ? [] : [owner]) },
  });
  const changes: string[] = [];
  const text = (object: Thing | undefined) => (object === undefined ? "-" : object.metadata.resourceVersion);
  store.onChange((old, next) => changes.push(`${(next ?? old)?.metadata.name} ${text(old)}→${text(next)}`));
  return { store, changes };
};

test("objects are slimmed on the way in and found by key", () => {
  const { store } = storeOfThings();
  store.upsert(thing("a", 1, { noise: "managedFields and so on" }));
  expect(store.get("ns/a")).toEqual(thing("a", 1));
  expect(keyOf({ metadata: { name: "cluster-scoped" } })).toBe("cluster-scoped");
});

test("resourceVersions are ordered as numbers of any length, and what is no number has no order", () => {
  expect(compareResourceVersions("9", "10")).toBeLessThan(0);
  expect(compareResourceVersions("10000000000000000001", "10000000000000000000")).toBeGreaterThan(0);
  expect(compareResourceVersions("7", "7")).toBe(0);
  expect(compareResourceVersions("abc", "7")).toBeNaN();
  expect(compareResourceVersions(undefined, "7")).toBeNaN();
});

describe("a read is never older than what was known before", () => {
  test("an older event does not replace a newer object", () => {
    const { store, changes } = storeOfThings();
    store.upsert(thing("a", 10));
    store.upsert(thing("a", 9));
    expect(store.get("ns/a")?.metadata.resourceVersion).toBe("10");
    expect(changes).toEqual(["a -→10"]);
  });

  test("our own write is visible at once, and its echo from the watch is no change", () => {
    const { store, changes } = storeOfThings();
    store.upsert(thing("a", 1));
    expect(store.written(thing("a", 5))?.metadata.resourceVersion).toBe("5");
    store.upsert(thing("a", 3));
    store.upsert(thing("a", 5));
    expect(changes).toEqual(["a -→1", "a 1→5"]);
  });

  test("listeners hear whether a change is the answer to our own write or came from elsewhere, deletions included", () => {
    const { store } = storeOfThings();
    const origins: string[] = [];
    store.onChange((_, next, origin) => origins.push(`${next?.metadata.resourceVersion ?? "gone"} ${origin}`));
    store.upsert(thing("a", 1));
    store.written(thing("a", 2));
    store.upsert(thing("a", 3));
    store.deleted("ns/a", "uid-a");
    store.written(thing("a", 4, { uid: "second" }));
    store.written(thing("a", 5, { uid: "third" }));
    store.remove(thing("a", 6, { uid: "third" }));
    expect(origins).toEqual(["1 watch", "2 own", "3 watch", "gone watch", "4 own", "gone own", "5 own", "gone watch"]);
  });

  test("a write's answer that comes after a newer event gives the newer object", () => {
    const { store } = storeOfThings();
    store.upsert(thing("a", 7));
    expect(store.written(thing("a", 6))?.metadata.resourceVersion).toBe("7");
  });

  test("a deleted object does not come back by a late event or a late answer", () => {
    const { store, changes } = storeOfThings();
    store.upsert(thing("a", 1));
    store.remove(thing("a", 4));
    store.upsert(thing("a", 3));
    expect(store.written(thing("a", 2))).toBeUndefined();
    expect(changes).toEqual(["a -→1", "a 1→-"]);
  });

  test("an object that we deleted ourselves does not come back by anything", () => {
    const { store } = storeOfThings();
    store.upsert(thing("a", 1));
    store.deleted("ns/a", "uid-a");
    store.upsert(thing("a", 9));
    expect(store.size).toBe(0);
    store.upsert(thing("a", 10, { uid: "second" }));
    expect(store.size).toBe(1);
  });

  test("an object that only lost the label we select by comes back with it", () => {
    const { store } = storeOfThings();
    store.upsert(thing("a", 1));
    store.remove(thing("a", 4));
    store.upsert(thing("a", 6));
    expect(store.get("ns/a")?.metadata.resourceVersion).toBe("6");
    store.remove(thing("a", 5));
    expect(store.size).toBe(1);
  });

  test("a late deletion of a former namesake leaves the new object alone", () => {
    const { store } = storeOfThings();
    store.upsert(thing("a", 8, { uid: "second" }));
    store.deleted("ns/a", "first");
    expect(store.get("ns/a")?.metadata.uid).toBe("second");
  });

  test("an object recreated under its name is told as gone and new", () => {
    const { store, changes } = storeOfThings();
    store.upsert(thing("a", 1, { uid: "first" }));
    store.upsert(thing("a", 5, { uid: "second" }));
    store.upsert(thing("a", 2, { uid: "first" }));
    expect(changes).toEqual(["a -→1", "a 1→-", "a -→5"]);
  });
});

describe("a relist", () => {
  test("forgets what is gone, and keeps what is newer than the list", () => {
    const { store } = storeOfThings();
    store.upsert(thing("gone", 1));
    store.upsert(thing("stays", 2));
    store.written(thing("justMade", 12));
    store.written(thing("stays", 11));
    store.replaceAll([thing("stays", 2), thing("new", 9)], "10");
    expect([...store.values()].map((o) => `${o.metadata.name}@${o.metadata.resourceVersion}`).toSorted()).toEqual([
      "justMade@12",
      "new@9",
      "stays@11",
    ]);
  });

  test("does not bring back what was deleted while it was under way", () => {
    const { store } = storeOfThings();
    store.upsert(thing("a", 1));
    store.remove(thing("a", 11));
    store.replaceAll([thing("a", 1)], "10");
    expect(store.size).toBe(0);
  });
});

describe("what is not of interest", () => {
  test("is not kept, and forgotten when it stops being so", () => {
    const { store, changes } = storeOfThings();
    store.upsert(thing("a", 1));
    store.upsert(thing("a", 2, { noise: "unwanted" }));
    store.upsert(thing("b", 2, { noise: "unwanted" }));
    expect(store.size).toBe(0);
    expect(changes).toEqual(["a -→1", "a 1→-"]);
  });

  test("comes back when it is of interest again, but not by an older event", () => {
    const { store } = storeOfThings();
    store.upsert(thing("a", 5, { noise: "unwanted" }));
    store.upsert(thing("a", 4));
    expect(store.size).toBe(0);
    store.upsert(thing("a", 6));
    expect(store.size).toBe(1);
  });
});

test("an index follows changes of the value, and is empty for unknown ones", () => {
  const { store } = storeOfThings();
  store.upsert(thing("a", 1, { owner: "x" }));
  store.upsert(thing("b", 2, { owner: "x" }));
  store.upsert(thing("a", 3, { owner: "y" }));
  expect(store.by("owner", "x").map((o) => o.metadata.name)).toEqual(["b"]);
  expect(store.by("owner", "y").map((o) => o.metadata.name)).toEqual(["a"]);
  store.remove(thing("b", 4));
  expect(store.by("owner", "x")).toEqual([]);
});

test("a repacked object is another and the same: found by its key and in indexes, and no change to anybody", () => {
  const { store, changes } = storeOfThings();
  store.upsert(thing("a", 1, { owner: "x" }));
  const before = store.get("ns/a");
  store.repack("ns/a", (held) => structuredClone(held));
  store.repack("ns/unknown", (held) => structuredClone(held));
  expect(store.get("ns/a")).not.toBe(before);
  expect(store.get("ns/a")).toStrictEqual(before);
  expect(store.by("owner", "x")).toEqual([store.get("ns/a") as Thing]);
  expect(changes).toEqual(["a -→1"]);
  store.remove(thing("a", 2));
  expect(store.by("owner", "x")).toEqual([]);
});

test("of an object of which only a part is held no copy is made", () => {
  const store = createStore<Thing, never, Thing>({
    transform: (raw) => raw,
    isPartial: ({ noise }) => noise === "part",
  });
  store.upsert(thing("a", 1, { noise: "part" }));
  const before = store.get("ns/a");
  store.repack("ns/a", (held) => structuredClone(held));
  expect(store.get("ns/a")).toBe(before);
});

test("a listener that has unsubscribed hears nothing", () => {
  const { store } = storeOfThings();
  let calls = 0;
  const off = store.onChange(() => void (calls += 1));
  store.upsert(thing("a", 1));
  off();
  store.upsert(thing("a", 2));
  expect(calls).toBe(1);
});

test("10,000 objects change three times, and go", () => {
  const { store } = storeOfThings();
  for (let version = 1; version <= 3; version += 1) {
    for (let i = 0; i < 10_000; i += 1) store.upsert(thing(`t${i}`, version, { owner: `o${i % 1_000}` }));
  }
  expect(store.by("owner", "o7")).toHaveLength(10);
  store.replaceAll([], "99");
  expect(store.size).toBe(0);
});

import { afterEach, describe, expect, test } from "bun:test";
import { createStore } from "./cache.ts";
import { systemClock } from "../clock/clock.ts";
import { collectionPath } from "../client/path.ts";
import { ROLLOUTS } from "../client/resources.ts";
import { spend } from "../object/budget.ts";
import { credentialsFor, scriptedServer, status } from "../client/testing.ts";
import { createClient } from "../client/transport.ts";
import { type KubeObject, type ReflectorOptions, runReflector } from "./watch.ts";

const path = collectionPath(ROLLOUTS);
const thing = (name: string, resourceVersion: number, more: object = {}) => ({
  metadata: { name, namespace: "ns", uid: name, resourceVersion: String(resourceVersion), ...more },
});
const listOf = (resourceVersion: number, items: readonly object[], token?: string): Response =>
  Response.json({
    kind: "RolloutList",
    apiVersion: "argoproj.io/v1alpha1",
    metadata: { resourceVersion: String(resourceVersion), ...(token !== undefined && { continue: token }) },
    items,
  });
const event = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;

/** A stream that sends `pieces`, and then ends, or stays open and silent. */
const streamOf = (pieces: readonly string[], then: "ends" | "stays" = "stays"): Response =>
  new Response(
    new ReadableStream({
      async start(to) {
        for (const piece of pieces) {
          to.enqueue(new TextEncoder().encode(piece));
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        if (then === "ends") to.close();
      },
    }),
  );

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0)) await act();
});

/** A reflector over a server that answers lists and watches in turn; the last answer of each is repeated. */
const world = (
  lists: readonly ((url: URL) => Response)[],
  watches: readonly ((url: URL) => Response)[],
  options: Partial<ReflectorOptions> = {},
) => {
  const asked: string[] = [];
  const counts = { list: 0, watch: 0 };
  const answers = { list: lists, watch: watches };
  const accepts: (string | null)[] = [];
  const api = scriptedServer((request) => {
    const url = new URL(request.url);
    const what = url.searchParams.has("watch") ? "watch" : "list";
    asked.push(
      what === "watch"
        ? `watch ${url.searchParams.get("resourceVersion")}`
        : `list ${url.searchParams.get("continue") ?? ""}`.trim(),
    );
    accepts.push(request.headers.get("accept"));
    const all = answers[what];
    const answer = all[Math.min(counts[what], all.length - 1)];
    counts[what] += 1;
    return answer?.(url) ?? new Response("", { status: 500 });
  });
  const store = createStore<KubeObject>({ transform: (raw) => raw });
  const stop = new AbortController();
  const errors: string[] = [];
  const incidents: string[] = [];
  const reflector = runReflector({
    client: api.client,
    clock: systemClock,
    path,
    sink: store,
    signal: stop.signal,
    random: () => 0,
    onError: (error, failures) => errors.push(`${failures}: ${(error as Error).message}`),
    observe: (what) => incidents.push(what),
    ...options,
  });
  cleanUp.push(async () => {
    stop.abort();
    await reflector.done;
    await api[Symbol.asyncDispose]();
  });
  const held = (): string =>
    [...store.values()]
      .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
      .toSorted()
      .join(" ");
  /** Waits for something to become true, for at most 3 s. */
  const until = async (what: () => boolean): Promise<void> => {
    const startedMs = performance.now();
    while (!what() && performance.now() - startedMs < 3_000) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { asked, accepts, store, stop, errors, incidents, reflector, held, until };
};

test("it lists page by page, then watches from where the list stood, with bookmarks", async () => {
  const w = world(
    [() => listOf(10, [thing("a", 1)], "more"), () => listOf(10, [thing("b", 2)])],
    [(url) => streamOf(url.searchParams.get("allowWatchBookmarks") === "true" ? [event("ADDED", thing("c", 11))] : [])],
  );
  expect(w.reflector.isReady()).toBe(false);
  await w.reflector.hasSynced;
  expect(w.held()).toBe("a@1 b@2");
  await w.until(() => w.store.size === 3);
  expect(w.held()).toBe("a@1 b@2 c@11");
  expect(w.asked).toEqual(["list", "list more", "watch 10"]);
  expect(w.reflector.isReady()).toBe(true);
});

test("others have their turn while a list is taken in, by what its objects cost", async () => {
  const seen: string[] = [];
  const w = world(
    [
      () =>
        listOf(
          10,
          ["a", "b", "c", "d", "e"].map((name) => thing(name, 1)),
        ),
    ],
    [() => streamOf([])],
    {
      clock: { ...systemClock, giveWay: () => Promise.resolve(void seen.push("others")) },
      sink: {
        upsert: ({ metadata: { name } }) => {
          seen.push(name ?? "");
          spend(name === "e" ? 1 : 60_000, "taking it in");
        },
        remove: () => {},
        prune: () => seen.push("complete"),
      },
    },
  );
  await w.reflector.hasSynced;
  expect(seen).toEqual(["a", "b", "others", "c", "d", "others", "e", "complete"]);
});

test("items of a list know their kind", async () => {
  const w = world([() => listOf(10, [thing("a", 1)])], [() => streamOf([])]);
  await w.reflector.hasSynced;
  expect(w.store.get("ns/a")).toMatchObject({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" });
});

test("a list without items syncs", async () => {
  const empty = () => Response.json({ kind: "List", metadata: { resourceVersion: "3" }, items: null });
  const w = world([empty], [() => streamOf([])]);
  await w.reflector.hasSynced;
  expect(w.store.size).toBe(0);
});

test("only metadata is asked for where that is enough", async () => {
  const w = world([() => listOf(1, [])], [() => streamOf([])], { metadataOnly: true });
  await w.until(() => w.accepts.length === 2);
  expect(w.accepts).toEqual([
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
  ]);
});

test("events are applied in order, lines cut anywhere", async () => {
  const text = [
    event("ADDED", thing("ä", 11)),
    event("MODIFIED", thing("ä", 12)),
    event("ADDED", thing("b", 13)),
    event("DELETED", thing("b", 14)),
  ].join("");
  const pieces = text.match(/[^]{1,50}/g) ?? [];
  const w = world([() => listOf(10, [])], [() => streamOf(pieces)]);
  await w.until(() => w.held() === "ä@12");
  expect(w.held()).toBe("ä@12");
});

test("an object of 3 MB arrives", async () => {
  const big = { ...thing("big", 11), data: "x".repeat(3_000_000) };
  const w = world([() => listOf(10, [])], [() => streamOf([event("ADDED", big)])]);
  await w.until(() => w.store.size === 1);
  expect(w.held()).toBe("big@11");
});

describe("when a watch ends", () => {
  test("in good order it goes on from the last event or bookmark at once", async () => {
    const w = world(
      [() => listOf(10, [])],
      [
        () =>
          streamOf(
            [event("ADDED", thing("a", 11)), event("BOOKMARK", { metadata: { resourceVersion: "50" } })],
            "ends",
          ),
        () => streamOf([event("ADDED", thing("b", 51))]),
      ],
    );
    await w.until(() => w.store.size === 2);
    expect(w.asked).toEqual(["list", "watch 10", "watch 50"]);
    expect(w.errors).toEqual([]);
  });

  test("in the middle of an event, that event is heard again from the next one", async () => {
    const half = event("ADDED", thing("b", 12)).slice(0, 20);
    const w = world(
      [() => listOf(10, [])],
      [
        () => streamOf([event("ADDED", thing("a", 11)), half], "ends"),
        () => streamOf([event("ADDED", thing("b", 12))]),
      ],
    );
    await w.until(() => w.store.size === 2);
    expect(w.asked).toEqual(["list", "watch 10", "watch 11"]);
  });

  test("because the connection broke, that is told and it goes on from the last event", async () => {
    const reset = new ReadableStream({
      start: (to) => to.enqueue(new TextEncoder().encode(event("ADDED", thing("a", 11)))),
      pull: (to) => to.error(Object.assign(new Error("socket closed"), { code: "ECONNRESET" })),
    });
    const answers = [listOf(10, []), new Response(reset), streamOf([event("ADDED", thing("b", 12))])];
    const client = createClient({
      credentials: credentialsFor("http://nowhere"),
      version: "1",
      clock: systemClock,
      fetch: async () => answers.shift() ?? streamOf([]),
    });
    const w = world([], [], { client });
    await w.until(() => w.store.size === 2);
    expect(w.held()).toBe("a@11 b@12");
    expect(w.errors).toEqual(["1: Cannot watch rollouts: it broke off: socket closed (ECONNRESET)"]);
  });

  test("at once and empty-handed it backs off instead of asking in circles", async () => {
    const w = world([() => listOf(10, [])], [() => streamOf([], "ends")]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(w.asked).toEqual(["list", "watch 10"]);
    expect(w.errors).toEqual([`1: Cannot watch ${path}: the server ended it at once`]);
  });
});

describe("when the version to go on from is too old", () => {
  const gone = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };
  const later = [() => listOf(10, [thing("a", 1), thing("b", 2)]), () => listOf(90, [thing("b", 80)])];

  test("told as an ERROR event it lists again at once and forgets what is gone", async () => {
    const w = world(later, [() => streamOf([event("ERROR", gone)]), () => streamOf([])]);
    await w.until(() => w.held() === "b@80");
    expect(w.held()).toBe("b@80");
    expect(w.asked.slice(0, 3)).toEqual(["list", "watch 10", "list"]);
    expect(w.errors).toEqual([]);
  });

  test("told as HTTP 410 likewise", async () => {
    const w = world(later, [
      () => new Response(status(410, "Expired", "too old"), { status: 410 }),
      () => streamOf([]),
    ]);
    await w.until(() => w.held() === "b@80");
    expect(w.asked.slice(0, 3)).toEqual(["list", "watch 10", "list"]);
  });

  test("while listing, the list starts over", async () => {
    const w = world(
      [
        () => listOf(10, [thing("a", 1)], "more"),
        () => new Response(status(410, "Expired", "continue token too old"), { status: 410 }),
        () => listOf(20, [thing("c", 15)]),
      ],
      [() => streamOf([])],
    );
    await w.reflector.hasSynced;
    expect(w.held()).toBe("c@15");
    expect(w.asked.slice(0, 3)).toEqual(["list", "list more", "list"]);
  });

  test("again and again, it backs off", async () => {
    const w = world([() => listOf(10, [])], [() => streamOf([event("ERROR", gone)])]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(w.asked).toEqual(["list", "watch 10", "list", "watch 10"]);
  });
});

test("another ERROR event is a failure, after which it goes on from the last event", async () => {
  const trouble = { kind: "Status", code: 500, reason: "InternalError", message: "etcd has a cold" };
  const w = world(
    [() => listOf(10, [])],
    [() => streamOf([event("ADDED", thing("a", 11)), event("ERROR", trouble)]), () => streamOf([])],
  );
  await w.until(() => w.asked.length === 3);
  expect(w.asked).toEqual(["list", "watch 10", "watch 11"]);
  expect(w.errors).toEqual(["1: Cannot watch rollouts: 500 InternalError: etcd has a cold"]);
});

test("a watch that says nothing for too long counts as dead: it lists again", async () => {
  const w = world([() => listOf(10, []), () => listOf(20, [thing("a", 15)])], [() => streamOf([])], { stallMs: 60 });
  await w.until(() => w.store.size === 1);
  expect(w.held()).toBe("a@15");
  expect(w.incidents).toContain("stall");
  expect(w.errors).toEqual([]);
});

test("bookmarks keep a quiet watch alive", async () => {
  const bookmarks = Array.from({ length: 40 }, (_, i) =>
    event("BOOKMARK", { metadata: { resourceVersion: `${i + 11}` } }),
  );
  const w = world([() => listOf(10, [])], [() => streamOf(bookmarks)], { stallMs: 60 });
  const startedMs = performance.now();
  await w.until(() => w.incidents.includes("stall"));
  expect(performance.now() - startedMs).toBeGreaterThan(120);
  expect(w.incidents.slice(0, 3)).toEqual(["list", "watch", "stall"]);
});

test("an unreachable server makes it not ready, and it recovers by itself", async () => {
  let up = false;
  const w = world([() => (up ? listOf(10, [thing("a", 1)]) : new Response("", { status: 500 }))], [() => streamOf([])]);
  await w.until(() => w.errors.length > 0);
  expect(w.reflector.isReady()).toBe(false);
  expect(w.errors[0]).toBe("1: Cannot list rollouts: HTTP 500 InternalError");
  up = true;
  await w.reflector.hasSynced;
  expect(w.reflector.isReady()).toBe(true);
});

test("a fault in the sink costs one object and is told, the stream goes on", async () => {
  const store = createStore<KubeObject>({ transform: (raw) => raw });
  const sink = {
    ...store,
    upsert: (raw: KubeObject) => {
      if (raw.metadata.name === "bad") throw new TypeError("a bug");
      store.upsert(raw);
    },
  };
  const events = [event("ADDED", thing("bad", 11)), event("ADDED", thing("good", 12))];
  const w = world([() => listOf(10, [])], [() => streamOf(events)], { sink });
  await w.until(() => store.size === 1);
  expect(w.errors).toEqual(["0: a bug"]);
});

test("aborting ends it, in the middle of a watch or of its backoff", async () => {
  const watching = world([() => listOf(10, [])], [() => streamOf([])]);
  await watching.until(() => watching.asked.length === 2);
  watching.stop.abort();
  await watching.reflector.done;
  expect(watching.reflector.isReady()).toBe(false);
  const failing = world([() => new Response("", { status: 500 })], []);
  await failing.until(() => failing.errors.length === 1);
  failing.stop.abort();
  await failing.reflector.done;
  expect(failing.asked).toEqual(["list"]);
});

describe("refreshing", () => {
  test("lists again behind a watch that died without a word", async () => {
    const w = world([() => listOf(10, []), () => listOf(20, [thing("a", 15)])], [() => streamOf([])]);
    await w.reflector.hasSynced;
    await w.until(() => w.asked.length === 2);
    await w.reflector.refresh(-1);
    expect(w.held()).toBe("a@15");
    await w.until(() => w.asked.length === 4);
    expect(w.asked).toEqual(["list", "watch 10", "list", "watch 20"]);
    expect(w.errors).toEqual([]);
  });

  test("asks nobody when the list is young enough", async () => {
    const w = world([() => listOf(10, [])], [() => streamOf([])]);
    await w.reflector.hasSynced;
    await w.reflector.refresh(60_000);
    await w.until(() => w.asked.length === 2);
    expect(w.asked).toEqual(["list", "watch 10"]);
  });

  test("waits for a list that began after it was asked, though the first fails", async () => {
    const refused = (): Response => new Response("", { status: 500 });
    const w = world([() => listOf(10, []), refused, () => listOf(20, [thing("a", 15)])], [() => streamOf([])]);
    await w.reflector.hasSynced;
    await w.reflector.refresh(-1);
    expect(w.held()).toBe("a@15");
    expect(w.errors).toHaveLength(1);
  });

  test("ends with the reflector", async () => {
    const w = world([() => listOf(10, []), () => new Response("", { status: 500 })], [() => streamOf([])]);
    await w.reflector.hasSynced;
    const refreshed = w.reflector.refresh(-1);
    w.stop.abort();
    await refreshed;
    expect(w.held()).toBe("");
  });
});

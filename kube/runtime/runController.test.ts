import { describe, expect, test } from "bun:test";
import { manualClock } from "../clock/clock.ts";
import { objectPath } from "../client/path.ts";
import type { KubeClient } from "../client/transport.ts";
import { createStore, keyOf } from "./cache.ts";
import { type ControllerRow, createManager, keysIn, type Source, watch } from "./runController.ts";
import { testApi } from "../../test/apiServer.ts";

interface ConfigMap {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
  readonly data?: Readonly<Record<string, string>>;
}

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" } as const;
const RESYNC_MS = 60_000;

/**
 * A kind that does not exist: a ConfigMap with a name in `who` gets a greeting. This is all that one more kind needs,
 * besides its file and its line in the table.
 */
const greetingsRow = (
  client: KubeClient,
  source: Source<ConfigMap, ConfigMap>,
  store: Cache,
): ControllerRow<ConfigMap, string> => ({
  kind: "Greetings",
  noun: "greeting of",
  watches: [
    watch(source, (queue, _, next, origin) => {
      if (origin === "watch" && next !== undefined) queue.add(keyOf(next));
    }),
  ],
  keys: () => keysIn(store),
  gather: (key) => store.get(key),
  decide: ({ data }, now) => `Hello ${data?.["who"]}, it is ${now / 1_000} s`,
  async apply({ facts, decision }) {
    if (facts.data?.["greeting"] === decision) return;
    const path = objectPath(CONFIG_MAPS, facts.metadata);
    const body = { metadata: { resourceVersion: facts.metadata.resourceVersion }, data: { greeting: decision } };
    store.written(
      await client.request<ConfigMap>({ method: "PATCH", path, body, contentType: "application/merge-patch+json" }),
    );
  },
});

const cacheOf = () => createStore<ConfigMap, never, ConfigMap>({ transform: (raw) => raw });
type Cache = ReturnType<typeof cacheOf>;

/** A cluster, and a manager with the row in it; `refuse` answers a write instead of the cluster. */
function stage() {
  const { clock, core, client, hook } = testApi({ clock: manualClock() });
  const state = { refusals: 0 };
  const asked: string[] = [];
  hook.before = ({ method, path, query }) => {
    if (query?.["watch"] === true) asked.push(path);
    if (method !== "PATCH" || state.refusals === 0) return;
    state.refusals -= 1;
    throw new Error("refused");
  };
  const watching = new AbortController();
  const leading = new AbortController();
  const metrics: string[] = [];
  const failures: string[] = [];
  const manager = createManager({
    client,
    clock,
    namespace: undefined,
    resyncMs: RESYNC_MS,
    concurrency: 2,
    random: () => 0,
    monotonicMs: () => clock.now(),
    metricsOf: (kind) => ({
      added: () => void metrics.push(`${kind} added`),
      workedMs: () => void metrics.push(`${kind} worked`),
    }),
    incident: () => {},
    watchFailed: () => {},
    passFailed: (noun, key, error, count) => void failures.push(`${noun} ${key}: ${String(error)} (${count})`),
    backoff: () => undefined,
    signal: watching.signal,
  });
  const store = cacheOf();
  const source: Source<ConfigMap, ConfigMap> = { cache: store, resource: CONFIG_MAPS };
  const greet = (name: string, who = name) =>
    core.create("configmaps", { metadata: { name, namespace: "default" }, data: { who } });
  const greeting = (name: string): string | undefined =>
    (core.get({ resource: "configmaps", namespace: "default", name }) as unknown as ConfigMap).data?.["greeting"];
  const row = greetingsRow(client, source, store);
  return { clock, manager, row, source, watching, leading, metrics, failures, state, asked, greet, greeting };
}

describe("a kind that is added as a row", () => {
  test("gets a cache, a queue and workers: what is there and what comes is worked on", async () => {
    const { clock, manager, row, leading, greet, greeting } = stage();
    greet("ann");
    manager.runController(row);
    await clock.advance(0);
    await manager.synced();
    void manager.run(leading.signal);
    greet("bob");
    await clock.advance(0);
    expect([greeting("ann"), greeting("bob")]).toEqual(["Hello ann, it is 0 s", "Hello bob, it is 0 s"]);
    expect(manager.unready()).toEqual([]);
  });

  test("works only while its process leads, and begins with every key when it does", async () => {
    const { clock, manager, row, leading, greet, greeting } = stage();
    const queue = manager.runController(row);
    greet("ann");
    await clock.advance(1_000);
    expect(greeting("ann")).toBeUndefined();
    expect(queue.depth).toBe(1);
    const done = manager.run(leading.signal);
    await clock.advance(0);
    expect(greeting("ann")).toBe("Hello ann, it is 1 s");
    leading.abort();
    await done;
    greet("bob");
    await clock.advance(2 * RESYNC_MS);
    expect(greeting("bob")).toBeUndefined();
  });

  test("is looked at again at each resync, and its queue has metrics under its name", async () => {
    const { clock, manager, row, leading, metrics, greet, greeting } = stage();
    greet("ann");
    manager.runController(row);
    await clock.advance(0);
    void manager.run(leading.signal);
    await clock.advance(RESYNC_MS - 1);
    expect(greeting("ann")).toBe("Hello ann, it is 0 s");
    expect(new Set(metrics)).toEqual(new Set(["Greetings added", "Greetings worked"]));
    metrics.length = 0;
    await clock.advance(1);
    expect(greeting("ann")).toBe("Hello ann, it is 60 s");
    expect(new Set(metrics)).toEqual(new Set(["Greetings added", "Greetings worked"]));
  });

  test("is tried again when a pass throws, and that is reported with its noun", async () => {
    const { clock, manager, row, leading, failures, state, greet, greeting } = stage();
    greet("ann");
    manager.runController(row);
    await clock.advance(0);
    state.refusals = 2;
    void manager.run(leading.signal);
    await clock.advance(100);
    expect(failures).toEqual([
      "greeting of default/ann: Error: refused (1)",
      "greeting of default/ann: Error: refused (2)",
    ]);
    expect(greeting("ann")).toStartWith("Hello ann");
  });

  test("shares the watch of a cache with other rows, and hears of a change in the order of the rows", async () => {
    const { clock, manager, row, source, asked, greet } = stage();
    const received: string[] = [];
    const listener = (kind: string): ControllerRow<string, string> => ({
      kind,
      noun: kind,
      watches: [watch(source, (_, __, next) => void received.push(`${kind} ${next?.metadata.name}`))],
      gather: (key) => key,
      decide: (key) => key,
      apply: () => {},
    });
    manager.runController(listener("First"));
    manager.runController(row);
    manager.runController(listener("Last"));
    await clock.advance(0);
    greet("ann");
    await clock.advance(0);
    expect(received).toEqual(["First ann", "Last ann"]);
    expect(asked).toHaveLength(1);
    expect(manager.queues.map(([kind]) => kind)).toEqual(["First", "Greetings", "Last"]);
  });

  test("is told how long its passes take, and which of them failed", async () => {
    const { clock, manager, row, leading, state, greet } = stage();
    const passed: string[] = [];
    greet("ann");
    manager.runController({ ...row, passed: (key, ms, failed) => void passed.push(`${key} ${ms} ms ${failed}`) });
    await clock.advance(0);
    state.refusals = 1;
    void manager.run(leading.signal);
    await clock.advance(100);
    expect(passed.slice(0, 2)).toEqual(["default/ann 0 ms true", "default/ann 0 ms false"]);
  });
});

import { describe, expect, test } from "bun:test";
import { ApiError } from "../../../kube/client/apiError.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { createStores } from "./stores.ts";
import { watchOptional } from "./optionalWatch.ts";
import { testApi } from "../../../test/apiServer.ts";

const DEPLOYMENTS = "deployments.apps";
const MINUTE = 60_000;

const deployment = (name: string, image = "web:1") => ({
  metadata: { name, namespace: "default" },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "web", image }] } },
  },
});

let version = 0;
const rollout = (name: string, target: string, uid = name): Rollout => ({
  metadata: { name, namespace: "default", uid, resourceVersion: String((version += 1)), creationTimestamp: undefined },
  spec: { workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: target } },
});

/** An API server, a cache of Rollouts that the test fills itself, and the watch of Deployments. */
function stage(options: { readonly namespace?: string; readonly known?: Promise<void> } = {}) {
  const { clock, core, client, hook } = testApi();
  const asked: string[] = [];
  const stop = new AbortController();
  const state = { refuse: undefined as ApiError | undefined };
  hook.before = ({ path, query = {} }) => {
    if (query["watch"] !== true) asked.push(`${path} ${JSON.stringify(query)}`);
    if (state.refuse !== undefined) throw state.refuse;
  };
  const stores = createStores();
  const enqueued: string[] = [];
  const store = stores.workloads.Deployment;
  const watch = watchOptional(
    {
      client,
      clock,
      complaints: { report: () => {} },
      rollouts: stores.rollouts,
      experiments: stores.experiments,
      namespace: options.namespace,
      rolloutsKnown: options.known ?? Promise.resolve(),
      signal: stop.signal,
      enqueue: (key) => void enqueued.push(key),
      enqueueExperiment: () => {},
      observe: () => {},
      random: () => 0.5,
    },
    store,
  );
  const held = (): string[] => [...store.objects.values()].map(({ metadata }) => metadata.name).toSorted();
  const lists = (): string[] => asked.filter((line) => !line.includes("fieldSelector"));
  return { clock, core, stores, store, watch, enqueued, asked, lists, held, state, stop };
}

const image = (store: ReturnType<typeof stage>["store"], key: string): unknown => {
  const known = store.find(key);
  if (known.kind !== "found") return known.kind;
  const spec = known.object.facts.template?.spec as { containers: { image: string }[] } | undefined;
  return spec?.containers[0]?.image;
};

describe("a kind that only some Rollouts need", () => {
  test("is not read at all while no Rollout needs it", async () => {
    const { core, stores, clock, asked, watch } = stage();
    core.create(DEPLOYMENTS, deployment("web"));
    stores.rollouts.upsert({ ...rollout("plain", ""), spec: {} });
    await clock.advance(MINUTE);
    expect(asked).toEqual([]);
    expect(watch.unready()).toBeUndefined();
  });

  test("is listed once for all Rollouts there are, and keeps only what they refer to", async () => {
    let known = (): void => {};
    const world = stage({ known: new Promise((resolve) => (known = resolve)) });
    const { core, stores, clock, store } = world;
    for (const name of ["a", "b", "c"]) core.create(DEPLOYMENTS, deployment(name));
    stores.rollouts.upsert(rollout("one", "a"));
    stores.rollouts.upsert(rollout("two", "b"));
    await clock.advance(0);
    expect(store.find("default/a").kind).toBe("waiting");
    known();
    await clock.advance(10);
    expect(world.held()).toEqual(["a", "b"]);
    expect(world.asked).toHaveLength(1);
  });

  test("tells of changes, and of an object that comes later", async () => {
    const { core, stores, clock, store, enqueued } = stage();
    stores.rollouts.upsert(rollout("web", "web"));
    await clock.advance(10);
    expect(store.find("default/web").kind).toBe("absent");
    expect(enqueued).toEqual(["default/web"]);
    core.create(DEPLOYMENTS, deployment("web"));
    await clock.advance(10);
    expect(image(store, "default/web")).toBe("web:1");
    core.modify({ resource: DEPLOYMENTS, namespace: "default", name: "web" }, (old) => ({
      ...old,
      spec: deployment("web", "web:2").spec,
    }));
    await clock.advance(10);
    expect(image(store, "default/web")).toBe("web:2");
    core.delete({ resource: DEPLOYMENTS, namespace: "default", name: "web" });
    await clock.advance(10);
    expect(store.find("default/web").kind).toBe("absent");
  });

  test("looks up by its name what the watch has passed by, and nothing is decided before that", async () => {
    const { core, stores, clock, store, enqueued, lists } = stage();
    core.create(DEPLOYMENTS, deployment("a"));
    core.create(DEPLOYMENTS, deployment("b"));
    stores.rollouts.upsert(rollout("one", "a"));
    await clock.advance(10);
    stores.rollouts.upsert(rollout("two", "b"));
    stores.rollouts.upsert(rollout("three", "none"));
    expect(store.find("default/b").kind).toBe("waiting");
    expect(store.find("default/none").kind).toBe("waiting");
    await clock.advance(10);
    expect(image(store, "default/b")).toBe("web:1");
    expect(store.find("default/none").kind).toBe("absent");
    expect(enqueued).toEqual(["default/one", "default/two", "default/three"]);
    expect(lists()).toHaveLength(1);
  });

  test("asks for nothing, and for nothing else, under a name that no object can have", async () => {
    const { core, stores, clock, store, enqueued, asked, held } = stage();
    core.create(DEPLOYMENTS, deployment("a"));
    stores.rollouts.upsert(rollout("one", "a"));
    await clock.advance(10);
    const names = ["a,metadata.name!=b", "../deployments/a", "a/status", "a#", "", "a b", "x".repeat(254)];
    for (const [index, name] of names.entries()) stores.rollouts.upsert(rollout(`r${index}`, name));
    await clock.advance(10);
    expect(asked).toHaveLength(1);
    expect(enqueued).toHaveLength(1 + names.length);
    expect(names.map((name) => store.find(`default/${name}`).kind)).toEqual(names.map(() => "absent"));
    expect(held()).toEqual(["a"]);
  });

  test("forgets an object with the last Rollout that named it, and takes it again for the next", async () => {
    const { core, stores, clock, store, held } = stage();
    core.create(DEPLOYMENTS, deployment("a"));
    core.create(DEPLOYMENTS, deployment("b"));
    stores.rollouts.upsert(rollout("one", "a"));
    await clock.advance(10);
    stores.rollouts.upsert(rollout("one", "b"));
    await clock.advance(10);
    expect(held()).toEqual(["b"]);
    stores.rollouts.upsert(rollout("one", "a"));
    expect(store.find("default/a").kind).toBe("waiting");
    await clock.advance(10);
    expect(held()).toEqual(["a"]);
  });

  test("is let go a minute after the last Rollout, and listed afresh for the next", async () => {
    const { core, stores, clock, watch, lists, held } = stage();
    core.create(DEPLOYMENTS, deployment("a"));
    stores.rollouts.upsert(rollout("one", "a", "first"));
    await clock.advance(10);
    stores.rollouts.deleted("default/one", "first");
    expect(held()).toEqual([]);
    stores.rollouts.upsert(rollout("one", "a", "second"));
    await clock.advance(2 * MINUTE);
    expect(lists()).toHaveLength(1);
    stores.rollouts.deleted("default/one", "second");
    await clock.advance(2 * MINUTE);
    expect(watch.unready()).toBeUndefined();
    stores.rollouts.upsert(rollout("one", "a", "third"));
    await clock.advance(10);
    expect(lists()).toHaveLength(2);
    expect(held()).toEqual(["a"]);
  });

  test("leaves no timer behind when all ends, which would keep the process", async () => {
    const { core, stores, clock, stop } = stage();
    core.create(DEPLOYMENTS, deployment("a"));
    stores.rollouts.upsert(rollout("one", "a", "first"));
    await clock.advance(10);
    stores.rollouts.deleted("default/one", "first");
    stop.abort();
    await clock.advance(0);
    expect(clock.waiting).toBe(0);
  });
});

describe("a kind that cannot be read", () => {
  test.each([
    [403, "Forbidden", "the controller may not list and watch deployments.apps: grant it, or name another kind"],
    [404, "NotFound", "the API server does not serve deployments.apps (v1)"],
  ])(
    "for good (HTTP %d) is told to its Rollouts, and does not make the controller unready",
    async (status, reason, why) => {
      const { core, stores, clock, store, enqueued, state, watch } = stage();
      core.create(DEPLOYMENTS, deployment("web"));
      state.refuse = new ApiError(reason, { status, reason });
      stores.rollouts.upsert(rollout("web", "web"));
      await clock.advance(10);
      expect(store.find("default/web")).toEqual({ kind: "refused", why });
      expect(enqueued).toEqual(["default/web"]);
      expect(watch.unready()).toBeUndefined();
      state.refuse = undefined;
      await clock.advance(MINUTE);
      expect(image(store, "default/web")).toBe("web:1");
      expect(enqueued.length).toBeGreaterThan(1);
    },
  );

  test("for a while makes the controller unready, and its Rollouts wait", async () => {
    const { stores, clock, store, enqueued, state, watch } = stage();
    state.refuse = new ApiError("down", { status: 503, reason: "ServiceUnavailable" });
    stores.rollouts.upsert(rollout("web", "web"));
    await clock.advance(10);
    expect(store.find("default/web").kind).toBe("waiting");
    expect(watch.unready()).toBe("deployments.apps");
    expect(enqueued).toEqual([]);
    state.refuse = undefined;
    await clock.advance(MINUTE);
    expect(store.find("default/web").kind).toBe("absent");
    expect(watch.unready()).toBeUndefined();
  });

  test("while an object is looked up is asked for again", async () => {
    const { core, stores, clock, store, state } = stage();
    stores.rollouts.upsert(rollout("one", "a"));
    await clock.advance(10);
    core.create(DEPLOYMENTS, deployment("b"));
    await clock.advance(10);
    state.refuse = new ApiError("down", { status: 503, reason: "ServiceUnavailable" });
    stores.rollouts.upsert(rollout("two", "b"));
    await clock.advance(1_000);
    expect(store.find("default/b").kind).toBe("waiting");
    state.refuse = undefined;
    await clock.advance(5_000);
    expect(image(store, "default/b")).toBe("web:1");
  });

  test("because it is in a namespace that is not watched counts as absent", async () => {
    const { core, stores, clock, store, asked } = stage({ namespace: "other" });
    core.create(DEPLOYMENTS, deployment("web"));
    stores.rollouts.upsert(rollout("web", "web"));
    await clock.advance(10);
    expect(store.find("default/web").kind).toBe("absent");
    expect(asked[0]).toContain("/apis/apps/v1/namespaces/other/deployments");
  });
});

import { type Api, ApiError, type KubeObject } from "../cluster/harness/api.ts";
import { type FleetKind, rolloutKind } from "./fleetKinds.ts";

/** N Rollouts or Deployments in a namespace of their own, which the bench creates, updates and watches. */
export interface Fleet {
  readonly names: readonly string[];
  /** Creates all; resolves when all are rolled out, with each one's time until then since the first request, in ms. */
  create(): Promise<number[]>;
  /** Gives these Rollouts a new image, all at once; resolves when all are rolled out with it. Times as for `create`. */
  update(names: readonly string[]): Promise<number[]>;
  /** Ends the watch, and leaves everything where it is. */
  stop(): Promise<void>;
  /** Deletes everything and waits until the pods are gone. */
  remove(): Promise<void>;
}

/** How many requests the bench itself may have in flight at once. */
const parallel = 40;

/** Runs all, so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  run: (item: T) => Promise<unknown>,
  atOnce = parallel,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

/** Watches a whole collection; resolves the promises that wait for an object when it is rolled out. */
function follower(api: Api, path: string, kind: FleetKind) {
  const waits = new Map<string, { since: number; done: () => void }>();
  const latest = new Map<string, KubeObject>();
  const aborter = new AbortController();
  const see = (object: KubeObject): void => {
    const { name } = object.metadata;
    latest.set(name, object);
    const wait = waits.get(name);
    if (wait === undefined || !kind.isDone(object, wait.since)) return;
    waits.delete(name);
    wait.done();
  };
  const follow = async (): Promise<void> => {
    while (!aborter.signal.aborted) {
      try {
        const { items, resourceVersion } = await api.list(path);
        items.forEach(see);
        for await (const { type, object } of api.watch(path, resourceVersion, aborter.signal)) {
          if (type === "ADDED" || type === "MODIFIED") see(object);
        }
      } catch (error) {
        if (aborter.signal.aborted) return;
        console.error(`Cannot watch ${path}: ${String(error)}`);
        await Bun.sleep(500);
      }
    }
  };
  const followed = follow();
  return {
    done: (name: string, since: number): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waits.set(name, { since, done: resolve });
      const known = latest.get(name);
      if (known !== undefined) see(known);
      return promise;
    },
    waiting: (): string[] => Array.from(waits.keys(), (name) => `${name} ${kind.state(latest.get(name))}`),
    stop: async (): Promise<void> => {
      aborter.abort();
      await followed;
    },
  };
}

/** Rejects after `ms` with what is still missing; a controller that never gets there must not hang the bench. */
async function within<T>(ms: number, work: Promise<T>, missing: () => string[]): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const names = missing();
    late.reject(
      new Error(
        `Not all rolled out within ${ms} ms; ${names.length} are missing, such as ${names.slice(0, 3).join(", ")}`,
      ),
    );
  }, ms);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}

/** A fleet of `count` Rollouts, unless another kind is given, in a fresh namespace. Every update uses a new image. */
export async function newFleet(
  api: Api,
  count: number,
  replicas: number,
  timeoutMs: number,
  kind: FleetKind = rolloutKind,
): Promise<Fleet> {
  const namespace = `bench-${crypto.randomUUID().slice(0, 6)}`;
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  const path = kind.path(namespace);
  const names = Array.from({ length: count }, (_, index) => `bench-${String(index).padStart(5, "0")}`);
  const watcher = follower(api, path, kind);
  let image = 0;

  /** Sends a request for each name and waits until each is rolled out at the generation in its response. */
  const all = async (which: readonly string[], send: (name: string) => Promise<KubeObject>): Promise<number[]> => {
    const start = performance.now();
    const times: Promise<number>[] = [];
    await inParallel(which, async (name) => {
      const { metadata } = await send(name);
      times.push(watcher.done(name, metadata.generation ?? 1).then(() => performance.now() - start));
    });
    return within(timeoutMs, Promise.all(times), watcher.waiting);
  };

  return {
    names,
    create: () => all(names, (name) => api.create(path, kind.manifest(name, replicas, `sluice.dev/bench:${image}`))),
    update: (which) => {
      const value = `sluice.dev/bench:${++image}`;
      const patch = [{ op: "replace", path: "/spec/template/spec/containers/0/image", value }];
      return all(which, (name) => api.patch(`${path}/${name}`, "json", patch));
    },
    stop: watcher.stop,
    remove: async () => {
      await watcher.stop();
      await api.request("DELETE", path);
      await api.delete(`/api/v1/namespaces/${namespace}`);
      const gone = (error: unknown): boolean => error instanceof ApiError && error.code === 404;
      while (!(await api.get(`/api/v1/namespaces/${namespace}`).then(() => false, gone))) await Bun.sleep(500);
    },
  };
}

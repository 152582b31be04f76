import { type Api, ApiError } from "../cluster/harness/api.ts";
import type { RolloutView } from "../cluster/harness/rolloutView.ts";

/** N Rollouts in a namespace of their own, which the bench creates, updates and watches. */
export interface Fleet {
  readonly names: readonly string[];
  /** Creates all; resolves when all are Healthy, with each one's time to Healthy since the first request, in ms. */
  create(): Promise<number[]>;
  /** Gives these Rollouts a new image, all at once; resolves when all are Healthy with it. Times as for `create`. */
  update(names: readonly string[]): Promise<number[]>;
  /** Ends the watch, and leaves everything where it is. */
  stop(): Promise<void>;
  /** Deletes everything and waits until the pods are gone. */
  remove(): Promise<void>;
}

/** How many requests the bench itself may have in flight at once. */
const parallel = 40;

async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
}

const manifest = (name: string, replicas: number, image: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, labels: { app: name } },
  spec: {
    replicas,
    revisionHistoryLimit: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "main", image, ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }] }] },
    },
    strategy: { canary: { steps: [{ setWeight: 50 }, { pause: { duration: "2s" } }, { setWeight: 100 }] } },
  },
});

/** Whether it is Healthy with the stored spec, whose generation has to be `since` or later. */
const isHealthy = ({ metadata, status }: RolloutView, since: number): boolean =>
  (metadata.generation ?? 0) >= since &&
  Number(status?.observedGeneration ?? 0) >= (metadata.generation ?? 1) &&
  status?.phase === "Healthy" &&
  status.currentPodHash === status.stableRS;

/** Watches all Rollouts of a namespace; resolves the promises that wait for one when it becomes Healthy. */
function follower(api: Api, path: string) {
  const waits = new Map<string, { since: number; done: () => void }>();
  const latest = new Map<string, RolloutView>();
  const aborter = new AbortController();
  const see = (rollout: RolloutView): void => {
    const { name } = rollout.metadata;
    latest.set(name, rollout);
    const wait = waits.get(name);
    if (wait === undefined || !isHealthy(rollout, wait.since)) return;
    waits.delete(name);
    wait.done();
  };
  const follow = async (): Promise<void> => {
    while (!aborter.signal.aborted) {
      try {
        const { items, resourceVersion } = await api.list<RolloutView>(path);
        items.forEach(see);
        for await (const { type, object } of api.watch<RolloutView>(path, resourceVersion, aborter.signal)) {
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
    latest,
    healthy: (name: string, since: number): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waits.set(name, { since, done: resolve });
      const known = latest.get(name);
      if (known !== undefined) see(known);
      return promise;
    },
    waiting: (): string[] =>
      Array.from(
        waits.keys(),
        (name) => `${name} ${latest.get(name)?.status?.phase}: ${latest.get(name)?.status?.message}`,
      ),
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
        `Not all Healthy within ${ms} ms; ${names.length} are missing, such as ${names.slice(0, 3).join(", ")}`,
      ),
    );
  }, ms);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}

/** A fleet of `count` Rollouts in a fresh namespace. Every update uses a new image. */
export async function newFleet(api: Api, count: number, replicas: number, timeoutMs: number): Promise<Fleet> {
  const namespace = `bench-${crypto.randomUUID().slice(0, 6)}`;
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
  const names = Array.from({ length: count }, (_, index) => `bench-${String(index).padStart(5, "0")}`);
  const watcher = follower(api, path);
  let image = 0;

  /** Sends a request for each name and waits until each is Healthy at the generation in its response. */
  const all = async (which: readonly string[], send: (name: string) => Promise<RolloutView>): Promise<number[]> => {
    const start = performance.now();
    const times: Promise<number>[] = [];
    await inParallel(which, async (name) => {
      const { metadata } = await send(name);
      times.push(watcher.healthy(name, metadata.generation ?? 1).then(() => performance.now() - start));
    });
    return within(timeoutMs, Promise.all(times), watcher.waiting);
  };

  return {
    names,
    create: () => all(names, (name) => api.create(path, manifest(name, replicas, `sluice.dev/bench:${image}`))),
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

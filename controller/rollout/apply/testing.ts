/** For the tests of turns: an API server in miniature, and a Rollout "web" of two pods in the namespace "ns". */
import { patched } from "../../../kube/object/mergePatch.ts";
import { ApiError } from "../../../kube/client/apiError.ts";
import { collectionPath, objectPath } from "../../../kube/client/path.ts";
import { REPLICA_SETS, ROLLOUTS } from "../../../kube/client/resources.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { createGatherer } from "../facts/gather.ts";
import { createStores } from "../facts/stores.ts";
import { type ManualClock, manualClock } from "../../../kube/clock/clock.ts";
import { decide } from "../decide/decide.ts";
import type { Decide } from "./carryOut.ts";
import { createQueue } from "../../../kube/runtime/queue.ts";
import { passOf } from "../../../kube/runtime/runController.ts";
import { createMemories } from "./memory.ts";
import { createReconciler } from "./reconcile.ts";

export type Json = Record<string, unknown>;

export const failure = (status: number, reason: string): ApiError =>
  new ApiError(reason, { status, reason, cause: { message: `${reason} by the API server` } });

/** An API server in miniature: objects by path, versions, preconditions; `refuse` may answer instead. */
function fakeApi() {
  const objects = new Map<string, Json>();
  const requests: KubeRequest[] = [];
  let version = 100;
  const state = { refuse: undefined as ((request: KubeRequest) => ApiError | undefined) | undefined };
  const stored = (path: string, object: unknown): Json => {
    version += 1;
    const old = object as { metadata?: Json };
    const next = { ...old, metadata: { ...old.metadata, resourceVersion: String(version) } };
    objects.set(path, next);
    return next;
  };
  const answer = (request: KubeRequest): Json => {
    requests.push(request);
    const refused = state.refuse?.(request);
    if (refused !== undefined) throw refused;
    const path = request.path.replace(/\/status$/, "");
    const held = objects.get(path);
    if (request.method === "POST") {
      const { name } = (request.body as { metadata: { name: string } }).metadata;
      if (objects.has(`${path}/${name}`)) throw failure(409, "AlreadyExists");
      const created = patched(request.body as Json, {
        metadata: { uid: `uid-${name}`, generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" },
      });
      return stored(`${path}/${name}`, created);
    }
    if (held === undefined) throw failure(404, "NotFound");
    if (request.method === "GET") return held;
    const expected = (request.body as { metadata?: Json }).metadata?.["resourceVersion"];
    if (expected !== (held["metadata"] as Json)["resourceVersion"]) throw failure(409, "Conflict");
    return stored(path, patched(held, request.body as Json));
  };
  const client: KubeClient = {
    server: "https://cluster",
    namespace: "ns",
    // Nothing checks that an answer is a T, as in the real client.
    request: async <T>(request: KubeRequest) => answer(request) as T,
    open: () => Promise.reject(new Error("no watches here")),
  };
  return { client, objects, requests, state, put: stored };
}

export const rolloutPath = objectPath(ROLLOUTS, { namespace: "ns", name: "web" });
export const setsPath = collectionPath(REPLICA_SETS, "ns");
export const writes = (requests: readonly KubeRequest[]): string[] =>
  requests.filter((r) => r.method !== "GET").map((r) => `${r.method} ${r.path.split("/ns/")[1] ?? ""}`);

export const manifest = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: {
    name: "web",
    namespace: "ns",
    uid: "rollout-uid",
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
    strategy: { canary: {} },
  },
  status: { somethingNewer: "kept" },
};

export function world(
  options: {
    readonly validForMs?: number;
    readonly resources?: object;
    readonly decide?: Decide;
    readonly giveWay?: () => Promise<void>;
  } = {},
) {
  const api = fakeApi();
  const stores = createStores();
  const hands = manualClock(Date.parse("2026-01-01T00:00:10Z"));
  const clock: ManualClock = options.giveWay === undefined ? hands : { ...hands, giveWay: options.giveWay };
  const events: string[] = [];
  const wakes: number[] = [];
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const memories = createMemories();
  const queue = { ...createQueue({ clock }), addAfter: (_: string, ms: number) => void wakes.push(ms) };
  const reconciler = createReconciler({
    client: api.client,
    stores,
    clock,
    gatherer: createGatherer(stores),
    log: { debug: () => {}, info: say, warn: say, error: say },
    validForMs: () => options.validForMs ?? 15_000,
    recordEvent: (_, event) => void events.push(event.reason),
    eventsTold: async () => {},
    finished: () => {},
    memories,
    decide: options.decide ?? decide,
  });
  const { template } = manifest.spec;
  const containers = template.spec.containers.map((container) => ({
    ...container,
    resources: options.resources ?? {},
  }));
  const spec = { ...manifest.spec, template: { ...template, spec: { containers } } };
  stores.rollouts.upsert(api.put(rolloutPath, { ...manifest, spec }) as unknown as Rollout);
  const row = { kind: "Rollouts", noun: "Rollout", watches: [], ...reconciler };
  const pass = passOf(row, queue, clock);
  const turn = () => pass("ns/web");
  const forget = (): void => reconciler.forget("ns/web");
  const rollout = (): Json => api.objects.get(rolloutPath) ?? {};
  const status = (): Json => (rollout()["status"] ?? {}) as Json;
  return { api, stores, clock, events, wakes, said, turn, forget, memories, rollout, status };
}

/** The error that a turn failed with, "" without one. */
export const failureOf = (turn: Promise<void>): Promise<string> =>
  turn.then(
    () => "",
    (error: unknown) => String(error),
  );

/** The one ReplicaSet that was created, as the API server holds it. */
export const createdSet = (objects: ReadonlyMap<string, Json>): [path: string, set: ReplicaSet] => {
  const found = [...objects].find(([path]) => path.startsWith(setsPath));
  if (found === undefined) throw new Error("no ReplicaSet was created");
  return [found[0], found[1] as unknown as ReplicaSet];
};

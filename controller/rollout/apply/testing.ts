/** For the tests of turns: an API server, and a Rollout "web" of two pods in the namespace "ns". */
import { type Clock, type ManualClock, manualClock } from "../../../kube/clock/clock.ts";
import type { ApiError } from "../../../kube/client/apiError.ts";
import { objectPath } from "../../../kube/client/path.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import { createQueue } from "../../../kube/runtime/queue.ts";
import { passOf } from "../../../kube/runtime/runController.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { ApiCore, ApiObject, Draft } from "../../../simulator/model/model.ts";
import { sent } from "../../../simulator/server/http/client.ts";
import { testApi } from "../../../test/apiServer.ts";
import { decide } from "../decide/decide.ts";
import { createGatherer } from "../facts/gather.ts";
import { createStores } from "../facts/stores.ts";
import type { Decide } from "./carryOut.ts";
import { createMemories } from "./passMemory.ts";
import { createReconciler } from "./reconcile.ts";

export type Json = Record<string, unknown>;

const WEB = { resource: "rollouts.argoproj.io", namespace: "ns", name: "web" } as const;
export const REPLICA_SETS = "replicasets.apps";

export const rolloutPath = objectPath(ROLLOUTS, WEB);
export const writes = (requests: readonly KubeRequest[]): string[] =>
  requests.filter((r) => r.method !== "GET").map((r) => `${r.method} ${r.path.split("/ns/")[1] ?? ""}`);

export const manifest = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "ns" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
    strategy: { canary: {} },
  },
};

/** Of another controller: no pass of ours may take it away. */
export const foreignStatus = { alb: { ingress: "kept" } };

export interface Options {
  readonly validForMs?: number;
  readonly resources?: object;
  /** In place of the members of the spec that have these names; undefined leaves one out. */
  readonly spec?: object;
  readonly decide?: Decide;
  readonly giveWay?: () => Promise<void>;
}

export function world(options: Options = {}) {
  const hands = manualClock(Date.parse("2026-01-01T00:00:10Z"));
  const clock: ManualClock = options.giveWay === undefined ? hands : { ...hands, giveWay: options.giveWay };
  const api = testApi({ clock, namespaces: ["ns"], installed: true });
  const { core, hook } = api;
  createWeb(core, options);
  const rollout = (): Rollout => core.get(WEB) as unknown as Rollout;
  const status = (): Json => (core.get(WEB)?.["status"] ?? {}) as Json;
  /** Another client writes the Rollout, and the cache sees it. */
  const edit = (change: (old: ApiObject) => Draft): void => {
    core.modify(WEB, change);
    built.stores.rollouts.upsert(rollout());
  };
  /** `answer` may return an error, which is the API server's answer then; undefined: it answers as it does. */
  const refuse = (answer: (request: KubeRequest) => ApiError | undefined): void => {
    hook.before = (request) => {
      const error = answer(request);
      if (error !== undefined) throw error;
    };
  };
  const built = passesOf(api.client, clock, options);
  built.stores.rollouts.upsert(rollout());
  return { ...api, ...built, refuse, rollout, status, edit };
}

function createWeb(core: ApiCore, { resources, spec }: Options): void {
  const { template } = manifest.spec;
  const containers = template.spec.containers.map((container) => ({
    ...container,
    ...(resources === undefined ? {} : { resources }),
  }));
  const own = { template: { ...template, spec: { containers } } };
  core.create(WEB.resource, sent({ ...manifest, spec: { ...manifest.spec, ...own, ...spec } }) as Draft);
  core.modify(WEB, (old) => ({ ...old, status: foreignStatus }), { subresource: "status" });
}

/** The caches and the passes over them, with what they tell. */
function passesOf(client: ReturnType<typeof testApi>["client"], clock: Clock, options: Options) {
  const stores = createStores();
  const events: string[] = [];
  const wakes: number[] = [];
  const logged: string[] = [];
  const log = (message: string): void => void logged.push(message);
  const memories = createMemories();
  const queue = { ...createQueue({ clock }), addAfter: (_: string, ms: number) => void wakes.push(ms) };
  const reconciler = createReconciler({
    client,
    stores,
    clock,
    gatherer: createGatherer(stores),
    log: { debug: () => {}, info: log, warn: log, error: log },
    validForMs: () => options.validForMs ?? 15_000,
    recordEvent: (_, event) => void events.push(event.reason),
    eventsSent: async () => {},
    finished: () => {},
    memories,
    decide: options.decide ?? decide,
  });
  const pass = passOf({ kind: "Rollouts", noun: "Rollout", watches: [], ...reconciler }, queue, clock);
  const turn = () => pass("ns/web");
  const forget = (): void => reconciler.forget("ns/web");
  return { stores, events, wakes, logged, memories, turn, forget };
}

/** The error that a turn failed with, "" without one. */
export const failureOf = (turn: Promise<void>): Promise<string> =>
  turn.then(
    () => "",
    (error: unknown) => String(error),
  );

/** The one ReplicaSet that was created, as the API server holds it. */
export const createdSet = (core: ApiCore): ReplicaSet => {
  const [set] = core.list(REPLICA_SETS);
  if (set === undefined) throw new Error("no ReplicaSet was created");
  return set as unknown as ReplicaSet;
};

/** The ReplicaSet controller's answer to the one ReplicaSet, which our cache sees. */
export const answerWith = ({ core, stores }: ReturnType<typeof world>, status: object): void => {
  const { metadata } = createdSet(core);
  const ref = { resource: REPLICA_SETS, namespace: "ns", name: metadata.name };
  const stored = core.modify(ref, (old) => ({ ...old, status }), { subresource: "status" });
  stores.replicaSets.upsert(stored as unknown as ReplicaSet);
};

/** A cluster in memory and in virtual time, with Kubernetes' controllers at work. */
import { createCore } from "../../simulator/server/objects/core.ts";
import type { ApiCore, ApiObject, Change, Draft, ObjectRef } from "../../simulator/model/model.ts";
import { type ControllersOptions, startControllers } from "../../simulator/controllers/controllers.ts";
import { virtualClock } from "../sim/world/virtualClock.ts";
import { patched } from "../../kube/object/mergePatch.ts";

export const startMs = Date.UTC(2030, 0, 1);
export const namespace = "default";

/** A number in [0, 1), the same for the same seed. */
export function chance(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state - 1) / 2_147_483_646;
  };
}

export interface StageOptions extends ControllersOptions {
  readonly seed?: number;
  /** The server as the controllers see it, where that differs: to refuse their writes. */
  readonly through?: (core: ApiCore) => ApiCore;
}

export interface Stage {
  readonly core: ApiCore;
  /** Every change of an object so far. */
  readonly changes: readonly Change[];
  now(): number;
  pass(seconds: number): void;
  create(resource: string, object: Draft): ApiObject;
  /** A merge patch. */
  patch(resource: string, name: string, body: object): void;
  remove(resource: string, name: string): void;
  get(resource: string, name: string): ApiObject | undefined;
  /** `reason "message" ×count` of all events of an object, in order of creation. */
  events(name: string): string[];
  stop(): void;
}

export function stage({ seed = 1, through = (core) => core, ...options }: StageOptions = {}): Stage {
  const clock = virtualClock(startMs);
  const core = createCore({ clock, random: chance(seed) });
  const changes: Change[] = [];
  core.onChange((change) => void changes.push(change));
  const { stop } = startControllers(through(core), options);
  const ref = (resource: string, name: string): ObjectRef => ({ resource, namespace, name });
  return {
    core,
    changes,
    now: () => clock.now(),
    pass: (seconds) => clock.pass(seconds * 1000),
    create: (resource, object) => core.create(resource, { ...object, metadata: { namespace, ...object.metadata } }),
    patch: (resource, name, body) => void core.modify(ref(resource, name), (stored) => patched(stored, body)),
    remove: (resource, name) => void core.delete(ref(resource, name)),
    get: (resource, name) => core.get(ref(resource, name)),
    events: (name) =>
      core
        .list("events", { fieldSelector: `involvedObject.name=${name}` })
        .map(({ reason, message, count }) => `${String(reason)} "${String(message)}" ×${String(count)}`),
    stop,
  };
}

export const podTemplate = (image: string, more: Readonly<Record<string, unknown>> = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "main", image, ...more }] },
});

/** A Deployment or a ReplicaSet. */
export const workload = (name: string, replicas: number, more: Readonly<Record<string, unknown>> = {}): Draft => ({
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: "web" } }, template: podTemplate("nginx:1"), ...more },
});

/** A core that refuses to create objects of one resource while `isRefused` returns true. */
export const refusing =
  (resource: string, isRefused: () => boolean, refusal: () => Error) =>
  (core: ApiCore): ApiCore => ({
    ...core,
    create(kind, draft, options) {
      if (kind === resource && isRefused()) throw refusal();
      return core.create(kind, draft, options);
    },
  });

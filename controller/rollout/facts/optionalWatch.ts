/**
 * Watches a kind while Rollouts or Experiments need objects of it. One list returns all that are needed when it begins; an object that
 * is needed later is read by its name, since the watch may have skipped it long ago.
 */
import { ApiError } from "../../../kube/client/apiError.ts";
import { canBeName, collectionPath, nameSelector } from "../../../kube/client/path.ts";
import { pause } from "../../../kube/clock/sleep.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import { runReflector, type KubeObject, type Reflector, type ReflectorIncident } from "../../../kube/runtime/watch.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import { logWatchError, type Complaints } from "../../process/complaints.ts";
import { isAllKey, keysOfObject, neededOf, needOf, type OptionalKind, type OptionalStore } from "./optionalStore.ts";
import type { Stores } from "./stores.ts";
import { keyOf } from "../../../kube/runtime/cache.ts";
import type { Clock } from "../../../kube/clock/clock.ts";

export interface OptionalWatchPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly rollouts: Stores["rollouts"];
  readonly experiments: Stores["experiments"];
  /** The only namespace that may be read; undefined: all. An object of another one counts as absent. */
  readonly namespace: string | undefined;
  /** Resolves when the Rollouts and Experiments are known: one list then serves all of them. */
  readonly rolloutsKnown: Promise<void>;
  readonly signal: AbortSignal;
  /** Queues a Rollout ("namespace/name"), now that an object that it needs has been read. */
  readonly enqueue: (rolloutKey: string) => void;
  readonly enqueueExperiment: (key: string) => void;
  readonly observe: (what: ReflectorIncident) => void;
  readonly random?: () => number;
}

export interface OptionalWatch {
  /**
   * The kind, while it is needed and its cache is not complete or its watch is broken. A kind that the API server
   * refuses does not make this process unready: Rollouts that name it report it.
   */
  unready(): string | undefined;
}

/** The watch goes on for a while without Rollouts: one that is deleted and created again should not cost a list. */
const REST_MS = 60_000;
const LOOKUP_RETRY_MS = 2_000;
const LOOKUP_TIMEOUT_MS = 10_000;

interface Watching {
  readonly ending: AbortController;
  reflector: Reflector | undefined;
  /** Keys that have been needed ever since the current list began: its result covers them for certain. */
  asked: Set<string>;
  listed: boolean;
}

interface Parts extends OptionalWatchPorts {
  readonly store: OptionalStore;
  /** Keys to be looked up by name. */
  readonly missed: Set<string>;
  watching: Watching | undefined;
  cancelStop: (() => void) | undefined;
}

/** Starts when the first Rollout needs the kind; ends with `signal`. */
export function watchOptional(ports: OptionalWatchPorts, store: OptionalStore): OptionalWatch {
  const parts: Parts = { ...ports, store, missed: new Set(), watching: undefined, cancelStop: undefined };
  let known = false;
  const { kind } = store;
  ports.rollouts.onChange((old, next) => {
    if (known) needChanged(parts, old && kind.neededBy(old), next && kind.neededBy(next));
  });
  const ofExperiment = (experiment: Experiment): readonly string[] => kind.neededByExperiment?.(experiment) ?? [];
  ports.experiments.onChange((old, next) => {
    if (known) needChanged(parts, old && ofExperiment(old), next && ofExperiment(next));
  });
  void ports.rolloutsKnown.then(() => {
    known = true;
    if (isNeeded(parts)) start(parts);
  });
  // Otherwise the timer would keep the process from ending.
  ports.signal.addEventListener("abort", () => parts.cancelStop?.(), { once: true });
  return {
    unready: () =>
      parts.watching === undefined || store.refused !== undefined || parts.watching.reflector?.isReady() === true
        ? undefined
        : store.kind.resource,
  };
}

const isNeeded = ({ rollouts, experiments, store }: Parts, key?: string): boolean => {
  const need = needOf(store.kind, key);
  return rollouts.by("need", need).length > 0 || experiments.by("need", need).length > 0;
};

/** By its name, or with all of its namespace. */
const isWanted = (parts: Parts, object: KubeObject): boolean =>
  keysOfObject(parts.store.kind, object).some((key) => isNeeded(parts, key));

/** What nobody needs any more is held no longer. */
function forget(parts: Parts, key: string): void {
  const { objects, kind } = parts.store;
  if (!isAllKey(kind, key)) {
    const object = objects.get(key);
    if (object === undefined || !isWanted(parts, object)) objects.forget(key);
    return;
  }
  const held = [...objects.values()].filter((object) => keysOfObject(kind, object).includes(key));
  for (const object of held) if (!isWanted(parts, object)) objects.forget(keyOf(object));
}

const enqueueNeeding = ({ rollouts, experiments, store, enqueue, enqueueExperiment }: Parts, key?: string): void => {
  const need = needOf(store.kind, key);
  for (const rollout of rollouts.by("need", need)) enqueue(keyOf(rollout));
  for (const experiment of experiments.by("need", need)) enqueueExperiment(keyOf(experiment));
};

/** What an object needs was `before`, and is `after`; none: it was not there, or is gone. */
function needChanged(parts: Parts, before: readonly string[] = [], after: readonly string[] = []): void {
  const { kind, seen } = parts.store;
  const isWhole = kind.isWhole === true;
  for (const key of before) {
    if (isWhole || after.includes(key) || isNeeded(parts, key)) continue;
    seen.delete(key);
    parts.watching?.asked.delete(key);
    forget(parts, key);
  }
  if (after.length > 0) start(parts);
  else if (before.length > 0 && !isNeeded(parts)) stopSoon(parts);
  if (parts.watching?.listed === true && !isWhole)
    lookUp(
      parts,
      after.filter((key) => !seen.has(key)),
    );
}

function stopSoon(parts: Parts): void {
  parts.cancelStop?.();
  parts.cancelStop = parts.clock.after(REST_MS, () => {
    if (isNeeded(parts)) return;
    parts.watching?.ending.abort();
    parts.watching = undefined;
    parts.store.refused = undefined;
    parts.missed.clear();
    if (parts.store.kind.isWhole === true) letGo(parts.store);
  });
}

function letGo(store: OptionalStore): void {
  store.complete = false;
  for (const object of store.objects.values()) store.objects.forget(keyOf(object));
}

function start(parts: Parts): void {
  const { client, clock, store, signal } = parts;
  if (parts.watching !== undefined || signal.aborted) return;
  if (store.kind.isClusterScoped === true && parts.namespace !== undefined) {
    store.refused = `the controller works in namespace "${parts.namespace}" only`;
    return;
  }
  const ending = new AbortController();
  const watching: Watching = { ending, reflector: undefined, asked: new Set(), listed: false };
  parts.watching = watching;
  watching.reflector = runReflector<KubeObject>({
    client,
    clock,
    path: collectionPath(store.kind.api, parts.namespace),
    sink: {
      upsert: (raw) => {
        if (store.kind.isWhole === true || isWanted(parts, raw)) store.objects.upsert(raw);
      },
      remove: (raw) => store.objects.remove(raw),
      prune: (keys, resourceVersion) => {
        store.objects.prune(keys, resourceVersion);
        listed(parts, watching);
      },
    },
    signal: AbortSignal.any([signal, ending.signal]),
    ...(parts.random === undefined ? {} : { random: parts.random }),
    observe(what) {
      if (what === "list") watching.asked = neededOf(store.kind, parts);
      parts.observe(what);
    },
    onError: (error, failures) => failed(parts, error, failures),
  });
}

/** A list is complete: it has returned all objects that were asked for. */
function listed(parts: Parts, watching: Watching): void {
  const { store } = parts;
  const wasRefused = store.refused !== undefined;
  store.refused = undefined;
  watching.listed = true;
  if (store.kind.isWhole === true) {
    const isFirst = !store.complete;
    store.complete = true;
    if (isFirst || wasRefused) enqueueNeeding(parts);
    return;
  }
  const now = neededOf(store.kind, parts);
  const found = [...now].filter((key) => watching.asked.has(key) && !store.seen.has(key));
  for (const key of found) store.seen.add(key);
  if (wasRefused) enqueueNeeding(parts);
  else for (const key of found) enqueueNeeding(parts, key);
  lookUp(
    parts,
    [...now].filter((key) => !store.seen.has(key)),
  );
}

/** "Not served" and "forbidden" are answers. Any other error is temporary. */
function failed(parts: Parts, error: unknown, failures: number): void {
  const { store, complaints } = parts;
  const isUnserved = error instanceof ApiError && error.status === 404;
  if (!isUnserved || store.kind.isAlternative !== true) logWatchError(complaints, store.kind.resource, error, failures);
  const why = refusalOf(error, store.kind);
  if (why === undefined || why === store.refused) return;
  store.refused = why;
  enqueueNeeding(parts);
}

function refusalOf(error: unknown, { resource, api }: OptionalKind): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (error.status === 404) return `the API server does not serve ${resource} (${api.version})`;
  if (error.status === 403) return `${MAY_NOT} ${resource}: grant it, or name another kind`;
  return undefined;
}

const MAY_NOT = "the controller may not list and watch";

/** Whether a kind is refused since rights are missing. @param why `OptionalStore.refused` */
export const isForbidden = (why: string | undefined): boolean => why?.startsWith(MAY_NOT) === true;

/** Reads objects by name, one after the other: they are few, and not urgent. */
function lookUp(parts: Parts, keys: readonly string[]): void {
  const idle = parts.missed.size === 0;
  for (const key of keys) parts.missed.add(key);
  if (idle && keys.length > 0) void lookUpMissed(parts);
}

async function lookUpMissed(parts: Parts): Promise<void> {
  const { missed, store, complaints, clock, signal, watching } = parts;
  for (const key of missed) {
    if (signal.aborted || watching !== parts.watching) return;
    try {
      if (isNeeded(parts, key)) await lookUpOne(parts, key);
      missed.delete(key);
    } catch (error) {
      const message = `Cannot look up ${store.kind.resource} "${key}"; trying again`;
      complaints.report({ about: message, level: "warn", message, error });
      // To the end of the queue: an object that cannot be read must not block the others.
      missed.delete(key);
      missed.add(key);
      await pause(clock, LOOKUP_RETRY_MS, signal);
    }
  }
}

async function lookUpOne(parts: Parts, key: string): Promise<void> {
  const { client, store, namespace, signal } = parts;
  const slash = key.indexOf("/");
  const scope = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  // The name is as the Rollout has it, and may not be a valid one: then there is no such object.
  const isAll = isAllKey(store.kind, key);
  if ((isAll || canBeName(name)) && (namespace === undefined || scope === undefined || scope === namespace)) {
    // A list, not a get: it needs no permission that the watch does not need.
    const page = await client.request<{ readonly items?: readonly KubeObject[] | null }>({
      method: "GET",
      path: collectionPath(store.kind.api, scope),
      query: isAll ? {} : { fieldSelector: nameSelector(name) },
      timeoutMs: LOOKUP_TIMEOUT_MS,
      signal,
    });
    for (const item of page.items ?? []) store.objects.upsert(item);
  }
  if (!isNeeded(parts, key)) return forget(parts, key);
  store.seen.add(key);
  enqueueNeeding(parts, key);
}

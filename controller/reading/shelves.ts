/** What `get` and `list` read of a cluster: once, or with watches that keep it fresh. */
import type { Owned } from "../view/owned.ts";
import type { SeenPod } from "../view/pod.ts";
import { isNotFound } from "../../kube/client/apiError.ts";
import { pagesOf } from "../../kube/client/pagedLists.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { ANALYSIS_RUNS, DEPLOYMENTS, EXPERIMENTS, PODS, REPLICA_SETS, ROLLOUTS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { createStore, keyOf, type Store, type Stored } from "../../kube/runtime/cache.ts";
import { type Reflector, runReflector } from "../../kube/runtime/watch.ts";
import type { AnalysisRun } from "../../schema/analysis.ts";
import type { Experiment } from "../../schema/experiment.ts";
import type { ReplicaSet, Resource, Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";

export const RESOURCES = {
  rollouts: ROLLOUTS,
  experiments: EXPERIMENTS,
  replicaSets: REPLICA_SETS,
  pods: PODS,
  analysisRuns: ANALYSIS_RUNS,
  deployments: DEPLOYMENTS,
} as const;

export type ShelfName = keyof typeof RESOURCES;

export interface Wanted {
  readonly shelf: ShelfName;
  /** Undefined: of all namespaces. */
  readonly namespace: string | undefined;
  /** labelSelector, fieldSelector. */
  readonly query?: Readonly<Record<string, string>>;
  /** A cluster that does not know the kind has none of them. */
  readonly isOptional?: boolean;
}

/** Objects as the API server sent them: what is shown of them is read with care. */
export interface Shelves {
  readonly rollouts: Store<Rollout, "owner">;
  readonly experiments: Store<Experiment, "owner">;
  readonly replicaSets: Store<ReplicaSet, "owner">;
  readonly pods: Store<SeenPod, "owner">;
  readonly analysisRuns: Store<AnalysisRun, "owner">;
  readonly deployments: Store<Workload, "owner">;
}

type WithOwners = Stored & {
  readonly metadata: { readonly ownerReferences?: readonly { readonly uid: string }[] | undefined };
};

const shelf = <T extends Stored>(): Store<T, "owner"> =>
  createStore<T, "owner">({
    transform: (raw) => raw as T,
    indices: { owner: (object) => ((object as WithOwners).metadata.ownerReferences ?? []).map(({ uid }) => uid) },
  });

export const newShelves = (): Shelves => ({
  rollouts: shelf(),
  experiments: shelf(),
  replicaSets: shelf(),
  pods: shelf(),
  analysisRuns: shelf(),
  deployments: shelf(),
});

export const ownedOn = (shelves: Shelves): Owned => ({
  replicaSets: (owner) => shelves.replicaSets.by("owner", owner),
  pods: (owner) => shelves.pods.by("owner", owner),
  experiments: (owner) => shelves.experiments.by("owner", owner),
  analysisRuns: (owner) => shelves.analysisRuns.by("owner", owner),
});

/** By namespace and name, as the API server orders them. */
export const inOrder = <T extends Stored>(objects: { values(): Iterable<T> }): readonly T[] =>
  [...objects.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

/** A person waits, and the process ends soon: fewer requests matter more than memory. */
const PAGE = { mostObjects: 1_000, mostBytes: 16 * 2 ** 20 };

/** `take` is called for each object of a kind. @throws {ApiError} */
export async function listed(
  client: KubeClient,
  resource: Resource,
  { namespace, query }: Pick<Wanted, "namespace" | "query">,
  take: (object: Stored) => void,
): Promise<void> {
  const path = collectionPath(resource, namespace);
  for await (const { items } of pagesOf<Stored>({ client, path, query, ...PAGE }))
    for (const item of items ?? []) take(item);
}

/** Reads all at the same time. @throws {ApiError} */
export async function readOnce(client: KubeClient, shelves: Shelves, wanted: readonly Wanted[]): Promise<void> {
  const read = async (of: Wanted): Promise<void> => {
    const { shelf: name, isOptional = false } = of;
    try {
      await listed(client, RESOURCES[name], of, (item) => shelves[name].upsert(item));
    } catch (error) {
      if (!isOptional || !isNotFound(error)) throw error;
    }
  };
  await Promise.all(wanted.map(read));
}

export interface Watching {
  /** The first of what cannot be read at the moment, in a sentence; it is tried again. */
  trouble(): string | undefined;
}

/**
 * Lists, then watches, until `signal` aborts. Resolves when all is read.
 * @param changed called after each change and whenever `trouble` may have changed
 * @throws {ApiError} what failed before all was read
 */
export async function watchAll(
  client: KubeClient,
  shelves: Shelves,
  wanted: readonly Wanted[],
  { clock, signal, changed }: { readonly clock: Clock; readonly signal: AbortSignal; readonly changed: () => void },
): Promise<Watching> {
  const troubles = new Map<Reflector, string>();
  const watched = wanted.map(({ shelf: name, namespace, query, isOptional = false }) => {
    const first = Promise.withResolvers<void>();
    shelves[name].onChange(changed);
    const reflector: Reflector = runReflector<Stored>({
      client,
      clock,
      signal,
      path: collectionPath(RESOURCES[name], namespace),
      sink: shelves[name],
      ...(query === undefined ? {} : { query }),
      onError(error) {
        if (isOptional && isNotFound(error)) return first.resolve();
        first.reject(error);
        troubles.set(reflector, error instanceof Error ? error.message : String(error));
        changed();
      },
    });
    void reflector.hasSynced.then(first.resolve);
    return { reflector, first: first.promise };
  });
  await Promise.all(watched.map(({ first }) => first));
  return {
    trouble: () => watched.flatMap(({ reflector }) => (reflector.isReady() ? [] : (troubles.get(reflector) ?? [])))[0],
  };
}

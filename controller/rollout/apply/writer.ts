/** How a decision's writes are sent: only while the Lease outlives them, and each answer goes into the cache. */
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import { NotLeaderError } from "../../../kube/runtime/notLeader.ts";
import type { ObjectMeta } from "../../../schema/kube.ts";
import type { Traffic } from "../../../providers/traffic/router.ts";
import type { Inquiry } from "../../../providers/traffic/elb/inquiry.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { CallStepPlugin } from "../actions/callStepPlugin.ts";
import type { WriteRequest } from "../actions/row.ts";
import type { Stores } from "../facts/stores.ts";
import type { RolloutEvent, Snapshot } from "../model/model.ts";
import type { Echoes } from "./echoes.ts";
import { kubeRequest } from "./kubeRequest.ts";

export interface Writer {
  readonly client: KubeClient;
  readonly stores: Stores;
  /** How long we are certain to stay the leader, in milliseconds. */
  readonly validForMs: () => number;
  readonly recordEvent: (rollout: Rollout, event: RolloutEvent) => void;
  /** Resolves when the events about a Rollout have been sent, or after a short time. */
  readonly eventsSent: (rollout: Rollout) => Promise<void>;
  /** Told of every write of an object that is watched; absent: the echo of a write is news. */
  readonly echoes?: Pick<Echoes, "writing"> | undefined;
  /** Asks a step plugin, without waiting for its answer. */
  readonly callStepPlugin?: (rollout: Rollout, call: CallStepPlugin) => void;
  /** Asks the routers that are plugins for this traffic, without waiting for their answers. */
  readonly askRouterPlugins?: (rollout: Rollout, traffic: Traffic) => void;
  /** Asks about load balancers, without waiting for the answer. */
  readonly askBalancer?: (rollout: Rollout, inquiry: Inquiry) => void;
}

/** How carrying out a decision ended; all other failures are thrown. */
export type Outcome =
  | { readonly kind: "done" }
  /** The name of the new ReplicaSet is taken by one that is not ours. */
  | { readonly kind: "collision"; readonly name: string }
  /** The name is taken by a ReplicaSet that will be deleted without our help. */
  | { readonly kind: "nameTaken"; readonly name: string; readonly message: string }
  /** Every eviction was refused. */
  | { readonly kind: "nothingEvicted" }
  /** The API server refuses the new ReplicaSet (quota, policy, validation). */
  | { readonly kind: "createRefused"; readonly name: string; readonly message: string }
  /** The name of a new AnalysisRun is taken by one that cannot take its place. */
  | { readonly kind: "runNameTaken"; readonly name: string }
  /** The API server refuses the new AnalysisRun. */
  | { readonly kind: "runRefused"; readonly name: string; readonly message: string }
  /** The same of a new Experiment. */
  | { readonly kind: "experimentNameTaken"; readonly name: string }
  | { readonly kind: "experimentRefused"; readonly name: string; readonly message: string }
  /** The API server refuses what a router wants written (rights, policy, validation). */
  | { readonly kind: "routeRefused"; readonly message: string };

/** A write times out after this, and is not begun when the Lease may end sooner. */
const WRITE_TIMEOUT_MS = 5_000;

/**
 * State of carrying out one decision: versions of what it has written itself, so that a second write builds on the
 * first.
 */
export interface Run extends Writer {
  readonly snapshot: Snapshot;
  readonly rollout: Rollout;
  readonly versions: Map<string, string>;
}

/** Sends a write, as the leader. @throws {NotLeaderError} @throws {ApiError} */
export async function send<T>({ client, validForMs }: Writer, request: KubeRequest): Promise<T> {
  if (validForMs() <= WRITE_TIMEOUT_MS) {
    throw new NotLeaderError(
      `Not sent: ${request.method} ${request.path}, because the leader Lease may run out before it is answered`,
    );
  }
  return client.request<T>({ timeoutMs: WRITE_TIMEOUT_MS, ...request });
}

interface Written {
  readonly metadata?: Pick<ObjectMeta, "resourceVersion"> | undefined;
}

/** What accepts an object as the API server has it now: a store of the cache. */
interface Taker<Raw> {
  written(raw: Raw): unknown;
}

/**
 * Sends one write about an object that a decision writes once; no later read of the cache is older than its answer.
 */
export async function write<Raw>(run: Run, request: WriteRequest, store: Taker<Raw>): Promise<Raw> {
  const { namespace = run.rollout.metadata.namespace, resource, name } = request;
  const ended = run.echoes?.writing(resource, `${namespace}/${name}`);
  let version: string | undefined;
  try {
    const answer = await send<Raw>(run, kubeRequest(request, namespace));
    store.written(answer);
    version = (answer as Written).metadata?.resourceVersion;
    return answer;
  } finally {
    ended?.(version);
  }
}

const keyOf = ({ resource, name }: Pick<WriteRequest, "resource" | "name">): string => `${resource.plural}/${name}`;

/** Patches a ReplicaSet or the Rollout, which one decision may change more than once. */
async function patchAgain<Raw extends { readonly metadata: ObjectMeta }>(
  run: Run,
  request: WriteRequest,
  store: Taker<Raw>,
): Promise<void> {
  const key = keyOf(request);
  const resourceVersion = run.versions.get(key) ?? request.resourceVersion ?? "";
  const { metadata } = await write(run, { ...request, resourceVersion }, store);
  run.versions.set(key, metadata.resourceVersion ?? "");
}

export async function patchReplicaSets(run: Run, requests: readonly WriteRequest[]): Promise<undefined> {
  for (const request of requests) await patchAgain(run, request, run.stores.replicaSets);
}

export async function patchRollout(run: Run, requests: readonly WriteRequest[]): Promise<undefined> {
  for (const request of requests) await patchAgain(run, request, run.stores.rollouts);
}

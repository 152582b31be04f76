/**
 * The only writer. Carries out a decision: its actions in order, the status last, then the events. Every write names the
 * version that it was decided on, and is sent only while the Lease outlives the request.
 */
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import { ApiError, isAlreadyExists, isConflict, isNotFound } from "../../../kube/client/apiError.ts";
import { type ApiPath, collectionPath, objectPath } from "../../../kube/client/path.ts";
import { DEPLOYMENTS, REPLICA_SETS, ROLLOUTS, SERVICES } from "../../../kube/client/resources.ts";
import { type ReplicaSet, type Resource, resourceName, type Service, type Workload } from "../../../schema/kube.ts";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import {
  EPHEMERAL_METADATA,
  HASH_LABEL,
  MANAGED_BY,
  REPLICAS_BEFORE,
  REVISION,
  WORKLOAD_GENERATION,
  type Action,
  type Decision,
  type RolloutEvent,
  type Snapshot,
} from "../model/model.ts";
import { mergePatch } from "../../../kube/object/mergePatch.ts";
import { controllerReference } from "../../../kube/object/ownerReference.ts";
import { replicaSetFacts, type Stores } from "../facts/stores.ts";
import { NotLeaderError } from "../../../kube/runtime/notLeader.ts";
import { passingCause } from "./passing.ts";
import { evictPod, patchPods } from "./pods.ts";
import { routeTraffic, type RoutePorts } from "./route.ts";
import { liveRollout } from "../../services/serviceCleanup.ts";

export interface Writer {
  readonly client: KubeClient;
  readonly stores: Stores;
  /** For how long we are the leader for certain, in milliseconds. */
  readonly validForMs: () => number;
  readonly recordEvent: (rollout: Rollout, event: RolloutEvent) => void;
  /** Resolves when the events about a Rollout have been sent, or soon anyway. */
  readonly eventsTold: (rollout: Rollout) => Promise<void>;
}

/** How carrying out a decision ended; what else goes wrong is thrown. */
export type Outcome =
  | { readonly kind: "done" }
  /** The name of the new ReplicaSet is taken by another's. */
  | { readonly kind: "collision"; readonly name: string }
  /** The name is taken by a ReplicaSet that will go away by itself. */
  | { readonly kind: "nameTaken"; readonly name: string; readonly message: string }
  /** Every eviction was refused. */
  | { readonly kind: "nothingEvicted" }
  /** The API server does not take the new ReplicaSet (quota, policy, validation). */
  | { readonly kind: "createRefused"; readonly name: string; readonly message: string };

/** Disruption budgets let no pod go now; what was decided besides is left undone. */
const NOTHING_EVICTED: Outcome = { kind: "nothingEvicted" };

/** A write is given up after this, and not begun when the Lease may end sooner. */
const WRITE_TIMEOUT_MS = 5_000;
const MERGE = "application/merge-patch+json";

/** State of one application: versions of what it has written itself, so that a second write builds on the first. */
interface Run extends Writer {
  readonly snapshot: Snapshot;
  readonly rollout: Rollout;
  readonly versions: Map<string, string>;
}

/**
 * Carries out `decision` about the Rollout of `snapshot`.
 * @throws {ApiError} when a write failed: what came before it has been done, the rest not, and deciding again goes on from
 * there. Where only the Deployment could not be scaled, all else has been done.
 */
export async function apply(writer: Writer, snapshot: Snapshot, decision: Decision): Promise<Outcome> {
  const run: Run = { ...writer, snapshot, rollout: snapshot.rollout, versions: new Map() };
  let done = 0;
  let complete = false;
  let unscaled: Error | undefined;
  try {
    for (const action of decision.actions) {
      const outcome = await perform(run, action).catch((error: unknown) => {
        // Nothing rests on the Deployment's size: a quota or a policy that keeps it must not keep the Rollout.
        if (action.kind !== "scaleWorkload") throw error;
        unscaled = error instanceof Error ? error : new Error(String(error));
      });
      if (outcome !== undefined) return outcome;
      done += 1;
    }
    complete = true;
  } finally {
    // Who sees the new status may look for its events at once: they go out before it.
    for (const event of decision.events) {
      const due = event.after === "status" ? complete : event.after <= done;
      if (due) run.recordEvent(run.rollout, event);
    }
  }
  if (decision.status !== undefined) {
    // Who waits for Healthy reads the events next; other statuses need no such order.
    if (decision.events.length > 0 && decision.status.phase === "Healthy") await run.eventsTold(run.rollout);
    await writeStatus(run, decision.status);
  }
  if (unscaled !== undefined) throw unscaled;
  return { kind: "done" };
}

async function send<T>({ client, validForMs }: Writer, request: KubeRequest): Promise<T> {
  if (validForMs() <= WRITE_TIMEOUT_MS) {
    throw new NotLeaderError(
      `Not sent: ${request.method} ${request.path}, because the leader Lease may run out before it is answered`,
    );
  }
  return client.request<T>({ timeoutMs: WRITE_TIMEOUT_MS, ...request });
}

/** Takes the answer to a write into the cache, so that no later read is older than it. */
function remember<Raw>({ stores }: Run, store: { written(raw: Raw): unknown }, answer: Raw): void {
  stores.ownWrite = true;
  try {
    store.written(answer);
  } finally {
    stores.ownWrite = false;
  }
}

/** Of an object of the Rollout's namespace. */
const pathBeside = ({ metadata }: Rollout, resource: Resource, name: string): ApiPath =>
  objectPath(resource, { namespace: metadata.namespace, name });

async function perform(run: Run, action: Action): Promise<Outcome | undefined> {
  switch (action.kind) {
    case "createReplicaSet":
      return createReplicaSet(run, action);
    case "updateReplicaSet":
      return updateReplicaSet(run, action);
    case "setPodMetadata":
      return setPodMetadata(run, action);
    case "evictPods":
      return evictPods(run, action);
    case "deleteReplicaSet":
      return deleteReplicaSet(run, action);
    case "adoptReplicaSet":
      return adoptReplicaSet(run, action);
    case "releaseReplicaSet":
      return patchOwners(run, action, (owners) => owners.filter((owner) => owner.uid !== run.rollout.metadata.uid));
    case "switchService":
      return switchService(run, action);
    case "routeTraffic":
      await routeTraffic(routePorts(run), run.rollout, action.traffic);
      return undefined;
    case "updateRollout":
      return updateRollout(run, action);
    case "scaleWorkload":
      return scaleWorkload(run, action);
    default:
      return action satisfies never;
  }
}

type ActionOf<K extends Action["kind"]> = Extract<Action, { kind: K }>;

/**
 * A ReplicaSet of that name that is ours and has our template is what we wanted, whoever created it
 * (docs/behaviour/hashes-and-names.md#collisions).
 */
async function createReplicaSet(
  run: Run,
  { name, manifest }: ActionOf<"createReplicaSet">,
): Promise<Outcome | undefined> {
  const path = collectionPath(REPLICA_SETS, run.rollout.metadata.namespace);
  try {
    remember(run, run.stores.replicaSets, await send<ReplicaSet>(run, { method: "POST", path, body: manifest }));
    return undefined;
  } catch (error) {
    if (!isAlreadyExists(error)) return refusal(name, error);
  }
  const live = await run.client.request<ReplicaSet>({
    method: "GET",
    path: pathBeside(run.rollout, REPLICA_SETS, name),
  });
  const facts = replicaSetFacts(live);
  const ours = facts.controllerUid === run.rollout.metadata.uid && facts.templateDigest === run.snapshot.templateDigest;
  if (ours && !facts.deleting) {
    run.stores.replicaSets.written(live);
    return undefined;
  }
  const leaving = await isLeaving(run, live, facts.deleting);
  return leaving
    ? { kind: "nameTaken", name, message: "its predecessor of the same name is still being deleted" }
    : { kind: "collision", name };
}

/** Left over from a Rollout of the same name that was deleted: the garbage collector is about to take it. */
async function isLeaving(run: Run, live: ReplicaSet, deleting: boolean): Promise<boolean> {
  if (deleting) return true;
  const owner = live.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner?.kind !== "Rollout" || owner.uid === run.rollout.metadata.uid) return false;
  const rollout = await liveRollout(run.client, run.rollout.metadata.namespace, owner.name);
  return rollout?.metadata.uid !== owner.uid;
}

/** Refusals that the user can mend are told in the status; all else is retried. */
function refusal(name: string, error: unknown): Outcome {
  if (!(error instanceof ApiError) || error.status === 401 || passingCause(error) !== undefined) throw error;
  const cause = error.cause as { message?: string } | undefined;
  return { kind: "createRefused", name, message: cause?.message ?? error.message };
}

/** One after the other: a disruption budget that refuses one pod may not be that of the next. */
async function evictPods(run: Run, { names, most }: ActionOf<"evictPods">): Promise<Outcome | undefined> {
  let evicted = 0;
  for (const name of names) {
    if (evicted >= most) break;
    if (await evictPod((request) => send(run, request), run.rollout.metadata.namespace, name)) evicted += 1;
  }
  return evicted > 0 ? undefined : NOTHING_EVICTED;
}

async function updateReplicaSet(run: Run, action: ActionOf<"updateReplicaSet">): Promise<undefined> {
  const { replicas, minReadySeconds, annotations, affinity } = action;
  const spec = {
    ...(affinity === undefined ? {} : { template: { spec: { affinity } } }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
  };
  return patchReplicaSet(run, action, {
    metadata: annotations === undefined ? {} : { annotations },
    ...(Object.keys(spec).length > 0 ? { spec } : {}),
  });
}

/**
 * New pods get the metadata by the template, then running ones, and only then it is written down as done: a crash in
 * between repeats all of it.
 */
async function setPodMetadata(run: Run, action: ActionOf<"setPodMetadata">): Promise<undefined> {
  const { labels, annotations, record } = action;
  const done = { annotations: { [EPHEMERAL_METADATA]: record } };
  const template = { metadata: { labels, annotations } };
  const facts = run.stores.replicaSets.get(`${run.rollout.metadata.namespace}/${action.name}`)?.facts;
  if (facts === undefined || facts.replicas === 0)
    return patchReplicaSet(run, action, { metadata: done, spec: { template } });
  await patchReplicaSet(run, action, { metadata: {}, spec: { template } });
  await patchPods((request) => send(run, request), run.client, facts, action);
  return patchReplicaSet(run, action, { metadata: done });
}

type Patch = { readonly metadata: object; readonly spec?: object };

async function patchReplicaSet(
  run: Run,
  target: { name: string; resourceVersion: string },
  patch: Patch,
): Promise<undefined> {
  const { name } = target;
  const resourceVersion = run.versions.get(name) ?? target.resourceVersion;
  const body = { ...patch, metadata: { resourceVersion, ...patch.metadata } };
  const path = pathBeside(run.rollout, REPLICA_SETS, name);
  const written = await send<ReplicaSet>(run, { method: "PATCH", path, body, contentType: MERGE });
  run.versions.set(name, written.metadata.resourceVersion ?? "");
  remember(run, run.stores.replicaSets, written);
}

async function deleteReplicaSet(
  run: Run,
  { name, uid, resourceVersion }: ActionOf<"deleteReplicaSet">,
): Promise<undefined> {
  const body = { propagationPolicy: "Background", preconditions: { uid, resourceVersion } };
  try {
    await send(run, { method: "DELETE", path: pathBeside(run.rollout, REPLICA_SETS, name), body });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  run.stores.replicaSets.deleted(`${run.rollout.metadata.namespace}/${name}`, uid);
}

/**
 * Only a Rollout that still lives may adopt: the cache may not know yet that it is being deleted
 * (docs/behaviour/revisions.md#adoption).
 */
async function adoptReplicaSet(run: Run, action: ActionOf<"adoptReplicaSet">): Promise<undefined> {
  const path = objectPath(ROLLOUTS, run.rollout.metadata);
  const fresh = await run.client.request<Rollout>({ method: "GET", path });
  if (fresh.metadata.uid !== run.rollout.metadata.uid || fresh.metadata.deletionTimestamp !== undefined) {
    throw new Error(`Cannot adopt ReplicaSet "${action.name}": the Rollout is being deleted`);
  }
  return patchOwners(run, action, (owners) => [...owners, controllerReference(run.rollout)]);
}

type Owners = NonNullable<ReplicaSet["metadata"]["ownerReferences"]>;

async function patchOwners(
  run: Run,
  target: { name: string; uid: string; resourceVersion: string },
  change: (owners: Owners) => Owners,
): Promise<undefined> {
  const path = pathBeside(run.rollout, REPLICA_SETS, target.name);
  const live = await run.client.request<ReplicaSet>({ method: "GET", path });
  const { uid, resourceVersion } = target;
  const body = { metadata: { uid, resourceVersion, ownerReferences: change(live.metadata.ownerReferences ?? []) } };
  const written = await send<ReplicaSet>(run, { method: "PATCH", path, body, contentType: MERGE });
  run.versions.set(target.name, written.metadata.resourceVersion ?? "");
  remember(run, run.stores.replicaSets, written);
}

async function switchService(
  run: Run,
  { name, resourceVersion, hash, adopt }: ActionOf<"switchService">,
): Promise<undefined> {
  const { name: rollout } = run.rollout.metadata;
  const annotations = adopt ? { annotations: { [MANAGED_BY]: rollout } } : {};
  const body = { metadata: { resourceVersion, ...annotations }, spec: { selector: { [HASH_LABEL]: hash } } };
  const path = pathBeside(run.rollout, SERVICES, name);
  remember(run, run.stores.services, await send<Service>(run, { method: "PATCH", path, body, contentType: MERGE }));
}

const routePorts = (run: Run): RoutePorts => ({
  routed: run.stores.routed,
  get: (path) => run.client.request({ method: "GET", path }),
  send: (request) => send(run, request),
  remember: ({ resource }, object) => {
    const store = run.stores.routed.stores.get(resourceName(resource));
    if (store !== undefined) remember(run, store.objects, object);
  },
  tell: (event) => run.recordEvent(run.rollout, { ...event, after: 0 }),
});

/** While a Deployment changes its size its status is written over and over: a newer version of that alone is no other one. */
async function scaleWorkload(run: Run, action: ActionOf<"scaleWorkload">): Promise<undefined> {
  const { name, replicas, replicasBefore } = action;
  const path = pathBeside(run.rollout, DEPLOYMENTS, name);
  const scaleAt = async (resourceVersion: string): Promise<void> => {
    const annotations = { [REPLICAS_BEFORE]: String(replicasBefore) };
    const body = { metadata: { resourceVersion, annotations }, spec: { replicas } };
    const written = await send<Workload>(run, { method: "PATCH", path, body, contentType: MERGE });
    remember(run, run.stores.workloads.Deployment.objects, written);
  };
  try {
    await scaleAt(action.resourceVersion);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const { metadata } = await run.client.request<Workload>({ method: "GET", path });
    const known = run.snapshot.workload;
    if (metadata.uid !== known?.uid || metadata.generation !== known?.generation) throw error;
    await scaleAt(metadata.resourceVersion ?? "");
  }
}

async function updateRollout(run: Run, action: ActionOf<"updateRollout">): Promise<undefined> {
  const { replicas, revision, workloadGeneration, finalizers } = action;
  const annotations = {
    ...(revision === undefined ? {} : { [REVISION]: revision }),
    ...(workloadGeneration === undefined ? {} : { [WORKLOAD_GENERATION]: workloadGeneration }),
  };
  const template = templatePatch(run);
  const spec = { ...(replicas === undefined ? {} : { replicas }), ...(template === undefined ? {} : { template }) };
  const body = {
    metadata: {
      resourceVersion: rolloutVersion(run),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
    },
    ...(Object.keys(spec).length === 0 ? {} : { spec }),
  };
  const written = await send<Rollout>(run, {
    method: "PATCH",
    path: objectPath(ROLLOUTS, run.rollout.metadata),
    body,
    contentType: MERGE,
  });
  run.versions.set("Rollout", written.metadata.resourceVersion ?? "");
  remember(run, run.stores.rollouts, written);
}

/**
 * Takes out of the stored template what is no quantity. Clients written in Go read nothing of an object that comes behind
 * one, its status included; the reference loses it in the same write.
 */
function templatePatch({ snapshot, stores, rollout }: Run): object | undefined {
  const stored = stores.rollouts.get(`${rollout.metadata.namespace}/${rollout.metadata.name}`);
  if (snapshot.dropped === undefined || stored === undefined) return undefined;
  return mergePatch(stored.spec.template ?? {}, rollout.spec.template ?? {});
}

const rolloutVersion = (run: Run): string => run.versions.get("Rollout") ?? run.rollout.metadata.resourceVersion ?? "";

async function writeStatus(run: Run, status: RolloutStatus): Promise<void> {
  const patch = mergePatch(run.rollout.status ?? {}, status);
  if (patch === undefined) return;
  const body = { metadata: { resourceVersion: rolloutVersion(run) }, status: patch };
  const { namespace, name } = run.rollout.metadata;
  const path = objectPath(ROLLOUTS, { namespace, name, subresource: "status" });
  remember(run, run.stores.rollouts, await send<Rollout>(run, { method: "PATCH", path, body, contentType: MERGE }));
}

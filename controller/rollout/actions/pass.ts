/**
 * One pass over a Rollout's world. A pass reads the world, asks for effects, and sees them at once in the world that it
 * goes on with. Passes are repeated on the model until nothing changes; only then is anything sent (docs/adr/0001).
 * A `Pass` is the only mutable thing in this folder and never leaves the decision that made it.
 */
import type { Traffic } from "../../../providers/traffic/router.ts";
import type { RolloutStatus, TrafficWeights } from "../../../schema/rollout.ts";
import { spend } from "../../../kube/object/budget.ts";
import { avoiding } from "../model/antiAffinity.ts";
import { desiredReplicas } from "../model/defaults.ts";
import {
  DESIRED_REPLICAS,
  EPHEMERAL_METADATA,
  HASH_LABEL,
  MANAGED_BY,
  REVISION,
  SCALE_DOWN_DEADLINE,
} from "../model/model.ts";
import type {
  Action,
  Annotations,
  FinishedDuration,
  PodMetadataChange,
  ReplicaSetFacts,
  RolloutEvent,
  ServiceFacts,
  Snapshot,
  World,
} from "../model/model.ts";
import { rolesOf, rolloutRevision, revisionOf, type Roles } from "../model/replicaSets.ts";

/**
 * What a pass wants done to the pause conditions and the abort, settled when its status is made
 * (docs/behaviour/pauses-and-aborts.md#pause-conditions).
 */
export interface PauseIntent {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly clear: boolean;
  /** Reason of an abort that this pass starts. */
  readonly abort?: string;
  readonly removeAbort: boolean;
}

export const noIntent: PauseIntent = { add: [], remove: [], clear: false, removeAbort: false };

export interface Pass {
  readonly snapshot: Snapshot;
  readonly now: number;
  world: World;
  pause: PauseIntent;
  /** Weights that the routers have been asked for, this pass included. */
  weights: TrafficWeights | undefined;
  readonly actions: Action[];
  readonly events: RolloutEvent[];
  readonly wakeAts: number[];
  /** A pass was taken back: the next decision, on the stored status, goes on with it. */
  more: boolean;
  finished: FinishedDuration | undefined;
}

export const statusOf = (p: Pass): RolloutStatus => p.world.rollout.status ?? {};
/** Worlds are immutable, and asked for their roles many times a pass. */
const rolesKnown = new WeakMap<World, { readonly snapshot: Snapshot; readonly roles: Roles }>();

export function roles({ world, snapshot }: Pass): Roles {
  const known = rolesKnown.get(world);
  if (known?.snapshot === snapshot) return known.roles;
  spend(world.replicaSets.length / 2, FOLLOWING);
  const found = rolesOf(world, snapshot);
  rolesKnown.set(world, { snapshot, roles: found });
  return found;
}

export const isAborted = (p: Pass): boolean =>
  !p.pause.removeAbort && (p.pause.abort !== undefined || statusOf(p).abort === true);

/** Hash that identifies the current revision: the found ReplicaSet's own, which may differ from the computed one. */
export const currentHash = (p: Pass): string => roles(p).newRS?.labels[HASH_LABEL] ?? p.snapshot.podHash;

export function wake(p: Pass, at: number | undefined): void {
  if (at !== undefined && at > p.now) p.wakeAts.push(at);
}

/**
 * Records an event that becomes true with the actions so far (`"action"`), with the first so many of them, or with the
 * status of this pass.
 */
export function emit(
  p: Pass,
  with_: "action" | "status" | number,
  reason: string,
  message: string,
  type: RolloutEvent["type"] = "Normal",
): void {
  p.events.push({ type, reason, message, after: with_ === "action" ? p.actions.length : with_ });
}

const FOLLOWING = "following its ReplicaSets";

const patchAnnotations = (old: Annotations, patch: Readonly<Record<string, string | null>>): Annotations => {
  spend(Object.keys(old).length / 2, "copying annotations");
  const merged: Record<string, string> = { ...old };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = value;
  }
  return merged;
};

function replaceSet(p: Pass, name: string, change: (rs: ReplicaSetFacts) => ReplicaSetFacts): void {
  spend(8 + p.world.replicaSets.length / 4, FOLLOWING);
  p.world = { ...p.world, replicaSets: p.world.replicaSets.map((rs) => (rs.name === name ? change(rs) : rs)) };
}

export interface ReplicaSetChange {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly annotations?: Readonly<Record<string, string | null>>;
}

/** Keeping pods away from those of a hash, or of none any more, with the patch that does so. */
export interface AntiAffinityChange {
  readonly avoided: string | undefined;
  readonly affinity: Readonly<Record<string, unknown>> | null;
}

export function updateReplicaSet(
  p: Pass,
  rs: ReplicaSetFacts,
  change: ReplicaSetChange,
  antiAffinity?: AntiAffinityChange,
): void {
  const affinity = antiAffinity === undefined ? {} : { affinity: antiAffinity.affinity };
  const { name, resourceVersion } = rs;
  p.actions.push({ kind: "updateReplicaSet", name, resourceVersion, ...change, ...affinity });
  replaceSet(p, rs.name, ({ antiAffinity: before, ...old }) => ({
    ...old,
    ...avoiding(antiAffinity === undefined ? before : antiAffinity.avoided),
    replicas: change.replicas ?? old.replicas,
    minReadySeconds: change.minReadySeconds ?? old.minReadySeconds,
    annotations: patchAnnotations(old.annotations, change.annotations ?? {}),
    // The ReplicaSet controller has yet to see a new size.
    observed: old.observed && (change.replicas ?? old.replicas) === old.replicas,
  }));
}

export function setPodMetadata(p: Pass, rs: ReplicaSetFacts, change: PodMetadataChange): void {
  p.actions.push({ kind: "setPodMetadata", name: rs.name, resourceVersion: rs.resourceVersion, ...change });
  const record = { [EPHEMERAL_METADATA]: change.record };
  replaceSet(p, rs.name, (old) => ({ ...old, annotations: patchAnnotations(old.annotations, record) }));
}

export function deleteReplicaSet(p: Pass, rs: ReplicaSetFacts): void {
  spend(8 + p.world.replicaSets.length / 4, FOLLOWING);
  p.actions.push({ kind: "deleteReplicaSet", name: rs.name, uid: rs.uid, resourceVersion: rs.resourceVersion });
  p.world = { ...p.world, replicaSets: p.world.replicaSets.filter((other) => other.name !== rs.name) };
}

export function addReplicaSet(
  p: Pass,
  action: Extract<Action, { kind: "createReplicaSet" }>,
  facts: ReplicaSetFacts,
): void {
  p.actions.push(action);
  p.world = { ...p.world, replicaSets: [...p.world.replicaSets, facts] };
}

/**
 * Points a Service at a hash and takes it under management; nothing when both are so already
 * (docs/behaviour/traffic.md#how-a-service-is-switched).
 */
export function switchService(p: Pass, service: ServiceFacts, hash: string): void {
  const adopt = service.annotations[MANAGED_BY] === undefined;
  const old = service.selector[HASH_LABEL] ?? "";
  if (old === hash && !adopt && service.selector[HASH_LABEL] !== undefined) return;
  const { name, resourceVersion } = service;
  p.actions.push({ kind: "switchService", name, resourceVersion, hash, adopt });
  emit(p, "action", "SwitchService", `Switched selector for service '${name}' from '${old}' to '${hash}'`);
  const annotations = adopt
    ? { ...service.annotations, [MANAGED_BY]: p.world.rollout.metadata.name }
    : service.annotations;
  const switched = { ...service, annotations, selector: { ...service.selector, [HASH_LABEL]: hash } };
  p.world = { ...p.world, services: new Map(p.world.services).set(name, switched) };
}

/** Has the routers split the traffic so. */
export function setTraffic(p: Pass, traffic: Traffic): void {
  p.actions.push({ kind: "routeTraffic", traffic });
  p.world = { ...p.world, traffic };
}

/** Writes the revision into the Rollout's own annotation. */
export function setRolloutRevision(p: Pass, revision: number): void {
  if (p.world.rollout.metadata.annotations?.[REVISION] === String(revision)) return;
  p.actions.push({ kind: "updateRollout", revision: String(revision) });
  const { metadata } = p.world.rollout;
  const annotations = { ...metadata.annotations, [REVISION]: String(revision) };
  p.world = { ...p.world, rollout: { ...p.world.rollout, metadata: { ...metadata, annotations } } };
  emit(p, "action", "RolloutUpdated", `Rollout updated to revision ${revision}`);
}

export function setRolloutReplicas(p: Pass, replicas: number): void {
  p.actions.push({ kind: "updateRollout", replicas });
  const { metadata, spec } = p.world.rollout;
  // The API server counts the change of the spec.
  const generation = (metadata.generation ?? 0) + 1;
  const rollout = { ...p.world.rollout, metadata: { ...metadata, generation }, spec: { ...spec, replicas } };
  p.world = { ...p.world, rollout };
}

/** How a ReplicaSet is resized: `keepDeadline` while an aborted one waits out its delay. */
export interface ScaleOptions {
  readonly keepDeadline: boolean;
}

/**
 * Gives a ReplicaSet a size and writes down for which Rollout size that was. Returns whether the size changed
 * (docs/behaviour/reconciling.md#a-new-size). An annotation alone is corrected too: it is what ends a scaling event.
 */
export function scaleReplicaSet(
  p: Pass,
  rs: ReplicaSetFacts,
  replicas: number,
  { keepDeadline }: ScaleOptions,
): boolean {
  const wanted = String(desiredReplicas(p.world.rollout));
  const deadline = rs.annotations[SCALE_DOWN_DEADLINE];
  const dropDeadline = replicas === 0 && deadline !== undefined && !keepDeadline;
  if (rs.replicas === replicas && rs.annotations[DESIRED_REPLICAS] === wanted && !dropDeadline) return false;
  updateReplicaSet(p, rs, {
    ...(rs.replicas === replicas ? {} : { replicas }),
    annotations: { [DESIRED_REPLICAS]: wanted, ...(dropDeadline ? { [SCALE_DOWN_DEADLINE]: null } : {}) },
  });
  if (rs.replicas === replicas) return false;
  const direction = rs.replicas < replicas ? "up" : "down";
  const revision = revisionOf(rs) ?? 0;
  emit(
    p,
    "action",
    "ScalingReplicaSet",
    `Scaled ${direction} ReplicaSet ${rs.name} (revision ${revision}) from ${rs.replicas} to ${replicas}`,
  );
  return true;
}

export const revisionText = (p: Pass): string => String(rolloutRevision(p.world.rollout));

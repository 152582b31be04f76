/**
 * One pass over a Rollout's world. A pass reads the world, asks for effects, and goes on in a world that already has
 * them. Passes are repeated on the model until nothing changes; only then is anything sent (docs/adr/0001). A `Pass` is
 * the only mutable thing in this folder and never leaves the decision that made it.
 */
import { DESIRED_REPLICAS, HASH_LABEL, MANAGED_BY, REVISION, SCALE_DOWN_DEADLINE } from "../../../schema/labels.ts";
import type { Traffic } from "../../../providers/traffic/router.ts";
import type { EventReason } from "../../../schema/reasons.ts";
import type { AlbStatus, RolloutStatus, TrafficWeights } from "../../../schema/rollout.ts";
import { spend } from "../../../kube/object/budget.ts";
import type { StepTable } from "../../steps/stepTable.ts";
import { desiredReplicas } from "../model/defaults.ts";

import type {
  AnalysisFault,
  AnalysisKind,
  AnalysisRunFacts,
  FinishedDuration,
  PodMetadataChange,
  ReplicaSetFacts,
  RolloutEvent,
  ServiceFacts,
  Snapshot,
  World,
} from "../model/model.ts";
import { mustStay } from "../model/served.ts";
import { rolesOf, rolloutRevision, revisionOf, type Roles } from "../model/replicaSets.ts";
import type { StepPluginStatus } from "../../../schema/rollout.ts";
import type { StepPluginFault } from "../model/stepPlugins.ts";
import type { Action } from "./action.ts";
import { effectOf } from "./actions.ts";
import type { ReplicaSetChange } from "./updateReplicaSet.ts";
import { FOLLOWING } from "./worldChange.ts";

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

/** What a decision has learned of the routers. */
export type RouterAnswer =
  /** They were not asked: the pass did not get that far, or stable cannot carry its traffic yet. */
  | { readonly kind: "unasked" }
  /**
   * They can split the traffic as it should be, or there are none. `unverified`: why the data plane will not do as they
   * say, which holds the step alone.
   */
  | { readonly kind: "follow"; readonly unverified?: string }
  /** One of them has not confirmed yet that it splits the traffic in this way. */
  | { readonly kind: "pending"; readonly traffic: Traffic; readonly message: string }
  /** Why one of them cannot split the traffic in this way. */
  | { readonly kind: "fault"; readonly traffic: Traffic; readonly message: string };

/** Whether a pass has come as far as the analyses. */
export type Analyses =
  | { readonly kind: "unasked" }
  | {
      readonly kind: "asked";
      /** The current run of each kind that has one. */
      readonly runs: ReadonlyMap<AnalysisKind, AnalysisRunFacts>;
      readonly fault: AnalysisFault | undefined;
    };

/** Whether a pass has come as far as the step plugins. */
export type StepPlugins =
  | { readonly kind: "unasked" }
  | {
      readonly kind: "asked";
      readonly entries: readonly StepPluginStatus[];
      readonly fault: StepPluginFault | undefined;
    };

export interface Pass {
  readonly snapshot: Snapshot;
  readonly now: number;
  /** The kinds of canary steps that there are. */
  readonly steps: StepTable;
  world: World;
  pause: PauseIntent;
  /** Weights that the routers have been asked for, this pass included. */
  weights: TrafficWeights | undefined;
  routers: RouterAnswer;
  /** What was learned of the load balancers of AWS; undefined: nothing new. */
  balancers: readonly AlbStatus[] | undefined;
  /** Load balancers know the pods that requests were switched to. */
  registered: boolean;
  analyses: Analyses;
  stepPlugins: StepPlugins;
  /** The Experiment for the status, and why one that is wanted cannot begin; undefined: the pass did not come so far. */
  experiment: { readonly name: string | undefined; readonly fault: AnalysisFault | undefined } | undefined;
  readonly actions: Action[];
  readonly events: RolloutEvent[];
  readonly wakeAts: number[];
  /** There is more to do for the next decision, once this status is stored. */
  more: boolean;
  finished: FinishedDuration | undefined;
}

/** A pass that has found out nothing yet. `world`: the snapshot's own, or what is in force of it. */
export const newPass = (snapshot: Snapshot, now: number, steps: StepTable, world: World = snapshot): Pass => ({
  snapshot,
  now,
  steps,
  world,
  pause: noIntent,
  weights: world.rollout.status?.canary?.weights,
  routers: { kind: "unasked" },
  balancers: undefined,
  registered: true,
  analyses: { kind: "unasked" },
  stepPlugins: { kind: "unasked" },
  experiment: undefined,
  actions: [],
  events: [],
  wakeAts: [],
  more: false,
  finished: undefined,
});

export const statusOf = (p: Pass): RolloutStatus => p.world.rollout.status ?? {};
/** Worlds are immutable, and their roles are needed many times in a pass. */
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
  reason: EventReason,
  message: string,
  type: RolloutEvent["type"] = "Normal",
): void {
  p.events.push({ type, reason, message, after: with_ === "action" ? p.actions.length : with_ });
}

/** Asks for an action, and goes on in the world that it makes. */
export function act(p: Pass, action: Action): void {
  p.actions.push(action);
  p.world = effectOf(p.world, action, p);
}

export function updateReplicaSet(p: Pass, { name, resourceVersion }: ReplicaSetFacts, change: ReplicaSetChange): void {
  act(p, { kind: "updateReplicaSet", name, resourceVersion, ...change });
}

export function setPodMetadata(p: Pass, { name, resourceVersion }: ReplicaSetFacts, change: PodMetadataChange): void {
  act(p, { kind: "setPodMetadata", name, resourceVersion, ...change });
}

export function deleteReplicaSet(p: Pass, { name, uid, resourceVersion }: ReplicaSetFacts): void {
  act(p, { kind: "deleteReplicaSet", name, uid, resourceVersion });
}

/**
 * Points a Service at a hash and marks it as managed; nothing when both are done already
 * (docs/behaviour/traffic.md#how-a-service-is-switched).
 */
export function switchService(p: Pass, service: ServiceFacts, hash: string): void {
  const adopt = service.annotations[MANAGED_BY] === undefined;
  const old = service.selector[HASH_LABEL] ?? "";
  if (old === hash && !adopt && service.selector[HASH_LABEL] !== undefined) return;
  const { name, resourceVersion } = service;
  act(p, { kind: "switchService", name, resourceVersion, hash, adopt });
  emit(p, "action", "SwitchService", `Switched selector for service '${name}' from '${old}' to '${hash}'`);
}

/** Asks the routers to split the traffic in this way. */
export const setTraffic = (p: Pass, traffic: Traffic): void => act(p, { kind: "routeTraffic", traffic });

/** Writes the revision into the Rollout's own annotation. */
export function setRolloutRevision(p: Pass, revision: number): void {
  if (p.world.rollout.metadata.annotations?.[REVISION] === String(revision)) return;
  act(p, { kind: "updateRollout", revision: String(revision) });
  emit(p, "action", "RolloutUpdated", `Rollout updated to revision ${revision}`);
}

export const setRolloutReplicas = (p: Pass, replicas: number): void => act(p, { kind: "updateRollout", replicas });

/** How a ReplicaSet is resized: `keepDeadline` while an aborted one waits out its delay. */
export interface ScaleOptions {
  readonly keepDeadline: boolean;
}

/**
 * Gives a ReplicaSet a size and records for which Rollout size that was. Returns whether the size changed
 * (docs/behaviour/reconciling.md#a-new-size). An annotation alone is corrected too: it is what ends a scaling event.
 * Pods that hold a Service alone stay until it has been seen to select others
 * (docs/behaviour/traffic.md#no-service-is-emptied).
 */
export function scaleReplicaSet(p: Pass, rs: ReplicaSetFacts, size: number, { keepDeadline }: ScaleOptions): boolean {
  const replicas = size === 0 && isHeld(p, rs) ? rs.replicas : size;
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

function isHeld(p: Pass, rs: ReplicaSetFacts): boolean {
  if (mustStay(p.world, p.world.services, rs)) return true;
  if (!mustStay(p.world, p.snapshot.services, rs)) return false;
  // Only this decision points the Service elsewhere: the next one finds that done, and nothing else may lead to it.
  p.more = true;
  return true;
}

export const revisionText = (p: Pass): string => String(rolloutRevision(p.world.rollout));

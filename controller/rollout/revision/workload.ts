/**
 * The workload that a Rollout takes its template from, and the size of a Deployment whose place the Rollout takes
 * (docs/behaviour/workload-reference.md#scaling-the-deployment-down). Sizes follow from the present state, not from
 * what happened: a Deployment that a user scales up again is scaled down again.
 */
import { MIGRATED, REPLICAS_CARRIED, RESTORE_WORKLOAD, WORKLOAD_GENERATION } from "../../../schema/labels.ts";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { findCondition } from "../model/rolloutConditions.ts";
import { blueGreenOf, desiredReplicas } from "../model/defaults.ts";
import type { WorkloadFacts } from "../model/model.ts";
import { act, roles, statusOf, wake, type Pass } from "../actions/pass.ts";
import { hashOf, lastingPods, sum } from "../model/replicaSets.ts";
import { notedSize } from "../sizes/newSize.ts";

/** A Deployment that is scaled up again and again is scaled down at once the first time, then at most this often. */
export const INSIST_EVERY_MS = 10_000;

type ScaleDown = "never" | "onsuccess" | "progressively";

/** When the Deployment is scaled down; another kind of workload never is, and an unknown word means never. */
export function scaleDownOf({ spec: { workloadRef } }: Rollout): ScaleDown {
  const mode = workloadRef?.scaleDown;
  if (workloadRef?.kind !== "Deployment") return "never";
  return mode === "onsuccess" || mode === "progressively" ? mode : "never";
}

/**
 * The Rollout has been Healthy in place of this Deployment: from then on the Rollout serves, whatever happens to later
 * updates. A Deployment that was never scaled down may not be the one that the Rollout replaced.
 */
const hasTakenOver = ({ conditions }: RolloutStatus, { before }: WorkloadFacts): boolean =>
  before !== undefined && findCondition(conditions, "Healthy") !== undefined;

/** Pods of the Rollout that serve, and will go on serving. */
function servingPods(p: Pass): number {
  const active = blueGreenOf(p.world.rollout) === undefined ? "" : (statusOf(p).blueGreen?.activeSelector ?? "");
  const sets = p.world.replicaSets;
  return sum(active === "" ? sets : sets.filter((rs) => hashOf(rs) === active), lastingPods);
}

/**
 * Replicas that the Deployment should have; undefined: as many as it has. Until the Rollout is Healthy, the two
 * together have no fewer serving pods than the Deployment had alone. `stored`: the stored status, since a phase that is
 * not stored yet would be lost in a crash.
 */
function wantedReplicas(p: Pass, workload: WorkloadFacts, stored: RolloutStatus): number | undefined {
  const { rollout } = p.world;
  const mode = scaleDownOf(rollout);
  const promised = desiredReplicas(rollout);
  if (mode === "never" || workload.deleting) return undefined;
  const { replicas, before, migrated } = workload;
  // A Rollout of size 0 replaces nothing, but where the Deployment's owner wants none either.
  if (promised === 0) return isMigrated(rollout) && migrated?.wanted === 0 && replicas > 0 ? 0 : undefined;
  if (stored.phase === "Healthy" && statusOf(p).phase === "Healthy") return replicas > 0 ? 0 : undefined;
  if (hasTakenOver(stored, workload)) {
    const wanted = Math.max(0, promised - servingPods(p));
    return wanted < replicas ? wanted : undefined;
  }
  const atFirst = Math.max(before ?? 0, replicas);
  const wanted = Math.min(atFirst, Math.max(0, Math.max(promised, atFirst) - servingPods(p)));
  if (wanted < replicas) return mode === "progressively" ? wanted : undefined;
  return wanted > replicas && before !== undefined ? wanted : undefined;
}

/**
 * The size that somebody has written over ours while the webhook was away, perhaps in place of our marks as well
 * (docs/migration.md#while-the-webhook-is-away).
 */
function ownersWord({ before, replicas, migrated }: WorkloadFacts, { conditions }: RolloutStatus): number | undefined {
  const isReplaced =
    migrated === undefined && before === undefined && findCondition(conditions, "Healthy") !== undefined;
  const left = isReplaced ? 0 : (migrated?.left ?? replicas);
  return left === replicas ? undefined : replicas;
}

const isMigrated = ({ metadata }: Rollout): boolean => metadata.annotations?.[MIGRATED] === "reference";

/** Scales the Deployment where it should have another size, and down again after a user scaled it up. */
export function scaleWorkload(p: Pass): void {
  const { workload, rollout } = p.snapshot;
  const stored = rollout.status ?? {};
  if (workload === undefined) return;
  const wanted = wantedReplicas(p, workload, stored);
  if (wanted === undefined) {
    // What a Healthy phase changes is done once that phase is stored.
    if (wantedReplicas(p, workload, statusOf(p)) !== undefined) p.more = true;
    return;
  }
  const { name, resourceVersion, replicas, before, lastScaled } = workload;
  const isUndone = lastScaled !== undefined && lastScaled.replicas !== replicas;
  if (isUndone && p.now < lastScaled.at + INSIST_EVERY_MS) return wake(p, lastScaled.at + INSIST_EVERY_MS);
  const atFirst = Math.max(before ?? 0, replicas);
  act(p, {
    kind: "scaleWorkload",
    name,
    resourceVersion,
    replicas: wanted,
    replicasBefore: atFirst,
    ...(isMigrated(rollout) ? { migrated: { wanted: ownersWord(workload, stored) } } : {}),
  });
  // The generation after this write is recorded by the next decision.
  p.more = true;
}

/**
 * The size of a Rollout that has none: the one that its ReplicaSets were last sized for, or that of the workload whose
 * place it takes, since the service must not shrink; 1 without a workload, or where that has no pods: autoscalers leave
 * a size of 0 alone (docs/behaviour/workload-reference.md#a-size-that-is-missing).
 */
export function sizeWhenMissing(p: Pass): number {
  const { workload } = p.snapshot;
  if (workload === undefined) return 1;
  const { newRS, stableRS } = roles(p);
  const noted = [newRS, stableRS].map((rs) => (rs === undefined || rs.replicas === 0 ? 0 : (notedSize(rs) ?? 0)));
  const own = Math.max(...noted);
  return own > 0 ? own : Math.max(1, workload.before ?? 0, workload.replicas);
}

/**
 * Records which generation of the workload this decision is about, if there is a workload. The record is an annotation
 * of the Rollout, and so of a ReplicaSet that is created now (docs/behaviour/revisions.md#a-new-replicaset). A
 * generation that only counts sizes is recorded once the Deployment has its wanted size and the Rollout is no longer
 * Progressing.
 */
export function observeWorkload(p: Pass): void {
  const { rollout, workload } = p.snapshot;
  const { metadata } = rollout;
  const { [WORKLOAD_GENERATION]: noted, ...others } = metadata.annotations ?? {};
  const current = workload === undefined ? undefined : String(workload.generation);
  if (current === noted || (noted !== undefined && workload !== undefined && isBeingScaled(p, workload))) return;
  const annotations = current === undefined ? others : { ...others, [WORKLOAD_GENERATION]: current };
  p.world = { ...p.world, rollout: { ...rollout, metadata: { ...metadata, annotations } } };
}

function isBeingScaled(p: Pass, workload: WorkloadFacts): boolean {
  const { rollout, podHash } = p.snapshot;
  const stored = rollout.status ?? {};
  if (stored.currentPodHash !== podHash) return false;
  const isOnItsWay = workload.before !== undefined && stored.phase === "Progressing";
  return isOnItsWay || wantedReplicas(p, workload, stored) !== undefined;
}

/**
 * The annotation to be stored. It is written after everything else, just before the status with the same generation.
 */
export function noteWorkload(p: Pass): void {
  const { rollout, workload } = p.snapshot;
  const before = rollout.metadata.annotations?.[WORKLOAD_GENERATION];
  const after = p.world.rollout.metadata.annotations?.[WORKLOAD_GENERATION];
  if (before !== after) act(p, { kind: "updateRollout", workloadGeneration: after ?? null });
  const cameToRest = rollout.status?.phase === "Progressing" && statusOf(p).phase !== "Progressing";
  if (cameToRest && workload !== undefined && after !== String(workload.generation)) p.more = true;
}

/** `status.workloadObservedGeneration`; undefined for a kind that does not count generations. */
export function workloadObservedGeneration(p: Pass): string | undefined {
  const noted = p.world.rollout.metadata.annotations?.[WORKLOAD_GENERATION];
  return p.snapshot.workload === undefined || noted === "0" ? undefined : noted;
}

/** Whether the Rollout's deletion is to wait for its Deployment: only where the user asks for it. */
const waitsForWorkload = (rollout: Rollout): boolean =>
  rollout.metadata.annotations?.[RESTORE_WORKLOAD] === "true" && scaleDownOf(rollout) !== "never";

export const holdsDeletion = ({ metadata }: Rollout): boolean =>
  metadata.finalizers?.includes(RESTORE_WORKLOAD) === true;

export const withoutHold = ({ metadata }: Rollout): string[] =>
  (metadata.finalizers ?? []).filter((finalizer) => finalizer !== RESTORE_WORKLOAD);

/** Adds the finalizer, before the Deployment is scaled down for the first time, or removes it. */
export function syncHold(p: Pass): void {
  const { rollout } = p.world;
  const wanted = waitsForWorkload(rollout);
  if (wanted === holdsDeletion(rollout)) return;
  const finalizers = wanted ? [...withoutHold(rollout), RESTORE_WORKLOAD] : withoutHold(rollout);
  act(p, { kind: "updateRollout", finalizers });
}

/**
 * The size that a Deployment gets back when its Rollout is deleted; undefined when the Rollout had not scaled it down.
 */
export const restoredReplicas = (rollout: Rollout, workload: WorkloadFacts | undefined): number | undefined =>
  workload?.before === undefined || workload.deleting || scaleDownOf(rollout) === "never"
    ? undefined
    : (uncarriedSize(rollout, workload) ?? Math.max(workload.replicas, desiredReplicas(rollout)));

/** What the owner of a Deployment that has become a Rollout has asked for, and the Rollout was never given. */
function uncarriedSize({ metadata }: Rollout, { migrated }: WorkloadFacts): number | undefined {
  const wanted = migrated?.wanted;
  return metadata.annotations?.[REPLICAS_CARRIED] === String(wanted) ? undefined : wanted;
}

/** What is to be done next for a Rollout whose deletion our finalizer holds back. */
export type Farewell =
  | { readonly kind: "restore"; readonly replicas: number }
  /** Until the Deployment's pods serve. */
  | { readonly kind: "wait" }
  /** Once it is certain that they do. */
  | { readonly kind: "relieve" }
  | { readonly kind: "leave" };

/** `isShared`: another Rollout has replaced the Deployment as well. */
export function farewell(rollout: Rollout, workload: WorkloadFacts | undefined, isShared: boolean): Farewell {
  if (workload === undefined || workload.deleting || isShared || !waitsForWorkload(rollout)) return { kind: "leave" };
  const replicas = restoredReplicas(rollout, workload);
  if (replicas !== undefined) return { kind: "restore", replicas };
  return { kind: workload.available ? "relieve" : "wait" };
}

/** Predicates about ReplicaSets and the role of each in a rollout (docs/behaviour/revisions.md#roles). */
import type { Rollout } from "../../../schema/rollout.ts";
import { desiredReplicas } from "./defaults.ts";
import type { ReplicaSetFacts, World } from "./model.ts";
import { DESIRED_REPLICAS, HASH_LABEL, REVISION, SCALE_DOWN_DEADLINE } from "../../../schema/labels.ts";
import { instant } from "../../../kube/object/time.ts";

/** The role of each ReplicaSet of a Rollout. `newRS` and `stableRS` may be the same one. */
export interface Roles {
  readonly newRS: ReplicaSetFacts | undefined;
  readonly stableRS: ReplicaSetFacts | undefined;
  /** All but `newRS`. */
  readonly older: readonly ReplicaSetFacts[];
  /** Neither new nor stable. */
  readonly others: readonly ReplicaSetFacts[];
}

export const hashOf = (rs: ReplicaSetFacts | undefined): string => rs?.labels[HASH_LABEL] ?? "";

/** How the desired template is recognised among existing ReplicaSets. */
export interface DesiredTemplate {
  readonly podHash: string;
  readonly templateDigest: string;
}

/**
 * Assigns the roles. The new ReplicaSet is found by its hash label, or else by an equal template: a hash made by
 * another release of the reference or of Kubernetes must not restart pods
 * (docs/behaviour/revisions.md#finding-the-replicaset-of-a-template).
 */
export function rolesOf(world: World, desired: DesiredTemplate): Roles {
  const all = world.replicaSets;
  const newRS =
    all.find((rs) => hashOf(rs) === desired.podHash) ?? all.find((rs) => rs.templateDigest === desired.templateDigest);
  const stableHash = world.rollout.status?.stableRS ?? "";
  const isStable = (rs: ReplicaSetFacts | undefined): boolean => stableHash !== "" && hashOf(rs) === stableHash;
  const stableRS = isStable(newRS) ? newRS : all.find(isStable);
  return {
    newRS,
    stableRS,
    older: all.filter((rs) => rs.name !== newRS?.name),
    others: all.filter((rs) => rs.name !== newRS?.name && rs.name !== stableRS?.name),
  };
}

export const sum = (sets: readonly (ReplicaSetFacts | undefined)[], count: (rs: ReplicaSetFacts) => number): number =>
  sets.reduce((total, rs) => total + (rs === undefined ? 0 : count(rs)), 0);

export const sizeOf = (rs: ReplicaSetFacts): number => rs.replicas;
export const createdPods = (rs: ReplicaSetFacts): number => rs.status.replicas;
export const readyPods = (rs: ReplicaSetFacts): number => rs.status.readyReplicas;
export const availablePods = (rs: ReplicaSetFacts): number => rs.status.availableReplicas;

/**
 * The number of pods that autoscalers read. One that divides its metric by this number would take a surge for the size
 * to keep, and ask for it: pods beyond the wanted size are not counted (docs/differences.md).
 */
export const podsForAutoscaler = (rollout: Rollout, sets: readonly ReplicaSetFacts[]): number =>
  Math.min(sum(sets, createdPods), desiredReplicas(rollout));

/** Available pods that will stay: a ReplicaSet that is being scaled down no longer counts the pods that it loses. */
export const lastingPods = (rs: ReplicaSetFacts): number => Math.min(rs.replicas, rs.status.availableReplicas);

export const isFullyAvailable = (rs: ReplicaSetFacts): boolean =>
  rs.replicas !== 0 && rs.status.availableReplicas >= rs.replicas;

/** Revision number; undefined when the annotation is missing or not a number. */
export function revisionOf(rs: ReplicaSetFacts): number | undefined {
  const text = rs.annotations[REVISION];
  return text !== undefined && /^\d+$/.test(text) ? Number.parseInt(text, 10) : undefined;
}

export const maxRevision = (sets: readonly ReplicaSetFacts[]): number =>
  Math.max(0, ...sets.map((rs) => revisionOf(rs) ?? 0));

/** Revision of the Rollout itself, 0 when it has none yet. */
export const rolloutRevision = (rollout: Rollout): number =>
  Number.parseInt(rollout.metadata.annotations?.[REVISION] ?? "0", 10) || 0;

/** Highest revision first; those without a number come last, the younger first among equals. */
export function byRevisionDescending(a: ReplicaSetFacts, b: ReplicaSetFacts): number {
  return (revisionOf(b) ?? -1) - (revisionOf(a) ?? -1) || b.createdAt - a.createdAt;
}

export const hasDeadline = (rs: ReplicaSetFacts): boolean => (rs.annotations[SCALE_DOWN_DEADLINE] ?? "") !== "";

/** Instant of the scale-down deadline; undefined when it is missing or unreadable. */
export const deadlineOf = (rs: ReplicaSetFacts): number | undefined => instant(rs.annotations[SCALE_DOWN_DEADLINE]);

/**
 * True when the size, the annotation and the available pods all equal what the Rollout wants
 * (docs/behaviour/revisions.md#saturated).
 */
export function isSaturated(rollout: Rollout, rs: ReplicaSetFacts | undefined): boolean {
  const wanted = desiredReplicas(rollout);
  return (
    rs !== undefined &&
    rs.replicas === wanted &&
    rs.annotations[DESIRED_REPLICAS] === String(wanted) &&
    rs.status.availableReplicas === wanted
  );
}

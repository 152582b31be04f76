/** How large the ReplicaSets of a Deployment should be: Kubernetes' arithmetic of rolling updates and scaling. Pure. */
import type { Deployment, ReplicaSet } from "../loop/objects.ts";
import { scaled } from "../loop/objects.ts";

export const desiredAnnotation = "deployment.kubernetes.io/desired-replicas";
export const maxAnnotation = "deployment.kubernetes.io/max-replicas";

export const replicasOf = (object: Deployment | ReplicaSet): number => object.spec.replicas ?? 1;
export const availableOf = (rs: ReplicaSet): number => rs.status?.availableReplicas ?? 0;
export const total = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0);

export const isRolling = (d: Deployment): boolean => d.spec.strategy?.type !== "Recreate";

/** Surge and unavailability in pods. When both are 0, one pod may be unavailable, so that a rollout can move. */
function limits(d: Deployment): { readonly surge: number; readonly unavailable: number } {
  if (!isRolling(d)) return { surge: 0, unavailable: 0 };
  const { maxSurge = "25%", maxUnavailable = "25%" } = d.spec.strategy?.rollingUpdate ?? {};
  const surge = scaled(maxSurge, replicasOf(d), Math.ceil);
  const unavailable = scaled(maxUnavailable, replicasOf(d), Math.floor);
  return { surge, unavailable: surge + unavailable === 0 ? 1 : unavailable };
}

export const maxSurge = (d: Deployment): number => limits(d).surge;
export const maxUnavailable = (d: Deployment): number => Math.min(limits(d).unavailable, replicasOf(d));

/** Oldest first. */
export const byAge = (a: ReplicaSet, b: ReplicaSet): number => {
  const [aTime, bTime] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (aTime !== bTime) return aTime < bTime ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
};

/** A new size for one ReplicaSet. */
export interface Size {
  readonly rs: ReplicaSet;
  readonly replicas: number;
}

/** Size of the new ReplicaSet, `current` now, beside others of `otherReplicas` together. */
export function newSetSize(d: Deployment, current: number, otherReplicas: number): number {
  const wanted = replicasOf(d);
  if (!isRolling(d)) return wanted;
  if (current >= wanted) return wanted;
  const room = wanted + maxSurge(d) - (current + otherReplicas);
  return room <= 0 ? current : Math.min(wanted, current + room);
}

/** Takes at most `allowed` pods from the oldest first; `spare` returns how many of a ReplicaSet may go. */
function takeFrom(sizes: readonly Size[], allowed: number, spare: (size: Size) => number): Size[] {
  let left = allowed;
  return sizes.map((size) => {
    const taken = Math.min(left, Math.max(0, spare(size)));
    left -= taken;
    return { rs: size.rs, replicas: size.replicas - taken };
  });
}

/**
 * A step of a rolling update: old pods that are not available go first, as far as the new ones that are not available
 * allow; then available ones beyond the minimum.
 */
export function oldSetSizes(d: Deployment, newRS: ReplicaSet, old: readonly ReplicaSet[]): readonly Size[] {
  const sizes = old
    .filter((rs) => replicasOf(rs) > 0)
    .toSorted(byAge)
    .map((rs) => ({ rs, replicas: replicasOf(rs) }));
  const all = total(sizes, (size) => size.replicas) + replicasOf(newRS);
  const minAvailable = replicasOf(d) - maxUnavailable(d);
  const allowed = all - minAvailable - (replicasOf(newRS) - availableOf(newRS));
  if (allowed <= 0) return [];
  const cleaned = takeFrom(sizes, allowed, ({ rs, replicas }) => replicas - availableOf(rs));
  const spare = total([...old, newRS], availableOf) - minAvailable;
  const lowered = spare > 0 ? takeFrom(cleaned, spare, ({ replicas }) => replicas) : cleaned;
  return lowered.filter(({ rs, replicas }) => replicas !== replicasOf(rs));
}

const annotatedNumber = (rs: ReplicaSet, annotation: string): number | undefined => {
  const text = rs.metadata.annotations?.[annotation] ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
};

/** Whether the Deployment was resized since its size was last written into its ReplicaSets. */
export const wasResized = (d: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((rs) => {
    const annotated = annotatedNumber(rs, desiredAnnotation);
    return replicasOf(rs) > 0 && annotated !== undefined && annotated !== replicasOf(d);
  });

/** What a ReplicaSet gains (or loses, below 0) when the Deployment is resized. */
function share(d: Deployment, rs: ReplicaSet): number {
  if (replicasOf(d) === 0) return -replicasOf(rs);
  const before = annotatedNumber(rs, maxAnnotation) || (d.status?.replicas ?? 0);
  if (before === 0) return 0;
  const size = (replicasOf(rs) * (replicasOf(d) + maxSurge(d))) / before;
  return Math.round(size) - replicasOf(rs);
}

/** Resizes all active ReplicaSets in proportion to their sizes; the remainder goes to the largest. */
function proportional(d: Deployment, active: readonly ReplicaSet[]): readonly Size[] {
  const allowed = replicasOf(d) > 0 ? replicasOf(d) + maxSurge(d) : 0;
  const toAdd = allowed - total(active, replicasOf);
  const direction = toAdd > 0 ? -1 : 1;
  const sorted = active.toSorted((a, b) => replicasOf(b) - replicasOf(a) || direction * byAge(a, b));
  let added = 0;
  const sizes = sorted.map((rs) => {
    const rest = toAdd - added;
    const part = toAdd === 0 ? 0 : toAdd > 0 ? Math.min(share(d, rs), rest) : Math.max(share(d, rs), rest);
    added += part;
    return { rs, replicas: replicasOf(rs) + part };
  });
  return sizes.map((size, i) => (i === 0 ? { ...size, replicas: Math.max(0, size.replicas + toAdd - added) } : size));
}

const isSaturated = (d: Deployment, rs: ReplicaSet): boolean =>
  replicasOf(rs) === replicasOf(d) &&
  annotatedNumber(rs, desiredAnnotation) === replicasOf(d) &&
  availableOf(rs) === replicasOf(d);

/**
 * Sizes after a resize, or while paused: nothing here moves the rollout on. `forced`: the Deployment's new size is to
 * be written into the ReplicaSets even where their own size stays.
 */
export function resized(
  d: Deployment,
  newRS: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): { readonly sizes: readonly Size[]; readonly forced: boolean } {
  const all = newRS === undefined ? old : [...old, newRS];
  const active = all.filter((rs) => replicasOf(rs) > 0);
  const only =
    active.length === 0 ? (newRS ?? old.toSorted(byAge).at(-1)) : active.length === 1 ? active[0] : undefined;
  if (only !== undefined) return { sizes: [{ rs: only, replicas: replicasOf(d) }], forced: false };
  if (newRS !== undefined && isSaturated(d, newRS)) {
    return { sizes: active.filter((rs) => rs !== newRS).map((rs) => ({ rs, replicas: 0 })), forced: false };
  }
  return { sizes: isRolling(d) ? proportional(d, active) : [], forced: true };
}

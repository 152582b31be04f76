/**
 * How many pods the canary and the stable ReplicaSet should have without a traffic router
 * (docs/behaviour/canary.md#split-by-pods).
 */
import type { Rollout } from "../../../schema/rollout.ts";
import {
  canaryOf,
  currentStepOf,
  desiredReplicas,
  fullWeight,
  maxSurge,
  stepIndexOf,
  stepsOf,
} from "../model/defaults.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { availablePods, isFullyAvailable, lastingPods, sizeOf, sum, type Roles } from "../model/replicaSets.ts";
import { STEPS } from "../../steps/stepKinds.ts";
import type { SizeReason } from "../../../schema/reasons.ts";
import { type StepTable, weightAfter } from "../../steps/stepTable.ts";
import { isOutgrown, leastAvailable, proportionalSizes } from "./newSize.ts";

/** Sizes of the two ReplicaSets that matter; pods of others come on top until they are removed. */
export interface Split {
  readonly canary: number;
  readonly stable: number;
}

/** Weight asked for by the steps up to the current one; full weight once all steps are done, 0 while aborted. */
export function currentSetWeight(rollout: Rollout, steps: StepTable = STEPS): number {
  if (rollout.status?.abort === true) return 0;
  if (currentStepOf(rollout) === undefined) return fullWeight(rollout);
  return weightAfter(steps, stepsOf(rollout), (stepIndexOf(rollout) ?? 0) + 1);
}

/** All pods are to be the new ReplicaSet's, whatever the steps are. */
export function wantsAll(rollout: Rollout): boolean {
  const { promoteFull, stableRS = "", currentPodHash } = rollout.status ?? {};
  return promoteFull === true || stableRS === "" || currentPodHash === stableRS;
}

/** Weights of a canary without a router are percentages. */
const FULL_WEIGHT = 100;

/** True when rounding up and rounding down miss the weight by the same amount. */
const tied = (weight: number, total: number): boolean => (total * (weight / FULL_WEIGHT)) % 1 === 0.5;

/**
 * The whole-pod split that comes nearest to `weight`. With surge one pod above `total` may be used. Both sides keep a
 * pod for weights from 1 to 99, except where that leaves no candidate (a tie without surge: the canary gets no pod).
 */
export function nearestSplit(total: number, weight: number, surge: number): Split {
  if (total === 0) return { canary: 0, stable: 0 };
  const up = Math.ceil((total * weight) / FULL_WEIGHT);
  const down = Math.floor((total * weight) / FULL_WEIGHT);
  const zeroAllowed = weight === FULL_WEIGHT || weight === 0 || (total === 1 && surge === 0);
  const downAllowed = down !== 0 || zeroAllowed;
  const options: { canary: number; total: number }[] = [];
  if (up < total || zeroAllowed) options.push({ canary: up, total });
  if (!tied(weight, total) && downAllowed) options.push({ canary: down, total });
  if (surge > 0) {
    options.push({ canary: up, total: total + 1 });
    if (!tied(weight, total + 1) && downAllowed) options.push({ canary: down, total: total + 1 });
  }
  const miss = (o: { canary: number; total: number }): number => Math.abs((o.canary * FULL_WEIGHT) / o.total - weight);
  const [first, ...rest] = options;
  if (first === undefined) return { canary: 0, stable: total };
  const best = rest.reduce((a, b) => (miss(b) < miss(a) ? b : a), first);
  return { canary: best.canary, stable: best.total - best.canary };
}

/** Pods of a ReplicaSet that scaling down may rely on. */
function capacity(rs: ReplicaSetFacts | undefined, ignoreAvailability: boolean): number {
  if (rs === undefined) return 0;
  return ignoreAvailability ? rs.replicas : lastingPods(rs);
}

/** Brings both sizes within the surge and availability limits after `drain` was lowered. */
function withinLimits(
  drain: Sized,
  other: Sized,
  maxTotal: number,
  minAvailable: number,
): [drain: number, other: number] {
  if (other.rs === undefined) return [drain.size, other.size];
  const reduced = other.size - Math.max(0, other.size + drain.size - maxTotal);
  const available =
    Math.min(drain.rs?.status.availableReplicas ?? 0, drain.size) +
    Math.min(other.rs.status.availableReplicas, reduced);
  const lost = Math.max(0, other.rs.status.availableReplicas - reduced);
  const otherSize = reduced + Math.min(lost, Math.max(0, minAvailable - available));
  return [drain.size - Math.max(0, otherSize + drain.size - maxTotal), otherSize];
}

interface Sized {
  readonly rs: ReplicaSetFacts | undefined;
  readonly size: number;
}

/** Scales up within the surge, the stable ReplicaSet first, unless the canary is `urgent`. */
function grow(
  roles: Roles,
  distinctStable: ReplicaSetFacts | undefined,
  wanted: Split,
  maxTotal: number,
  urgent: boolean,
): Split {
  const { newRS } = roles;
  const [stable, canary] = [distinctStable?.replicas ?? 0, newRS?.replicas ?? 0];
  const room = Math.max(0, maxTotal - sum([...roles.others, newRS, distinctStable], sizeOf));
  const lacks = {
    stable: distinctStable === undefined ? 0 : Math.max(0, wanted.stable - stable),
    canary: newRS === undefined ? 0 : Math.max(0, wanted.canary - canary),
  };
  const first = Math.min(room, urgent ? lacks.canary : lacks.stable);
  const second = Math.min(room - first, urgent ? lacks.stable : lacks.canary);
  return urgent
    ? { canary: canary + first, stable: stable + second }
    : { canary: canary + second, stable: stable + first };
}

/** The split that the current step asks for, whatever there is now. */
export const basicSplit = (rollout: Rollout, steps: StepTable = STEPS): Split =>
  nearestSplit(
    desiredReplicas(rollout),
    wantsAll(rollout) ? FULL_WEIGHT : currentSetWeight(rollout, steps),
    maxSurge(rollout),
  );

/**
 * Pods that stable is to have before the canary grows, when the Rollout has just got another size while pods of the
 * canary are missing: its share, as far as the limit of available pods needs it. Otherwise a version that hangs would
 * get all the new pods (docs/behaviour/canary.md#a-new-size-in-the-middle-of-a-move).
 */
function shareOfStable(rollout: Rollout, { newRS, others }: Roles, stableRS: ReplicaSetFacts | undefined): number {
  if (stableRS === undefined || !isOutgrown(rollout, stableRS) || stableRS.replicas === 0) return 0;
  if (newRS !== undefined && isFullyAvailable(newRS)) return 0;
  const sets = [stableRS, ...(newRS === undefined ? [] : [newRS]), ...others].filter((rs) => rs.replicas > 0);
  const share =
    sets.length === 1 ? desiredReplicas(rollout) : (proportionalSizes(rollout, sets).get(stableRS.name) ?? 0);
  return Math.min(share, leastAvailable(rollout));
}

/** All available pods are needed: of no version may one go. */
const noneIsSpare = (rollout: Rollout, { newRS, older }: Roles): boolean =>
  sum([newRS, ...older], lastingPods) <= leastAvailable(rollout);

/**
 * Stable's size while versions in between cannot go, since only they serve. As many of its pods as the canary lacks go,
 * if they do not serve, so that the new version gets room without surge. Stable's pods, if all of them served, and the
 * available ones of the others stay no fewer than the limit (docs/behaviour/canary.md#a-stable-version-that-is-broken).
 */
function withoutBroken(rollout: Rollout, { newRS, others }: Roles, stableRS: ReplicaSetFacts, least: number): number {
  const needed = leastAvailable(rollout) - sum([newRS, ...others], lastingPods);
  return Math.min(stableRS.replicas, Math.max(least, needed, lastingPods(stableRS)));
}

/**
 * The canary's size without pods above the limit that do not serve: after the Rollout was scaled down they go, although
 * none that serves may.
 */
function withoutSurplus(newRS: ReplicaSetFacts | undefined, canary: number, stable: number, maxTotal: number): number {
  const idle = newRS === undefined ? 0 : Math.max(0, canary - lastingPods(newRS));
  return canary - Math.min(idle, Math.max(0, canary + stable - maxTotal));
}

/** Sizes for this instant: one move towards the wanted split that keeps within surge and unavailability. */
export function basicCanarySizes(rollout: Rollout, roles: Roles, steps: StepTable = STEPS): Split {
  const total = desiredReplicas(rollout);
  const { newRS } = roles;
  const stableRS = roles.stableRS?.name === newRS?.name ? undefined : roles.stableRS;
  const wanted = stableRS === undefined ? { canary: total, stable: 0 } : basicSplit(rollout, steps);
  const maxTotal = total + maxSurge(rollout);
  const first = Math.max(wanted.stable, shareOfStable(rollout, roles, stableRS));
  const hasOthers = sum(roles.others, sizeOf) > 0;
  const isStuck = hasOthers && noneIsSpare(rollout, roles);
  const { canary, stable } = grow(roles, stableRS, { canary: wanted.canary, stable: first }, maxTotal, isStuck);
  if (hasOthers) {
    if (!isStuck || stableRS === undefined || stable > stableRS.replicas) return { canary, stable };
    const least = Math.max(0, wanted.stable - Math.max(0, wanted.canary - canary));
    return { canary, stable: withoutBroken(rollout, roles, stableRS, least) };
  }

  const minAvailable = leastAvailable(rollout);
  const increasing = newRS === undefined || wanted.canary >= newRS.replicas;
  const spare = capacity(newRS, !increasing) + capacity(stableRS, increasing) - minAvailable;
  if (spare <= 0) return { canary: withoutSurplus(newRS, canary, stable, maxTotal), stable };
  if (!increasing) {
    const drained = newRS.replicas > wanted.canary ? Math.max(wanted.canary, newRS.replicas - spare) : canary;
    const [c, s] = withinLimits({ rs: newRS, size: drained }, { rs: stableRS, size: stable }, maxTotal, minAvailable);
    return { canary: c, stable: s };
  }
  if (stableRS === undefined) return { canary, stable };
  const drained = stableRS.replicas > wanted.stable ? Math.max(wanted.stable, stableRS.replicas - spare) : stable;
  const [s, c] = withinLimits({ rs: stableRS, size: drained }, { rs: newRS, size: canary }, maxTotal, minAvailable);
  return { canary: c, stable: s };
}

/**
 * The ReplicaSet has been told its size and has made its pods, or cannot make them: a quota that refuses pods of stable
 * must not hold the version that would do with less (docs/behaviour/canary.md#a-stable-version-that-is-broken).
 */
export function hasMadeItsPods({ replicas, status, failure }: ReplicaSetFacts, wanted: number): boolean {
  const refused = failure?.status === "True" && status.replicas < wanted;
  return replicas === wanted && (status.replicas === wanted || refused);
}

/** Whether enough canary pods are available for `wanted`: all of them, or as many as replicaProgressThreshold asks. */
export function canaryThresholdMet(rollout: Rollout, newRS: ReplicaSetFacts | undefined, wanted: number): boolean {
  const threshold = canaryOf(rollout)?.replicaProgressThreshold;
  if (threshold === undefined || newRS === undefined || threshold.value < 0) {
    return newRS !== undefined && newRS.replicas === wanted && newRS.status.availableReplicas === wanted;
  }
  if (threshold.type !== "Percent") return newRS.status.availableReplicas >= threshold.value;
  if (wanted === 0) return true;
  return (newRS.status.availableReplicas / wanted) * 100 >= threshold.value - 1e-10;
}

/**
 * What the ReplicaSets of a canary without a router still lack for the current step; undefined when they have reached
 * it (docs/behaviour/canary.md#when-a-step-is-complete).
 */
export function basicSizesLack(rollout: Rollout, roles: Roles, steps: StepTable = STEPS): SizeReason | undefined {
  const wanted = basicCanarySizes(rollout, roles, steps);
  const stable = roles.stableRS;
  if (!canaryThresholdMet(rollout, roles.newRS, wanted.canary)) return "CanarySizeNotReached";
  if (stable === undefined || !hasMadeItsPods(stable, wanted.stable)) return "StableSizeNotReached";
  // Pods of a version in between stay in the place of those of stable that do not serve.
  const inPlace = lastingPods(stable) < stable.replicas && noneIsSpare(rollout, roles);
  return inPlace || sum(roles.others, availablePods) === 0 ? undefined : "OldPodsLeft";
}

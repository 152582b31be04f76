/** A Deployment's status and conditions, in Kubernetes' words. Pure. */
import { rfc3339 } from "../../kubelet/podStatus.ts";
import { availableOf, maxUnavailable, replicasOf, total } from "./deploymentSizes.ts";
import {
  conditionOf,
  type Deployment,
  type DeploymentCondition,
  type DeploymentStatus,
  type ReplicaSet,
} from "../loop/objects.ts";

type Conditions = readonly DeploymentCondition[];

/** The largest int32 means that there is no deadline. */
const never = 2 ** 31 - 1;
export const hasDeadline = (d: Deployment): boolean => (d.spec.progressDeadlineSeconds ?? 600) !== never;
const deadlineMs = (d: Deployment): number => (d.spec.progressDeadlineSeconds ?? 600) * 1000;

export const progressingOf = (conditions: Conditions | undefined): DeploymentCondition | undefined =>
  conditionOf(conditions, "Progressing");

const without = (conditions: Conditions, type: string): Conditions =>
  conditions.filter((condition) => condition.type !== type);

/** Sets a condition unless one with its status and reason is there; an unchanged status keeps its transition time. */
export function withCondition(
  conditions: Conditions,
  next: Pick<DeploymentCondition, "type" | "status"> & { readonly reason: string; readonly message: string },
  nowMs: number,
): Conditions {
  const known = conditionOf(conditions, next.type);
  if (known?.status === next.status && known.reason === next.reason) return conditions;
  const now = rfc3339(nowMs);
  const since = known?.status === next.status ? known.lastTransitionTime : undefined;
  const full = { ...next, lastUpdateTime: now, lastTransitionTime: since ?? now };
  return [...without(conditions, next.type), full];
}

const count = (name: string, n: number) => (n === 0 ? {} : { [name]: n });

/** Counts and the condition Available; `conditions` are the previous ones. */
export function countedStatus(
  d: Deployment,
  newRS: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  conditions: Conditions,
  nowMs: number,
): DeploymentStatus {
  const available = total(all, availableOf);
  const enough = available >= replicasOf(d) - maxUnavailable(d);
  const { collisionCount } = d.status ?? {};
  return {
    observedGeneration: d.metadata.generation ?? 0,
    ...count(
      "replicas",
      total(all, (rs) => rs.status?.replicas ?? 0),
    ),
    ...count("updatedReplicas", newRS?.status?.replicas ?? 0),
    ...count(
      "readyReplicas",
      total(all, (rs) => rs.status?.readyReplicas ?? 0),
    ),
    ...count("availableReplicas", available),
    ...count("unavailableReplicas", Math.max(0, total(all, replicasOf) - available)),
    terminatingReplicas: total(all, (rs) => rs.status?.terminatingReplicas ?? 0),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(
      conditions,
      {
        type: "Available",
        status: enough ? "True" : "False",
        reason: enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
        message: enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.",
      },
      nowMs,
    ),
  };
}

export const isComplete = (d: Deployment, status: DeploymentStatus): boolean =>
  (status.updatedReplicas ?? 0) === replicasOf(d) &&
  (status.replicas ?? 0) === replicasOf(d) &&
  (status.availableReplicas ?? 0) === replicasOf(d) &&
  (status.observedGeneration ?? 0) >= (d.metadata.generation ?? 0);

function madeProgress(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas;
  const { updatedReplicas: updated = 0, readyReplicas: ready = 0, availableReplicas: available = 0 } = before;
  return (
    (after.updatedReplicas ?? 0) > updated ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > ready ||
    (after.availableReplicas ?? 0) > available
  );
}

const deadlineAt = (d: Deployment, progressing: DeploymentCondition): number =>
  Date.parse(progressing.lastUpdateTime ?? "") + deadlineMs(d);

function hasTimedOut(d: Deployment, conditions: Conditions, nowMs: number): boolean {
  const progressing = progressingOf(conditions);
  if (progressing === undefined || progressing.reason === "NewReplicaSetAvailable") return false;
  return progressing.reason === "ProgressDeadlineExceeded" || deadlineAt(d, progressing) < nowMs;
}

/** The conditions of the status `next`, with the condition Progressing by its difference from the stored status. */
function progress(d: Deployment, newRS: ReplicaSet | undefined, next: DeploymentStatus, nowMs: number): Conditions {
  const conditions = next.conditions ?? [];
  const known = progressingOf(conditions);
  if ((next.replicas ?? 0) === (next.updatedReplicas ?? 0) && known?.reason === "NewReplicaSetAvailable") {
    return conditions;
  }
  const subject = newRS === undefined ? `Deployment "${d.metadata.name}"` : `ReplicaSet "${newRS.metadata.name}"`;
  const because = (status: "True" | "False", reason: string, message: string) =>
    ({ type: "Progressing", status, reason, message: `${subject} ${message}` }) as const;
  if (isComplete(d, next)) {
    const done = because("True", "NewReplicaSetAvailable", "has successfully progressed.");
    return withCondition(conditions, done, nowMs);
  }
  if (madeProgress(d.status ?? {}, next)) {
    const now = rfc3339(nowMs);
    const going = because("True", "ReplicaSetUpdated", "is progressing.");
    const since = known?.status === "True" ? known.lastTransitionTime : undefined;
    // Unlike other conditions this one is renewed with the same reason: the deadline counts from its update time.
    return [...without(conditions, "Progressing"), { ...going, lastUpdateTime: now, lastTransitionTime: since ?? now }];
  }
  if (!hasTimedOut(d, conditions, nowMs)) return conditions;
  return withCondition(conditions, because("False", "ProgressDeadlineExceeded", "has timed out progressing."), nowMs);
}

/** The failures of the ReplicaSets, those of the new one before others. */
function failures(newRS: ReplicaSet | undefined, all: readonly ReplicaSet[]): DeploymentCondition | undefined {
  const sets = newRS === undefined ? all : [newRS, ...all];
  const failed = sets.map((rs) => conditionOf(rs.status?.conditions, "ReplicaFailure")).find((c) => c !== undefined);
  if (failed === undefined) return undefined;
  return failed.lastTransitionTime === undefined ? failed : { ...failed, lastUpdateTime: failed.lastTransitionTime };
}

/** The whole status while a rollout may be under way. */
export function rolloutStatus(
  d: Deployment,
  newRS: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  conditions: Conditions,
  nowMs: number,
): DeploymentStatus {
  const counted = countedStatus(d, newRS, all, conditions, nowMs);
  const progressed = hasDeadline(d)
    ? progress(d, newRS, counted, nowMs)
    : without(counted.conditions ?? [], "Progressing");
  const failed = failures(newRS, all);
  const known = conditionOf(progressed, "ReplicaFailure");
  if (failed === undefined) return { ...counted, conditions: without(progressed, "ReplicaFailure") };
  if (known?.status === failed.status && known.reason === failed.reason) return { ...counted, conditions: progressed };
  return { ...counted, conditions: [...without(progressed, "ReplicaFailure"), failed] };
}

/** When a rollout without progress is to be checked again; undefined when it is complete or has timed out. */
export function deadlineCheck(d: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const progressing = progressingOf(status.conditions);
  if (!hasDeadline(d) || progressing === undefined || isComplete(d, status)) return undefined;
  if (progressing.reason === "ProgressDeadlineExceeded") return undefined;
  // A second later, as upstream, since the stored times are whole seconds.
  const atMs = deadlineAt(d, progressing) + 1000;
  return atMs > nowMs ? atMs : undefined;
}

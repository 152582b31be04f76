/** When a Job is done, and its status in Kubernetes' words. Pure. */
import { rfc3339 } from "../../kubelet/podStatus.ts";
import { conditionOf, hasEnded, type Job, type JobCondition, type Pod } from "../loop/objects.ts";

/** Pods have this finalizer until they are counted, so that none is missed. */
export const trackingFinalizer = "batch.kubernetes.io/job-tracking";

export const parallelismOf = ({ spec }: Job): number => spec.parallelism ?? 1;
/** Undefined: the first success ends the Job. */
export const completionsOf = ({ spec }: Job): number | undefined =>
  spec.completions ?? (spec.parallelism === undefined ? 1 : undefined);
const backoffLimitOf = ({ spec }: Job): number => spec.backoffLimit ?? 6;
export const isSuspended = ({ spec }: Job): boolean => spec.suspend === true;

/** The feature of a Job that is not imitated: such a Job fails at once, with a message that names it. */
export function unsupported({ spec }: Job): string | undefined {
  if (spec.completionMode === "Indexed") return "completionMode: Indexed";
  if (spec.podFailurePolicy !== undefined) return "podFailurePolicy";
  if (spec.backoffLimitPerIndex !== undefined) return "backoffLimitPerIndex";
  return undefined;
}

export const isTracked = ({ metadata }: Pod): boolean => metadata.finalizers?.includes(trackingFinalizer) === true;

export const isFinished = (job: Job): boolean =>
  (job.status?.conditions ?? []).some(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );

/** Waits for terminating pods to be gone before it replaces them, instead of counting them as failed at once. */
export const replacesFailedOnly = ({ spec }: Job): boolean => spec.podReplacementPolicy === "Failed";

export const hasFailed = (job: Job, pod: Pod): boolean => {
  if (pod.status?.phase === "Failed") return true;
  if (replacesFailedOnly(job)) return false;
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== "Succeeded";
};

export const condition = (type: string, reason: string, message: string, nowMs: number): JobCondition => {
  const now = rfc3339(nowMs);
  return { type, status: "True", lastProbeTime: now, lastTransitionTime: now, reason, message };
};

const restartsOf = ({ status }: Pod): number =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].reduce(
    (sum, { restartCount = 0 }) => sum + restartCount,
    0,
  );

/** Containers restarted in place count against the limit, too. */
function restartedTooOften(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec.template.spec.restartPolicy !== "OnFailure") return false;
  const restarts = pods.filter((pod) => !hasEnded(pod)).reduce((sum, pod) => sum + restartsOf(pod), 0);
  return restarts >= Math.max(1, backoffLimitOf(job));
}

const startedAt = (job: Job): number | undefined =>
  job.status?.startTime === undefined ? undefined : Date.parse(job.status.startTime);

/** When the Job will have been active for too long. */
export function deadlineOf(job: Job, nowMs: number): number | undefined {
  const { activeDeadlineSeconds } = job.spec;
  if (activeDeadlineSeconds === undefined || isSuspended(job)) return undefined;
  return (startedAt(job) ?? nowMs) + activeDeadlineSeconds * 1000;
}

/** Why the Job has to end without success: found now, or found before. */
export function failureOf(job: Job, pods: readonly Pod[], failed: number, nowMs: number): JobCondition | undefined {
  const known = conditionOf(job.status?.conditions, "FailureTarget");
  if (known?.status === "True") return known;
  if (failed > backoffLimitOf(job) || restartedTooOften(job, pods)) {
    return condition("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit", nowMs);
  }
  const deadline = deadlineOf(job, nowMs);
  if (startedAt(job) === undefined || deadline === undefined || nowMs < deadline) return undefined;
  return condition("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline", nowMs);
}

export function isDone(job: Job, succeeded: number, active: number): boolean {
  const completions = completionsOf(job);
  return active === 0 && (completions === undefined ? succeeded > 0 : succeeded >= completions);
}

/** How many pods should be active. */
export function wantedActive(job: Job, succeeded: number, active: number): number {
  if (isSuspended(job)) return 0;
  const completions = completionsOf(job);
  if (completions === undefined) return succeeded > 0 ? active : parallelismOf(job);
  return Math.max(0, Math.min(parallelismOf(job), completions - succeeded));
}

/** When a pod ended: by its containers, else by its condition Ready, else by its deletion. Ms since the epoch. */
function endedAt({ status, metadata }: Pod): number {
  const times = (status?.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt);
  const known = times.filter((time) => time !== undefined).map((time) => Date.parse(time));
  if (known.length > 0 && known.length === times.length) return Math.max(...known);
  const ready = conditionOf(status?.conditions, "Ready");
  if (ready?.status === "False" && ready.lastTransitionTime !== undefined) return Date.parse(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = metadata;
  if (deletionTimestamp !== undefined) return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return Date.parse(creationTimestamp);
}

const firstPauseMs = 10_000;
const longestPauseMs = 600_000;

/** Failures since the last success, and when the latest was (ms since the epoch). */
export interface Setback {
  readonly failures: number;
  readonly lastMs: number;
}

export const noSetback: Setback = { failures: 0, lastMs: Number.NEGATIVE_INFINITY };

/** `before` with pods that have ended since then. */
export function setbackAfter(before: Setback, succeeded: readonly Pod[], failed: readonly Pod[]): Setback {
  const lastSuccess = Math.max(Number.NEGATIVE_INFINITY, ...succeeded.map(endedAt));
  const times = failed.map(endedAt).filter((atMs) => atMs > lastSuccess);
  const start = succeeded.length > 0 ? noSetback : before;
  return { failures: start.failures + times.length, lastMs: Math.max(start.lastMs, ...times) };
}

/** When the next pod may be created: after each failure in a row there is a pause, which doubles. */
export const nextAttempt = ({ failures, lastMs }: Setback): number =>
  failures === 0 ? Number.NEGATIVE_INFINITY : lastMs + Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));

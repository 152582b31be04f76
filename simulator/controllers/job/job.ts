/** The Job controller: pods until enough of them succeeded or too many failed, and what is left of a finished Job. */
import { equal } from "../../../kube/object/equality.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import { rfc3339 } from "../../kubelet/podStatus.ts";
import { claim } from "../pods/claim.ts";
import { type Decision, nothing, refOf, type Remark, statusWrite, type Write } from "../loop/decision.ts";
import {
  condition,
  deadlineOf,
  failureOf,
  hasFailed,
  isDone,
  isFinished,
  isSuspended,
  isTracked,
  nextAttempt,
  noSetback,
  replacesFailedOnly,
  type Setback,
  setbackAfter,
  trackingFinalizer,
  unsupported,
  wantedActive,
} from "./jobStatus.ts";
import {
  conditionOf,
  isActive,
  isReady,
  isTerminating,
  type Job,
  type JobCondition,
  type JobStatus,
  type Pod,
} from "../loop/objects.ts";
import { createPod, deletePod, podFailure } from "../pods/podDraft.ts";
import { firstToGo } from "../pods/podOrder.ts";

export interface JobFacts {
  readonly job: Job;
  /** Those that it controls. */
  readonly own: readonly Pod[];
  /** Those of its namespace that have no controller. */
  readonly orphans: readonly Pod[];
  /** The failures so far, from the last decision. */
  readonly setback: Setback;
}

export interface JobDecision extends Decision {
  readonly setback: Setback;
}

/** Takes the tracking finalizer off a counted pod. */
export const release = (pod: Pod): Write => ({
  kind: "change",
  ref: refOf("pods", pod),
  change: (stored) => {
    const { finalizers = [], ...metadata } = stored.metadata;
    const left = finalizers.filter((name) => name !== trackingFinalizer);
    return { ...stored, metadata: left.length === 0 ? metadata : { ...metadata, finalizers: left } };
  },
});

const remark = (job: Job, type: Remark["type"], reason: string, message: string): Write => ({
  kind: "remark",
  remark: { about: job, type, reason, message },
});

/** Counts as they are before this decision's own creations and deletions. */
interface Tally {
  readonly active: readonly Pod[];
  readonly terminating: number;
  /** Ended and not counted yet. */
  readonly counted: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  readonly setback: Setback;
}

function tally(job: Job, pods: readonly Pod[], setback: Setback): Tally {
  const tracked = pods.filter(isTracked);
  const succeeded = tracked.filter(({ status }) => status?.phase === "Succeeded");
  const failed = tracked.filter((pod) => hasFailed(job, pod));
  return {
    active: pods.filter(isActive),
    terminating: pods.filter(isTerminating).length,
    counted: [...succeeded, ...failed],
    succeeded: (job.status?.succeeded ?? 0) + succeeded.length,
    failed: (job.status?.failed ?? 0) + failed.length,
    setback: setbackAfter(setback, succeeded, failed),
  };
}

const count = (name: string, n: number) => (n === 0 ? {} : { [name]: n });

interface Progress {
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
  readonly conditions: readonly JobCondition[];
}

function statusOf(job: Job, { succeeded, failed }: Tally, progress: Progress, nowMs: number): JobStatus {
  const { startTime = isSuspended(job) ? undefined : rfc3339(nowMs), completionTime } = job.status ?? {};
  return {
    ...(progress.conditions.length === 0 ? {} : { conditions: progress.conditions }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(completionTime === undefined ? {} : { completionTime }),
    ...count("active", progress.active),
    ...count("succeeded", succeeded),
    ...count("failed", failed),
    terminating: progress.terminating,
    ready: progress.ready,
    uncountedTerminatedPods: {},
  };
}

const writeStatus = (job: Job, status: JobStatus): Write[] =>
  equal(job.status, status) ? [] : [statusWrite("jobs.batch", job, status)];

/**
 * The interim condition is set at once, the final one when no pod is left that is still ending; then the Job is
 * finished for good.
 */
function ending(job: Job, counts: Tally, interim: JobCondition, deleted: readonly Pod[], nowMs: number): Decision {
  const known = job.status?.conditions ?? [];
  const conditions = conditionOf(known, interim.type) === undefined ? [...known, interim] : known;
  const terminating = counts.terminating + deleted.length;
  const ready = counts.active.filter(isReady).length - deleted.filter(isReady).length;
  const active = counts.active.length - deleted.length;
  const status = statusOf(job, counts, { active, ready, terminating, conditions }, nowMs);
  const before = [...deleted.map((pod) => deletePod(job, pod)), ...counts.counted.map(release)];
  if (terminating > 0) return { writes: [...before, ...writeStatus(job, status)] };
  const { reason = "", message = "" } = interim;
  const success = interim.type === "SuccessCriteriaMet";
  const final = condition(success ? "Complete" : "Failed", reason ?? "", message ?? "", nowMs);
  const finished: JobStatus = {
    ...status,
    conditions: [...conditions, final],
    ...(success ? { completionTime: rfc3339(nowMs) } : {}),
  };
  const end = success
    ? remark(job, "Normal", "Completed", "Job completed")
    : remark(job, "Warning", final.reason ?? "", final.message ?? "");
  return { writes: [...before, ...writeStatus(job, finished), end] };
}

/** The condition Suspended, and the Event to emit when it changed. */
function suspension(job: Job, nowMs: number): { conditions: readonly JobCondition[]; writes: readonly Write[] } {
  const known = job.status?.conditions ?? [];
  const before = conditionOf(known, "Suspended");
  const suspended = isSuspended(job);
  if ((before?.status === "True") === suspended) return { conditions: known, writes: [] };
  const [status, reason, message] = suspended
    ? (["True", "JobSuspended", "Job suspended"] as const)
    : (["False", "JobResumed", "Job resumed"] as const);
  const next = { ...condition("Suspended", reason, message, nowMs), status };
  return {
    conditions: [...known.filter(({ type }) => type !== "Suspended"), next],
    writes: [remark(job, "Normal", suspended ? "Suspended" : "Resumed", message)],
  };
}

/** The template with the labels by which a Job's pods are found; the API server puts them into new Jobs, as a rule. */
function labelled({ metadata: { name, uid }, spec: { template } }: Job): Job["spec"]["template"] {
  const own = { "controller-uid": uid, "job-name": name };
  const labels = {
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [`batch.kubernetes.io/${key}`, value])),
    ...own,
    ...template.metadata?.labels,
  };
  return { ...template, metadata: { ...template.metadata, labels } };
}

interface Plan {
  readonly creations: number;
  readonly deletions: readonly Pod[];
  readonly wakeAtMs: number | undefined;
}

/** Creates or deletes, not both at once; creations wait for the end of the pause after failures. */
function plan(job: Job, { active, succeeded, terminating, setback }: Tally, nowMs: number): Plan {
  if (job.metadata.deletionTimestamp !== undefined) return { creations: 0, deletions: [], wakeAtMs: undefined };
  const wanted = wantedActive(job, succeeded, active.length);
  const deletions = firstToGo(active, Math.max(0, active.length - wanted), [], nowMs);
  const missing = wanted - active.length - (replacesFailedOnly(job) ? terminating : 0);
  const from = missing > 0 ? nextAttempt(setback) : nowMs;
  const creations = from > nowMs ? 0 : Math.max(0, missing);
  const times = [deadlineOf(job, nowMs), from > nowMs ? from : undefined].filter((time) => time !== undefined);
  return { creations, deletions, wakeAtMs: times.length === 0 ? undefined : Math.min(...times) };
}

function working(job: Job, counts: Tally, nowMs: number): Decision {
  const { creations, deletions, wakeAtMs } = plan(job, counts, nowMs);
  const { conditions, writes: conditionWrites } = suspension(job, nowMs);
  // Pods that are deleted because there are too many are never counted: their finalizer is removed first.
  const gone = deletions.flatMap((pod) => [release(pod), deletePod(job, pod)]);
  const released = counts.counted.map(release);
  const status = (created: number): Write[] => {
    const active = counts.active.length - deletions.length + created;
    const ready = counts.active.filter(isReady).length - deletions.filter(isReady).length;
    const terminating = counts.terminating + deletions.length;
    return writeStatus(job, statusOf(job, counts, { active, ready, terminating, conditions }, nowMs));
  };
  const template = labelled(job);
  const created = Array.from({ length: creations }, () => createPod(job, template, [trackingFinalizer]));
  return {
    writes: [...gone, ...created, ...released, ...status(creations), ...conditionWrites],
    ifRefused(refused, message) {
      const failure = podFailure(job, refused, message);
      if (failure === undefined) return [];
      return [{ kind: "remark", remark: failure }, ...released, ...status(0)];
    },
    wakeAtMs,
  };
}

/** A finished Job goes when its time to live is over. */
function afterwards(job: Job, nowMs: number): Decision {
  const { ttlSecondsAfterFinished } = job.spec;
  const final = (job.status?.conditions ?? []).find(({ type }) => type === "Complete" || type === "Failed");
  if (ttlSecondsAfterFinished === undefined || final === undefined) return nothing;
  if (job.metadata.deletionTimestamp !== undefined) return nothing;
  const expiresMs = Date.parse(final.lastTransitionTime ?? "") + ttlSecondsAfterFinished * 1000;
  if (nowMs < expiresMs) return { writes: [], wakeAtMs: expiresMs };
  const options = { propagationPolicy: "Foreground", preconditions: { uid: job.metadata.uid } } as const;
  return { writes: [{ kind: "delete", ref: refOf("jobs.batch", job), options }] };
}

export function decideJob({ job, own, orphans, setback }: JobFacts, nowMs: number): JobDecision {
  if (isFinished(job)) return { ...afterwards(job, nowMs), setback: noSetback };
  const { selector } = job.spec;
  const matches = ({ metadata }: Pod): boolean =>
    selector === undefined || matchesSelector(selector, metadata.labels ?? {});
  const { claimed, writes: claims } = claim("pods", job, own, selector === undefined ? [] : orphans, matches);
  const counts = tally(job, claimed, setback);
  const decide = (): Decision => {
    const missing = unsupported(job);
    const cannot = `This simulator cannot run a Job with ${missing}`;
    const failure =
      missing === undefined
        ? failureOf(job, claimed, counts.failed, nowMs)
        : condition("FailureTarget", "NotSupported", cannot, nowMs);
    if (failure !== undefined) return ending(job, counts, failure, counts.active, nowMs);
    if (!isDone(job, counts.succeeded, counts.active.length)) return working(job, counts, nowMs);
    const message = "Reached expected number of succeeded pods";
    return ending(job, counts, condition("SuccessCriteriaMet", "CompletionsReached", message, nowMs), [], nowMs);
  };
  const decision = decide();
  return { ...decision, writes: [...claims, ...decision.writes], setback: counts.setback };
}

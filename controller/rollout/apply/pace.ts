/**
 * When a status may wait. Counters of pods change many times while an update runs; written one by one they would be
 * most of all writes. So a status waits a moment for the counts of ReplicaSets that were just resized, and one that
 * differs in counters alone is written only so often: usually one that matters replaces it.
 */
import type { RolloutCondition, RolloutStatus } from "../../../schema/rollout.ts";
import type { Decision } from "../actions/action.ts";
import type { RolloutEvent, Snapshot } from "../model/model.ts";
import { equal } from "../../../kube/object/equality.ts";

/** Shortest time between two statuses that differ only in counters. */
const COUNTERS_EVERY_MS = 500;

/** Counters seldom change one at a time: pods of one ReplicaSet come and go together. */
const COUNTERS_SETTLE_MS = 100;

/** Longest time that a status waits for the ReplicaSet controller to answer; it takes some 30 ms. */
const ANSWER_WITHIN_MS = 250;

type Counter = "replicas" | "updatedReplicas" | "readyReplicas" | "availableReplicas" | "HPAReplicas" | "message";

function withoutCounters(status: RolloutStatus): Omit<RolloutStatus, Counter | "conditions"> & { conditions: unknown } {
  const {
    replicas: _r,
    updatedReplicas: _u,
    readyReplicas: _y,
    availableReplicas: _a,
    HPAReplicas: _h,
    message: _m,
    ...rest
  } = status;
  return { ...rest, conditions: (status.conditions ?? []).map(essence).toSorted() };
}

/** A Progressing condition that stays progressing does not count as a change; neither do times. */
function essence({ type, status, reason, message }: RolloutCondition): string {
  const progress =
    type === "Progressing" &&
    status === "True" &&
    (reason === "NewReplicaSetCreated" || reason === "ReplicaSetUpdated");
  return progress ? type : `${type}/${status}/${reason}/${message}`;
}

/** True when `after` differs from `before` only in the counters of pods. */
const onlyCounters = (before: RolloutStatus, after: RolloutStatus): boolean =>
  equal(withoutCounters(before), withoutCounters(after));

/** An abort or a full promotion has been heard, or is over (docs/behaviour/pauses-and-aborts.md#the-last-word-counts). */
const settlesWord = (before: RolloutStatus, after: RolloutStatus): boolean =>
  before.abortedAt !== after.abortedAt || (before.promoteFull ?? false) !== (after.promoteFull ?? false);

/** The ReplicaSet controller has yet to act on a size that was asked for: its counts are about to change. */
function awaitsAnswer(snapshot: Snapshot, { actions }: Decision): boolean {
  const resized = actions.some(
    (a) => (a.kind === "updateReplicaSet" && a.replicas !== undefined) || a.kind === "createReplicaSet",
  );
  return (
    resized || snapshot.replicaSets.some((rs) => !rs.deleting && (!rs.observed || rs.status.replicas !== rs.replicas))
  );
}

/** What the pace of a Rollout's statuses depends on. Milliseconds since the epoch. */
export interface PaceMemory {
  statusWrittenAt: number | undefined;
  /** Since when a status waits to be written; undefined: no status waits. */
  statusWaitsSince: number | undefined;
}

/** How much slower statuses are written while many Rollouts are queued, to spare the API server. */
const MAX_SLOWDOWN = 10;
const WAITING_PER_STEP = 10;

/**
 * Milliseconds for which the status of a decision may wait from `now`; 0: it is to be written at once. `waiting`: how
 * many Rollouts are queued now.
 */
export function statusWaitMs(
  memory: PaceMemory,
  snapshot: Snapshot,
  decision: Decision,
  now: number,
  waiting: number,
): number {
  if (decision.status === undefined) {
    memory.statusWaitsSince = undefined;
    return 0;
  }
  const pluginMs = pluginWaitMs(memory, snapshot, decision, now);
  if (pluginMs > 0) return pluginMs;
  // The next word of the user may follow at once, and is to find what the one before has led to.
  if (settlesWord(snapshot.rollout.status ?? {}, decision.status)) return 0;
  // A run may be over in no time, and is another one's namesake until the status names it.
  if (decision.actions.some(({ kind }) => kind === "createAnalysisRun" || kind === "createExperiment")) return 0;
  const slowdown = Math.min(MAX_SLOWDOWN, 1 + waiting / WAITING_PER_STEP);
  const since = memory.statusWaitsSince ?? now;
  const last = memory.statusWrittenAt ?? Number.NEGATIVE_INFINITY;
  const answerAt = awaitsAnswer(snapshot, decision) ? since + ANSWER_WITHIN_MS * slowdown : now;
  const counted = onlyCounters(snapshot.rollout.status ?? {}, decision.status);
  const countersAt = counted ? Math.max(last + COUNTERS_EVERY_MS * slowdown, since + COUNTERS_SETTLE_MS) : now;
  const wait = Math.max(0, answerAt - now, countersAt - now);
  if (wait > 0) memory.statusWaitsSince = since;
  return wait;
}

/** Who waits for the end of an aborted or promoted update looks at what its plugins have done about it next. */
const PLUGIN_WITHIN_MS = 1_000;

function pluginWaitMs(memory: PaceMemory, snapshot: Snapshot, { actions, status }: Decision, now: number): number {
  const isAsked = actions.some((action) => action.kind === "callStepPlugin" && action.op !== "run");
  const isEnding = snapshot.stepPluginCall !== undefined && status?.abort === true;
  if (!isAsked && !isEnding) return 0;
  const since = (memory.statusWaitsSince ??= now);
  return Math.max(0, since + PLUGIN_WITHIN_MS - now);
}

/** The status has been written at `now`: the next one's pace counts from there. */
export function statusWritten(memory: PaceMemory, now: number): void {
  memory.statusWrittenAt = now;
  memory.statusWaitsSince = undefined;
}

/**
 * The events that must wait with the status of a decision: the first that depends on the status, and all after it.
 */
export function waitingEvents(events: readonly RolloutEvent[]): readonly RolloutEvent[] {
  const first = events.findIndex((e) => e.after === "status");
  return first < 0 ? [] : events.slice(first);
}

export const eventText = ({ reason, message }: RolloutEvent): string => `${reason}|${message}`;

/** Held-back events come before the new ones; those of a status only if the new decision still has them. */
export function joinEvents(held: readonly RolloutEvent[], events: readonly RolloutEvent[]): RolloutEvent[] {
  if (held.length === 0) return [...events];
  const texts = new Set(events.map(eventText));
  const kept = held
    .filter((e) => e.after !== "status" || texts.has(eventText(e)))
    .map((e) => (e.after === "status" ? e : { ...e, after: 0 }));
  const keptTexts = new Set(kept.map(eventText));
  return [...kept, ...events.filter((e) => !keptTexts.has(eventText(e)))];
}

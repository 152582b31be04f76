/**
 * When a status may wait (docs/behaviour/reconciling.md#when-a-status-waits). Counters of pods change many times while
 * an update runs; written one by one they would be most of all writes, and a status is the dearest write there is. So a
 * status waits a moment for the counts of ReplicaSets that were just resized, one that differs in counters alone is
 * written only so often, and the end of a timed pause waits for what follows from it: usually a status that matters
 * replaces them. What a decision rests on must not depend on any of it being written
 * (docs/adr/0002-what-may-follow-from-an-unstored-status.md).
 */
import type { Decision } from "../actions/action.ts";
import type { RolloutEvent, Snapshot } from "../model/model.ts";
import { endsTimedPause, onlyCounters, settlesWord } from "./statusNews.ts";

/** Shortest time between two statuses that differ only in counters. */
const COUNTERS_EVERY_MS = 500;

/** Counters seldom change one at a time: pods of one ReplicaSet come and go together. */
const COUNTERS_SETTLE_MS = 100;

/** Longest time that a status waits for the ReplicaSet controller to answer; it takes some 30 ms. */
const ANSWER_WITHIN_MS = 250;

/**
 * Longest time that the end of a pause waits which nobody has ended by hand. The sizes follow at once: pods that are
 * quick complete the next step in this time, and then one status tells of both.
 */
const RESUMED_WITHIN_MS = 2_000;

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

/** What slows statuses down, to spare the API server. */
export interface Load {
  /** How many Rollouts are queued now. */
  readonly waiting: number;
  /** How long it takes the API server to answer a write, as a moving figure in ms; 0: none was sent lately. */
  readonly answerMs: number;
}

/** How much slower statuses are written at most. */
const MAX_SLOWDOWN = 10;
const WAITING_PER_STEP = 10;

/** An API server that has nothing else to do answers a write in 5 to 15 ms. */
const QUICK_ANSWER_MS = 20;

/** 1: as quick as statuses are ever written. */
const slowdownOf = ({ waiting, answerMs }: Load): number =>
  Math.min(MAX_SLOWDOWN, Math.max(1 + waiting / WAITING_PER_STEP, answerMs / QUICK_ANSWER_MS));

/** Milliseconds for which the status of a decision may wait from `now`; 0: it is to be written at once. */
export function statusWaitMs(
  memory: PaceMemory,
  snapshot: Snapshot,
  decision: Decision,
  now: number,
  load: Load,
): number {
  const { status } = decision;
  if (status === undefined) {
    memory.statusWaitsSince = undefined;
    return 0;
  }
  const pluginMs = pluginWaitMs(memory, snapshot, decision, now);
  if (pluginMs > 0) return pluginMs;
  const before = snapshot.rollout.status ?? {};
  // The next word of the user may follow at once, and is to find what the one before has led to.
  if (settlesWord(before, status)) return 0;
  // A run may be over in no time, and is another one's namesake until the status names it.
  if (decision.actions.some(({ kind }) => kind === "createAnalysisRun" || kind === "createExperiment")) return 0;
  const slowdown = slowdownOf(load);
  const since = memory.statusWaitsSince ?? now;
  const last = memory.statusWrittenAt ?? Number.NEGATIVE_INFINITY;
  const until = [
    now,
    ...(awaitsAnswer(snapshot, decision) ? [since + ANSWER_WITHIN_MS * slowdown] : []),
    ...(onlyCounters(before, status)
      ? [Math.max(last + COUNTERS_EVERY_MS * slowdown, since + COUNTERS_SETTLE_MS)]
      : []),
    ...(!decision.more && endsTimedPause(before, status) ? [since + RESUMED_WITHIN_MS * slowdown] : []),
  ];
  const wait = Math.max(...until) - now;
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

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

/** The same where counters alone have changed: they are about to change again, and nobody acts on them. */
const COUNTS_MOVE_MS = 500;

/** Longest time that counters wait for that, where sizes change again and again. */
const COUNTERS_LATEST_MS = 1_000;

/**
 * Longest time that the end of a pause waits which nobody has ended by hand. The sizes follow at once: pods that are
 * quick complete the next step in this time, and then one status tells of both.
 */
const RESUMED_WITHIN_MS = 2_000;
/** The most that it is slowed down: whoever looks at the pause is to see it end. */
const RESUMED_SLOWDOWN = 5;

const resizes = ({ actions }: Decision): boolean =>
  actions.some((a) => (a.kind === "updateReplicaSet" && a.replicas !== undefined) || a.kind === "createReplicaSet");

/** The ReplicaSet controller has yet to act on a size that was asked for: its counts are about to change. */
const awaitsAnswer = ({ replicaSets }: Snapshot, decision: Decision): boolean =>
  resizes(decision) || replicaSets.some((rs) => !rs.deleting && (!rs.observed || rs.status.replicas !== rs.replicas));

/** What the pace of a Rollout's statuses depends on. Milliseconds since the epoch. */
export interface PaceMemory {
  statusWrittenAt: number | undefined;
  /** Since when a status waits to be written; undefined: no status waits. */
  statusWaitsSince: number | undefined;
  /** The same of one that tells more than counters. */
  newsWaitsSince: number | undefined;
  /** When a size was last asked for while counters waited. */
  resizedAt: number | undefined;
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
    waitsNoMore(memory);
    return 0;
  }
  clockIs(memory, now);
  const pluginMs = pluginWaitMs(memory, snapshot, decision, now);
  if (pluginMs > 0) return pluginMs;
  const before = snapshot.rollout.status ?? {};
  // The next word of the user may follow at once, and is to find what the one before has led to.
  if (settlesWord(before, status)) return 0;
  // A run may be over in no time, and is another one's namesake until the status names it.
  if (decision.actions.some(({ kind }) => kind === "createAnalysisRun" || kind === "createExperiment")) return 0;
  const counted = onlyCounters(before, status);
  if (counted) memory.newsWaitsSince = undefined;
  const until = (counted ? countersUntil : newsUntil)(memory, snapshot, decision, now, slowdownOf(load));
  const wait = Math.max(0, until - now);
  if (wait === 0) return 0;
  memory.statusWaitsSince ??= now;
  if (!counted) memory.newsWaitsSince ??= now;
  return wait;
}

type Until = (memory: PaceMemory, snapshot: Snapshot, decision: Decision, now: number, slowdown: number) => number;

/** What was noted by a clock that has been set back since counts from now. */
function clockIs(memory: PaceMemory, now: number): void {
  for (const noted of ["statusWrittenAt", "statusWaitsSince", "newsWaitsSince", "resizedAt"] as const) {
    const at = memory[noted];
    if (at !== undefined && at > now) memory[noted] = now;
  }
}

/** Counters wait until ReplicaSets have answered, from the last size on: however often sizes change, not for ever. */
const countersUntil: Until = (memory, snapshot, decision, now, slowdown) => {
  const { statusWaitsSince: since = now, statusWrittenAt: last = Number.NEGATIVE_INFINITY } = memory;
  if (resizes(decision)) memory.resizedAt = now;
  const answered = Math.min(
    (memory.resizedAt ?? since) + COUNTS_MOVE_MS * slowdown,
    since + COUNTERS_LATEST_MS * slowdown,
  );
  return Math.max(
    last + COUNTERS_EVERY_MS * slowdown,
    since + COUNTERS_SETTLE_MS * slowdown,
    awaitsAnswer(snapshot, decision) ? answered : now,
  );
};

/** Everything else waits for sizes to be answered, and the end of a pause for what follows from it. */
const newsUntil: Until = (memory, snapshot, decision, now, slowdown) => {
  const { newsWaitsSince: since = now } = memory;
  const isEndOfPause =
    !decision.more && decision.status !== undefined && endsTimedPause(snapshot.rollout.status ?? {}, decision.status);
  return Math.max(
    now,
    awaitsAnswer(snapshot, decision) ? since + ANSWER_WITHIN_MS * slowdown : now,
    isEndOfPause ? since + RESUMED_WITHIN_MS * Math.min(RESUMED_SLOWDOWN, slowdown) : now,
  );
};

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
  waitsNoMore(memory);
}

function waitsNoMore(memory: PaceMemory): void {
  memory.statusWaitsSince = undefined;
  memory.newsWaitsSince = undefined;
  memory.resizedAt = undefined;
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

/**
 * The spans of one release: an update of a Rollout from its beginning to its end (docs/tracing.md#what-a-trace-shows).
 * All is read from what the Rollout said before and says now; what is open meanwhile is the memory that goes along.
 */
import { instant } from "../../../kube/object/time.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { TRACEPARENT } from "../../../schema/labels.ts";
import { closedPauses, followPauses, type OpenPause } from "./pauses.ts";
import { revisionOf, type RevisionTold, rootSpan } from "./root.ts";
import { closedStep, courseOf, followSteps, openStep, type OpenStep } from "./steps.ts";
import { type Digest, parentOf, type Span, type SpanContext, spanIdOf, traceIdOf } from "./span.ts";
import { followTraffic, type TrafficMemory, trafficNow } from "./traffic.ts";

/** What is known of one release. */
export interface Release {
  /** uid of the Rollout, when the update began, and which of that second it is: nobody else has these. */
  readonly key: readonly string[];
  /** How many of the same second came before it; times of the status have whole seconds. */
  readonly nth: number;
  readonly root: SpanContext;
  /** Of the pipeline that began it, where the Rollout names one. */
  readonly parent: SpanContext | undefined;
  /** The release that this one took the place of. */
  readonly before: SpanContext | undefined;
  /** `status.duration.rolloutStartedAt`, and the same in ms since the epoch. */
  readonly startedAt: string;
  readonly startMs: number;
  /** What it brings out; a rollback, which it may end with, is of another revision. */
  readonly revision: RevisionTold;
  readonly hasEnded: boolean;
  readonly step: OpenStep | undefined;
  /** As `courseOf` the Rollout when it was seen last. */
  readonly course: string;
  readonly pauses: readonly OpenPause[];
  readonly traffic: TrafficMemory;
}

/** How a release ends. */
export interface Ending {
  /** As `status.duration.completionStatus`, or Deleted. */
  readonly how: string;
  readonly atMs: number;
}

/** What is remembered of a Rollout: its current or last release, and the one before, whose analyses may still end. */
export interface Memory {
  readonly release: Release | undefined;
  readonly previous: Release | undefined;
}

export interface Context {
  readonly digest: Digest;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What ended before this process could see it was sent by another one. */
  readonly sinceMs: number;
}

export interface Followed<M> {
  readonly memory: M;
  readonly spans: readonly Span[];
}

const NOTHING: Memory = { release: undefined, previous: undefined };

/**
 * @param before undefined: this process has not seen the Rollout before
 * @param after undefined: it is deleted
 */
export function followRollout(
  before: Rollout | undefined,
  after: Rollout | undefined,
  memory: Memory = NOTHING,
  context: Context,
): Followed<Memory | undefined> {
  if (after === undefined) {
    const { release } = memory;
    if (before === undefined || release === undefined || release.hasEnded) return { memory: undefined, spans: [] };
    return { memory: undefined, spans: ended(release, before, { how: "Deleted", atMs: context.now }).spans };
  }
  const startedAt = after.status?.duration?.rolloutStartedAt;
  const startMs = instant(startedAt);
  if (startedAt === undefined || startMs === undefined) return { memory, spans: [] };
  const known = memory.release;
  if (known?.startedAt === startedAt && !beginsAgain(known, after)) {
    const { memory: release, spans } = goneOn(known, after, context);
    return { memory: { ...memory, release }, spans };
  }
  const replaced =
    known === undefined || known.hasEnded || before === undefined
      ? []
      : ended(known, before, { how: "Superseded", atMs: seenAt(startMs, context) }).spans;
  const begun = goneOn(beginning(after, { startedAt, startMs }, before, known, context), after, context);
  return { memory: { release: begun.memory, previous: known }, spans: [...replaced, ...begun.spans] };
}

/** It had ended, and another one of the same second is under way. */
const beginsAgain = ({ hasEnded }: Release, { status }: Rollout): boolean =>
  hasEnded && status?.duration?.finishedAt === undefined;

/** The status has whole seconds only: where a process sees it happen, it knows better. */
const seenAt = (ms: number, { now }: Context): number => (now - ms < SOON_MS ? Math.max(now, ms) : ms);

interface Start {
  readonly startedAt: string;
  readonly startMs: number;
}

/** A release that is over when it is first seen, and was before `sinceMs`, was told of by whoever saw it. */
function beginning(
  rollout: Rollout,
  { startedAt, startMs }: Start,
  before: Rollout | undefined,
  known: Release | undefined,
  { digest, now, sinceMs }: Context,
): Release {
  const { uid = "", annotations } = rollout.metadata;
  const nth = known?.startedAt === startedAt ? known.nth + 1 : 0;
  const key = nth === 0 ? [uid, startedAt] : [uid, startedAt, String(nth)];
  const parent = parentOf(annotations?.[TRACEPARENT]);
  const root = {
    traceId: parent?.traceId ?? traceIdOf(digest, key),
    spanId: spanIdOf(digest, [...key, "release"]),
  };
  const finishedMs = instant(rollout.status?.duration?.finishedAt);
  // Whoever sees an update that is under way does not know when its step began, where no object says so.
  const isSeen = before !== undefined || now - startMs < SOON_MS;
  return {
    key,
    nth,
    root,
    parent,
    before: known?.root,
    startedAt,
    startMs,
    revision: revisionOf(rollout),
    hasEnded: finishedMs !== undefined && before === undefined && finishedMs < sinceMs,
    step: openStep(rollout, { root, key, digest }, isSeen ? startMs : undefined, now),
    course: courseOf(rollout),
    pauses: [],
    traffic: before === undefined ? trafficNow(rollout) : trafficNow(before),
  };
}

/** An update that began so shortly ago is still at its beginning. */
const SOON_MS = 2_000;

function goneOn(release: Release, rollout: Rollout, context: Context): Followed<Release> {
  const { digest, now } = context;
  const about = { root: release.root, key: release.key, digest };
  const traffic = followTraffic(release.traffic, rollout, { ...about, step: release.step }, now);
  const { duration } = rollout.status ?? {};
  const finishedMs = instant(duration?.finishedAt);
  const followed = { ...release, traffic: traffic.memory, course: courseOf(rollout) };
  if (release.hasEnded) return { memory: followed, spans: traffic.spans };
  const isAborted = finishedMs !== undefined && duration?.completionStatus === "Aborted";
  const steps = isAborted ? { memory: release.step, spans: [] } : followSteps(release.step, rollout, about, now);
  const pauses = followPauses(release.pauses, rollout, { ...about, step: steps.memory ?? release.step }, now);
  const open = { ...followed, step: steps.memory, pauses: pauses.memory };
  const spans = [...traffic.spans, ...pauses.spans, ...steps.spans];
  if (finishedMs === undefined) return { memory: open, spans };
  const end = ended(open, rollout, { how: duration?.completionStatus ?? "", atMs: seenAt(finishedMs, context) });
  return { memory: end.memory, spans: [...spans, ...end.spans] };
}

/** Closes what is open, and the root last. */
function ended(release: Release, rollout: Rollout, ending: Ending): Followed<Release> {
  const spans = [
    ...closedPauses(release.pauses, release.root, ending.atMs),
    ...(release.step === undefined ? [] : [closedStep(release.step, release.root, rollout, ending)]),
    rootSpan(release, rollout, ending),
  ];
  return { memory: { ...release, hasEnded: true, step: undefined, pauses: [] }, spans };
}

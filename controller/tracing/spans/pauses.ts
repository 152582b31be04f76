/** A span for each time that a release waited: for a person, for a time, or because nobody could judge an analysis. */
import { instant } from "../../../kube/object/time.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { type Span, type SpanContext, spanIdOf } from "./span.ts";
import type { About, OpenStep } from "./steps.ts";

export interface OpenPause {
  readonly id: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly reason: string;
  readonly startMs: number;
}

interface Where extends About {
  /** In which it waits; undefined: in none. */
  readonly step: OpenStep | undefined;
}

export function followPauses(
  open: readonly OpenPause[],
  rollout: Rollout,
  where: Where,
  now: number,
): { readonly memory: readonly OpenPause[]; readonly spans: readonly Span[] } {
  const current = pausesOf(rollout, where, now);
  const ids = new Set(current.map(({ id }) => id));
  const over = open.filter(({ id }) => !ids.has(id));
  const known = new Map(open.map((pause) => [pause.id, pause]));
  return {
    memory: current.map((pause) => known.get(pause.id) ?? pause),
    spans: closedPauses(over, where.root, now),
  };
}

export const closedPauses = (open: readonly OpenPause[], { traceId }: SpanContext, endMs: number): readonly Span[] =>
  open.map(({ spanId, parentSpanId, reason, startMs }) => ({
    traceId,
    spanId,
    parentSpanId,
    name: `paused ${reason}`,
    startMs,
    endMs: Math.max(startMs, endMs),
    attributes: { "sluice.pause.reason": reason },
  }));

function pausesOf({ metadata, spec, status }: Rollout, where: Where, now: number): readonly OpenPause[] {
  const { root, step, key, digest } = where;
  const opened = (reason: string, since: string, startMs: number, parentSpanId: string): OpenPause => ({
    id: `${reason} ${since} ${parentSpanId}`,
    spanId: spanIdOf(digest, [...key, "pause", reason, since, parentSpanId]),
    parentSpanId,
    reason,
    startMs,
  });
  const told = (status?.pauseConditions ?? []).map(({ reason, startTime }) => {
    const startMs = instant(startTime) ?? now;
    // Times of the status have whole seconds: a wait does not begin before the step that it is part of.
    return opened(reason, startTime, Math.max(startMs, step?.startMs ?? startMs), step?.spanId ?? root.spanId);
  });
  if (spec?.paused !== true) return told;
  // It lasts for as long as somebody wants, whatever the steps. Nothing says since when, but the generation that set it.
  return [...told, opened("UserPaused", `generation ${metadata.generation ?? 0}`, now, root.spanId)];
}

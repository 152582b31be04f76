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
  const opened = (reason: string, since: string, startMs: number): OpenPause => ({
    id: `${reason} ${since}`,
    spanId: spanIdOf(where.digest, [...where.key, "pause", reason, since]),
    parentSpanId: where.step?.spanId ?? where.root.spanId,
    reason,
    // Times of the status have whole seconds: a wait does not begin before the step that it is part of.
    startMs: Math.max(startMs, where.step?.startMs ?? startMs),
  });
  const told = (status?.pauseConditions ?? []).map(({ reason, startTime }) =>
    opened(reason, startTime, instant(startTime) ?? now),
  );
  // Nothing says when somebody set it, but the generation that did so.
  const byUser = spec?.paused === true ? [opened("UserPaused", `generation ${metadata.generation ?? 0}`, now)] : [];
  return [...told, ...byUser];
}

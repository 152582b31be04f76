/** A simulated update stage by stage, and what it costs in all (docs/cli/simulate.md#what-is-printed). Pure. */
import type { Moment, Pods } from "./moment.ts";
import type { Incident, Simulation } from "./simulate.ts";

export interface StageReport {
  readonly text: string;
  /** ms since the update began. */
  readonly fromMs: number;
  readonly toMs: number;
  /** At its end, as the share of the requests is. */
  readonly old: Pods;
  readonly new: Pods;
  readonly others: Pods;
  /** Of the new version, 0 to 1. */
  readonly share: number;
  readonly worstCapacity: number;
  readonly extra: Extra;
  /** What happened in it, or ended it. */
  readonly incidents: readonly Incident[];
}

/** Pods beyond the size of the Rollout. */
export interface Extra {
  readonly most: number;
  /** How long there were any. */
  readonly ms: number;
  /** How many, times how long. */
  readonly podMs: number;
}

export interface Requests {
  /** Given: all of them together, per second. */
  readonly perSecond: number;
  readonly total: number;
  readonly toNew: number;
  /** Per second, of a pod before the update. */
  readonly usualPerPod: number;
  /** Per second; undefined: for a while nobody answered. */
  readonly mostPerPod: number | undefined;
}

export interface Report extends Simulation {
  readonly stages: readonly StageReport[];
  readonly worstCapacity: { readonly value: number; readonly atMs: number };
  readonly extra: Extra;
  /** The largest share of the requests that the new version got before the update was over. */
  readonly mostShare: number;
  /** Until the last pods were gone. */
  readonly endMs: number;
  readonly requests: Requests | undefined;
}

/** A moment, and until when it was so. */
interface Span extends Moment {
  readonly toMs: number;
}

/** @param perSecond the requests, where they are to be counted */
export function reportOf(simulation: Simulation, perSecond: number | undefined): Report {
  const { moments, incidents, replicas, outcome } = simulation;
  const endMs = Math.max(moments.at(-1)?.atMs ?? 0, outcome.atMs);
  const spans = moments.map((moment, index): Span => ({ ...moment, toMs: moments[index + 1]?.atMs ?? endMs }));
  const worst = spans.reduce((low, span) => (span.capacity < low.capacity ? span : low), spans[0] as Span);
  return {
    ...simulation,
    stages: stagesOf(spans, incidents, replicas),
    worstCapacity: { value: worst.capacity, atMs: worst.atMs },
    extra: extraOf(spans, replicas),
    mostShare: Math.max(0, ...spans.filter(({ stage }) => stage.isOver !== true).map(({ share }) => share)),
    endMs,
    requests: perSecond === undefined ? undefined : requestsOf(spans, replicas, perSecond, worst.capacity),
  };
}

function stagesOf(spans: readonly Span[], incidents: readonly Incident[], replicas: number): readonly StageReport[] {
  const groups: Span[][] = [];
  for (const span of spans) {
    const last = groups.at(-1);
    if (last?.[0]?.stage.text === span.stage.text) last.push(span);
    else groups.push([span]);
  }
  return groups.map((group, index): StageReport => {
    const [first] = group as [Span];
    const last = group.at(-1) as Span;
    const { old, new: fresh, others, share } = last;
    const isLast = index === groups.length - 1;
    return {
      text: first.stage.text,
      fromMs: first.atMs,
      toMs: last.toMs,
      old,
      new: fresh,
      others,
      share,
      worstCapacity: Math.min(...group.map(({ capacity }) => capacity)),
      extra: extraOf(group, replicas),
      incidents: incidents.filter(({ atMs }) => (atMs > first.atMs || index === 0) && (atMs <= last.toMs || isLast)),
    };
  });
}

const countOf = ({ old, new: fresh, others }: Moment): number =>
  [old, fresh, others].reduce((sum, { ready, starting }) => sum + ready + starting, 0);

function extraOf(spans: readonly Span[], replicas: number): Extra {
  const each = spans.map((span) => ({ pods: Math.max(0, countOf(span) - replicas), ms: span.toMs - span.atMs }));
  return {
    most: Math.max(0, ...each.map(({ pods }) => pods)),
    ms: each.reduce((sum, { pods, ms }) => sum + (pods > 0 ? ms : 0), 0),
    podMs: each.reduce((sum, { pods, ms }) => sum + pods * ms, 0),
  };
}

function requestsOf(spans: readonly Span[], replicas: number, perSecond: number, worst: number): Requests {
  const until = spans.filter(({ stage }) => stage.isOver !== true);
  const seconds = (all: readonly Span[], weight: (span: Span) => number): number =>
    all.reduce((sum, span) => sum + (weight(span) * (span.toMs - span.atMs)) / 1_000, 0);
  const usualPerPod = perSecond / Math.max(1, replicas);
  return {
    perSecond,
    total: Math.round(seconds(until, () => perSecond)),
    toNew: Math.round(seconds(until, ({ share }) => share * perSecond)),
    usualPerPod,
    mostPerPod: worst === 0 ? undefined : usualPerPod / worst,
  };
}

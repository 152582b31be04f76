/** A span for each change of traffic: until the router is known to follow, or of no length where nobody asks it. */
import type { Rollout } from "../../../schema/rollout.ts";
import { type Span, spanIdOf } from "./span.ts";
import type { About, OpenStep } from "./steps.ts";

/** Where the traffic goes, as far as the status says. */
export interface TrafficMemory {
  /** The canary's weight, in percent of what the router divides. */
  readonly weight: number | undefined;
  /** The revision that the active Service selects. */
  readonly active: string | undefined;
  /** A change that is not verified yet. */
  readonly open: Span | undefined;
}

interface Where extends About {
  readonly step: OpenStep | undefined;
}

export const trafficNow = ({ status }: Rollout): TrafficMemory => ({
  weight: status?.canary?.weights?.canary.weight,
  active: status?.blueGreen?.activeSelector,
  open: undefined,
});

export function followTraffic(
  memory: TrafficMemory,
  rollout: Rollout,
  where: Where,
  now: number,
): { readonly memory: TrafficMemory; readonly spans: readonly Span[] } {
  const next = trafficNow(rollout);
  const changes = [weightChange(memory, next, rollout, where, now), switched(memory, next, rollout, where, now)];
  const changed = changes.find((each) => each !== undefined);
  const isPending = rollout.status?.canary?.weights?.verified === false;
  const over = memory.open === undefined || (isPending && changed === undefined) ? [] : [until(memory.open, now)];
  const open = changed === undefined ? (over.length === 0 ? memory.open : undefined) : isPending ? changed : undefined;
  const seen = { weight: next.weight ?? memory.weight, active: next.active ?? memory.active, open };
  return { memory: seen, spans: [...over, ...(changed === undefined || isPending ? [] : [changed])] };
}

const until = (span: Span, endMs: number): Span => ({ ...span, endMs: Math.max(span.startMs, endMs) });

function weightChange(
  { weight: old = 0 }: TrafficMemory,
  { weight }: TrafficMemory,
  rollout: Rollout,
  where: Where,
  now: number,
): Span | undefined {
  if (weight === undefined || weight === old) return undefined;
  return change(`traffic weight ${weight}`, rollout, where, now, {
    "sluice.traffic.canary_weight": weight,
    "sluice.traffic.canary_weight_before": old,
  });
}

function switched(
  { active: old }: TrafficMemory,
  { active }: TrafficMemory,
  rollout: Rollout,
  where: Where,
  now: number,
): Span | undefined {
  if (active === undefined || active === old) return undefined;
  return change("traffic switch", rollout, where, now, {
    "sluice.traffic.active": active,
    "sluice.traffic.active_before": old,
  });
}

/** The version of the Rollout that says so first names the change: whoever sees it gives it the same id. */
const change = (
  name: string,
  { metadata }: Rollout,
  { digest, key, root, step }: Where,
  now: number,
  attributes: Span["attributes"],
): Span => ({
  traceId: root.traceId,
  spanId: spanIdOf(digest, [...key, name, metadata.resourceVersion ?? ""]),
  parentSpanId: step?.spanId ?? root.spanId,
  name,
  startMs: now,
  endMs: now,
  attributes,
});

/** Several events of an object that are told by one: which text it has, and how the others are counted. Pure. */
import type { KubeEvent } from "./recorder.ts";

/** An event that waits to be sent, with those that it stands for. */
export interface Waiting {
  /** The latest of the events that it stands for. */
  readonly event: KubeEvent;
  readonly atMs: number;
  /** When the first of them was recorded. */
  readonly sinceMs: number;
  /** How often its own text was recorded. */
  readonly same: number;
  /** How many events with other texts it stands for, by their reason. */
  readonly others: ReadonlyMap<string, number>;
  /** How many of them the correlator has counted; they are counted no second time. */
  readonly counted: number;
  /**
   * The name of the Event object, if one is made: fixed now, so that a retry after a lost answer makes no second one.
   */
  readonly newName: string;
}

const NO_OTHERS: ReadonlyMap<string, number> = new Map();

export const waitingOf = (event: KubeEvent, atMs: number, newName: string): Waiting => ({
  event,
  atMs,
  sinceMs: atMs,
  same: 1,
  others: NO_OTHERS,
  counted: 0,
  newName,
});

/** One event for both: with the text of `next`, and the name and the beginning of `before`. */
export function joined(before: Waiting, next: Waiting): Waiting {
  const { sinceMs, newName } = before;
  const equal = before.event.reason === next.event.reason && before.event.message === next.event.message;
  if (equal) {
    const [same, counted] = [before.same + next.same, before.counted + next.counted];
    return { ...next, sinceMs, newName, same, others: sum(before.others, next.others), counted };
  }
  const hidden = new Map([[before.event.reason, before.same]]);
  // Its text is a new one, of which the correlator has counted nothing.
  return { ...next, sinceMs, newName, others: sum(sum(before.others, hidden), next.others), counted: 0 };
}

function sum(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  if (b.size === 0) return a;
  const all = new Map(a);
  for (const [reason, times] of b) all.set(reason, (all.get(reason) ?? 0) + times);
  return all;
}

/** How many events of its reason it stands for that have not been counted yet: by so many is the Event's count raised. */
export const timesOf = ({ event, same, others, counted }: Waiting): number =>
  same + (others.get(event.reason) ?? 0) - counted;

/** The longest note of an event that Kubernetes allows. */
const LONGEST_BYTES = 1_024;

/** The text to send: "… (and 3 more like it)", or "… (and 4 more: 3 ScalingReplicaSet, RolloutUpdated)". */
export function textOf({ event, others }: Waiting): string {
  if (others.size === 0) return cut(event.message, LONGEST_BYTES);
  let count = 0;
  for (const times of others.values()) count += times;
  const alike = others.size === 1 && others.has(event.reason);
  const reasons = Array.from(others, ([reason, times]) => (times === 1 ? reason : `${times} ${reason}`));
  const rest = alike ? ` (and ${count} more like it)` : ` (and ${count} more: ${reasons.join(", ")})`;
  return `${cut(event.message, LONGEST_BYTES - Buffer.byteLength(rest))}${rest}`;
}

/** Cut at a whole character. */
export function cut(message: string, bytes: number = LONGEST_BYTES): string {
  const whole = Buffer.from(message);
  if (whole.length <= bytes) return message;
  const kept = whole.subarray(0, Math.max(0, bytes - 3)).toString();
  return `${kept.replace(/\uFFFD+$/, "")}…`;
}

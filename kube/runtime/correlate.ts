import { mustBeSent } from "../../schema/reasons.ts";
import type { EventTarget, KubeEvent } from "./recorder.ts";

/** The figures of client-go's tools/record/events_cache.go, so that events are merged as people are used to. */
const maxRemembered = 4_096;
const maxSimilar = 10;
const similarWithinMs = 600_000;
const spamBurst = 25;
const spamRefillMs = 300_000;

/** What to send for an event. */
export interface Correlated {
  /** Records that it was sent, see `sent`. */
  readonly key: string;
  readonly message: string;
  readonly firstAtMs: number;
  readonly count: number;
  /** Set: raise the count of this Event object instead of making one. */
  readonly name: string | undefined;
}

export interface Correlator {
  /**
   * `times`: how many events of its reason it stands for, of which the first happened at `sinceMs`.
   * @returns undefined: dropped, the object has had too many narrating events.
   */
  correlate(event: KubeEvent, atMs: number, times?: number, sinceMs?: number): Correlated | undefined;
  /** The Event object that now stands for it. */
  sent(correlated: Correlated, name: string): void;
}

/** A hash that stands for a text of some hundred bytes; 53 bits keep 4,096 of them apart. */
const digest = (text: string): number => Number(BigInt.asUintN(53, Bun.hash(text)));

/** A Map that drops the least recently used entry. */
const lru = <V>(limit: number) => {
  const entries = new Map<number, V>();
  return {
    /** The value under `name`, made by `make` when missing; marked as just used. */
    touch(name: string, make: () => V): V {
      const key = digest(name);
      const value = entries.get(key) ?? make();
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > limit) {
        const [oldest] = entries.keys();
        if (oldest !== undefined) entries.delete(oldest);
      }
      return value;
    },
  };
};

const objectKey = ({ kind, namespace, name, uid, apiVersion }: EventTarget): string =>
  `${kind}\n${namespace}\n${name}\n${uid}\n${apiVersion}`;

/**
 * What client-go's EventCorrelator does, in its order: similar events (all equal but the message) beyond 10 within 10
 * min become one "(combined from similar events): …"; an equal event raises a count; and each object has 25 events at
 * once, then one per 5 min. Events that must be sent (schema/reasons.ts) are not combined, since their texts would be
 * lost, and are neither limited nor counted towards the limit of the object. Remembers 4,096 of each, dropping the
 * least recently used.
 */
export const createCorrelator = (): Correlator => {
  const similar = lru<{ messages: Set<number>; lastAtMs: number }>(maxRemembered);
  const equal = lru<{ name: string | undefined; count: number; firstAtMs: number }>(maxRemembered);
  const budgets = lru<{ tokens: number; countedAtMs: number }>(maxRemembered);

  const aggregate = (event: KubeEvent, atMs: number): { key: string; message: string } => {
    const kin = `${objectKey(event.object)}\n${event.type}\n${event.reason}`;
    if (mustBeSent(event)) return { key: `${kin}\n${event.message}`, message: event.message };
    const group = similar.touch(kin, () => ({ messages: new Set(), lastAtMs: atMs }));
    if (atMs - group.lastAtMs > similarWithinMs) group.messages.clear();
    group.lastAtMs = atMs;
    group.messages.add(digest(event.message));
    if (group.messages.size < maxSimilar) return { key: `${kin}\n${event.message}`, message: event.message };
    const [any] = group.messages;
    if (any !== undefined) group.messages.delete(any); // keeps it from growing
    return { key: kin, message: `(combined from similar events): ${event.message}` };
  };
  const affordable = (object: EventTarget, atMs: number): boolean => {
    const budget = budgets.touch(objectKey(object), () => ({ tokens: spamBurst, countedAtMs: atMs }));
    budget.tokens = Math.min(spamBurst, budget.tokens + (atMs - budget.countedAtMs) / spamRefillMs);
    budget.countedAtMs = atMs;
    if (budget.tokens < 1) return false;
    budget.tokens -= 1;
    return true;
  };
  const record = (key: string, atMs: number) =>
    equal.touch(key, () => ({ name: undefined, count: 0, firstAtMs: atMs }));

  return {
    correlate(event, atMs, times = 1, sinceMs = atMs) {
      const { key, message } = aggregate(event, atMs);
      const known = record(key, sinceMs);
      known.count += times;
      if (!mustBeSent(event) && !affordable(event.object, atMs)) return undefined;
      return { key, message, firstAtMs: known.firstAtMs, count: known.count, name: known.name };
    },
    sent(correlated, name) {
      record(correlated.key, correlated.firstAtMs).name = name;
    },
  };
};

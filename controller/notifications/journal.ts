/**
 * What one pass over the notifications of a Rollout leaves to the next, by the Rollout's key: events that wait to be told,
 * what is being sent, and what was sent but is not in the annotation yet. All else is in the annotation.
 */
import type { Clock } from "../../kube/clock/clock.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Notified } from "./decide/notified.ts";

/** An event, and the Rollout as the pass that recorded it knew it. */
export interface RecordedEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly rollout: Rollout;
}

export interface Journal {
  /** Where too many wait, of one Rollout or of all, the oldest goes. */
  happened(key: string, event: RecordedEvent): void;
  events(key: string): readonly RecordedEvent[];
  /** They are on their way. */
  taken(key: string, events: readonly RecordedEvent[]): void;
  sending(key: string, mark: string): void;
  sent(key: string, mark: string): void;
  /** It is not tried again for a while. */
  failed(key: string, mark: string): void;
  pending(key: string): ReadonlySet<string>;
  /** What the annotation has, with what was sent and is not in it yet. */
  notified(key: string, stored: Notified): Notified;
  /** What was told of them holds no more. */
  dropped(key: string, marks: readonly string[]): void;
  /** The Rollout was deleted: what was told of it says nothing about the next one of its name. Its events stay. */
  gone(key: string): void;
  /** Keys with something that was sent and may not be in the annotation yet. */
  unwritten(): readonly string[];
}

/** After it has failed for good, a condition that is still true is told again when it is judged after so long. */
const AGAIN_AFTER_MS = 300_000;
const MOST_EVENTS = 100;
/** Of all Rollouts, while no configuration can be read: each holds a Rollout in memory. */
const MOST_EVENTS_IN_ALL = 2_000;
/** More than the annotation holds: what it has no room for is remembered here, as long as the process lives. */
const MOST_SENT = 200;

interface Entry {
  events: RecordedEvent[];
  readonly sending: Set<string>;
  readonly sent: Map<string, number>;
  readonly failed: Map<string, number>;
}

export function createJournal(clock: Pick<Clock, "now">): Journal {
  const entries = new Map<string, Entry>();
  const waiting = { events: 0 };
  const of = (key: string): Entry => {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { events: [], sending: new Set(), sent: new Map(), failed: new Map() };
    entries.set(key, entry);
    return entry;
  };
  const tidy = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    const { events, sending, sent, failed } = entry;
    for (const [mark, until] of failed) if (until <= clock.now()) failed.delete(mark);
    if (events.length + sending.size + sent.size + failed.size === 0) entries.delete(key);
  };
  return {
    happened(key, event) {
      const { events } = of(key);
      events.push(event);
      waiting.events += 1;
      if (crowdOf(events, entries.values(), waiting.events)?.shift() !== undefined) waiting.events -= 1;
    },
    events: (key) => [...(entries.get(key)?.events ?? [])],
    taken(key, events) {
      const entry = of(key);
      const gone = new Set(events);
      const before = entry.events.length;
      entry.events = entry.events.filter((each) => !gone.has(each));
      waiting.events -= before - entry.events.length;
      tidy(key);
    },
    sending: (key, mark) => void of(key).sending.add(mark),
    sent(key, mark) {
      const { sending, sent } = of(key);
      if (!sending.delete(mark)) return tidy(key);
      sent.set(mark, Math.floor(clock.now() / 1_000));
      for (const oldest of sent.keys()) if (sent.size > MOST_SENT) sent.delete(oldest);
    },
    failed(key, mark) {
      const { sending, failed } = of(key);
      if (!sending.delete(mark)) return tidy(key);
      failed.set(mark, clock.now() + AGAIN_AFTER_MS);
    },
    pending(key) {
      tidy(key);
      const entry = entries.get(key);
      return entry === undefined ? new Set() : new Set([...entry.sending, ...entry.failed.keys()]);
    },
    notified(key, stored) {
      const sent = entries.get(key)?.sent;
      for (const mark of sent?.keys() ?? []) if (stored.has(mark)) sent?.delete(mark);
      const all = new Map([...stored, ...(sent ?? [])]);
      tidy(key);
      return all;
    },
    dropped(key, marks) {
      for (const mark of marks) entries.get(key)?.sent.delete(mark);
    },
    gone(key) {
      const { sending, sent, failed } = entries.get(key) ?? {};
      for (const marks of [sending, sent, failed]) marks?.clear();
      tidy(key);
    },
    unwritten: () => [...entries].filter(([, { sent }]) => sent.size > 0).map(([key]) => key),
  };
}

/** The line whose oldest event goes; undefined: there is room. */
function crowdOf(events: RecordedEvent[], all: Iterable<Entry>, waiting: number): RecordedEvent[] | undefined {
  if (events.length > MOST_EVENTS) return events;
  if (waiting <= MOST_EVENTS_IN_ALL) return undefined;
  for (const entry of all) if (entry.events.length > 0) return entry.events;
  return undefined;
}

/**
 * Events that wait to be sent, in lanes: all events of an object are in the same lane, which keeps their order. When
 * many wait, those about one object with one reason become one event with the latest text; then the oldest narration is
 * dropped. An event that must be sent is dropped only at the last limit, which is reached only when the API server
 * refuses events for hours, or tens of thousands of objects come and go.
 */
import { mustBeSent } from "../../schema/reasons.ts";
import type { KubeEvent } from "./recorder.ts";

export interface Waiting {
  /** The latest of the events that it stands for. */
  readonly event: KubeEvent;
  readonly atMs: number;
  /** When the first of them was recorded. */
  readonly sinceMs: number;
  /** How many events it stands for that have not been counted yet; 0 after `putBack`. */
  readonly times: number;
  /**
   * The name of the Event object, if one is made: fixed now, so that a retry after a lost answer makes no second one.
   */
  readonly newName: string;
}

export interface EventQueueLimits {
  /** When so many wait, events of one object with the same reason are joined. */
  readonly joinFrom: number;
  /** Above this size, estimated by `bytesOf`, the oldest narration is dropped. */
  readonly narrationBytes: number;
  /** Above this size the oldest event is dropped, whatever it is. */
  readonly mostBytes: number;
}

export interface EventQueue {
  readonly size: number;
  /** Estimated size of all waiting events. */
  readonly bytes: number;
  push(event: KubeEvent, atMs: number, newName: string): void;
  /** Puts an event that could not be sent, and has been counted, at the end of its lane. */
  putBack(item: Waiting): void;
  /** Removes the oldest event of a lane and returns it. */
  shift(lane: number): Waiting | undefined;
  clear(): void;
}

/** Memory that we use for an event besides its texts: names, times, and the entries that find it. */
const FIXED_BYTES = 700;

const bytesOf = ({ message, object, annotations = {} }: KubeEvent): number => {
  let bytes = FIXED_BYTES + 2 * (message.length + object.name.length + object.namespace.length);
  for (const [key, value] of Object.entries(annotations)) bytes += 2 * (key.length + value.length);
  return bytes;
};

interface Entry extends Waiting {
  readonly lane: number;
  readonly key: string;
  readonly bytes: number;
  readonly must: boolean;
}

/** `onDropped` is called for each event that is dropped unsent. */
export const createEventQueue = (
  lanes: number,
  limits: EventQueueLimits,
  onDropped: (waiting: Waiting) => void,
): EventQueue => {
  // Maps keep the order in which keys came; a key that is set again keeps its place.
  const waiting = Array.from({ length: lanes }, () => new Map<number, Entry>());
  const narration = new Map<number, Entry>();
  const all = new Map<number, Entry>();
  /** By object and reason: the latest event that waits. */
  const latest = new Map<string, number>();
  let bytes = 0;
  let count = 0;

  const entryOf = (item: Waiting): Entry => {
    const { object, type, reason } = item.event;
    return {
      ...item,
      lane: laneOf(object.uid, lanes),
      key: `${object.uid}\n${type}\n${reason}`,
      bytes: bytesOf(item.event),
      must: mustBeSent(item.event),
    };
  };
  const put = (id: number, entry: Entry): void => {
    bytes += entry.bytes;
    waiting[entry.lane]?.set(id, entry);
    all.set(id, entry);
    if (!entry.must) narration.set(id, entry);
    latest.set(entry.key, id);
  };
  const take = (id: number, entry: Entry): void => {
    bytes -= entry.bytes;
    waiting[entry.lane]?.delete(id);
    all.delete(id);
    narration.delete(id);
    if (latest.get(entry.key) === id) latest.delete(entry.key);
  };
  const dropOldest = (of: Map<number, Entry>): boolean => {
    const [oldest] = of;
    if (oldest === undefined) return false;
    take(...oldest);
    onDropped(oldest[1]);
    return true;
  };
  return {
    get size() {
      return all.size;
    },
    get bytes() {
      return bytes;
    },
    push(event, atMs, newName) {
      const entry = entryOf({ event, atMs, sinceMs: atMs, times: 1, newName });
      const id = all.size >= limits.joinFrom ? latest.get(entry.key) : undefined;
      const before = id === undefined ? undefined : all.get(id);
      if (id !== undefined && before !== undefined) {
        // It keeps its old place, or a reason that repeats would wait for ever. Its time is that of the latest event.
        bytes -= before.bytes;
        put(id, { ...entry, sinceMs: before.sinceMs, times: before.times + 1, newName: before.newName });
      } else put((count += 1), entry);
      while (bytes > limits.narrationBytes && dropOldest(narration));
      while (bytes > limits.mostBytes && dropOldest(all));
    },
    putBack(item) {
      const entry = entryOf({ ...item, times: 0 });
      const newer = latest.get(entry.key);
      put((count += 1), entry);
      if (newer !== undefined) latest.set(entry.key, newer);
    },
    shift(lane) {
      const [oldest] = waiting[lane] ?? [];
      if (oldest === undefined) return undefined;
      take(...oldest);
      return oldest[1];
    },
    clear() {
      for (const [id, entry] of all) take(id, entry);
    },
  };
};

/** The lane of an object: the same one always. */
export const laneOf = (uid: string, lanes: number): number => {
  let sum = 0;
  for (let i = 0; i < uid.length; i += 1) sum = (sum * 31 + uid.charCodeAt(i)) >>> 0;
  return sum % lanes;
};

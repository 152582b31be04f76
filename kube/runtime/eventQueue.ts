/**
 * Events that wait to be sent, in lanes: an object's take the same one, which keeps their order. Under pressure, what waits
 * about one object for one reason becomes one event with its latest text; then the oldest narration goes. What must be told
 * is never dropped for want of room but at the last bound of all, which only an API server that refuses events for hours, or
 * tens of thousands of objects that come and go, can reach.
 */
import { mustBeTold } from "../../schema/reasons.ts";
import type { KubeEvent } from "./recorder.ts";

export interface Waiting {
  /** The latest of those that it stands for. */
  readonly event: KubeEvent;
  readonly atMs: number;
  /** When the first of them was recorded. */
  readonly sinceMs: number;
  /** How many it stands for that have not been counted yet. */
  readonly times: number;
  /** Of the Event object, if one is made: fixed beforehand, so that a second try after a lost answer makes no second one. */
  readonly newName: string;
}

export interface EventQueueLimits {
  /** From so many on, equal reasons of one object wait as one. */
  readonly joinFrom: number;
  /** Beyond this, estimated by `bytesOf`, the oldest narration goes. */
  readonly narrationBytes: number;
  /** Beyond this the oldest goes, whatever it is. */
  readonly mostBytes: number;
}

export interface EventQueue {
  readonly size: number;
  /** Estimated, of all that wait. */
  readonly bytes: number;
  push(event: KubeEvent, atMs: number, newName: string): void;
  /** To the end of the line with what could not be sent, and has been counted. */
  putBack(item: Waiting): void;
  /** The oldest of a lane. */
  shift(lane: number): Waiting | undefined;
  clear(): void;
}

/** Ours of an event without its texts: names, times, and the entries that find it. */
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

/** `onDropped` is told of each event that goes unsent. */
export const createEventQueue = (
  lanes: number,
  limits: EventQueueLimits,
  onDropped: (waiting: Waiting) => void,
): EventQueue => {
  // Maps keep the order in which keys came; a key that is set again keeps its place.
  const waiting = Array.from({ length: lanes }, () => new Map<number, Entry>());
  const narration = new Map<number, Entry>();
  const all = new Map<number, Entry>();
  /** The latest that waits about an object for a reason. */
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
      must: mustBeTold(item.event),
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
        // In its old place: what is news again and again must not wait for ever. Its time says that it is the latest.
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

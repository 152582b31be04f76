/**
 * Events that wait to be sent, in lanes: all events of an object are in the same lane, which keeps their order.
 *
 * When many wait, what must be sent goes first, and narration is joined: first that about one object for one reason,
 * then all that an object has between two events that must be sent, which stay apart and keep their own words. Memory
 * has bounds for the hours in which the API server takes no events: then what must be sent is joined by reason, the
 * oldest narration is dropped, and at the last bound, which tens of thousands of objects reach, the oldest event.
 */
import { mustBeSent } from "../../schema/reasons.ts";
import { joined, timesOf, type Waiting, waitingOf } from "./joined.ts";
import type { KubeEvent } from "./recorder.ts";

export interface EventQueueLimits {
  /** When so many wait, what must be sent goes first, and narration about an object is joined by its reason. */
  readonly joinFrom: number;
  /** When so many wait, narration about an object is one event, whatever the reasons. */
  readonly mergeFrom: number;
  /** When so many wait, events that must be sent are joined by object and reason, with the latest text. */
  readonly joinAllFrom: number;
  /** Narration that waits for so long takes turns with what must be sent. */
  readonly patienceMs: number;
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
  /** Removes the event of a lane whose turn it is and returns it. */
  shift(lane: number, nowMs: number): Waiting | undefined;
  clear(): void;
}

/** Memory that we use for an event besides its texts: names, times, and the entries that find it. */
const FIXED_BYTES = 700;
/** And for each reason of others that it stands for. */
const OTHER_BYTES = 60;

const bytesOf = ({ event: { message, object, annotations = {} }, others }: Waiting): number => {
  let bytes = FIXED_BYTES + 2 * (message.length + object.name.length + object.namespace.length);
  for (const [key, value] of Object.entries(annotations)) bytes += 2 * (key.length + value.length);
  return bytes + OTHER_BYTES * others.size;
};

interface Entry {
  item: Waiting;
  bytes: number;
  readonly id: number;
  readonly uid: string;
  readonly lane: Lane;
  readonly must: boolean;
}

interface Lane {
  // Maps keep the order in which keys came.
  readonly all: Map<number, Entry>;
  readonly musts: Map<number, Entry>;
  /** Whose turn it is while narration is late. */
  narrationNext: boolean;
}

const oldestOf = (entries: ReadonlyMap<number, Entry>): Entry | undefined => {
  const [oldest] = entries.values();
  return oldest;
};

/** `onDropped` is called for each event that is dropped unsent. */
export const createEventQueue = (
  laneCount: number,
  limits: EventQueueLimits,
  onDropped: (waiting: Waiting) => void,
): EventQueue => {
  const lanes = Array.from({ length: laneCount }, (): Lane => {
    return { all: new Map(), musts: new Map(), narrationNext: false };
  });
  const all = new Map<number, Entry>();
  const narration = new Map<number, Entry>();
  /** By uid: what waits about an object, the oldest first. */
  const objects = new Map<string, Entry[]>();
  let bytes = 0;
  let count = 0;

  const put = (item: Waiting): void => {
    const { uid } = item.event.object;
    const lane = lanes[laneOf(uid, laneCount)];
    if (lane === undefined) return;
    const entry = { item, bytes: bytesOf(item), id: (count += 1), uid, lane, must: mustBeSent(item.event) };
    bytes += entry.bytes;
    all.set(entry.id, entry);
    lane.all.set(entry.id, entry);
    (entry.must ? lane.musts : narration).set(entry.id, entry);
    const others = objects.get(uid);
    if (others === undefined) objects.set(uid, [entry]);
    else others.push(entry);
  };
  const take = ({ id, uid, lane, bytes: size }: Entry): void => {
    bytes -= size;
    for (const entries of [all, lane.all, lane.musts, narration]) entries.delete(id);
    const rest = (objects.get(uid) ?? []).filter((entry) => entry.id !== id);
    if (rest.length === 0) objects.delete(uid);
    else objects.set(uid, rest);
  };
  /** It keeps its old place, or a reason that repeats would wait for ever. Its time is that of the latest event. */
  const join = (entry: Entry, next: Waiting): void => {
    entry.item = joined(entry.item, next);
    bytes -= entry.bytes;
    entry.bytes = bytesOf(entry.item);
    bytes += entry.bytes;
  };
  /** The entry that `next` becomes part of; undefined: it waits by itself. */
  const partnerOf = ({ event }: Waiting): Entry | undefined => {
    if (all.size < limits.joinFrom) return undefined;
    const waiting = objects.get(event.object.uid) ?? [];
    const alike = ({ item }: Entry): boolean => item.event.reason === event.reason && item.event.type === event.type;
    if (mustBeSent(event)) {
      const latest = waiting.findLast(alike);
      return latest?.item.event.message === event.message || all.size >= limits.joinAllFrom ? latest : undefined;
    }
    // What has happened since something that must be sent is told after it.
    const since = waiting.slice(waiting.findLastIndex(({ must }) => must) + 1);
    if (all.size < limits.mergeFrom) return since.findLast(alike);
    const [first, ...rest] = since;
    for (const entry of rest) {
      take(entry);
      if (first !== undefined) join(first, entry.item);
    }
    return first;
  };
  const dropOldest = (of: ReadonlyMap<number, Entry>): boolean => {
    const oldest = oldestOf(of);
    if (oldest === undefined) return false;
    take(oldest);
    onDropped(oldest.item);
    return true;
  };
  /** Of a crowd, what the oldest event that must be sent waits for, which is what its object has before it. */
  const nextOf = (lane: Lane, nowMs: number): Entry | undefined => {
    const oldest = oldestOf(lane.all);
    const must = all.size < limits.joinFrom ? undefined : oldestOf(lane.musts);
    if (must === undefined || oldest === undefined) return oldest;
    const isLate = nowMs - oldest.item.sinceMs >= limits.patienceMs;
    lane.narrationNext = isLate && !lane.narrationNext;
    return lane.narrationNext ? oldest : objects.get(must.uid)?.[0];
  };
  return {
    get size() {
      return all.size;
    },
    get bytes() {
      return bytes;
    },
    push(event, atMs, newName) {
      const next = waitingOf(event, atMs, newName);
      const partner = partnerOf(next);
      if (partner === undefined) put(next);
      else join(partner, next);
      while (bytes > limits.narrationBytes && dropOldest(narration));
      while (bytes > limits.mostBytes && dropOldest(all));
    },
    putBack: (item) => put({ ...item, counted: item.counted + timesOf(item) }),
    shift(index, nowMs) {
      const lane = lanes[index];
      const next = lane === undefined ? undefined : nextOf(lane, nowMs);
      if (next !== undefined) take(next);
      return next?.item;
    },
    clear() {
      for (const entry of all.values()) take(entry);
    },
  };
};

/** The lane of an object: the same one always. */
export const laneOf = (uid: string, lanes: number): number => {
  let sum = 0;
  for (let i = 0; i < uid.length; i += 1) sum = (sum * 31 + uid.charCodeAt(i)) >>> 0;
  return sum % lanes;
};

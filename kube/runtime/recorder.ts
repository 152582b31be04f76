import type { Clock } from "../clock/clock.ts";
import { mustBeSent } from "../../schema/reasons.ts";
import { isAlreadyExists, isBusyServer, isLeavingNamespace, isNotFound } from "../client/apiError.ts";
import { type Correlated, createCorrelator } from "./correlate.ts";
import { collectionPath, objectPath } from "../client/path.ts";
import { createEventQueue, type EventQueueLimits, laneOf } from "./eventQueue.ts";
import { cut, textOf, timesOf, type Waiting } from "./joined.ts";
import { pause } from "../clock/sleep.ts";
import { EVENTS } from "../client/resources.ts";
import type { KubeClient } from "../client/transport.ts";

/** The object that an event is about. */
export interface EventTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion?: string | undefined;
}

export interface KubeEvent {
  readonly object: EventTarget;
  readonly type: "Normal" | "Warning";
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** "rollouts-controller" by default. */
  readonly component?: string;
  /** Called for every event that is not sent. */
  readonly onLost?: (loss: Loss) => void;
  /** For tests. */
  readonly limits?: EventQueueLimits;
}

/** An event that is not sent. Whether it is worth a line in the log is up to `onLost`. */
export interface Loss {
  /**
   * `limited`: narration beyond the limit of one object. `crowded`: the queue was full. `refused`: the API server does
   * not accept it, or has not answered for half a minute (for an hour, if it must be sent). `gone`: its namespace is
   * being deleted.
   */
  readonly why: "limited" | "crowded" | "refused" | "gone";
  readonly reason: string;
  readonly error?: unknown;
}

export interface EventRecorder {
  /** Queues an event, which is sent later, in order per object. Never waits, never throws. */
  record(event: KubeEvent): void;
  /** Resolves when all events recorded of this object so far are sent or given up, after `timeoutMs` at the latest. */
  sent(uid: string, timeoutMs: number): Promise<void>;
  /** Number of events that wait to be sent. */
  readonly pending: number;
  /** Sends the waiting events, for at most `timeoutMs`, and takes no more. */
  stop(timeoutMs: number): Promise<void>;
}

/** So many waiting events are a burst: the API server is busy then, so events are sent more slowly. */
const crowd = 200;
/** Narration that has waited for so long is sent as fast as what must be sent. */
const lateMs = 20_000;
const usualLimits: EventQueueLimits = {
  joinFrom: crowd,
  mergeFrom: 400,
  joinAllFrom: 2_500,
  patienceMs: 60_000,
  // Some 3,000 events of the usual size, then four times as many.
  narrationBytes: 3_000_000,
  mostBytes: 12_000_000,
};
const laneCount = 4;
const maxNameLength = 253;
const sendTimeoutMs = 10_000;
const maxTries = 6;
/** How long events that must be sent are retried while the API server is away: as long as it keeps Events. */
const worthSendingMs = 3_600_000;

/**
 * How long a lane rests between two events of a burst. An API server with time to spare answers within some ms; the
 * longer it takes, the more of its time is left to the writes that move Rollouts.
 */
const restMs = (tookMs: number, isPressing: boolean): number =>
  isPressing ? Math.min(50, Math.max(25, 2 * tookMs)) : Math.min(250, Math.max(50, 10 * tookMs));

/** metav1.Time has whole seconds. */
const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

/**
 * Unique among the Events of one object: client-go uses the time in ns, in hexadecimal; a counter stands in for what is
 * below ms. A long name is cut, as client-go does, since an Event's own name may be no longer.
 */
const nameMaker = () => {
  let count = 0;
  return ({ name }: EventTarget, atMs: number): string => {
    count = (count + 1) % 1_000_000;
    const suffix = `.${(BigInt(Math.trunc(atMs)) * 1_000_000n + BigInt(count)).toString(16)}`;
    return `${name.slice(0, maxNameLength - suffix.length).replace(/[-.]+$/, "")}${suffix}`;
  };
};

const eventObject = ({ event, atMs, newName: name }: Waiting, sent: Correlated, component: string): object => {
  const { uid, kind, apiVersion, namespace, resourceVersion } = event.object;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace, ...(event.annotations !== undefined && { annotations: event.annotations }) },
    involvedObject: {
      apiVersion,
      kind,
      namespace,
      name: event.object.name,
      uid,
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type: event.type,
    reason: event.reason,
    message: sent.message,
    source: { component },
    reportingComponent: component,
    reportingInstance: "",
    firstTimestamp: time(sent.firstAtMs),
    lastTimestamp: time(atMs),
    count: sent.count,
  };
};

/** Sends one event to the API server, as a new Event or as a higher count of one. @throws {ApiError} */
const createSender = ({ client, component = "rollouts-controller" }: RecorderOptions) => {
  const correlator = createCorrelator();
  const create = async (pending: Waiting, sent: Correlated): Promise<string> => {
    const path = collectionPath(EVENTS, pending.event.object.namespace);
    const body = eventObject(pending, sent, component);
    try {
      await client.request({ method: "POST", path, body, timeoutMs: sendTimeoutMs });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return pending.newName;
  };
  const raise = async ({ event, atMs }: Waiting, sent: Correlated, name: string): Promise<string> => {
    await client.request({
      method: "PATCH",
      path: objectPath(EVENTS, { namespace: event.object.namespace, name }),
      contentType: "application/merge-patch+json",
      body: { count: sent.count, lastTimestamp: time(atMs), message: sent.message },
      timeoutMs: sendTimeoutMs,
    });
    return name;
  };
  return {
    correlate: (item: Waiting) =>
      correlator.correlate({ ...item.event, message: textOf(item) }, item.atMs, timesOf(item), item.sinceMs),
    async send(pending: Waiting, sent: Correlated): Promise<void> {
      let name: string | undefined;
      try {
        name = sent.name === undefined ? await create(pending, sent) : await raise(pending, sent, sent.name);
      } catch (error) {
        // Events live for an hour: the one whose count to raise may be gone.
        if (!isNotFound(error) || sent.name === undefined) throw error;
        name = await create(pending, sent);
      }
      correlator.sent(sent, name);
    },
  };
};

/** A recorder of core/v1 Events as client-go's: see `createCorrelator` for what is merged and what is dropped. */
export const createRecorder = (options: RecorderOptions): EventRecorder => {
  const { clock } = options;
  const sender = createSender(options);
  const nameOf = nameMaker();
  const lose = (why: Loss["why"], { reason }: KubeEvent, error?: unknown): void =>
    options.onLost?.({ why, reason, ...(error === undefined ? {} : { error }) });
  const queue = createEventQueue(laneCount, options.limits ?? usualLimits, ({ event }) => lose("crowded", event));
  // Lanes run in parallel, each sending one event at a time.
  const lanes = Array.from({ length: laneCount }, () => ({ busy: false, whenEmpty: [] as (() => void)[] }));
  const stopping = new AbortController();
  let underWay = 0;
  let stopped = false;
  let whenIdle = (): void => {};
  const pending = (): number => queue.size + underWay;

  const isWorthWaiting = (item: Waiting, error: unknown): boolean =>
    isBusyServer(error) &&
    !stopping.signal.aborted &&
    mustBeSent(item.event) &&
    clock.now() - item.sinceMs < worthSendingMs;
  /** @returns whether a request was sent to the API server. */
  const deliver = async (item: Waiting): Promise<boolean> => {
    const sent = sender.correlate(item);
    if (sent === undefined) {
      lose("limited", item.event);
      return false;
    }
    for (let tries = 1; ; tries += 1) {
      try {
        await sender.send(item, sent);
        return true;
      } catch (error) {
        if (tries >= maxTries || !isBusyServer(error) || stopping.signal.aborted) {
          if (isWorthWaiting(item, error)) queue.putBack(item);
          else lose(isLeavingNamespace(error) ? "gone" : "refused", item.event, error);
          return true;
        }
        await pause(clock, 500 * 2 ** tries, stopping.signal);
      }
    }
  };
  const drain = async (lane: (typeof lanes)[number], index: number): Promise<void> => {
    lane.busy = true;
    for (let item = queue.shift(index, clock.now()); item !== undefined; item = queue.shift(index, clock.now())) {
      underWay += 1;
      const sentAtMs = clock.now();
      const asked = await deliver(item);
      underWay -= 1;
      const nowMs = clock.now();
      const isPressing = mustBeSent(item.event) || nowMs - item.sinceMs >= lateMs;
      if (asked && pending() > crowd) await pause(clock, restMs(nowMs - sentAtMs, isPressing), stopping.signal);
    }
    lane.busy = false;
    for (const resolve of lane.whenEmpty.splice(0)) resolve();
    if (pending() === 0) whenIdle();
  };
  return {
    get pending() {
      return pending();
    },
    record(event) {
      const index = laneOf(event.object.uid, laneCount);
      const lane = lanes[index];
      if (stopped || lane === undefined) return;
      const atMs = clock.now();
      queue.push({ ...event, message: cut(event.message) }, atMs, nameOf(event.object, atMs));
      if (!lane.busy) void drain(lane, index);
    },
    async sent(uid, timeoutMs) {
      const lane = lanes[laneOf(uid, laneCount)];
      if (lane?.busy !== true || pending() > crowd) return;
      const empty = new Promise<void>((resolve) => lane.whenEmpty.push(resolve));
      const enough = new AbortController();
      await Promise.race([empty, pause(clock, timeoutMs, enough.signal)]);
      enough.abort();
    },
    async stop(timeoutMs) {
      stopped = true;
      if (pending() === 0) return;
      const idle = new Promise<void>((resolve) => (whenIdle = resolve));
      await Promise.race([idle, pause(clock, timeoutMs, stopping.signal)]);
      stopping.abort();
      queue.clear();
    },
  };
};

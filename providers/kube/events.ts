import type { Clock } from "../../controller/loop/clock.ts";
import { ApiError, isAlreadyExists, isNotFound } from "./apiError.ts";
import { type Correlated, createCorrelator } from "./correlate.ts";
import { collectionPath, objectPath } from "./path.ts";
import { pause } from "./pause.ts";
import { EVENTS } from "./resources.ts";
import type { KubeClient } from "./transport.ts";

/** What an event is about. */
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
  /** Told at most once a minute, with how many events were lost since the last time. */
  readonly onError?: (error: unknown, lost: number) => void;
}

export interface EventRecorder {
  /** Takes note of an event; sent later, in order per object. Never waits, never throws. */
  record(event: KubeEvent): void;
  /** Resolves when what was recorded about this object so far has been sent or given up, after `timeoutMs` at the latest. */
  told(uid: string, timeoutMs: number): Promise<void>;
  /** Events that wait to be sent. */
  readonly pending: number;
  /** Sends what waits, for at most `timeoutMs`, and takes no more. */
  stop(timeoutMs: number): Promise<void>;
}

/** A burst of some hundred updates at once; about 5 MB at worst. */
const bufferLimit = 10_000;
const laneCount = 4;
const maxNameLength = 253;
const sendTimeoutMs = 10_000;
const maxTries = 6;
const complainEveryMs = 60_000;
/** So many waiting events are a burst: the API server has better things to do just then than to tell of it. */
const crowd = 200;
/** Of a lane between two events of a burst. */
const restMs = 100;
/** An event is not held up for the sake of others for longer than this. */
const patienceMs = 20_000;

interface Pending {
  readonly event: KubeEvent;
  readonly atMs: number;
  /** Of the Event object, if one is made: fixed beforehand, so that a second try after a lost answer makes no second one. */
  readonly newName: string;
}

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

const eventObject = ({ event, atMs, newName: name }: Pending, sent: Correlated, component: string): object => {
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

/** Worth another try: no answer, or an answer about the server rather than about the Event. */
const isPassing = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);

/** Sends one event to the API server, as a new Event or as a higher count of one. @throws {ApiError} */
const createSender = ({ client, component = "rollouts-controller" }: RecorderOptions) => {
  const correlator = createCorrelator();
  const create = async (pending: Pending, sent: Correlated): Promise<string> => {
    const path = collectionPath(EVENTS, pending.event.object.namespace);
    const body = eventObject(pending, sent, component);
    try {
      await client.request({ method: "POST", path, body, timeoutMs: sendTimeoutMs });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return pending.newName;
  };
  const raise = async ({ event, atMs }: Pending, sent: Correlated, name: string): Promise<string> => {
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
    correlate: (pending: Pending) => correlator.correlate(pending.event, pending.atMs),
    async send(pending: Pending, sent: Correlated): Promise<void> {
      let name: string | undefined;
      try {
        name = sent.name === undefined ? await create(pending, sent) : await raise(pending, sent, sent.name);
      } catch (error) {
        // Events live for an hour: the one to raise may be gone.
        if (!isNotFound(error) || sent.name === undefined) throw error;
        name = await create(pending, sent);
      }
      correlator.sent(sent, name);
    },
  };
};

const laneOf = (uid: string): number => {
  let sum = 0;
  for (let i = 0; i < uid.length; i += 1) sum = (sum * 31 + uid.charCodeAt(i)) >>> 0;
  return sum % laneCount;
};

/** Tells of errors at most once a minute, with what was lost in between. */
const complainer = (clock: Clock, onError: RecorderOptions["onError"]) => {
  let lost = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return (error: unknown): void => {
    lost += 1;
    if (clock.now() - toldAtMs < complainEveryMs) return;
    toldAtMs = clock.now();
    onError?.(error, lost);
    lost = 0;
  };
};

/** A recorder of core/v1 Events as client-go's: see `createCorrelator` for what is merged and what is dropped. */
export const createRecorder = (options: RecorderOptions): EventRecorder => {
  const { clock } = options;
  const sender = createSender(options);
  const nameOf = nameMaker();
  const complain = complainer(clock, options.onError);
  // Lanes run side by side, one event at a time each; an object always takes the same one, which keeps its order.
  const lanes = Array.from({ length: laneCount }, () => ({
    queue: [] as Pending[],
    busy: false,
    whenEmpty: [] as (() => void)[],
  }));
  const stopping = new AbortController();
  let pending = 0;
  let stopped = false;
  let whenIdle = (): void => {};

  const deliver = async (item: Pending): Promise<void> => {
    const sent = sender.correlate(item);
    if (sent === undefined) return;
    for (let tries = 1; ; tries += 1) {
      try {
        return await sender.send(item, sent);
      } catch (error) {
        if (tries >= maxTries || !isPassing(error) || stopping.signal.aborted) {
          complain(error);
          return;
        }
        await pause(clock, 500 * 2 ** tries, stopping.signal);
      }
    }
  };
  const drain = async (lane: (typeof lanes)[number]): Promise<void> => {
    lane.busy = true;
    for (let item = lane.queue.shift(); item !== undefined; item = lane.queue.shift()) {
      await deliver(item);
      pending -= 1;
      if (pending > crowd && clock.now() - item.atMs < patienceMs) await pause(clock, restMs, stopping.signal);
    }
    lane.busy = false;
    for (const resolve of lane.whenEmpty.splice(0)) resolve();
    if (pending === 0) whenIdle();
  };
  return {
    get pending() {
      return pending;
    },
    record(event) {
      const lane = lanes[laneOf(event.object.uid)];
      if (stopped || lane === undefined) return;
      if (pending >= bufferLimit) {
        complain(new Error(`Event dropped: ${bufferLimit} wait to be sent (${event.reason} of ${event.object.name})`));
        return;
      }
      pending += 1;
      const atMs = clock.now();
      lane.queue.push({ event, atMs, newName: nameOf(event.object, atMs) });
      if (!lane.busy) void drain(lane);
    },
    async told(uid, timeoutMs) {
      const lane = lanes[laneOf(uid)];
      if (lane?.busy !== true || pending > crowd) return;
      const empty = new Promise<void>((resolve) => lane.whenEmpty.push(resolve));
      const enough = new AbortController();
      await Promise.race([empty, pause(clock, timeoutMs, enough.signal)]);
      enough.abort();
    },
    async stop(timeoutMs) {
      stopped = true;
      if (pending === 0) return;
      const idle = new Promise<void>((resolve) => (whenIdle = resolve));
      await Promise.race([idle, pause(clock, timeoutMs, stopping.signal)]);
      stopping.abort();
      for (const lane of lanes) lane.queue = [];
    },
  };
};

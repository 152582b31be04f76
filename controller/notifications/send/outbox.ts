/**
 * Sends deliveries in the background: a few lanes for each service, so that one that hangs holds up nobody else, and what
 * is told about one Rollout stays in order. What cannot be sent in time is given up, and reported.
 */
import type { Clock } from "../../../kube/clock/clock.ts";
import { deadline } from "../../../kube/clock/deadline.ts";
import { aborted, pause } from "../../../kube/clock/sleep.ts";
import { Busy } from "../../../providers/notifications/service.ts";
import type { Delivery } from "../decide/decide.ts";

/** Something to send about the Rollout of this key. */
export interface Parcel {
  readonly key: string;
  readonly delivery: Delivery;
}

export interface OutboxPorts {
  readonly clock: Clock;
  /** @throws {Error} a sentence without secrets */
  readonly deliver: (delivery: Delivery, signal: AbortSignal) => Promise<void>;
  /** `problem` undefined: it was sent. `durationMs` is that of the last attempt. */
  readonly ended: (parcel: Parcel, problem: string | undefined, durationMs: number) => void;
}

export interface Outbox {
  /** Never waits, never throws. */
  push(parcel: Parcel): void;
  /** Number of parcels that wait or are being sent. */
  readonly waiting: number;
  /** Resolves when nothing waits any more; after `timeoutMs` what is left is given up. */
  drain(timeoutMs: number): Promise<void>;
}

/** Of one attempt. */
const LONGEST_MS = 10_000;
/** Before the second and the third attempt. */
const PAUSES_MS: readonly number[] = [2_000, 10_000];
/** Where the server asks for more, it is tried earlier. */
const LONGEST_PAUSE_MS = 60_000;
const LANES = 4;
/** Parcels that may wait for one service. */
const MOST_WAITING = 1_000;

interface Lane {
  readonly parcels: Parcel[];
  busy: boolean;
}

/** Sending it again would change nothing. */
export class Hopeless extends Error {}

/** A server that has not answered may have taken it: a second attempt could tell people twice. */
class TooLate extends Error {}

export function createOutbox(ports: OutboxPorts): Outbox {
  const { clock, ended } = ports;
  const services = new Map<string, Lane[]>();
  const stopping = new AbortController();
  const counts = { waiting: 0 };
  let whenIdle = (): void => {};
  const end = (parcel: Parcel, problem: string | undefined, durationMs: number): void => {
    counts.waiting -= 1;
    ended(parcel, problem, durationMs);
    if (counts.waiting === 0) whenIdle();
  };
  const work = async (name: string, lane: Lane): Promise<void> => {
    lane.busy = true;
    for (let parcel = lane.parcels.shift(); parcel !== undefined; parcel = lane.parcels.shift()) {
      const { problem, durationMs } = await attempts(ports, parcel, stopping.signal);
      end(parcel, problem, durationMs);
    }
    lane.busy = false;
    const lanes = services.get(name) ?? [];
    if (lanes.every((each) => !each.busy)) services.delete(name);
  };
  return {
    get waiting() {
      return counts.waiting;
    },
    push(parcel) {
      const { configuration, destination } = parcel.delivery;
      const name = `${configuration.namespace}/${destination.service}`;
      const lanes = services.get(name) ?? Array.from({ length: LANES }, (): Lane => ({ parcels: [], busy: false }));
      services.set(name, lanes);
      const lane = lanes[Number(Bun.hash(parcel.key)) % LANES] ?? lanes[0];
      if (lane === undefined) return;
      counts.waiting += 1;
      lane.parcels.push(parcel);
      if (!lane.busy) void work(name, lane);
      const fullest = lanes.toSorted((a, b) => b.parcels.length - a.parcels.length)[0];
      const isFull = lanes.reduce((sum, { parcels }) => sum + parcels.length, 0) > MOST_WAITING;
      const oldest = isFull ? fullest?.parcels.shift() : undefined;
      if (oldest !== undefined) end(oldest, `more than ${MOST_WAITING} notifications wait for this service`, 0);
    },
    async drain(timeoutMs) {
      if (counts.waiting === 0) return;
      const idle = new Promise<void>((resolve) => (whenIdle = resolve));
      await Promise.race([idle, pause(clock, timeoutMs, stopping.signal)]);
      stopping.abort();
    },
  };
}

async function attempts({ clock, deliver }: OutboxPorts, { delivery }: Parcel, signal: AbortSignal) {
  for (let tries = 0; ; tries += 1) {
    const startedAt = clock.now();
    const problem = await attempt(clock, (limit) => deliver(delivery, limit), signal);
    const durationMs = clock.now() - startedAt;
    if (problem === undefined) return { problem, durationMs };
    const waitMs = PAUSES_MS[tries];
    if (waitMs === undefined || problem instanceof TooLate || problem instanceof Hopeless || signal.aborted)
      return { problem: problem.message, durationMs };
    const asked = problem instanceof Busy ? Math.min(problem.waitMs, LONGEST_PAUSE_MS) : 0;
    await pause(clock, Math.max(waitMs, asked), signal);
    if (signal.aborted) return { problem: problem.message, durationMs };
  }
}

/** Not only the request is aborted, the wait for it ends: whatever hangs inside. */
async function attempt(
  clock: Clock,
  act: (signal: AbortSignal) => Promise<void>,
  outer: AbortSignal,
): Promise<Error | undefined> {
  const limit = deadline(clock, LONGEST_MS, outer);
  const late = aborted(limit.signal).then(() => {
    throw outer.aborted
      ? new Error("the controller stops")
      : new TooLate(`no answer within ${LONGEST_MS / 1_000} s; it may have arrived, so it is not sent again at once`);
  });
  try {
    await Promise.race([act(limit.signal), late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    late.catch(() => {});
    limit.end();
  }
}

/** Requests to a data plane, counted by the version that has answered. */
import { VERSION_HEADER } from "./backends.ts";

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Tally {
  readonly sent: number;
  /** Answers by pod template hash. */
  readonly versions: ReadonlyMap<string, number>;
  /** One line for each request without a good answer, with the time since the load began. */
  readonly failures: readonly string[];
}

interface Counting {
  sent: number;
  readonly versions: Map<string, number>;
  readonly failures: string[];
  readonly since: number;
}

const timeoutMs = 5000;

async function sendOne(target: Target, tally: Counting, keepalive: boolean): Promise<void> {
  const begun = performance.now();
  tally.sent++;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(target.url, { headers: target.headers, keepalive, signal });
    await response.text();
    const version = response.headers.get(VERSION_HEADER);
    if (!response.ok || version === null) throw new Error(`HTTP ${response.status}`);
    tally.versions.set(version, (tally.versions.get(version) ?? 0) + 1);
  } catch (error) {
    const at = Math.round(begun - tally.since);
    const message = error instanceof Error ? error.message : String(error);
    tally.failures.push(`after ${at} ms, within ${Math.round(performance.now() - begun)} ms: ${message}`);
  }
}

const newTally = (): Counting => ({ sent: 0, versions: new Map(), failures: [], since: performance.now() });

/** Sends `count` requests, `parallel` at a time, over connections that are kept. */
export async function sendRequests(target: Target, count: number, parallel = 32): Promise<Tally> {
  const tally = newTally();
  const client = async (): Promise<void> => {
    while (tally.sent < count) await sendOne(target, tally, true);
  };
  await Promise.all(Array.from({ length: parallel }, client));
  return tally;
}

export interface SteadyLoad {
  /** What has been counted up to now. */
  tally(): Tally;
  /** Resolves with the count when the last request is answered. */
  stop(): Promise<Tally>;
}

/**
 * Some clients, each with a request every 20 ms until `stop`: every second one over a connection that is kept, the
 * others over a new one each time.
 */
export function steadyLoad(target: Target, clients = 6): SteadyLoad {
  const tally = newTally();
  let stopped = false;
  const client = async (keepalive: boolean): Promise<void> => {
    while (!stopped) {
      await sendOne(target, tally, keepalive);
      await Bun.sleep(20);
    }
  };
  const all = Promise.all(Array.from({ length: clients }, (_, index) => client(index % 2 === 0)));
  return {
    tally: () => tally,
    stop: async () => {
      stopped = true;
      await all;
      return tally;
    },
  };
}

/** The share of a version among the answers, in percent. */
export const percentOf = ({ sent, versions }: Tally, version: string): number =>
  (100 * (versions.get(version) ?? 0)) / sent;

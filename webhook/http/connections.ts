/**
 * Which clients may stay connected. Bun.serve has limits for a connection that has sent a request; one that never does
 * (a handshake that stops, half a header, silence) it keeps for ever, any number of them (seen with 1.4.5). So we check
 * our own sockets at intervals, and end those that are late or too many.
 */
import type { Clock } from "../../kube/clock/clock.ts";
import type { Sockets } from "./sockets.ts";

export const connectionLimits = {
  /** Open at the same time. An API server has one for each review in flight, and keeps some. */
  most: 512,
  /**
   * The longest time from accepting a connection to the end of the first request's header. A real client takes
   * milliseconds.
   */
  firstRequestMs: 10_000,
  /** Between two requests: longer than any API server keeps an idle one (90 s), and than Bun.serve does (255 s). */
  betweenRequestsMs: 300_000,
};

/**
 * Time between two checks: a flood adds what it can meanwhile, some thousand connections a second of about 6 KiB each.
 */
const checkEveryMs = 250;
/**
 * The same while there was no connection at the last check, where the kernel does not tell of new ones. Where it does,
 * a check follows that, and when a connection is late. Checks were most of the CPU of an idle process.
 */
const restingCheckMs = 1_000;

export interface Connections {
  /** A request has come from this address and port. */
  asked(peer: string): void;
  /**
   * Ends connections that are late, and those beyond `most`: first the ones that never sent a request, of them the
   * oldest first.
   */
  check(): void;
  stop(): void;
}

interface Known {
  readonly sinceMs: number;
  askedMs: number | undefined;
}

export interface ConnectionPorts {
  readonly port: number;
  /** Undefined: this system does not show them, and none is ended. */
  readonly sockets: Sockets | undefined;
  readonly clock: Clock;
  readonly limits?: Partial<typeof connectionLimits>;
}

/** Checks at intervals until it is stopped. */
export function watchConnections({ port, sockets, clock, limits }: ConnectionPorts): Connections {
  const { most, firstRequestMs, betweenRequestsMs } = { ...connectionLimits, ...limits };
  const untilMs = ({ sinceMs, askedMs }: Known): number =>
    askedMs === undefined ? sinceMs + firstRequestMs : askedMs + betweenRequestsMs;
  let known = new Map<string, Known>();
  let checkedAtMs = clock.now();
  const check = (): void => {
    if (sockets === undefined) return;
    const nowMs = clock.now();
    // A new connection may be as old as the last check; but if the machine slept since then, it counts from later.
    const notBeforeMs = Math.max(checkedAtMs, nowMs - restingCheckMs);
    const open = sockets.accepted(port).map(({ descriptor, peer }) => ({
      descriptor,
      peer,
      ...(known.get(peer) ?? { sinceMs: notBeforeMs, askedMs: undefined }),
    }));
    checkedAtMs = nowMs;
    known = new Map(open.map(({ peer, sinceMs, askedMs }) => [peer, { sinceMs, askedMs }]));
    const stay = open.filter((each) => untilMs(each) > nowMs);
    for (const each of open) if (untilMs(each) <= nowMs) sockets.end(each.descriptor);
    if (stay.length <= most) return;
    const usefulness = ({ sinceMs, askedMs }: Known): [number, number] => [
      askedMs === undefined ? 0 : 1,
      askedMs ?? sinceMs,
    ];
    const least = stay.toSorted((one, other) => {
      const [a, b] = [usefulness(one), usefulness(other)];
      return a[0] - b[0] || a[1] - b[1];
    });
    for (const { descriptor } of least.slice(0, stay.length - most)) sockets.end(descriptor);
  };
  let cancel = (): void => undefined;
  let isDue = false;
  const checkIn = (ms: number): void => {
    cancel = clock.after(ms, () => {
      isDue = false;
      check();
      goOn();
    });
  };
  const stopTelling = sockets?.announce?.(() => {
    if (isDue) return;
    isDue = true;
    cancel();
    checkIn(checkEveryMs);
  });
  const goOn = (): void => {
    if (stopTelling === undefined) return checkIn(known.size === 0 ? restingCheckMs : checkEveryMs);
    const nextMs = Math.min(...Array.from(known.values(), untilMs));
    if (known.size > 0) checkIn(Math.max(checkEveryMs, nextMs - clock.now()));
  };
  // One that came before the kernel was asked to tell is found by looking once.
  if (stopTelling !== undefined) checkIn(checkEveryMs);
  else if (sockets !== undefined) goOn();
  return {
    check,
    stop: () => {
      stopTelling?.();
      cancel();
    },
    asked(peer) {
      const nowMs = clock.now();
      const one = known.get(peer);
      if (one === undefined) known.set(peer, { sinceMs: nowMs, askedMs: nowMs });
      else one.askedMs = nowMs;
    },
  };
}

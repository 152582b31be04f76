/**
 * Who may stay connected. Bun.serve has limits for a connection that has asked something; one that never does (a
 * handshake that stops, half a header, silence) it keeps for ever, any number of them (seen with 1.4.5). So we look
 * through our own sockets now and then, and end those that have no business here.
 */
import type { Clock } from "../../kube/clock/clock.ts";
import type { Sockets } from "./sockets.ts";

export const connectionLimits = {
  /** Open at a time. An API server has one for each review in flight, and keeps some. */
  most: 512,
  /** From being accepted, at most, to the end of the first request's header. A real client takes milliseconds. */
  firstRequestMs: 10_000,
  /** Between two requests: longer than any API server keeps an idle one (90 s), and than Bun.serve does (255 s). */
  betweenRequestsMs: 300_000,
};

/** Between two looks: a flood adds what it can in this time, some thousand connections a second of about 6 KiB each. */
const lookMs = 250;
/** While nobody was connected the last time: four looks a second are most of the CPU that a process takes at rest. */
const restingLookMs = 1_000;

export interface Connections {
  /** A request has come from this address and port. */
  asked(peer: string): void;
  /** Ends who is late, and of too many who has been of least use: first who never asked, the oldest of them first. */
  look(): void;
  stop(): void;
}

interface Known {
  readonly sinceMs: number;
  askedMs: number | undefined;
}

export interface ConnectionPorts {
  readonly port: number;
  /** Undefined: they cannot be seen on this system, and nothing is ended. */
  readonly sockets: Sockets | undefined;
  readonly clock: Clock;
  readonly limits?: Partial<typeof connectionLimits>;
}

/** Looks by itself until it is stopped. */
export function watchConnections({ port, sockets, clock, limits }: ConnectionPorts): Connections {
  const { most, firstRequestMs, betweenRequestsMs } = { ...connectionLimits, ...limits };
  let known = new Map<string, Known>();
  let lookedMs = clock.now();
  const look = (): void => {
    if (sockets === undefined) return;
    const nowMs = clock.now();
    // Who is new may have come as soon as we had looked away; a machine that slept is nobody's fault.
    const notBeforeMs = Math.max(lookedMs, nowMs - restingLookMs);
    const open = sockets.accepted(port).map(({ descriptor, peer }) => ({
      descriptor,
      peer,
      ...(known.get(peer) ?? { sinceMs: notBeforeMs, askedMs: undefined }),
    }));
    lookedMs = nowMs;
    known = new Map(open.map(({ peer, sinceMs, askedMs }) => [peer, { sinceMs, askedMs }]));
    const untilMs = ({ sinceMs, askedMs }: Known): number =>
      askedMs === undefined ? sinceMs + firstRequestMs : askedMs + betweenRequestsMs;
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
  const keepLooking = (): void => {
    cancel = clock.after(known.size === 0 ? restingLookMs : lookMs, () => {
      look();
      keepLooking();
    });
  };
  if (sockets !== undefined) keepLooking();
  return {
    look,
    stop: () => cancel(),
    asked(peer) {
      const nowMs = clock.now();
      const one = known.get(peer);
      if (one === undefined) known.set(peer, { sinceMs: nowMs, askedMs: nowMs });
      else one.askedMs = nowMs;
    },
  };
}

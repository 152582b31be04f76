/**
 * How much of the request bodies is in memory at a time. Any client that reaches the port may send anything, so the
 * limit is on the announced bytes, and applies before any of them is read:
 *
 * - small bodies (nearly all reviews) are read at once and have a share of their own. When it is full, the one that has
 *   been read for the longest time gives way to the new one: a real client sends a body in one go, so it is never the
 *   oldest.
 * - large ones take turns. One is read and judged at a time; the others wait unread, in order, so that the network
 *   holds them and not our memory; what does not fit is refused at once.
 */

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** Bytes and numbers. Together small and large bodies are 24 MiB at most. */
export const intake = {
  /** Above this a body is large. Usual reviews have 5 to 30 kB. */
  smallBody: 128 * KIB,
  smallBodies: 2 * MIB,
  largeBodies: 22 * MIB,
  /** How much of an unread body Bun takes in before it stops reading the connection: measured with 1.4.5. */
  unread: 1.25 * MIB,
  /** Large reviews inside at a time, waiting ones included: the API server would not wait long enough for more. */
  large: 16,
  /** Text of small reviews that wait for answers from the API server: as objects they take about eight times that. */
  judged: 4 * MIB,
  /** Text of large reviews that were answered, until the memory that they left behind is freed. */
  uncollected: 4 * MIB,
};

/** The bytes of a large review: while it waits, and while it has its turn. */
export interface Claim {
  readonly waiting: number;
  readonly whole: number;
}

/** Large reviews are worked on one at a time, and only some may wait, so that they block neither thread nor memory. */
export interface Lane {
  /**
   * Waits for its turn, which ends when the returned function is called; undefined: there is no room to wait.
   * Rejects with the reason of `gone` when that aborts first.
   */
  enter(claim?: Claim, gone?: AbortSignal): Promise<() => void> | undefined;
  /** How many wait for their turn. */
  waiting(): number;
  /** Bytes that may be in memory for the reviews inside. */
  bytes(): number;
}

interface Waiter {
  readonly claim: Claim;
  readonly start: () => void;
}

const nothing: Claim = { waiting: 0, whole: 0 };

/** @param most reviews inside; @param mostBytes their bytes together */
export function createLane(most: number, mostBytes = Number.POSITIVE_INFINITY): Lane {
  const queue: Waiter[] = [];
  let busy: Claim | undefined;
  const next = (): void => {
    const first = queue.shift();
    busy = first?.claim;
    first?.start();
  };
  const waitingBytes = (): number => queue.reduce((sum, { claim }) => sum + claim.waiting, 0);
  /** The most bytes at any time: whichever review has the turn, now or later, all others wait. */
  const peak = (claim: Claim): number => {
    const all = [...queue.map((waiter) => waiter.claim), claim];
    const largest = Math.max(busy?.whole ?? 0, ...all.map(({ waiting, whole }) => whole - waiting));
    return largest + all.reduce((sum, { waiting }) => sum + waiting, 0);
  };
  return {
    waiting: () => queue.length,
    bytes: () => (busy?.whole ?? 0) + waitingBytes(),
    enter(claim = nothing, gone) {
      if (queue.length + (busy === undefined ? 0 : 1) >= most || peak(claim) > mostBytes) return undefined;
      const turn = Promise.withResolvers<() => void>();
      const leave = (): void => next();
      const waiter: Waiter = {
        claim,
        start: () => {
          gone?.removeEventListener("abort", giveUp);
          turn.resolve(leave);
        },
      };
      const giveUp = (): void => {
        const index = queue.indexOf(waiter);
        if (index < 0) return;
        queue.splice(index, 1);
        turn.reject(gone?.reason);
      };
      gone?.addEventListener("abort", giveUp, { once: true });
      queue.push(waiter);
      if (busy === undefined) next();
      return turn.promise;
    },
  };
}

/** Small bodies that are being read. */
export interface SmallReads {
  /**
   * Makes room for a body; this always succeeds. `giveWay` is called when the body has to make room for later ones.
   * @returns ends the reading; harmless when called again
   */
  begin(bytes: number, giveWay: () => void): () => void;
  bytes(): number;
}

/** @param mostBytes of all bodies together; more than the largest one */
export function createSmallReads(mostBytes: number): SmallReads {
  // In the order in which their reading began.
  const reading = new Set<{ readonly bytes: number; readonly giveWay: () => void }>();
  let held = 0;
  return {
    bytes: () => held,
    begin(bytes, giveWay) {
      for (const oldest of reading) {
        if (held + bytes <= mostBytes) break;
        reading.delete(oldest);
        held -= oldest.bytes;
        oldest.giveWay();
      }
      const one = { bytes, giveWay };
      reading.add(one);
      held += bytes;
      return () => {
        if (reading.delete(one)) held -= bytes;
      };
    },
  };
}

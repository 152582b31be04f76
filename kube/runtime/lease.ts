import type { Clock } from "../clock/clock.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../client/apiError.ts";
import { collectionPath, objectPath } from "../client/path.ts";
import { LEASES } from "../client/resources.ts";
import type { KubeClient } from "../client/transport.ts";

export interface LeaseOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** This process's alone. */
  readonly identity: string;
  /** --leader-election-lease-duration, 15 s by default; whole seconds. */
  readonly durationMs?: number;
  /** --leader-election-renew-deadline, 10 s by default: renewal failing for so long is loss. */
  readonly renewDeadlineMs?: number;
  /**
   * --leader-election-retry-period, 2 s by default: the time from a renewal that failed to the next attempt; a waiting
   * side checks twice as often. How often the Lease is renewed while that succeeds follows from the duration
   * (`renewalPaceMs`).
   */
  readonly retryPeriodMs?: number;
  /** Called once, when it is held. */
  readonly onAcquired?: () => void;
  /** Called once, when it was lost after it had been held (not on `release`). It is not renewed any more: exit. */
  readonly onLost?: (error: Error) => void;
  /** Another process holds it, and we wait (called when the holder changes). */
  readonly onWaiting?: (name: string, holder: string) => void;
  /** `still`: whether it stands, for what is tried again without `onAnswered`; absent: until then. */
  readonly onError?: (error: unknown, still?: () => boolean) => void;
  /** The API server has answered, whoever holds it: an earlier error is over. */
  readonly onAnswered?: () => void;
  /** A clock that never jumps, ms; performance.now by default. */
  readonly monotonicMs?: () => number;
  /** [0, 1), for jitter; Math.random by default. */
  readonly random?: () => number;
}

export interface HeldLease {
  /** It is held, and for longer than 0 ms. */
  isLeader(): boolean;
  /**
   * For how long it is certainly ours: counted from before the request that renewed it was sent. Send a write only
   * while this exceeds its timeout. 0 when not leader.
   */
  validForMs(): number;
  /** Resolves when it is held; never when released before. */
  readonly acquired: Promise<void>;
  /**
   * Stops renewing and gives it back, within 3 s at the most, so that a successor starts at once: let writes in flight
   * finish first. Idempotent, never rejects.
   */
  release(): Promise<void>;
}

const defaults = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
const releaseTimeoutMs = 2_000;
const patienceMs = 1_000;

/** The longest time that a write of a leader may take; it is only sent while the Lease is valid for longer. */
export const LONGEST_WRITE_MS = 5_000;

/**
 * From one renewal to the next, while they succeed: as seldom as possible, since each is a write for ever
 * (docs/controller.md#leader-election). A third of the duration; but at half of the deadline at the latest, so that
 * there is time to try again, and so early that what is left of the Lease is always longer than a write may take.
 */
export const renewalPaceMs = ({
  durationMs,
  renewDeadlineMs,
}: {
  readonly durationMs: number;
  readonly renewDeadlineMs: number;
}): number => Math.max(1, Math.min(durationMs / 3, renewDeadlineMs / 2, (durationMs - LONGEST_WRITE_MS) / 2));

/** coordination.k8s.io/v1 Lease; its other members are sent back unchanged. */
export interface Lease {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

type Attempt = { readonly kind: "held" } | { readonly kind: "others"; readonly holder: string };

/** Our part of the Lease. */
interface Lock {
  /** Takes or renews it. @throws {ApiError} */
  attempt(timeoutMs: number): Promise<Attempt>;
  sinceRenewalMs(): number;
  giveBack(timeoutMs: number): Promise<void>;
}

/** metav1.MicroTime wants exactly six digits. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");

/** The Lease with us as its holder, made from the current one; the transitions count new holders, as in client-go. */
export const claim = (
  { namespace, name, identity, durationMs }: { namespace: string; name: string; identity: string; durationMs: number },
  seen: Lease | undefined,
  nowMs: number,
): Lease => {
  const nowText = microTime(nowMs);
  const spec = seen?.spec;
  const mine = spec?.holderIdentity === identity;
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    ...seen,
    metadata: { namespace, ...seen?.metadata, name },
    spec: {
      ...spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1_000),
      acquireTime: mine ? (spec.acquireTime ?? nowText) : nowText,
      renewTime: nowText,
      leaseTransitions: spec === undefined ? 0 : (spec.leaseTransitions ?? 0) + (mine ? 0 : 1),
    },
  } as Lease;
};

/** The Lease without a holder, as client-go writes it on release. */
export const freed = (seen: Lease, nowMs: number): Lease => ({
  ...seen,
  spec: {
    ...seen.spec,
    holderIdentity: "",
    leaseDurationSeconds: 1,
    renewTime: microTime(nowMs),
    acquireTime: microTime(nowMs),
  },
});

interface LockOptions extends LeaseOptions {
  readonly durationMs: number;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

/** When a request was sent, by both clocks, and what it wrote as the time of renewal. */
interface Sent {
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly text: string;
}

const createLock = (options: LockOptions): Lock => {
  const { client, clock, namespace, name, identity, durationMs, monotonicMs, signal } = options;
  const collection = collectionPath(LEASES, namespace);
  const path = objectPath(LEASES, { namespace, name });
  let seen: Lease | undefined;
  let seenAtMs = 0; // when it last changed, by our monotonic clock, never compared with others' clocks
  let renewed: Sent | undefined;
  let unanswered: readonly Sent[] = [];

  const see = (lease: Lease): void => {
    const changed = JSON.stringify(seen?.spec) !== JSON.stringify(lease.spec);
    seen = lease;
    if (changed) seenAtMs = monotonicMs();
  };
  const send = async (method: "POST" | "PUT", timeoutMs: number): Promise<Attempt> => {
    const wallMs = clock.now();
    const sent: Sent = { monotonicMs: monotonicMs(), wallMs, text: microTime(wallMs) };
    const at = method === "POST" ? collection : path;
    const body = claim({ namespace, name, identity, durationMs }, seen, wallMs);
    unanswered = [...unanswered, sent].slice(-8);
    see(await client.request<Lease>({ method, path: at, body, timeoutMs, signal, urgent: true }));
    unanswered = [];
    renewed = sent;
    return { kind: "held" };
  };
  /** Reads the Lease from the API server; undefined: it does not exist. */
  const read = async (timeoutMs: number): Promise<Lease | undefined> => {
    try {
      see(await client.request<Lease>({ method: "GET", path, timeoutMs, signal, urgent: true }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      seen = undefined;
    }
    return seen;
  };
  const attempt = async (timeoutMs: number): Promise<Attempt> => {
    const found = await read(timeoutMs);
    if (found === undefined) return send("POST", timeoutMs);
    const { holderIdentity: holder = "", leaseDurationSeconds = durationMs / 1_000 } = found.spec ?? {};
    if (holder === identity) {
      // A slow server has stored what it did not answer in time: that renewal counts, from when it was sent.
      const stored = unanswered.find(({ text }) => text === found.spec?.renewTime);
      if (stored !== undefined) {
        unanswered = [];
        renewed = stored;
        return { kind: "held" };
      }
    }
    const expired = monotonicMs() >= seenAtMs + leaseDurationSeconds * 1_000;
    if (holder !== "" && holder !== identity && !expired) return { kind: "others", holder };
    return send("PUT", timeoutMs);
  };
  return {
    async attempt(timeoutMs) {
      if (seen?.spec?.holderIdentity === identity) {
        try {
          return await send("PUT", timeoutMs);
        } catch (error) {
          if (!isConflict(error) && !isNotFound(error)) throw error;
        }
      }
      try {
        return await attempt(timeoutMs);
      } catch (error) {
        // Another process was faster; the next read shows which. (The labels of our own Lease may be edited by others.)
        const raced = isAlreadyExists(error) || (isConflict(error) && seen?.spec?.holderIdentity !== identity);
        if (raced) return { kind: "others", holder: "another" };
        throw error;
      }
    },
    // The wall clock can only lengthen this time: it goes on while the machine sleeps, which the monotonic one may not.
    sinceRenewalMs: () =>
      renewed === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(monotonicMs() - renewed.monotonicMs, clock.now() - renewed.wallMs),
    async giveBack(timeoutMs) {
      if (renewed === undefined || seen?.spec?.holderIdentity !== identity) return;
      renewed = undefined;
      const body = freed(seen, clock.now());
      see(await client.request<Lease>({ method: "PUT", path, body, timeoutMs, urgent: true }));
    },
  };
};

type Phase = "competing" | "leading" | "lost" | "released";

/** Starts to compete for the Lease at once and holds it until `release`. */
export const holdLease = (options: LeaseOptions): HeldLease => {
  const { clock, onError, namespace, name } = options;
  const monotonicMs = options.monotonicMs ?? (() => performance.now());
  const random = options.random ?? Math.random;
  const { durationMs, renewDeadlineMs, retryPeriodMs } = { ...defaults, ...options };
  const stopping = new AbortController();
  const lock = createLock({ ...options, durationMs, monotonicMs, signal: stopping.signal });
  const timeoutMs = Math.min(renewDeadlineMs / 2, 5_000);
  const paceMs = renewalPaceMs({ durationMs, renewDeadlineMs });
  // Two attempts fit between a renewal that is due and the deadline, should the first one get no answer. It has most of
  // the time: a server that takes seconds for one would take them for the next, too.
  const leftMostMs = renewDeadlineMs - paceMs;
  const renewTimeoutMs = Math.min(5_000, Math.max(leftMostMs / 2, leftMostMs - 1_000));
  const acquired = Promise.withResolvers<void>();
  const announce = onChange(options.onWaiting);
  const complain = onChange((message: string, error: unknown) => void (message !== "" && onError?.(error)));
  let phase: Phase = "competing";
  let cancel = (): void => {};
  let turn: Promise<void> = Promise.resolve();

  const leftMs = (): number => durationMs - lock.sinceRenewalMs();
  const lose = (why: string, cause?: unknown): void => {
    phase = "lost";
    options.onLost?.(new Error(`Lost Lease "${namespace}/${name}": ${why}`, cause === undefined ? {} : { cause }));
  };
  /** @returns when to look again, in ms; a waiting side takes over within 2 s of a release. */
  const compete = async (): Promise<number> => {
    const againMs = retryPeriodMs * (0.4 + random() / 5);
    const outcome = await lock.attempt(timeoutMs);
    options.onAnswered?.();
    if (outcome.kind === "others") {
      announce(name, outcome.holder);
      return againMs;
    }
    if (phase !== "competing" || leftMs() <= 0) return 0;
    phase = "leading";
    options.onAcquired?.();
    acquired.resolve();
    return paceMs - lock.sinceRenewalMs();
  };
  const renew = async (): Promise<number> => {
    const startedMs = clock.now();
    const untilDeadlineMs = (): number => renewDeadlineMs - lock.sinceRenewalMs();
    try {
      const outcome = await lock.attempt(Math.max(1, Math.floor(Math.min(renewTimeoutMs, untilDeadlineMs()))));
      if (outcome.kind === "held") options.onAnswered?.();
      else if (phase === "leading") lose(`held by ${outcome.holder} now`);
      return paceMs - lock.sinceRenewalMs();
    } catch (error) {
      if (phase !== "leading") return 0;
      onError?.(error);
      if (untilDeadlineMs() <= 0) lose(`not renewed for ${Math.round(lock.sinceRenewalMs())} ms`, error);
      return Math.min(retryPeriodMs - (clock.now() - startedMs), untilDeadlineMs());
    }
  };
  const step = async (): Promise<void> => {
    const waitMs =
      phase === "leading"
        ? await renew()
        : await compete().then(
            (ms) => {
              complain("", undefined);
              return ms;
            },
            (error: unknown) => {
              complain(String(error), error);
              return retryPeriodMs * (0.4 + random() / 5);
            },
          );
    if (phase === "competing" || phase === "leading") cancel = clock.after(Math.max(0, waitMs), go);
  };
  const go = (): void => void (turn = step());
  go();

  const giveBack = async (): Promise<void> => {
    phase = "released";
    cancel();
    // The answer to a request under way has the version to release; without an answer there is no point in waiting.
    const giveUp = clock.after(patienceMs, () => stopping.abort());
    await turn;
    giveUp();
    await lock.giveBack(releaseTimeoutMs).catch((error: unknown) => onError?.(error));
  };
  let released: Promise<void> | undefined;
  const validForMs = (): number => (phase === "leading" ? Math.max(0, leftMs()) : 0);
  return {
    isLeader: () => validForMs() > 0,
    validForMs,
    acquired: acquired.promise,
    release: () => (released ??= giveBack()),
  };
};

/** Calls `report` only when its arguments (as text) differ from the last ones. */
const onChange = <A extends unknown[]>(report: ((...args: A) => void) | undefined): ((...args: A) => void) => {
  let last = "";
  return (...args) => {
    const text = args.map(String).join("\n");
    if (text === last) return;
    last = text;
    report?.(...args);
  };
};

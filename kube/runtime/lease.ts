import type { Clock } from "../clock/clock.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../client/apiError.ts";
import { collectionPath, objectPath } from "../client/path.ts";
import { LEASES } from "../client/resources.ts";
import type { KubeClient } from "../client/transport.ts";

export interface LeaseOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly namespace: string;
  /**
   * Leases to hold, all of them, taken in this order: "sluice-controller-lock[-<instanceID>]" before
   * "argo-rollouts-controller-lock[-<instanceID>]", the same everywhere, so that no two wait for each other.
   */
  readonly names: readonly [string, ...string[]];
  /** Ours alone: "<hostname>_<uuid>". */
  readonly identity: string;
  /** --leader-election-lease-duration, 15 s by default; whole seconds. */
  readonly durationMs?: number;
  /** --leader-election-renew-deadline, 10 s by default: renewal failing for so long is loss. */
  readonly renewDeadlineMs?: number;
  /**
   * --leader-election-retry-period, 2 s by default: renewals come at this pace; a waiting side checks twice as often.
   */
  readonly retryPeriodMs?: number;
  /** Called once, when all are held. */
  readonly onAcquired?: () => void;
  /** Called once, when one was lost after all had been held (not on `release`). Nothing is renewed any more: exit. */
  readonly onLost?: (error: Error) => void;
  /** Another process holds a Lease that we wait for (called when the holder changes). */
  readonly onWaiting?: (name: string, holder: string) => void;
  readonly onError?: (error: unknown) => void;
  /** The API server has answered for all of them, whoever holds them: an earlier error is over. */
  readonly onAnswered?: () => void;
  /** A clock that never jumps, ms; performance.now by default. */
  readonly monotonicMs?: () => number;
  /** [0, 1), for jitter; Math.random by default. */
  readonly random?: () => number;
}

export interface Leases {
  /** All are held, and for longer than 0 ms. */
  isLeader(): boolean;
  /**
   * For how long all of them are certainly ours: counted from before the request that renewed them was sent. Send a
   * write only while this exceeds its timeout. 0 when not leader.
   */
  validForMs(): number;
  /** Resolves when all are held; never when released before. */
  readonly acquired: Promise<void>;
  /**
   * Stops renewing and gives all of them back, in reverse order, within 2 s each (3 s the first) at the most, so that a
   * successor starts at once: let writes in flight finish first. Idempotent, never rejects.
   */
  release(): Promise<void>;
}

const defaults = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
const releaseTimeoutMs = 2_000;
const patienceMs = 1_000;

/** coordination.k8s.io/v1 Lease; its other members are sent back unchanged. */
interface Lease {
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

/** One Lease among those to hold. */
interface Lock {
  readonly name: string;
  /** Takes or renews it. @throws {ApiError} */
  attempt(timeoutMs: number): Promise<Attempt>;
  /** For how long it is certainly ours; <= 0: it is not. */
  validForMs(): number;
  sinceRenewalMs(): number;
  giveBack(timeoutMs: number): Promise<void>;
  /**
   * Called while others hold an earlier Lease: gives this one back if it is held, else reads who holds it. A crashed
   * holder of several leaves all of them to expire; watched from the start they expire together, not one after the
   * other, 15 s each.
   */
  standBy(timeoutMs: number): Promise<void>;
}

/** metav1.MicroTime wants exactly six digits. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");

/** The Lease with us as its holder, made from the current one; the transitions count new holders, as in client-go. */
const claim = (
  { namespace, name, identity, durationMs }: { namespace: string; name: string; identity: string; durationMs: number },
  seen: Lease | undefined,
  nowText: string,
): Lease => {
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
const freed = (seen: Lease, nowText: string): Lease => ({
  ...seen,
  spec: { ...seen.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: nowText, acquireTime: nowText },
});

interface LockOptions extends LeaseOptions {
  readonly durationMs: number;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

const createLock = (options: LockOptions, name: string): Lock => {
  const { client, clock, namespace, identity, durationMs, monotonicMs, signal } = options;
  const collection = collectionPath(LEASES, namespace);
  const path = objectPath(LEASES, { namespace, name });
  let seen: Lease | undefined;
  let seenAtMs = 0; // when it last changed, by our monotonic clock, never compared with others' clocks
  let renewed: { monotonicMs: number; wallMs: number } | undefined;

  const see = (lease: Lease): void => {
    const changed = JSON.stringify(seen?.spec) !== JSON.stringify(lease.spec);
    seen = lease;
    if (changed) seenAtMs = monotonicMs();
  };
  const send = async (method: "POST" | "PUT", timeoutMs: number): Promise<Attempt> => {
    const sent = { monotonicMs: monotonicMs(), wallMs: clock.now() };
    const at = method === "POST" ? collection : path;
    const body = claim({ namespace, name, identity, durationMs }, seen, microTime(sent.wallMs));
    see(await client.request<Lease>({ method, path: at, body, timeoutMs, signal, urgent: true }));
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
    const expired = monotonicMs() >= seenAtMs + leaseDurationSeconds * 1_000;
    if (holder !== "" && holder !== identity && !expired) return { kind: "others", holder };
    return send("PUT", timeoutMs);
  };
  // The wall clock can only shorten this time: it goes on while the machine sleeps, which the monotonic one may not.
  const sinceRenewalMs = (): number =>
    renewed === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(monotonicMs() - renewed.monotonicMs, clock.now() - renewed.wallMs);
  const giveBack = async (timeoutMs: number): Promise<void> => {
    if (renewed === undefined || seen?.spec?.holderIdentity !== identity) return;
    renewed = undefined;
    const body = freed(seen, microTime(clock.now()));
    see(await client.request<Lease>({ method: "PUT", path, body, timeoutMs, urgent: true }));
  };
  return {
    name,
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
    validForMs: () => durationMs - sinceRenewalMs(),
    sinceRenewalMs,
    giveBack,
    async standBy(timeoutMs) {
      if (renewed === undefined) await read(timeoutMs);
      else await giveBack(timeoutMs);
    },
  };
};

type Phase = "competing" | "leading" | "lost" | "released";

/** Starts to compete for the Leases at once and holds them until `release`. */
export const holdLeases = (options: LeaseOptions): Leases => {
  const { clock, onError } = options;
  const monotonicMs = options.monotonicMs ?? (() => performance.now());
  const random = options.random ?? Math.random;
  const { durationMs, renewDeadlineMs, retryPeriodMs } = { ...defaults, ...options };
  const stopping = new AbortController();
  const lockOptions = { ...options, durationMs, monotonicMs, signal: stopping.signal };
  const locks = options.names.map((name) => createLock(lockOptions, name));
  const timeoutMs = Math.min(renewDeadlineMs / 2, 5_000);
  const acquired = Promise.withResolvers<void>();
  const announce = onChange(options.onWaiting);
  const complain = onChange((message: string, error: unknown) => void (message !== "" && onError?.(error)));
  let phase: Phase = "competing";
  let cancel = (): void => {};
  let turn: Promise<void> = Promise.resolve();

  const lose = (error: Error): void => {
    phase = "lost";
    options.onLost?.(error);
  };
  /** In order, up to the first one that others hold; any later ones that we hold are given back. */
  const compete = async (): Promise<void> => {
    for (const [index, lock] of locks.entries()) {
      const outcome = await lock.attempt(timeoutMs);
      if (outcome.kind === "others") {
        announce(lock.name, outcome.holder);
        options.onAnswered?.();
        await Promise.all(locks.slice(index + 1).map((later) => later.standBy(timeoutMs)));
        return;
      }
    }
    if (phase !== "competing" || leastOf(locks) <= 0) return;
    phase = "leading";
    options.onAnswered?.();
    options.onAcquired?.();
    acquired.resolve();
  };
  const renew = async (lock: Lock): Promise<void> => {
    try {
      const outcome = await lock.attempt(
        Math.max(1, Math.floor(Math.min(timeoutMs, renewDeadlineMs - lock.sinceRenewalMs()))),
      );
      if (outcome.kind === "held") options.onAnswered?.();
      if (outcome.kind === "held" || phase !== "leading") return;
      lose(new Error(`Lost Lease "${options.namespace}/${lock.name}": held by ${outcome.holder} now`));
    } catch (error) {
      if (phase !== "leading") return;
      onError?.(error);
      if (lock.sinceRenewalMs() < renewDeadlineMs) return;
      const why = `not renewed for ${Math.round(lock.sinceRenewalMs())} ms`;
      lose(new Error(`Lost Lease "${options.namespace}/${lock.name}": ${why}`, { cause: error }));
    }
  };
  const step = async (): Promise<void> => {
    const startedMs = clock.now();
    if (phase === "leading") {
      await Promise.all(locks.map(renew));
    } else {
      await compete().then(
        () => complain("", undefined),
        (error: unknown) => complain(String(error), error),
      );
    }
    if (phase !== "competing" && phase !== "leading") return;
    // A waiting side reads the Lease at least every 1.2 s (of 2 s): it takes over within 2 s of a release.
    const paceMs =
      phase === "leading" ? retryPeriodMs - (clock.now() - startedMs) : retryPeriodMs * (0.4 + random() / 5);
    cancel = clock.after(Math.max(0, paceMs), go);
  };
  const go = (): void => void (turn = step());
  go();

  const giveBackAll = async (): Promise<void> => {
    phase = "released";
    cancel();
    // The answer to a request under way has the version to release; without an answer there is no point in waiting.
    const giveUp = clock.after(patienceMs, () => stopping.abort());
    await turn;
    giveUp();
    for (const lock of locks.toReversed()) {
      await lock.giveBack(releaseTimeoutMs).catch((error: unknown) => onError?.(error));
    }
  };
  let released: Promise<void> | undefined;
  const validForMs = (): number => (phase === "leading" ? Math.max(0, leastOf(locks)) : 0);
  return {
    isLeader: () => validForMs() > 0,
    validForMs,
    acquired: acquired.promise,
    release: () => (released ??= giveBackAll()),
  };
};

const leastOf = (locks: readonly Lock[]): number => Math.min(...locks.map((lock) => lock.validForMs()));

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

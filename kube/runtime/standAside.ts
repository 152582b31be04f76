/**
 * For a controller that is the only one of its kind and takes no Lease: it writes nothing while it works, and stands
 * aside while another kind of controller holds the Lease. A watch shows that, so nothing is asked while nothing
 * changes. It cannot keep another from taking the Lease; then it ends at once (docs/controller.md#profile-edge).
 */
import { isConflict, isNotFound } from "../client/apiError.ts";
import { collectionPath, nameSelector, objectPath } from "../client/path.ts";
import { LEASES } from "../client/resources.ts";
import { claim, freed, type HeldLease, type Lease, type LeaseOptions } from "./lease.ts";
import { runReflector } from "./watch.ts";

const WRITE_TIMEOUT_MS = 2_000;
const RETRY_MS = 2_000;
const DEFAULT_SECONDS = 15;

/** What is known of the Lease, and how it is written. */
interface Sight {
  current(): Lease | undefined;
  /** What the API server has now. */
  readonly hasSynced: Promise<void>;
  /** @throws ApiError, 409 when somebody else was faster */
  put(body: Lease): Promise<void>;
  /** It is known, and the API server has answered last: a holder that comes is noticed at once. */
  isClear(): boolean;
  stop(): void;
}

/** @param onChange called after each change, once it is known */
function watchLease(options: LeaseOptions, onChange: () => void): Sight {
  const { client, clock, namespace, name, onError, random } = options;
  const stopping = new AbortController();
  let seen: Lease | undefined;
  let hasSynced = false;
  const see = (lease: Lease | undefined): void => {
    const isNew = seen?.metadata.resourceVersion !== lease?.metadata.resourceVersion;
    seen = lease;
    if (hasSynced && isNew) onChange();
  };
  const reflector = runReflector<Lease>({
    client,
    clock,
    path: collectionPath(LEASES, namespace),
    query: { fieldSelector: nameSelector(name) },
    signal: stopping.signal,
    ...(random === undefined ? {} : { random }),
    onError: (error) => onError?.(error, () => !reflector.isReady()),
    sink: {
      upsert: see,
      remove: () => see(undefined),
      prune(keys) {
        if (keys.size === 0) see(undefined);
      },
    },
  });
  return {
    current: () => seen,
    hasSynced: reflector.hasSynced.then(() => void (hasSynced = true)),
    async put(body) {
      const before = seen;
      const path = objectPath(LEASES, { namespace, name });
      const answer = await client.request<Lease>({
        method: "PUT",
        path,
        body,
        timeoutMs: WRITE_TIMEOUT_MS,
        urgent: true,
      });
      // The watch may have been faster, and know of more.
      if (seen === before) seen = answer;
    },
    isClear: () => reflector.isReady(),
    stop: () => stopping.abort(),
  };
}

/**
 * Leads as soon as nobody else holds the Lease, or its holder has not renewed it for its duration. Where there is a
 * Lease, `identity` becomes its holder for a second, by one write at the start: whoever was faster shows by a conflict,
 * who works is written there, and the next start need not wait for a dead holder again.
 */
export function standAside(options: LeaseOptions): HeldLease {
  const { clock, namespace, name, identity, onError } = options;
  const acquired = Promise.withResolvers<void>();
  let phase: "waiting" | "leading" | "lost" | "released" = "waiting";
  let announced = "";
  let cancel = (): void => {};
  let writing: Promise<void> = Promise.resolve();

  const holder = (): string => sight.current()?.spec?.holderIdentity ?? "";
  const isOthers = (): boolean => !["", identity].includes(holder());
  const take = async (): Promise<void> => {
    const seen = sight.current();
    try {
      if (seen !== undefined && holder() !== identity)
        await sight.put(claim({ namespace, name, identity, durationMs: 1_000 }, seen, clock.now()));
      options.onAnswered?.();
      if (phase !== "waiting" || isOthers()) return;
      phase = "leading";
      options.onAcquired?.();
      acquired.resolve();
    } catch (error) {
      // Where somebody else has written it, the watch has shown it already, or soon does.
      if (phase !== "waiting" || sight.current() !== seen) return;
      if (!isConflict(error) && !isNotFound(error)) onError?.(error);
      cancel();
      cancel = clock.after(RETRY_MS, look);
    }
  };
  const look = (): void => {
    cancel();
    if (phase === "waiting" && !isOthers()) writing = take();
    if (phase === "waiting" && isOthers()) {
      if (announced !== holder()) options.onWaiting?.(name, (announced = holder()));
      // Counted from now on, since clocks differ. Whoever lives renews it before, which the watch shows.
      const seconds = sight.current()?.spec?.leaseDurationSeconds ?? DEFAULT_SECONDS;
      cancel = clock.after(seconds * 1_000, () => void (writing = take()));
    }
    if (phase === "leading" && isOthers()) {
      phase = "lost";
      sight.stop();
      options.onLost?.(new Error(`Lost Lease "${namespace}/${name}": held by ${holder()} now`));
    }
  };
  const sight = watchLease(options, look);
  void sight.hasSynced.then(() => {
    options.onAnswered?.();
    if (phase === "waiting") look();
  });
  const giveBack = async (): Promise<void> => {
    const led = phase === "leading";
    phase = "released";
    cancel();
    sight.stop();
    await writing;
    const seen = sight.current();
    if (led && seen !== undefined && holder() === identity)
      await sight.put(freed(seen, clock.now())).catch((error: unknown) => onError?.(error));
  };
  let released: Promise<void> | undefined;
  const isLeader = (): boolean => phase === "leading";
  return {
    isLeader,
    // Who cannot see whether another has come does not write.
    validForMs: () => (isLeader() && sight.isClear() ? Number.POSITIVE_INFINITY : 0),
    acquired: acquired.promise,
    release: () => (released ??= giveBack()),
  };
}

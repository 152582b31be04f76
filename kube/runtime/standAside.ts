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

/**
 * Leads as soon as nobody else holds the Lease, or its holder has not renewed it for its duration. Where there is a
 * Lease, `identity` becomes its holder for a second, by one write at the start: whoever was faster shows by a conflict,
 * who works is written there, and the next start need not wait for a dead holder again.
 */
export function standAside(options: LeaseOptions): HeldLease {
  const { client, clock, namespace, name, identity, onError } = options;
  const path = objectPath(LEASES, { namespace, name });
  const stopping = new AbortController();
  const acquired = Promise.withResolvers<void>();
  let phase: "waiting" | "leading" | "lost" | "released" = "waiting";
  let hasSynced = false;
  let seen: Lease | undefined;
  let cancel = (): void => {};
  let writing: Promise<void> = Promise.resolve();

  const holder = (): string => seen?.spec?.holderIdentity ?? "";
  const put = async (body: Lease): Promise<void> => {
    const before = seen;
    const answer = await client.request<Lease>({
      method: "PUT",
      path,
      body,
      timeoutMs: WRITE_TIMEOUT_MS,
      urgent: true,
    });
    // The watch may have been faster, and know of more.
    if (seen === before) seen = answer;
  };
  const lead = (): void => {
    phase = "leading";
    options.onAcquired?.();
    acquired.resolve();
  };
  const take = async (): Promise<void> => {
    try {
      if (seen !== undefined && holder() !== identity)
        await put(claim({ namespace, name, identity, durationMs: 1_000 }, seen, clock.now()));
      if (phase === "waiting" && ["", identity].includes(holder())) lead();
    } catch (error) {
      if (phase !== "waiting") return;
      // Somebody else has written it: the watch shows what.
      if (!isConflict(error) && !isNotFound(error)) onError?.(error);
      cancel();
      cancel = clock.after(RETRY_MS, look);
    }
  };
  const look = (): void => {
    cancel();
    const isOthers = !["", identity].includes(holder());
    if (phase === "waiting" && !isOthers) writing = take();
    if (phase === "waiting" && isOthers) {
      options.onWaiting?.(name, holder());
      // Counted from now on, since clocks differ. Whoever lives renews it before, which the watch shows.
      const seconds = seen?.spec?.leaseDurationSeconds ?? DEFAULT_SECONDS;
      cancel = clock.after(seconds * 1_000, () => void (writing = take()));
    }
    if (phase === "leading" && isOthers) {
      phase = "lost";
      stopping.abort();
      options.onLost?.(new Error(`Lost Lease "${namespace}/${name}": held by ${holder()} now`));
    }
  };
  const see = (lease: Lease | undefined): void => {
    const isNew = JSON.stringify(seen?.spec) !== JSON.stringify(lease?.spec);
    seen = lease;
    if (hasSynced && isNew) look();
  };
  const reflector = runReflector<Lease>({
    client,
    clock,
    path: collectionPath(LEASES, namespace),
    query: { fieldSelector: nameSelector(name) },
    signal: stopping.signal,
    ...(options.random === undefined ? {} : { random: options.random }),
    onError: (error) => onError?.(error),
    sink: {
      upsert: see,
      remove: () => see(undefined),
      prune(keys) {
        if (keys.size === 0) see(undefined);
      },
    },
  });
  void reflector.hasSynced.then(() => {
    hasSynced = true;
    options.onAnswered?.();
    if (phase === "waiting") look();
  });
  const giveBack = async (): Promise<void> => {
    const led = phase === "leading";
    phase = "released";
    cancel();
    stopping.abort();
    await writing;
    if (led && seen !== undefined && holder() === identity)
      await put(freed(seen, clock.now())).catch((error: unknown) => onError?.(error));
  };
  let released: Promise<void> | undefined;
  const isLeader = (): boolean => phase === "leading";
  return {
    isLeader,
    validForMs: () => (isLeader() ? Number.POSITIVE_INFINITY : 0),
    acquired: acquired.promise,
    release: () => (released ??= giveBack()),
  };
}

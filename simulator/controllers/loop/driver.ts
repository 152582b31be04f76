/**
 * Runs one controller: queues the keys that a change concerns (each once, in order), gets the decision, carries it out,
 * and queues a key again when its decision changes with time alone. Nothing runs inside of the request that caused it.
 */
import type { ApiCore, Change } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";
import type { Decision, Remark, Write } from "./decision.ts";
import type { Kind } from "./objects.ts";
import type { World } from "./objectIndex.ts";

type Watch = (change: Change, world: World, add: (key: string) => void) => void;

export interface Controller {
  /** The source of its Events: "replicaset-controller". */
  readonly name: string;
  /** Which keys a change of a collection concerns. The world already holds the change. */
  readonly watches: Readonly<Partial<Record<Kind, Watch>>>;
  /** Everything there is to do for a key now; undefined when the object is gone. */
  readonly decide: (key: string, world: World, nowMs: number) => Decision | undefined;
}

export interface DriverOptions {
  readonly core: ApiCore;
  readonly world: World;
  /** The time from a change to the decision; called for each key that is queued. */
  readonly lagMs: () => number;
  /** Emits an Event. */
  readonly record: (remark: Remark, component: string) => void;
}

export interface Driver {
  take(change: Change): void;
  stop(): void;
}

const firstRetryMs = 5;
const longestRetryMs = 1_000_000;

const isStatus = (error: unknown, code: number): boolean => error instanceof StatusError && error.status.code === code;

/** Nothing can be created in a namespace that is being deleted: this is not a failure. */
const isTerminating = (error: StatusError): boolean =>
  error.status.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") === true;

/** An object that is gone needs neither change nor deletion. @returns whether it was there */
function unlessGone(request: () => void): boolean {
  try {
    request();
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

function carryOut(core: ApiCore, write: Write, record: (remark: Remark) => void): void {
  switch (write.kind) {
    case "create": {
      const created = core.create(write.resource, write.draft);
      if (write.remark !== undefined) record(write.remark(created));
      return;
    }
    case "change": {
      const { ref, change, subresource, remark } = write;
      const options = subresource === undefined ? undefined : { subresource };
      if (unlessGone(() => core.modify(ref, change, options)) && remark !== undefined) record(remark);
      return;
    }
    case "delete": {
      const { ref, options, remark } = write;
      if (unlessGone(() => core.delete(ref, options)) && remark !== undefined) record(remark);
      return;
    }
    case "remark":
      record(write.remark);
      return;
    default:
      write satisfies never;
  }
}

/** Timers by key: a new one replaces an earlier one. */
function timers(core: ApiCore) {
  const cancels = new Map<string, () => void>();
  return {
    has: (key: string): boolean => cancels.has(key),
    set(key: string, ms: number, run: () => void): void {
      cancels.get(key)?.();
      const cancel = core.clock.after(ms, () => {
        cancels.delete(key);
        run();
      });
      cancels.set(key, cancel);
    },
    clear(key: string): void {
      cancels.get(key)?.();
      cancels.delete(key);
    },
    clearAll(): void {
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
    },
  };
}

/** A refusal (StatusError) is retried after 5 ms · 2ⁿ, at most 1000 s, as upstream; other errors are bugs and throw. */
export function drive(controller: Controller, { core, world, lagMs, record }: DriverOptions): Driver {
  const queued = timers(core);
  const later = timers(core);
  const failures = new Map<string, number>();
  const recordRemark = (remark: Remark): void => record(remark, controller.name);

  const add = (key: string): void => {
    if (!queued.has(key)) queued.set(key, lagMs(), () => run(key));
  };
  const retry = (key: string): void => {
    const failed = failures.get(key) ?? 0;
    failures.set(key, failed + 1);
    later.set(key, Math.min(longestRetryMs, firstRetryMs * 2 ** failed), () => add(key));
  };
  /** @returns false when the server refused a write. */
  const apply = (writes: readonly Write[], ifRefused: Decision["ifRefused"]): boolean => {
    for (const write of writes) {
      try {
        carryOut(core, write, recordRemark);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        if (ifRefused !== undefined && !isTerminating(error)) apply(ifRefused(write, error.message), undefined);
        return false;
      }
    }
    return true;
  };
  const run = (key: string): void => {
    later.clear(key);
    const nowMs = core.clock.now();
    const decision = controller.decide(key, world, nowMs);
    if (decision === undefined) {
      failures.delete(key);
      return;
    }
    if (!apply(decision.writes, decision.ifRefused)) {
      retry(key);
      return;
    }
    failures.delete(key);
    if (decision.wakeAtMs !== undefined) later.set(key, Math.max(0, decision.wakeAtMs - nowMs), () => add(key));
  };

  return {
    take(change) {
      // There is no entry for a kind that is not watched.
      controller.watches[change.resource as Kind]?.(change, world, add);
    },
    stop() {
      queued.clearAll();
      later.clearAll();
    },
  };
}

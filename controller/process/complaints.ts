/**
 * Complaints: what fails over and over is logged when it begins, and then less often the longer it lasts. All that
 * retries for ever (reconciling, watches, Leases, the webhook's keeper, events) logs its errors through this.
 */
import type { Loss } from "../../kube/runtime/recorder.ts";
import { sentenceOf } from "../../kube/client/errorText.ts";
import type { Log, LogFields } from "./log.ts";
import { createRepetitions } from "./repetition.ts";
import type { Clock } from "../../kube/clock/clock.ts";

export interface Complaint {
  /** What it is about: errors about the same thing are one trouble, wherever they occur. */
  readonly about: string;
  readonly level: "info" | "warn" | "error";
  /** What could not be done. */
  readonly message: string;
  readonly error?: unknown;
  readonly fields?: LogFields;
  /** What makes two errors the same; their text by default. */
  readonly sameAs?: string;
}

export interface Complaints {
  /**
   * Logs it the 1st, 2nd, 4th, 8th … time, and at least once an hour, with `times` and `since` from the 2nd time on. An
   * error with a new text is logged at once.
   */
  report(complaint: Complaint): void;
}

/** After so long without an error the next one is a new trouble. */
const OVER_AFTER_MS = 300_000;
const LOG_EVERY_MS = 3_600_000;

const isPowerOfTwo = (count: number): boolean => Number.isInteger(Math.log2(count));

export function createComplaints({ log, clock }: { readonly log: Log; readonly clock: Clock }): Complaints {
  const troubles = createRepetitions({
    clock,
    overAfterMs: OVER_AFTER_MS,
    isDue: ({ times, loggedAtMs }, nowMs) => isPowerOfTwo(times) || nowMs - loggedAtMs >= LOG_EVERY_MS,
  });
  return {
    report({ about, level, message, error, fields, sameAs }) {
      const trouble = troubles.meet(about, sameAs ?? `${message}: ${sentenceOf(error)}`);
      if (trouble === undefined) return;
      const { times, sinceMs } = trouble;
      const repeated = times === 1 ? {} : { times, since: new Date(sinceMs).toISOString() };
      log[level](message, { ...fields, error, ...repeated });
    },
  };
}

/** Logs that a watch failed `failures` times in a row, and goes on trying. `kind`: its plural, or another name. */
export function logWatchError(complaints: Complaints, kind: string, error: unknown, failures: number): void {
  const message = `Cannot watch ${kind}; trying again`;
  complaints.report({ about: `watch of ${kind}`, level: "warn", message, error, fields: { failures } });
}

/** Logs events that were not sent, for `createRecorder`; not those limited on purpose or gone with their namespace. */
export function logLostEvent(complaints: Complaints, { why, reason, error }: Loss): void {
  switch (why) {
    case "limited":
    case "gone":
      return;
    case "crowded": {
      const message = "Events are dropped, the oldest first: too many wait to be sent";
      return complaints.report({ about: "events", level: "warn", message, error, fields: { reason }, sameAs: message });
    }
    case "refused": {
      const message = "Cannot record an event";
      return complaints.report({ about: "events", level: "warn", message, error, fields: { reason } });
    }
    default:
      why satisfies never;
  }
}

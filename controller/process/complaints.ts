/**
 * Complaints: what fails over and over is logged when it begins, and then less often the longer it lasts. All that
 * retries for ever (reconciling, watches, Leases, the webhook's keeper, events) logs its errors through this.
 */
import type { Loss } from "../../kube/runtime/recorder.ts";
import { sentenceOf } from "../../kube/client/errorText.ts";
import type { Log, LogFields } from "./log.ts";
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
  tell(complaint: Complaint): void;
}

/** Troubles that are remembered, about 300 bytes each; the one that is longest ago is forgotten first. */
const MAX_TROUBLES = 4_096;
/** Different texts of one trouble that are logged at once; after them a new text is logged as seldom as a known one. */
const MAX_SENTENCES = 8;
/** After so long without an error the next one is a new trouble. */
const OVER_AFTER_MS = 300_000;
const TELL_EVERY_MS = 3_600_000;

interface Trouble {
  readonly sinceMs: number;
  readonly sentences: Set<number | bigint>;
  times: number;
  metAtMs: number;
  toldAtMs: number;
}

/** Times, versions and sizes differ from one attempt to the next; that does not make a text new. */
const essence = (sentence: string): number | bigint => Bun.hash(sentence.replace(/\d+/g, "#"));

const isPowerOfTwo = (count: number): boolean => Number.isInteger(Math.log2(count));

/** Counts one more occurrence. @returns whether it is to be logged */
function meet(trouble: Trouble, sentence: string, nowMs: number): boolean {
  trouble.times += 1;
  trouble.metAtMs = nowMs;
  const said = essence(sentence);
  const isNews = !trouble.sentences.has(said) && trouble.sentences.size < MAX_SENTENCES;
  if (isNews) trouble.sentences.add(said);
  if (!isNews && !isPowerOfTwo(trouble.times) && nowMs - trouble.toldAtMs < TELL_EVERY_MS) return false;
  trouble.toldAtMs = nowMs;
  return true;
}

export function createComplaints({ log, clock }: { readonly log: Log; readonly clock: Clock }): Complaints {
  const troubles = new Map<string, Trouble>();
  const troubleOf = (about: string, nowMs: number): Trouble => {
    const known = troubles.get(about);
    troubles.delete(about);
    const isOver = known === undefined || nowMs - known.metAtMs > OVER_AFTER_MS;
    const trouble = isOver
      ? { sinceMs: nowMs, sentences: new Set([]), times: 0, metAtMs: nowMs, toldAtMs: nowMs }
      : known;
    troubles.set(about, trouble);
    const [oldest] = troubles.keys();
    if (troubles.size > MAX_TROUBLES && oldest !== undefined) troubles.delete(oldest);
    return trouble;
  };
  return {
    tell({ about, level, message, error, fields, sameAs }) {
      const nowMs = clock.now();
      const trouble = troubleOf(about, nowMs);
      const { times, sinceMs } = trouble;
      if (!meet(trouble, sameAs ?? `${message}: ${sentenceOf(error)}`, nowMs)) return;
      const repeated = times === 0 ? {} : { times: times + 1, since: new Date(sinceMs).toISOString() };
      log[level](message, { ...fields, error, ...repeated });
    },
  };
}

/** Logs that a watch failed `failures` times in a row, and goes on trying. `kind`: its plural, or another name. */
export function tellWatchError(complaints: Complaints, kind: string, error: unknown, failures: number): void {
  const message = `Cannot watch ${kind}; trying again`;
  complaints.tell({ about: `watch of ${kind}`, level: "warn", message, error, fields: { failures } });
}

/** Logs events that were not sent, for `createRecorder`; not those limited on purpose or gone with their namespace. */
export function tellLostEvent(complaints: Complaints, { why, reason, error }: Loss): void {
  switch (why) {
    case "limited":
    case "gone":
      return;
    case "crowded": {
      const message = "Events are dropped, the oldest first: too many wait to be sent";
      return complaints.tell({ about: "events", level: "warn", message, error, fields: { reason }, sameAs: message });
    }
    case "refused": {
      const message = "Cannot record an event";
      return complaints.tell({ about: "events", level: "warn", message, error, fields: { reason } });
    }
    default:
      why satisfies never;
  }
}

/** What happens over and over is logged when it begins, and then less often the longer it lasts: the counting for that. */
import type { Clock } from "../../kube/clock/clock.ts";

/** Something that has happened at least once. Times in ms since the epoch. */
export interface Repeated {
  readonly sinceMs: number;
  /** How often it has happened, this time included. */
  times: number;
  metAtMs: number;
  /** How often it was logged, and when it was last. */
  logged: number;
  loggedAtMs: number;
  /** Hashes of the texts that it came with. */
  readonly texts: Set<number | bigint>;
}

export interface RepetitionOptions {
  readonly clock: Clock;
  /** Whether what has happened again, and was logged before, is to be logged again. */
  readonly isDue: (repeated: Readonly<Repeated>, nowMs: number) => boolean;
  /** After so long without it the next time is a first one; never by default. */
  readonly overAfterMs?: number;
}

export interface Repetitions {
  /**
   * Counts that `about` has happened. With a text that is new for it, it is to be logged at once.
   * @returns what is known of it when it is to be logged now, undefined otherwise
   */
  meet(about: string, text?: string): Readonly<Repeated> | undefined;
}

/** Those that are remembered, about 300 bytes each; the one that is longest ago is forgotten first. */
const MAX_REMEMBERED = 4_096;
/** Different texts of one that are logged at once; after them a new text is logged as seldom as a known one. */
const MAX_TEXTS = 8;

/** Times, versions and sizes differ from one attempt to the next; that does not make a text new. */
const essence = (text: string): number | bigint => Bun.hash(text.replace(/\d+/g, "#"));

export function createRepetitions(options: RepetitionOptions): Repetitions {
  const { clock, isDue, overAfterMs = Number.POSITIVE_INFINITY } = options;
  const remembered = new Map<string, Repeated>();
  const repeatedOf = (about: string, nowMs: number): Repeated => {
    const known = remembered.get(about);
    remembered.delete(about);
    const isOver = known === undefined || nowMs - known.metAtMs > overAfterMs;
    const repeated = isOver
      ? { sinceMs: nowMs, times: 0, metAtMs: nowMs, logged: 0, loggedAtMs: nowMs, texts: new Set([]) }
      : known;
    remembered.set(about, repeated);
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return repeated;
  };
  return {
    meet(about, text = "") {
      const nowMs = clock.now();
      const repeated = repeatedOf(about, nowMs);
      repeated.times += 1;
      repeated.metAtMs = nowMs;
      const said = essence(text);
      const isNews = !repeated.texts.has(said) && repeated.texts.size < MAX_TEXTS;
      if (isNews) repeated.texts.add(said);
      else if (!isDue(repeated, nowMs)) return undefined;
      repeated.logged += 1;
      repeated.loggedAtMs = nowMs;
      return repeated;
    },
  };
}

/** What goes wrong in a world, and how often: a few kinds for each seed, so that each is frequent (swarm testing). */
import type { Chance } from "../script/chance.ts";

/** What happens to a request. Times in ms: on the way there and on the way back. */
export type Fate =
  | { readonly kind: "served"; readonly thereMs: number; readonly backMs: number }
  /** Answered without effect. */
  | { readonly kind: "refused"; readonly status: 429 | 500 | 503; readonly retryAfterSeconds?: number }
  /** Another client writes the same object first: a write with a resourceVersion gets a conflict. */
  | { readonly kind: "overtaken" }
  /** It never arrives. */
  | { readonly kind: "lost" }
  /** It takes effect, but the response is lost: with an error at once (`broken`), otherwise by the timeout. */
  | { readonly kind: "unanswered"; readonly broken: boolean }
  /** It takes effect, and the process ends before the response. */
  | { readonly kind: "crash"; readonly downMs: number }
  /** It takes effect, and the process is frozen before the response. */
  | { readonly kind: "freeze"; readonly ms: number; readonly asleep: boolean };

/** What happens to an event of a watch. */
export type EventFate =
  | { readonly kind: "delivered"; readonly delayMs: number }
  | { readonly kind: "twice" }
  /** Followed by an older event, which is repeated. */
  | { readonly kind: "stale" }
  /** Lost with the connection, which ends. */
  | { readonly kind: "cut" }
  /** Lost, and so is everything after it, without an error: only the silence shows it. */
  | { readonly kind: "dead" }
  /** Lost, and the server answers that it cannot continue from that version. */
  | { readonly kind: "expired" };

export interface Faults {
  readonly of: (request: { readonly write: boolean; readonly lease: boolean; readonly event: boolean }) => Fate;
  readonly ofEvent: () => EventFate;
  /** How old a list is, in ms. */
  readonly listAgeMs: () => number;
  /** No faults from now on. */
  readonly end: () => void;
  readonly count: number;
}

const prompt: Fate = { kind: "served", thereMs: 1, backMs: 1 };
const delivered: EventFate = { kind: "delivered", delayMs: 1 };

/** Nothing goes wrong. */
export const noFaults: Faults = {
  of: () => prompt,
  ofEvent: () => delivered,
  listAgeMs: () => 0,
  end: () => {},
  count: 0,
};

const kinds = [
  "overtaken",
  "429",
  "500",
  "lost",
  "unanswered",
  "crash",
  "freeze",
  "slow",
  "late events",
  "twice",
  "stale",
  "cut",
  "dead",
  "expired",
  "old lists",
] as const;

export type FaultKind = (typeof kinds)[number];

/** Percent of requests or events that it affects; at most how often, where the world takes long to recover. */
const rates: { readonly [K in FaultKind]: { readonly percent: number; readonly most: number } } = {
  overtaken: { percent: 10, most: 40 },
  429: { percent: 8, most: 20 },
  500: { percent: 10, most: 30 },
  lost: { percent: 5, most: 6 },
  unanswered: { percent: 6, most: 8 },
  crash: { percent: 8, most: 8 },
  freeze: { percent: 8, most: 3 },
  slow: { percent: 30, most: 200 },
  "late events": { percent: 30, most: 300 },
  twice: { percent: 10, most: 40 },
  stale: { percent: 10, most: 40 },
  cut: { percent: 6, most: 12 },
  dead: { percent: 3, most: 2 },
  expired: { percent: 3, most: 6 },
  "old lists": { percent: 50, most: 6 },
};

/** A frozen process only matters where another one takes over. */
export function chooseFaults(chance: Chance, frozenMayBe: boolean): readonly FaultKind[] {
  const wanted = 1 + chance.below(4);
  const found = new Set<FaultKind>(frozenMayBe ? ["freeze"] : []);
  while (found.size < wanted) {
    const kind = chance.pick(kinds);
    if (kind !== "freeze") found.add(kind);
  }
  return [...found];
}

export function faultsOf(chance: Chance, chosen: readonly FaultKind[]): Faults {
  const counts = new Map<FaultKind, number>();
  let count = 0;
  let ended = false;
  /** Whether it happens now; called only where it could. */
  const strikes = (kind: FaultKind): boolean => {
    if (ended || !chosen.includes(kind)) return false;
    const { percent, most } = rates[kind];
    const before = counts.get(kind) ?? 0;
    if (before >= most || !chance.percent(percent)) return false;
    counts.set(kind, before + 1);
    count += 1;
    return true;
  };
  return {
    of({ write, event }) {
      if (strikes("429")) return { kind: "refused", status: 429, retryAfterSeconds: 1 + chance.below(3) };
      if (strikes("500")) return chance.percent(70) ? { kind: "refused", status: 500 } : unavailable;
      if (strikes("lost")) return { kind: "lost" };
      if (write && strikes("unanswered")) return { kind: "unanswered", broken: chance.percent(50) };
      if (write && !event && strikes("crash")) return { kind: "crash", downMs: 20 + chance.below(2_000) };
      if (write && !event && strikes("overtaken")) return { kind: "overtaken" };
      if (write && !event && strikes("freeze"))
        return { kind: "freeze", ms: 3_000 + chance.below(40_000), asleep: chance.percent(50) };
      if (strikes("slow")) return { kind: "served", thereMs: chance.below(400), backMs: chance.below(400) };
      return prompt;
    },
    ofEvent() {
      if (strikes("twice")) return { kind: "twice" };
      if (strikes("stale")) return { kind: "stale" };
      if (strikes("cut")) return { kind: "cut" };
      if (strikes("expired")) return { kind: "expired" };
      if (strikes("dead")) return { kind: "dead" };
      if (strikes("late events")) return { kind: "delivered", delayMs: chance.below(chance.percent(20) ? 5_000 : 300) };
      return delivered;
    },
    listAgeMs: () => (strikes("old lists") ? 100 + chance.below(5_000) : 0),
    end() {
      ended = true;
    },
    get count() {
      return count;
    },
  };
}

const unavailable: Fate = { kind: "refused", status: 503, retryAfterSeconds: 1 };

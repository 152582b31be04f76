/** The one event stream: what it is about follows the page, and what it says is kept here. */
import { useEffect } from "preact/hooks";
import type { Card, Detail, ExperimentView, LiveEvents, May, RunView } from "../../../model.ts";
import { login, sessionOver } from "./session.ts";
import { createStore } from "./store.ts";

export interface Cards {
  /** In the order in which they are shown. */
  readonly list: readonly Card[];
  readonly may: Readonly<Record<string, May>>;
  readonly troubles: readonly string[];
}

/** Undefined: not told yet. */
export const cards = createStore<Cards | undefined>(undefined);
export const detail = createStore<Detail | undefined>(undefined);
/** Of the page of an AnalysisRun or Experiment. */
export const object = createStore<RunView | ExperimentView | undefined>(undefined);
/** Why nothing is shown: a sentence. */
export const refusal = createStore<string | undefined>(undefined);
/** `lost`: it tries again by itself. */
export const connection = createStore<"connecting" | "live" | "lost">("connecting");

const keyOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

/** Some cards in the place of those of the same names, in order. */
export function mergedCards(list: readonly Card[], fresh: readonly Card[]): readonly Card[] {
  const byKey = new Map(list.map((card) => [keyOf(card), card]));
  const isKnown = fresh.every((card) => byKey.has(keyOf(card)));
  for (const card of fresh) byKey.set(keyOf(card), card);
  const merged = [...byKey.values()];
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return isKnown ? merged : merged.toSorted((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

const ENDS: Readonly<Record<LiveEvents["ended"]["why"], string>> = {
  logout: "You are logged out.",
  idle: "Your session has ended because nothing was done for a while. Log in again to go on.",
  expired: "Your session has ended: its time was over. Log in again to go on.",
  revoked: "Your token is no longer accepted by the cluster. Log in with another one.",
  shutdown: "",
};

/** What may not be seen any more, or not by the next one who logs in. */
function forget(): void {
  cards.set(undefined);
  detail.set(undefined);
  object.set(undefined);
}
login.subscribe(() => {
  if (login.get().kind !== "in") forget();
});

type Handlers = { readonly [K in keyof LiveEvents]: (data: LiveEvents[K]) => void };

const edit = (change: (now: Cards) => Cards): void => {
  const now = cards.get();
  if (now !== undefined) cards.set(change(now));
};

const kindOf = (query: string): string => /^\?(\w+)=/.exec(query)?.[1] ?? "";
const WHAT: Readonly<Record<string, string>> = { rollout: "Rollout", run: "AnalysisRun", experiment: "Experiment" };

const handlers = (query: string, stop: () => void): Handlers => ({
  overview: ({ cards: list, may, troubles }) => cards.set({ list, may, troubles }),
  changed: ({ cards: fresh }) => edit((now) => ({ ...now, list: mergedCards(now.list, fresh) })),
  gone: ({ cards: gone }) => {
    const keys = new Set(gone.map(keyOf));
    edit((now) => ({ ...now, list: now.list.filter((card) => !keys.has(keyOf(card))) }));
  },
  may: (may) => edit((now) => ({ ...now, may })),
  rollout: (whole) => {
    refusal.set(undefined);
    detail.set(whole);
  },
  object: (whole) => {
    refusal.set(undefined);
    object.set(whole);
  },
  missing: ({ namespace, name }) => {
    detail.set(undefined);
    object.set(undefined);
    refusal.set(`There is no ${WHAT[kindOf(query)] ?? ""} "${name}" in the namespace "${namespace}" (any more).`);
  },
  denied: ({ why }) => {
    forget();
    refusal.set(why);
  },
  ended: ({ why }) => {
    // A server that stops comes back, or another one does: the stream tries again by itself.
    if (why === "shutdown") return;
    stop();
    void sessionOver(ENDS[why]);
  },
});

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/** @returns a function that ends it */
function follow(query: string): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  const stop = (): void => {
    clearTimeout(timer);
    source?.close();
  };
  const open = (): void => {
    const opened = (source = new EventSource(`api/sluice/live${query}`));
    opened.addEventListener("open", () => {
      retryMs = FIRST_RETRY_MS;
      connection.set("live");
    });
    opened.addEventListener("error", () => {
      connection.set("lost");
      if (opened.readyState !== EventSource.CLOSED) return;
      // Refused rather than broken off: the browser gives up, we do not; a session that is over is noticed.
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
      void fetchSession();
    });
    for (const [name, handle] of Object.entries(handlers(query, stop))) {
      opened.addEventListener(name, ({ data }: MessageEvent<string>) =>
        (handle as (data: unknown) => void)(JSON.parse(data)),
      );
    }
  };
  open();
  return stop;
}

async function fetchSession(): Promise<void> {
  try {
    const response = await fetch("api/sluice/session", { cache: "no-store" });
    const session = (await response.json()) as { readonly user?: unknown };
    if (response.ok && session.user === undefined) await sessionOver("Your session has ended. Log in again to go on.");
  } catch {
    // The server is away: the stream says so already.
  }
}

/** @param query `?rollout=NS/NAME`, `?run=…`, `?experiment=…`, `?namespace=NS`, or "": all; undefined: no stream */
export function useLive(query: string | undefined): void {
  useEffect(() => {
    connection.set("connecting");
    refusal.set(undefined);
    if (query === undefined) return undefined;
    if (query.startsWith("?rollout=")) detail.set(undefined);
    object.set(undefined);
    return follow(query);
  }, [query]);
}

/** The cards of a feed, made once for all who look at it, and again when something has changed. */
import type { Owned } from "../../../controller/view/owned.ts";
import { rolloutInfo } from "../../../controller/view/rollout.ts";
import { keyOf } from "../../../kube/runtime/cache.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Workload } from "../../../schema/kube.ts";
import type { Card } from "../../model.ts";
import { cardView } from "../view/cardView.ts";
import { createExplainer, type Explainer } from "./explainer.ts";
import type { Feed } from "./feed.ts";
import type { Shelves } from "./kinds.ts";

export interface Board {
  readonly feed: Feed;
  readonly explainer: Explainer;
  /** Resolves when the first cards are made. */
  readonly ready: Promise<void>;
  /** By namespace and name. */
  readonly cards: ReadonlyMap<string, Card>;
  /** Calls `listener` with the keys of cards that are new, different or gone, and when troubles may have changed. */
  onChange(listener: (keys: ReadonlySet<string>) => void): () => void;
}

/** What Rollouts name is read after them: the first cards wait for it a little. */
async function named({ ports: { clock, signal }, isNamedKnown }: Feed): Promise<void> {
  const until = clock.now() + NAMED_MS;
  while (!signal.aborted && clock.now() < until && !isNamedKnown())
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
}

const NAMED_MS = 1_500;
const LOOK_MS = 20;

/** Sentences tell how long something has lasted. */
const AGE_MS = 60_000;

const DONE: readonly string[] = ["Healthy", "ScaledDown"];

export function openBoard(feed: Feed): Board {
  const { clock, signal } = feed.ports;
  const listeners = new Set<(keys: ReadonlySet<string>) => void>();
  const tell = (keys: ReadonlySet<string>): void => {
    for (const listener of listeners) listener(keys);
  };
  const explainer = createExplainer(feed, (key) => void making.again([key]));
  const making = cardsOf(feed, explainer, tell);
  const first = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => first.resolve(), { once: true });
  void feed.ready.then(async () => {
    feed.onTouch((keys) => {
      if (keys.size === 0) tell(keys);
      void making.again(keys);
    });
    await named(feed);
    await making.again([...feed.shelves.rollouts.values()].map(keyOf));
    first.resolve();
    ageing();
  });
  const ageing = (): void => {
    const cancel = clock.after(AGE_MS, () => {
      signal.removeEventListener("abort", cancel);
      void making.again([...making.cards].filter(([, { phase }]) => !DONE.includes(phase)).map(([key]) => key));
      ageing();
    });
    signal.addEventListener("abort", cancel, { once: true });
  };
  return {
    feed,
    explainer,
    ready: first.promise,
    cards: making.cards,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

interface Making {
  readonly cards: ReadonlyMap<string, Card>;
  /** Makes these cards, or takes them away. Resolves when none waits any more. */
  again(keys: Iterable<string>): Promise<void>;
}

function cardsOf(feed: Feed, explainer: Explainer, tell: (keys: ReadonlySet<string>) => void): Making {
  const { clock, signal } = feed.ports;
  const cards = new Map<string, Card>();
  const written = new Map<string, string>();
  let waiting = new Set<string>();
  let making: Promise<void> | undefined;
  const gone = (key: string): boolean => {
    explainer.forget(key);
    written.delete(key);
    return cards.delete(key);
  };
  /** @returns whether it is another one than before */
  const make = async (key: string): Promise<boolean> => {
    const rollout = feed.shelves.rollouts.get(key);
    if (rollout === undefined) return gone(key);
    const explanation = await explainer.rollout(key, false).catch(() => undefined);
    const card = cardView(rollout, rolloutInfo(rollout, ownedOn(feed.shelves), workloadOf(feed, rollout)), explanation);
    const text = JSON.stringify(card);
    if (written.get(key) === text) return false;
    written.set(key, text);
    cards.set(key, card);
    return true;
  };
  const makeAll = async (): Promise<void> => {
    while (waiting.size > 0 && !signal.aborted) {
      const keys = waiting;
      waiting = new Set();
      const changed = new Set<string>();
      for (const key of keys) {
        if (signal.aborted) return;
        // An object that no schema allows is not shown, and hides no other.
        if (await make(key).catch(() => gone(key))) changed.add(key);
        await clock.giveWay?.();
      }
      if (changed.size > 0) tell(changed);
    }
  };
  return {
    cards,
    again(keys) {
      for (const key of keys) if (!key.endsWith("/")) waiting.add(key);
      making ??= makeAll().finally(() => (making = undefined));
      return making;
    },
  };
}

export const ownedOn = (shelves: Shelves): Owned => ({
  replicaSets: (owner) => shelves.replicaSets.by("owner", owner),
  pods: (owner) => shelves.pods.by("owner", owner),
  experiments: (owner) => shelves.experiments.by("owner", owner),
  analysisRuns: (owner) => shelves.analysisRuns.by("owner", owner),
});

/** The one that a Rollout takes its pod template from, as far as it is held: its containers are shown. */
export function workloadOf({ stores }: Feed, { metadata: { namespace }, spec }: Rollout): Workload | undefined {
  const { kind = "", name = "" } = spec.workloadRef ?? {};
  if (!Object.hasOwn(stores.workloads, kind)) return undefined;
  const found = stores.workloads[kind as keyof Feed["stores"]["workloads"]].find(`${namespace}/${name}`);
  return found.kind === "found" ? { metadata: { name, namespace }, template: found.object.facts.template } : undefined;
}

/** `GET live`: one stream for all that a page shows (docs/dashboard.md#the-event-stream). */
import { ApiError } from "../../../kube/client/apiError.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Card, Ended, LiveEvents, May, Overview } from "../../model.ts";
import { type Person, whyGone } from "../auth/people.ts";
import { mayOf, OBJECT_VERBS, ROLLOUT_VERBS, type Right } from "../auth/rights.ts";
import type { Boards, Lookout } from "./boards.ts";
import { detailOf } from "./detail.ts";
import { type ObjectKind, type Place, resourceOf } from "./objects.ts";
import { paced } from "./pace.ts";
import { eventText, openOutlet } from "./sse.ts";
import { tellObject } from "./tellObject.ts";

export interface LivePorts {
  readonly clock: Clock;
  readonly boards: Boards;
  /** How often rights are looked at again. */
  readonly reviewMs: number;
  readonly isReadOnly: boolean;
  /** Aborted when the other side has gone, even before it began to read. */
  readonly left?: AbortSignal;
}

export interface Subject {
  /** Undefined: the overview. */
  readonly rollout?: Place;
  readonly object?: { readonly kind: ObjectKind; readonly at: Place };
  /** Of the overview: these namespaces; undefined: all. */
  readonly namespaces?: readonly string[] | undefined;
}

/** Who looks, and what ends that. */
export interface Viewer {
  readonly person: Person;
  /** Aborted with an `Ended["why"]`; undefined: only with the person. */
  readonly ended?: AbortSignal | undefined;
}

/** Ages in sentences move on. */
const AGE_MS = 30_000;

const listIn = (namespace: string, { object }: Subject): Right => ({
  resource: object === undefined ? ROLLOUTS : resourceOf(object.kind),
  verb: "list",
  namespace,
});

/** The namespaces that somebody looks at, "" being all. */
const placesOf = ({ rollout, object, namespaces }: Subject): readonly string[] => {
  const place = rollout ?? object?.at;
  return place === undefined ? (namespaces ?? [""]) : [place.namespace];
};

export const deniedText = (namespace: string, kind: ObjectKind | "Rollout" = "Rollout"): string =>
  namespace === ""
    ? "You may not list Rollouts of all namespaces: choose a namespace, or ask for the right to list rollouts.argoproj.io."
    : `You may not list ${kind}s in namespace "${namespace}": ask for the right to list and watch ${kind.toLowerCase()}s.argoproj.io there.`;

export function openLive(
  ports: LivePorts,
  viewer: Viewer,
  subject: Subject,
  closed: () => void,
): ReadableStream<Uint8Array> {
  const { clock, boards, reviewMs } = ports;
  const { person, ended } = viewer;
  const lookouts = placesOf(subject).map((namespace) => boards.look(person, namespace === "" ? undefined : namespace));
  const scene: Scene = { ports, person, subject, lookouts, poke: () => outlet.poke() };
  const teller = tellerOf(scene);
  const cancels: (() => void)[] = [];
  const outlet = openOutlet({
    clock,
    next: teller.next,
    closed() {
      for (const cancel of cancels) cancel();
      teller.end();
      for (const lookout of lookouts) lookout.leave();
      closed();
    },
  });
  const over = (signal: AbortSignal) => (): void =>
    outlet.end("ended", { why: whyGone(signal) satisfies Ended["why"] });
  for (const signal of [person.gone, ...(ended === undefined ? [] : [ended])]) {
    const listener = over(signal);
    if (signal.aborted) listener();
    signal.addEventListener("abort", listener, { once: true });
    cancels.push(() => signal.removeEventListener("abort", listener));
  }
  const review = async (): Promise<void> => {
    for (const namespace of placesOf(subject)) {
      // What cannot be asked now is asked next time: requests themselves carry the person's own rights.
      const isAllowed = await person.access.allowed(listIn(namespace, subject)).catch(() => true);
      if (!isAllowed) return outlet.end("denied", { why: deniedText(namespace, subject.object?.kind) });
    }
    teller.reviewed();
  };
  const every = (ms: number, act: () => void): void => {
    let cancel = (): void => {};
    const again = (): void => {
      cancel = clock.after(ms, () => {
        act();
        again();
      });
    };
    again();
    cancels.push(() => cancel());
  };
  const { left } = ports;
  if (left !== undefined) {
    left.addEventListener("abort", outlet.close, { once: true });
    cancels.push(() => left.removeEventListener("abort", outlet.close));
    if (left.aborted) outlet.close();
  }
  every(reviewMs, () => void review());
  void review();
  return outlet.stream;
}

export interface Scene {
  readonly ports: LivePorts;
  readonly person: Person;
  readonly subject: Subject;
  readonly lookouts: readonly Lookout[];
  readonly poke: () => void;
}

export interface Teller {
  /** What is due, as texts of events. */
  next(): Promise<string>;
  /** Rights may have changed. */
  reviewed(): void;
  end(): void;
}

function tellerOf(scene: Scene): Teller {
  const { rollout, object } = scene.subject;
  if (object !== undefined) return tellObject(scene, object.kind, object.at);
  return rollout === undefined ? tellOverview(scene) : tellRollout(scene);
}

async function rightsIn({ ports, person }: Scene, namespace: string): Promise<May> {
  if (ports.isReadOnly) return {};
  try {
    return await mayOf(person.access, ROLLOUT_VERBS, { namespace });
  } catch (error) {
    if (error instanceof ApiError) return {};
    throw error;
  }
}

/** By namespace; where it holds for all of them it is asked once. */
async function rightsFor(scene: Scene, namespaces: readonly string[]): Promise<Overview["may"]> {
  const everywhere = namespaces.length > 1 ? await rightsIn(scene, "") : {};
  const isAll = ROLLOUT_VERBS.every((verb) => everywhere[verb] === true);
  const found = await Promise.all(
    namespaces.map(async (each) => [each, isAll ? everywhere : await rightsIn(scene, each)] as const),
  );
  return Object.fromEntries(found);
}

const order = (a: Card, b: Card): number =>
  a.namespace === b.namespace ? (a.name < b.name ? -1 : 1) : a.namespace < b.namespace ? -1 : 1;

function tellOverview(scene: Scene): Teller {
  const { lookouts, poke } = scene;
  const dirty = new Set<string>();
  let troubles = "";
  let may = "";
  let isReviewed = false;
  let isFirst = true;
  const ends = lookouts.map(({ board }) =>
    board.onChange((keys) => {
      for (const key of keys) dirty.add(key);
      poke();
    }),
  );
  const cardsNow = (): readonly Card[] => lookouts.flatMap(({ board }) => [...board.cards.values()]).toSorted(order);
  const cardAt = (key: string): Card | undefined =>
    lookouts.map(({ board }) => board.cards.get(key)).find((card) => card !== undefined);
  const troublesNow = (): readonly string[] => [...new Set(lookouts.flatMap(({ board }) => board.feed.troubles()))];
  const rights = async (): Promise<Overview["may"]> =>
    rightsFor(scene, [...new Set(cardsNow().map(({ namespace }) => namespace))]);
  const whole = async (): Promise<string> => {
    await Promise.all(lookouts.map(({ board }) => board.ready));
    dirty.clear();
    const overview: Overview = { cards: cardsNow(), may: await rights(), troubles: troublesNow() };
    troubles = JSON.stringify(overview.troubles);
    may = JSON.stringify(overview.may);
    isFirst = false;
    return eventText("overview", overview);
  };
  const changes = (): string => {
    const keys = [...dirty];
    dirty.clear();
    const cards = keys.flatMap((key) => cardAt(key) ?? []);
    const gone = keys.filter((key) => cardAt(key) === undefined).map(placeOf);
    return (
      (cards.length === 0 ? "" : eventText("changed", { cards: cards.toSorted(order) })) +
      (gone.length === 0 ? "" : eventText("gone", { cards: gone }))
    );
  };
  return {
    async next() {
      if (isFirst || JSON.stringify(troublesNow()) !== troubles) return whole();
      const text = changes();
      if (!isReviewed && text === "") return "";
      isReviewed = false;
      const now = await rights();
      if (JSON.stringify(now) === may) return text;
      may = JSON.stringify(now);
      return text + eventText("may", now);
    },
    reviewed() {
      isReviewed = true;
      poke();
    },
    end: () => ends.forEach((end) => end()),
  };
}

const placeOf = (key: string): LiveEvents["gone"]["cards"][number] => {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
};

/** To one Rollout, by its name, and to what belongs to it. */
async function rightsTo(
  { access }: Person,
  rollout: { readonly namespace: string; readonly name: string; readonly rollout: Rollout },
): Promise<May> {
  const { namespace } = rollout;
  const found = await Promise.all([
    mayOf(access, ROLLOUT_VERBS, rollout),
    mayOf(access, OBJECT_VERBS, { namespace }),
  ]).catch(() => []);
  return Object.assign({}, ...found) as May;
}

function tellRollout(scene: Scene): Teller {
  const { ports, person, subject, lookouts, poke } = scene;
  const { namespace, name } = subject.rollout ?? { namespace: "", name: "" };
  const key = `${namespace}/${name}`;
  const [lookout] = lookouts;
  const touch = (keys: ReadonlySet<string>): void => {
    if (keys.has(key) || keys.has(`${namespace}/`) || keys.size === 0) poke();
  };
  const ends = [lookout?.board.onChange(touch), lookout?.board.feed.onTouch(touch)];
  const close = lookout?.board.feed.watchClosely(namespace);
  let cancelAge = (): void => {};
  const ageing = (): void => {
    cancelAge = ports.clock.after(AGE_MS, () => {
      poke();
      ageing();
    });
  };
  ageing();
  const now = async (): Promise<string> => {
    if (lookout === undefined) return "";
    await Promise.all([lookout.board.ready, close?.ready]);
    const rollout = lookout.board.feed.shelves.rollouts.get(key);
    if (rollout === undefined) return eventText("missing", { namespace, name });
    const may = ports.isReadOnly ? {} : await rightsTo(person, { namespace, name, rollout });
    const detail = await detailOf(lookout.board, key, may);
    return detail === undefined ? eventText("missing", { namespace, name }) : eventText("rollout", detail);
  };
  const pace = paced(ports.clock, poke, now);
  return {
    next: pace.next,
    reviewed: poke,
    end() {
      cancelAge();
      pace.end();
      close?.end();
      for (const end of ends) end?.();
    },
  };
}

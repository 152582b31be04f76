/** Which Rollouts of the overview are shown. Pure. */
import type { Card } from "../../../model.ts";

/** `attention` and `starred` are no phases, and chosen in the same row. */
export type Chosen = "all" | "attention" | "starred" | "Progressing" | "Paused" | "Degraded" | "Healthy";

export const CHOICES: readonly (readonly [chosen: Chosen, words: string])[] = [
  ["all", "All"],
  ["attention", "Needs attention"],
  ["Progressing", "Progressing"],
  ["Paused", "Paused"],
  ["Degraded", "Degraded"],
  ["Healthy", "Healthy"],
  ["starred", "Starred"],
];

export interface Filter {
  readonly text: string;
  readonly chosen: Chosen;
  /** "": all */
  readonly namespace: string;
}

type Test = (card: Card) => boolean;

/** In small letters, so that it is made once a card. */
const wordsOf = (card: Card): string =>
  [
    `${card.namespace}/${card.name}`,
    card.strategy,
    ...card.images,
    ...Object.entries(card.labels).map(([key, value]) => `${key}:${value}`),
  ]
    .join("\n")
    .toLowerCase();

const kept = new WeakMap<Card, string>();

function searchable(card: Card): string {
  let words = kept.get(card);
  if (words === undefined) kept.set(card, (words = wordsOf(card)));
  return words;
}

function termTest(term: string): Test {
  if (term.startsWith("!") && term.length > 1) {
    const inner = termTest(term.slice(1));
    return (card) => !inner(card);
  }
  const [, exact] = /^"([^"]*)"?$/.exec(term) ?? [];
  if (exact !== undefined) return ({ name }) => name.toLowerCase() === exact;
  return (card) => searchable(card).includes(term);
}

/** Words that all match, or, behind a comma, other ones: `web prod, api`. */
export function textTest(text: string): Test {
  const ways = text
    .toLowerCase()
    .split(",")
    .map((way) =>
      way
        .trim()
        .split(/\s+/)
        .filter((term) => term !== "")
        .map(termTest),
    )
    .filter((way) => way.length > 0);
  return (card) => ways.length === 0 || ways.some((way) => way.every((test) => test(card)));
}

export const keyOf = ({ namespace, name }: Card): string => `${namespace}/${name}`;

function chosenTest(chosen: Chosen, starred: ReadonlySet<string>): Test {
  if (chosen === "all") return () => true;
  if (chosen === "attention") return ({ needsAttention }) => needsAttention;
  if (chosen === "starred") return (card) => starred.has(keyOf(card));
  return ({ phase }) => phase === chosen;
}

export interface Found {
  readonly cards: readonly Card[];
  /** Of what text and namespace leave: how many each choice would show. */
  readonly counts: Readonly<Record<Chosen, number>>;
}

/** Starred ones come first, the others stay in their order. */
export function filtered(all: readonly Card[], filter: Filter, starred: ReadonlySet<string>): Found {
  const matches = textTest(filter.text);
  const left = all.filter((card) => (filter.namespace === "" || card.namespace === filter.namespace) && matches(card));
  const counts = Object.fromEntries(
    CHOICES.map(([chosen]) => [chosen, left.filter(chosenTest(chosen, starred)).length]),
  ) as Record<Chosen, number>;
  const shown = left.filter(chosenTest(filter.chosen, starred));
  const isStarred = (card: Card): boolean => starred.has(keyOf(card));
  return { cards: [...shown.filter(isStarred), ...shown.filter((card) => !isStarred(card))], counts };
}

/** As it stands in the address. */
export function queryOf({ text, chosen }: Filter): string {
  const query = new URLSearchParams();
  if (text !== "") query.set("q", text);
  if (chosen !== "all") query.set("show", chosen);
  const written = query.toString();
  return written === "" ? "" : `?${written}`;
}

export function filterOf(query: string, namespace: string): Filter {
  const params = new URLSearchParams(query);
  const show = params.get("show");
  const chosen = CHOICES.find(([each]) => each === show)?.[0] ?? "all";
  return { text: params.get("q") ?? "", chosen, namespace };
}

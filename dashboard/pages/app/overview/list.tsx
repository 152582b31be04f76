/** The list of Rollouts: of thousands, only the rows that are seen exist. */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Card } from "../../../model.ts";
import { starred } from "../state/starred.ts";
import { useStore } from "../state/store.ts";
import { keyOf } from "./filter.ts";
import { Row } from "./row.tsx";
import { type Range, rangeOf, scrollTowards, type View } from "./windowing.ts";

/** Heights as in overview.css; on narrow windows a row has several lines. */
const WIDE = matchMedia("(min-width: 900px)");
const MIDDLE = matchMedia("(min-width: 560px)");
const rowHeight = (): number => (WIDE.matches ? 40 : MIDDLE.matches ? 68 : 106);
/** The bar above the page, and the row of headings, which stay at the top. */
const COVERED = 96;

const COLUMNS = ["Starred", "Name", "Status", "Step", "Pods", "Image", "Why"] as const;

function viewOf(list: HTMLElement): View {
  return { above: -list.getBoundingClientRect().top, height: innerHeight };
}

/** The rows to draw, which follow the scroll of the window. */
function useRange(list: { readonly current: HTMLElement | null }, count: number): readonly [Range, number] {
  const [height, setHeight] = useState(rowHeight);
  const [range, setRange] = useState<Range>({ from: 0, to: Math.min(count, 40) });
  const measure = useCallback(() => {
    if (list.current === null) return;
    const next = rangeOf(viewOf(list.current), rowHeight(), count);
    setHeight(rowHeight());
    setRange((before) => (before.from === next.from && before.to === next.to ? before : next));
  }, [count]);
  useLayoutEffect(measure, [measure]);
  useEffect(() => {
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, [measure]);
  return [range, height];
}

export interface ListProps {
  readonly cards: readonly Card[];
  /** Undefined: none. */
  readonly chosen: string | undefined;
}

export function List({ cards, chosen }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  const [{ from, to }, height] = useRange(list, cards.length);
  const stars = useStore(starred);
  const chosenIndex = useMemo(() => cards.findIndex((card) => keyOf(card) === chosen), [cards, chosen]);
  useEffect(() => {
    if (chosenIndex < 0 || list.current === null) return;
    scrollBy(0, scrollTowards(viewOf(list.current), height, chosenIndex, COVERED));
  }, [chosen]);
  // The row exists once the list has been drawn around it.
  useEffect(() => {
    const link = list.current?.querySelector<HTMLElement>(".chosen a");
    if (chosenIndex >= 0 && document.activeElement !== link) link?.focus({ preventScroll: true });
  }, [chosen, from, to]);
  return (
    <div role="table" aria-label="Rollouts" aria-rowcount={cards.length + 1} class="list">
      <div role="rowgroup" class="head">
        <div role="row" aria-rowindex={1} class="row">
          {COLUMNS.map((name) => (
            <span role="columnheader" key={name} class={name === "Starred" ? "c-star" : ""}>
              {name === "Starred" ? <span class="unseen">{name}</span> : name}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" ref={list} class="rows" style={{ height: `${cards.length * height}px` }}>
        <div role="presentation" style={{ transform: `translateY(${from * height}px)` }}>
          {cards.slice(from, to).map((card, offset) => {
            const key = keyOf(card);
            const isChosen = from + offset === chosenIndex;
            return (
              <Row
                key={key}
                card={card}
                index={from + offset}
                isStarred={stars.has(key)}
                isChosen={isChosen}
                height={height}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** All Rollouts at a glance. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Session } from "../../../model.ts";
import { Icon } from "../parts/icons.tsx";
import { Troubles } from "../parts/panel.tsx";
import { cards, refusal, useLive } from "../state/live.ts";
import { go, rewriteQuery } from "../state/route.ts";
import { starred, toggleStar } from "../state/starred.ts";
import { useStore } from "../state/store.ts";
import { Filters } from "./filters.tsx";
import { type Filter, filtered, filterOf, type Found, keyOf, queryOf } from "./filter.ts";
import { rowAfter } from "./keys.ts";
import { List } from "./list.tsx";

export interface OverviewProps {
  /** "": all that may be listed. */
  readonly namespace: string;
  readonly session: Session;
}

interface Keyed {
  readonly found: Found;
  readonly chosen: string | undefined;
  readonly choose: (key: string | undefined) => void;
  readonly clear: () => void;
}

function onListKey(event: KeyboardEvent, { found, chosen, choose, clear }: Keyed): void {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
  const search = document.querySelector<HTMLInputElement>("#search");
  const isSearching = event.target === search;
  const isElsewhere = event.target instanceof Element && event.target.closest("select") !== null;
  if (isElsewhere || (isSearching && event.key.length === 1) || (isSearching && /^(Home|End)$/.test(event.key))) return;
  const index = found.cards.findIndex((card) => keyOf(card) === chosen);
  const next = rowAfter(event.key, isSearching ? -1 : index, found.cards.length);
  const card = found.cards[next ?? (isSearching ? 0 : index)];
  if (next !== undefined) choose(card && keyOf(card));
  else if (event.key === "/") search?.focus();
  else if (event.key === "s" && chosen !== undefined) toggleStar(chosen);
  else if (event.key === "Escape") clear();
  else if (event.key === "Enter" && isSearching && card !== undefined) go({ page: "rollout", ...card });
  else return;
  event.preventDefault();
}

function useListKeys(keyed: Keyed): void {
  const current = useRef(keyed);
  current.current = keyed;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => onListKey(event, current.current);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

const NOTHING = { list: [], may: {}, troubles: [] } as const;

export function Overview({ namespace, session }: OverviewProps) {
  useLive(namespace === "" ? "" : `?namespace=${encodeURIComponent(namespace)}`);
  const told = useStore(cards);
  const stars = useStore(starred);
  const why = useStore(refusal);
  const [filter, setFilter] = useState(() => filterOf(location.search, namespace));
  const [chosen, choose] = useState<string>();
  const { list, troubles } = told ?? NOTHING;
  const found = useMemo(() => filtered(list, filter, stars), [list, filter, stars]);
  const namespaces = useMemo(
    () => [...new Set([...session.namespaces, ...list.map((card) => card.namespace)])].toSorted(),
    [session, list],
  );
  const change = (next: Filter): void => {
    if (next.namespace !== namespace) return go({ page: "overview", namespace: next.namespace }, queryOf(next));
    setFilter(next);
    rewriteQuery(queryOf(next));
  };
  useEffect(() => {
    document.title = "Rollouts – Sluice";
    if (location.search === "?search") document.querySelector<HTMLElement>("#search")?.focus();
  }, []);
  const clear = (): void => {
    choose(undefined);
    change({ ...filter, text: "", chosen: "all" });
    document.querySelector<HTMLElement>("main")?.focus();
  };
  useListKeys({ found, chosen, choose, clear });
  return (
    <main id="main" tabIndex={-1} class="overview">
      <div class="title">
        <h1>Rollouts</h1>
        <p role="status" class="faint">
          {told === undefined ? (why === undefined ? "Loading…" : "") : `${found.cards.length} of ${list.length}`}
        </p>
      </div>
      <Filters
        filter={filter}
        counts={found.counts}
        namespaces={namespaces}
        isAll={session.allNamespaces}
        change={change}
      />
      {why !== undefined && (
        <p class="notice" role="alert">
          {why}
        </p>
      )}
      <Troubles troubles={troubles} />
      {told !== undefined && found.cards.length === 0 ? (
        <Empty isAny={list.length > 0} clear={clear} />
      ) : (
        <List cards={found.cards} chosen={chosen} />
      )}
    </main>
  );
}

const Empty = ({ isAny, clear }: { readonly isAny: boolean; readonly clear: () => void }) => (
  <div class="empty">
    <Icon name={isAny ? "search" : "image"} />
    {isAny ? (
      <>
        <p>No Rollout is like that.</p>
        <button type="button" onClick={clear}>
          Show all
        </button>
      </>
    ) : (
      <p>
        There are no Rollouts here yet, or none that you may see. <code>sluice convert</code> makes one of a Deployment.
      </p>
    )}
  </div>
);

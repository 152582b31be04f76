/** One AnalysisRun or Experiment, asked for when the page opens, and again when the Rollout that it is of has changed. */
import { useEffect, useState } from "preact/hooks";
import { detail, useLive } from "../state/live.ts";
import { get } from "../state/session.ts";
import { useStore } from "../state/store.ts";

interface Owned {
  readonly namespace: string;
  readonly owner: string;
}

export interface Fetched<T> {
  readonly view: T | undefined;
  /** Why there is none: a sentence. */
  readonly why: string | undefined;
  readonly again: () => void;
}

export function useFetched<T extends Owned>(path: string): Fetched<T> {
  const [view, setView] = useState<T>();
  const [why, setWhy] = useState<string>();
  const [asks, setAsks] = useState(0);
  const [kind, owner] = view?.owner.split("/") ?? [];
  const isOfRollout = kind === "Rollout" && owner !== undefined && view !== undefined;
  useLive(isOfRollout ? `?rollout=${encodeURIComponent(view.namespace)}/${encodeURIComponent(owner)}` : undefined);
  const changes = useStore(detail);
  useEffect(() => {
    let isOver = false;
    const ask = async (): Promise<void> => {
      try {
        const fresh = await get<T>(path);
        if (!isOver) setView(fresh);
      } catch (error) {
        if (!isOver) setWhy(error instanceof Error ? error.message : String(error));
      }
    };
    void ask();
    return () => void (isOver = true);
  }, [path, asks, isOfRollout ? changes : undefined]);
  return { view, why, again: () => setAsks(asks + 1) };
}

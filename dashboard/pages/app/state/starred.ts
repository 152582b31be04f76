/** Which Rollouts are starred, in this browser. */
import { createStore } from "./store.ts";

const KEY = "sluice.starred";

function read(): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : []);
  } catch {
    return new Set();
  }
}

/** `NAMESPACE/NAME` */
export const starred = createStore<ReadonlySet<string>>(read());

export function toggleStar(key: string): void {
  const next = new Set(starred.get());
  if (!next.delete(key)) next.add(key);
  starred.set(next);
  localStorage.setItem(KEY, JSON.stringify([...next]));
}

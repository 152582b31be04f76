/** Short notices about what was tried. */
import { createStore } from "./store.ts";

export interface Toast {
  readonly id: number;
  readonly kind: "done" | "failed";
  readonly text: string;
}

const DONE_MS = 6_000;
let last = 0;
export const toasts = createStore<readonly Toast[]>([]);

export const dismiss = (id: number): void => toasts.set(toasts.get().filter((toast) => toast.id !== id));

/** A failure stays until it is dismissed. */
export function say(kind: Toast["kind"], text: string): void {
  const id = ++last;
  toasts.set([...toasts.get().slice(-3), { id, kind, text }]);
  if (kind === "done") setTimeout(() => dismiss(id), DONE_MS);
}

/** Only for those who listen to the page: it is not seen. */
export const spoken = createStore("");

/** The time, a second at a time, for ages. */
import { createStore } from "./store.ts";

export const now = createStore(Date.now());

export const followTime = (): void => void setInterval(() => now.set(Date.now()), 1_000);

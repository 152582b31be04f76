/** Light or dark: as the system has it, unless chosen here. */
import { createStore } from "./store.ts";

export type Theme = "system" | "light" | "dark";

const KEY = "sluice.theme";
export const theme = createStore<Theme>("system");

const asTheme = (text: string | null): Theme => (text === "light" || text === "dark" ? text : "system");

function apply(chosen: Theme): void {
  theme.set(chosen);
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}

export const readTheme = (): void => apply(asTheme(localStorage.getItem(KEY)));

export function choose(chosen: Theme): void {
  localStorage.setItem(KEY, chosen);
  apply(chosen);
}

/** Which page an address is, and addresses of pages: paths under the root of the dashboard. */
import { createStore } from "./store.ts";

export type Page =
  | { readonly page: "overview"; readonly namespace: string }
  | {
      readonly page: "rollout" | "simulation" | "run" | "experiment";
      readonly namespace: string;
      readonly name: string;
    }
  | { readonly page: "nowhere"; readonly path: string };

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

/** @param path without the root and without a slash before it */
export function pageOf(path: string): Page {
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decoded);
  const [kind = "", namespace = "", name, rest, ...more] = parts;
  if (parts.length <= 1) return { page: "overview", namespace: kind };
  const isWhole = name !== undefined && more.length === 0;
  if (isWhole && kind === "rollout" && rest === "simulation") return { page: "simulation", namespace, name };
  const isNamed = isWhole && rest === undefined;
  if (isNamed && (kind === "rollout" || kind === "run" || kind === "experiment"))
    return { page: kind, namespace, name };
  return { page: "nowhere", path };
}

export function pathOf(page: Page): string {
  if (page.page === "nowhere") return page.path;
  if (page.page === "overview") return encodeURIComponent(page.namespace);
  const [namespace, name] = [page.namespace, page.name].map(encodeURIComponent);
  const kind = page.page === "simulation" ? "rollout" : page.page;
  return `${kind}/${namespace}/${name}${page.page === "simulation" ? "/simulation" : ""}`;
}

const rootPath = (): string => new URL(document.baseURI).pathname;

const here = (): Page =>
  pageOf(location.pathname.startsWith(rootPath()) ? location.pathname.slice(rootPath().length) : "");

export const route = createStore<Page>({ page: "overview", namespace: "" });

/** @param query kept in the address, so that it can be passed on: `?q=web` */
export function go(page: Page, query = ""): void {
  history.pushState(null, "", `${rootPath()}${pathOf(page)}${query}`);
  route.set(page);
  scrollTo(0, 0);
}

/** The same page with another query, without a step in the history. */
export const rewriteQuery = (query: string): void =>
  history.replaceState(history.state, "", `${location.pathname}${query}`);

/** Follows the address, and clicks on links within the dashboard. */
export function followAddress(): void {
  route.set(here());
  addEventListener("popstate", () => route.set(here()));
  document.addEventListener("click", (event) => {
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    const link = event.target instanceof Element ? event.target.closest("a[data-page]") : null;
    if (!isPlain || event.defaultPrevented || !(link instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    const { pathname, search } = new URL(link.href);
    go(pageOf(pathname.slice(rootPath().length)), search);
  });
}

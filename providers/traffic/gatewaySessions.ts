/**
 * Sessions that stay with the canary, in the rules of an HTTPRoute (docs/behaviour/traffic.md#session-affinity): a rule
 * for the requests with the cookie, beside each that is divided, and a filter at the canary's backend that sets it.
 */
import { affinityName, cookiePattern, setCookie, setsCookie } from "./affinity.ts";
import { managedMatches } from "./gatewayMatches.ts";
import { type Json, listIn, recordIn, textIn } from "./gatewayObject.ts";
import type { Affinity, ManagedRoute } from "./router.ts";

/** A route that matches HTTP requests: those of others have no cookies. */
export const hasCookies = (matching: "http" | "grpc" | undefined): boolean => matching === "http";

const MODIFIER = "ResponseHeaderModifier";
const SET_COOKIE = "Set-Cookie";

const isModifier = (filter: unknown): boolean => textIn(recordIn(filter), "type") === MODIFIER;
const setsHeader = (added: unknown): boolean =>
  textIn(recordIn(added), "name").toLowerCase() === SET_COOKIE.toLowerCase();
const addedBy = (filter: unknown): readonly unknown[] =>
  listIn(recordIn(recordIn(filter)["responseHeaderModifier"]), "add");

/** The backend without the cookie, and without what was there for it alone. */
export function withoutCookie(backend: unknown, cookieName: string): unknown {
  const filters = listIn(recordIn(backend), "filters");
  const isOurs = (added: unknown): boolean => setsHeader(added) && setsCookie(recordIn(added)["value"], cookieName);
  const next = filters.flatMap((filter) => {
    const own = addedBy(filter);
    if (!isModifier(filter) || !own.some(isOurs)) return [filter];
    const { add: _, ...rest } = recordIn(recordIn(filter)["responseHeaderModifier"]);
    const add = own.filter((added) => !isOurs(added));
    const responseHeaderModifier = { ...rest, ...(add.length === 0 ? {} : { add }) };
    return Object.keys(responseHeaderModifier).length === 0 ? [] : [{ ...recordIn(filter), responseHeaderModifier }];
  });
  if (next.every((filter, n) => filter === filters[n]) && next.length === filters.length) return backend;
  const { filters: _, ...rest } = recordIn(backend);
  return { ...rest, ...(next.length === 0 ? {} : { filters: next }) };
}

/**
 * The backend with the cookie, beside the cookies of the application. A backend has one filter of the kind, and that adds
 * a header once: a text says that it adds another cookie.
 */
export function withCookie(backend: unknown, affinity: Affinity): Json | string {
  const filters = listIn(recordIn(backend), "filters");
  const own = { name: SET_COOKIE, value: setCookie(affinity) };
  const found = filters.find(isModifier);
  if (addedBy(found).some(setsHeader))
    return `the backend ${textIn(recordIn(backend), "name")} adds a header ${SET_COOKIE} already, and a header is added once`;
  const modifier = recordIn(recordIn(found)["responseHeaderModifier"]);
  const next = {
    type: MODIFIER,
    ...recordIn(found),
    responseHeaderModifier: { ...modifier, add: [...addedBy(found), own] },
  };
  const all = found === undefined ? [...filters, next] : filters.map((filter) => (filter === found ? next : filter));
  return { ...recordIn(backend), filters: all };
}

export interface SessionRule {
  readonly source: Json;
  /** Where it leads. */
  readonly canary: Json;
  readonly affinity: Affinity;
  readonly rollout: string;
  /** Of the rules of this Rollout. */
  readonly n: number;
}

/** For those requests of a rule that have the cookie: its match is more particular, wherever it stands. */
export function sessionRule({ source, canary, affinity, rollout, n }: SessionRule): Json | string {
  const headerValue = { regex: cookiePattern(affinity) };
  const route: ManagedRoute = { kind: "header", name: "", match: [{ headerName: "Cookie", headerValue }] };
  const matches = managedMatches("http", source, route);
  if (typeof matches === "string") return matches;
  return { ...source, name: affinityName(rollout, n), matches, backendRefs: [{ ...canary, weight: 1 }] };
}

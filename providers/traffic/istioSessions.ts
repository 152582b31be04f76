/**
 * Sessions that stay with the canary, in a VirtualService (docs/behaviour/traffic.md#session-affinity). Before each route
 * that is divided stands one of its own kind for those of its requests that have the cookie; the answers of the canary
 * in the divided one set it.
 */
import { isObject, type Json, withMember } from "../../kube/object/json.ts";
import { affinityName, cookiePattern, isCookiePattern, setCookie, setsCookie } from "./affinity.ts";
import type { Split } from "./istioMark.ts";
import { destinationsOf, partiesOf, roleOf } from "./istioRoles.ts";
import type { Affinity } from "./router.ts";

/** HTTP routes as they are without sessions; whatever is not ours stays as it is. */
export function withoutSessions(routes: readonly unknown[] | undefined, split: Split): readonly unknown[] | undefined {
  const { cookie } = split;
  if (cookie === "") return routes;
  return routes
    ?.filter((route) => !isSessionRoute(route, cookie))
    .map((route) => ofCanary(route, split, (destination) => withoutCookie(destination, cookie)));
}

/** HTTP names are the same in any case, and a map has a name once: a free way to write it. */
const freeName = (headers: Json, name: string): string => {
  const ways = [name, name.toLowerCase(), name.toUpperCase()];
  return ways.find((way) => !Object.hasOwn(headers, way)) ?? name;
};

const COOKIE = "cookie";
const SET_COOKIE = "Set-Cookie";

const member = (object: unknown, ...names: readonly string[]): Json =>
  names.reduce<Json>(
    (found, name) => {
      const next = found[name];
      return isObject(next) ? next : {};
    },
    isObject(object) ? object : {},
  );

const matchesOf = (route: unknown): readonly unknown[] => {
  const list = isObject(route) ? route["match"] : undefined;
  return Array.isArray(list) ? list : [];
};

const isSessionRoute = (route: unknown, cookie: string): boolean =>
  matchesOf(route).some((match) =>
    Object.entries(member(match, "headers")).some(
      ([name, value]) => name.toLowerCase() === COOKIE && isCookiePattern(member(value)["regex"], cookie),
    ),
  );

/** The route with its canary's destinations changed; the same one where none changes. */
function ofCanary(route: unknown, split: Split, change: (destination: Json) => Json): unknown {
  if (!isObject(route)) return route;
  const old = destinationsOf(route);
  const parties = partiesOf(split);
  const next = old.map((each) => (isObject(each) && roleOf(each, parties) === "canary" ? change(each) : each));
  return next.every((each, n) => each === old[n]) ? route : { ...route, route: next };
}

/** What is left empty goes, too: it was not there before. */
function withoutCookie(destination: Json, cookie: string): Json {
  const added = member(destination, "headers", "response", "add");
  const kept = Object.entries(added).filter(
    ([name, value]) => !(name.toLowerCase() === COOKIE_HEADER && setsCookie(value, cookie)),
  );
  if (kept.length === Object.keys(added).length) return destination;
  const orNone = (object: Json): Json | undefined => (Object.keys(object).length === 0 ? undefined : object);
  const response = withMember(member(destination, "headers", "response"), "add", orNone(Object.fromEntries(kept)));
  const headers = withMember(member(destination, "headers"), "response", orNone(response));
  return withMember(destination, "headers", orNone(headers));
}

const COOKIE_HEADER = SET_COOKIE.toLowerCase();

/** `add` leaves the cookies of the application as they are. */
function withCookie(destination: Json, affinity: Affinity): Json {
  const headers = member(destination, "headers");
  const response = member(headers, "response");
  const add = member(response, "add");
  const added = { ...add, [freeName(add, SET_COOKIE)]: setCookie(affinity) };
  return { ...destination, headers: { ...headers, response: { ...response, add: added } } };
}

interface Sessions {
  readonly routes: readonly unknown[];
  /** How many of the routes have them. */
  readonly sessions: number;
}

/** @param divided those of `routes` whose requests are divided by weights */
export function withSessions(
  routes: readonly unknown[],
  divided: ReadonlySet<unknown>,
  split: Split,
  { affinity, rollout }: { readonly affinity: Affinity | undefined; readonly rollout: string },
): Sessions {
  if (affinity === undefined) return { routes, sessions: 0 };
  const parties = partiesOf(split);
  const isCanary = (destination: unknown): boolean => roleOf(destination, parties) === "canary";
  let sessions = 0;
  const next = routes.flatMap((route) => {
    const canary = destinationsOf(route).find(isCanary);
    if (!divided.has(route) || !isObject(route) || !isObject(canary)) return [route];
    const own = sessionRoute(route, canary, { affinity, name: affinityName(rollout, sessions), isCanary });
    sessions += 1;
    return [own, ofCanary(route, split, (each) => withCookie(each, affinity))];
  });
  return { routes: next, sessions };
}

/** @param isCanary whether it leads there */
function sessionRoute(
  route: Json,
  canary: Json,
  { affinity, name, isCanary }: { affinity: Affinity; name: string; isCanary: (destination: unknown) => boolean },
): Json {
  const { mirror, mirrorPercentage: _, ...rest } = route;
  // Requests that come to the canary need no copy there.
  const others = isCanary({ destination: mirror }) ? rest : route;
  const matches = matchesOf(route);
  const all = matches.length === 0 ? [{}] : matches;
  const match = all.map((each) => {
    const headers = member(each, "headers");
    return {
      ...member(each),
      headers: { ...headers, [freeName(headers, COOKIE)]: { regex: cookiePattern(affinity) } },
    };
  });
  return { ...others, name, match, route: [{ ...canary, weight: 100 }] };
}

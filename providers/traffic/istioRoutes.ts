/**
 * How requests are divided in the spec of a VirtualService (docs/behaviour/traffic.md#istio). Pure: a route that need
 * not change is returned as it is, and what it has beside weights stays.
 */
import { equal } from "../../kube/object/equality.ts";
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { at, type Place, root, text, whole } from "../../kube/validation/place.ts";
import type { Split } from "./istioMark.ts";
import { destinationsOf, firstLabel, partiesOf, type Role, roleOf, weightOf } from "./istioRoles.ts";
import { withoutSessions, withSessions } from "./istioSessions.ts";
import type { ManagedRoute, Traffic } from "./router.ts";
import { selectHttp, selectTcp, selectTls } from "./virtualService.ts";

/** What is to stand in a VirtualService. */
export interface Wanted {
  readonly split: Split;
  readonly traffic: Pick<Traffic, "canaryWeight" | "total" | "additional" | "routes" | "affinity">;
  /** Where header and mirror routes lead; absent: it is not known, they stay as they are, and no new one is made. */
  readonly canaryHost: string | undefined;
  /** Its name: routes that are made for sessions are called after it. */
  readonly rollout: string;
}

/** The members that change, whole. */
export interface Spread {
  readonly spec: Readonly<Partial<Record<Member, readonly unknown[]>>>;
  /** Whether any weight of a selected route has changed. */
  readonly weights: boolean;
  /** Header and mirror routes that are new or different. */
  readonly set: readonly ManagedRoute[];
  /** Those that cannot be made, for there is no HTTP route whose requests they would take. */
  readonly unmade: readonly ManagedRoute[];
  /** Sessions cannot stay with the canary, for there is no HTTP route that is divided. */
  readonly sessionless: boolean;
  /** Names of those that go, with what they were. */
  readonly removed: readonly { readonly kind: ManagedRoute["kind"]; readonly name: string }[];
}

const MEMBERS = ["http", "tls", "tcp"] as const;
type Member = (typeof MEMBERS)[number];

/** The destinations of all its routes. @param but names of HTTP routes that do not count */
export const allDestinations = (spec: unknown, but: readonly string[] = []): readonly unknown[] => {
  const left = new Set(but);
  return MEMBERS.flatMap((member) => routesIn(spec, member) ?? [])
    .filter((route) => !left.has(nameOf(route)))
    .flatMap(destinationsOf);
};

type Select = (reference: Place, routes: readonly Place[]) => readonly Place[] | string;

/** Requests go to stable alone, as before the Rollout divided them. */
export const givenBack = (split: Split): Wanted => ({
  split,
  traffic: { canaryWeight: 0, total: split.total, additional: [], routes: [] },
  canaryHost: undefined,
  rollout: "",
});

/** @param spec of a VirtualService, whatever it is */
export function spread(spec: unknown, wanted: Wanted): Spread {
  const tls = weighted(routesIn(spec, "tls"), selectTls, wanted);
  const tcp = weighted(routesIn(spec, "tcp"), selectTcp, wanted);
  const http = httpRoutes(spec, wanted);
  const next = { http: http.routes, tls: tls.routes, tcp: tcp.routes };
  const changed = MEMBERS.filter((member) => !equal(routesIn(spec, member) ?? [], next[member]));
  return {
    spec: Object.fromEntries(changed.map((member) => [member, next[member]])),
    weights: tls.changed || tcp.changed || http.changed,
    set: http.set,
    unmade: http.unmade,
    sessionless: wanted.traffic.affinity !== undefined && http.sessions === 0,
    removed: http.removed,
  };
}

function routesIn(spec: unknown, member: Member): readonly unknown[] | undefined {
  const routes = isObject(spec) ? spec[member] : undefined;
  return isList(routes) ? routes : undefined;
}

interface Weighted {
  readonly routes: readonly unknown[];
  readonly changed: boolean;
  /** Of `routes` those that are selected. */
  readonly divided: ReadonlySet<unknown>;
  /** The first of the selected routes, with its new weights. */
  readonly first: Json | undefined;
}

/** The selected routes with their weights, all others as they are. */
function weighted(routes: readonly unknown[] | undefined, select: Select, wanted: Wanted): Weighted {
  if (routes === undefined) return { routes: [], changed: false, divided: new Set(), first: undefined };
  const chosen = select(root(wanted.split), routes.map(root));
  const selected = new Set(typeof chosen === "string" ? [] : chosen.map(({ value }) => value));
  const next = routes.map((route) => (isObject(route) && selected.has(route) ? withWeights(route, wanted) : route));
  const first = next.find((_, n) => selected.has(routes[n]));
  return {
    routes: next,
    changed: next.some((route, n) => route !== routes[n]),
    divided: new Set(next.filter((_, n) => selected.has(routes[n]))),
    first: isObject(first) ? first : undefined,
  };
}

/** Header and mirror routes first, in the order of `managedRoutes`, since the first that matches decides. */
function httpRoutes(
  spec: unknown,
  wanted: Wanted,
): Pick<Weighted, "routes" | "changed"> & Pick<Spread, "set" | "unmade" | "removed"> & { readonly sessions: number } {
  const { split, traffic } = wanted;
  const all = withoutSessions(routesIn(spec, "http"), split);
  if (all === undefined)
    return { routes: [], changed: false, set: [], unmade: traffic.routes, removed: [], sessions: 0 };
  const names = new Set([...split.managed, ...traffic.routes.map(({ name }) => name)]);
  for (const name of split.routes) names.delete(name);
  const isManaged = (route: unknown): boolean => names.has(nameOf(route)) && isOurs(route, split);
  const { routes, changed, divided, first } = weighted(
    all.filter((route) => !isManaged(route)),
    selectHttp,
    wanted,
  );
  const old = new Map(all.filter(isManaged).map((route) => [nameOf(route), route]));
  const managed = traffic.routes.flatMap((route) => {
    const made = managedRoute(route, first, wanted);
    const before = old.get(route.name);
    if (made === undefined) return before === undefined ? [] : [{ route, made: before }];
    return [equal(before, made) ? { route, made: before } : { route, made, isNew: true }];
  });
  const stay = new Set(managed.map(({ route }) => route.name));
  const mirrors = managed.filter(({ route }) => route.kind === "mirror").map(({ made }) => made);
  const list = [...managed.map(({ made }) => made), ...routes];
  const kept = withSessions(list, new Set([...divided, ...mirrors]), split, {
    affinity: traffic.affinity,
    rollout: wanted.rollout,
  });
  return {
    routes: kept.routes,
    sessions: kept.sessions,
    changed,
    unmade: first === undefined ? traffic.routes : [],
    set: managed.flatMap(({ route, isNew }) => (isNew === true ? [route] : [])),
    removed: [...old]
      .filter(([name]) => !stay.has(name))
      .map(([name, route]) => ({ kind: isObject(route) && isObject(route["mirror"]) ? "mirror" : "header", name })),
  };
}

const nameOf = (route: unknown): string => text(at(root(route), "name"));

/**
 * Whether a route with a name of `managedRoutes` can be one of ours, and not one of the user's of that name: it leads to
 * the canary, or copies requests to it. Where the Rollout names no routes the others have to go, for one to be left.
 */
function isOurs(route: unknown, split: Split): boolean {
  const parties = partiesOf(split);
  const roles = new Set(destinationsOf(route).map((each) => roleOf(each, parties)));
  const isParty = (role: Role): boolean => role === "canary" || role === "stable";
  if (isParty(roleOf({ destination: at(root(route), "mirror").value }, parties))) return true;
  if (roles.has("canary") && roles.has("stable")) return false;
  return split.routes.length === 0 || (roles.size > 0 && [...roles].every(isParty));
}

/**
 * A destination that is nobody's and gets requests is removed, since no share is left for it; so are those of experiments
 * that are over. Experiments that have none yet get one, in the order of their names.
 */
function withWeights(route: Json, { split, traffic }: Wanted): Json {
  const old = destinationsOf(route);
  const experiments = new Map(traffic.additional.map(({ serviceName, weight }) => [serviceName, weight]));
  const parties = partiesOf(split, experiments.keys());
  const roles = old.map((each) => roleOf(each, parties));
  const over = new Set(split.experiments);
  const kept = old.reduce<number>((sum, each, n) => sum + (roles[n] === "kept" ? weightOf(each) : 0), 0);
  const given = traffic.additional.reduce((sum, { weight }) => sum + weight, traffic.canaryWeight);
  const stable = Math.max(0, traffic.total - given - kept);
  const next = old.flatMap((each, n): readonly unknown[] => {
    const host = firstLabel(text(at(root(each), "destination", "host")));
    switch (roles[n]) {
      case "canary":
        return [weighing(each, traffic.canaryWeight)];
      case "stable":
        return [weighing(each, stable)];
      case "experiment":
        return [weighing(each, experiments.get(host) ?? 0)];
      case "foreign":
        return weightOf(each) === 0 && !over.has(host) ? [each] : [];
      default:
        return [each];
    }
  });
  const there = new Set(old.map((each) => firstLabel(text(at(root(each), "destination", "host")))));
  const added = [...experiments]
    .filter(([host, weight]) => weight > 0 && !there.has(host))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, weight]) => ({ weight, destination: { host } }));
  const list = [...next, ...added];
  return list.length === old.length && list.every((each, n) => each === old[n]) ? route : { ...route, route: list };
}

const weighing = (destination: unknown, weight: number): unknown =>
  isObject(destination) && weightOf(destination) !== weight ? { ...destination, weight } : destination;

/** Undefined where it cannot be said where it leads. */
function managedRoute(route: ManagedRoute, first: Json | undefined, wanted: Wanted): Json | undefined {
  const { canaryHost, split } = wanted;
  if (canaryHost === undefined || first === undefined) return undefined;
  const destinations = destinationsOf(first);
  const number = whole(at(root(destinations[0]), "destination", "port", "number")) ?? 0;
  const canary = {
    host: canaryHost,
    ...(number > 0 ? { port: { number } } : {}),
    ...(split.canarySubset === "" ? {} : { subset: split.canarySubset }),
  };
  switch (route.kind) {
    case "header":
      return {
        name: route.name,
        match: route.match.map(({ headerName, headerValue }) => ({ headers: { [headerName]: matching(headerValue) } })),
        route: [{ weight: 100, destination: canary }],
      };
    case "mirror":
      return {
        name: route.name,
        match: route.match.map(({ method, path, headers }) => ({
          ...(method === undefined ? {} : { method }),
          ...(path === undefined ? {} : { uri: path }),
          ...(headers === undefined ? {} : { headers }),
        })),
        route: destinations.map(mirrored),
        mirror: canary,
        mirrorPercentage: { value: route.percentage },
      };
    default:
      return route satisfies never;
  }
}

/** Its members that say something. */
const matching = (value: Readonly<Record<string, string | undefined>>): Json =>
  Object.fromEntries(["exact", "regex", "prefix"].flatMap((kind) => (value[kind] ? [[kind, value[kind]]] : [])));

/** Requests that are copied are divided as all others are. A weight of 0 is left out. */
function mirrored(each: unknown): Json {
  const destination = at(root(each), "destination");
  const number = whole(at(destination, "port", "number")) ?? 0;
  const subset = text(at(destination, "subset"));
  return {
    destination: {
      host: text(at(destination, "host")),
      ...(subset === "" ? {} : { subset }),
      ...(number > 0 ? { port: { number } } : {}),
    },
    ...(weightOf(each) === 0 ? {} : { weight: weightOf(each) }),
  };
}

/**
 * Header routes of the AWS load balancer controller (docs/behaviour/traffic.md#alb-header-routes). A path leads to a
 * backend of the route's name that need not exist; one annotation of that name holds where its requests go, another the
 * headers that they must have. (albRelease.ts takes all three away again.)
 */
import { ACTIONS, CONDITIONS, forwardText, NO_PORT, type Stickiness } from "./albAnnotations.ts";
import { servicesOf } from "./stableAndCanary.ts";
import { type IngressPath, type IngressRule, specOf } from "./ingress.ts";
import type { Fault } from "./plan.ts";
import type { ManagedRoute, RoutedObject } from "./router.ts";
import type { Rollout } from "../../schema/rollout.ts";

export type HeaderRoute = Extract<ManagedRoute, { kind: "header" }>;

/** An Ingress, and what of it is not this Rollout's header routes. */
export interface Around {
  readonly rollout: Rollout;
  readonly ingress: RoutedObject;
  /** The backend whose requests are divided. */
  readonly service: string;
  readonly prefix: string;
  /** Which annotations are written for which Rollout. */
  readonly managed: ReadonlyMap<string, readonly string[]>;
}

/** Those that can be written, and the first fault of those that cannot. */
export interface Routable {
  readonly routes: readonly HeaderRoute[];
  readonly fault?: Fault;
}

/** The two annotations of a route; the names of other kinds than header routes give keys that nothing has. */
export const routeKeys = (prefix: string, name: string): readonly string[] => [
  `${prefix}${ACTIONS}${name}`,
  `${prefix}${CONDITIONS}${name}`,
];

/** Ten times what AWS gives a load balancer by default. */
const MOST_PATHS = 1_000;

const pathsTo = ({ ingress, service }: Around): number =>
  (specOf(ingress).rules ?? [])
    .flatMap(({ http }) => http?.paths ?? [])
    .filter(({ backend }) => backend.service?.name === service).length;

const tooMany = (around: Around, routes: number): string =>
  `${routes} header routes on ${pathsTo(around)} paths to \`${around.service}\` are more than ${MOST_PATHS} paths of ingress \`${around.ingress.metadata.name}\`: write fewer routes`;

/** A route that has the name of something else would take that over, or fight for it. */
export function routable(around: Around, wanted: readonly ManagedRoute[]): Routable {
  const headers = wanted.filter((route): route is HeaderRoute => route.kind === "header");
  if (headers.length === 0) return { routes: [] };
  const most = Math.floor(MOST_PATHS / Math.max(1, pathsTo(around)));
  if (headers.length > most) return { routes: [], fault: { message: tooMany(around, headers.length), missing: false } };
  const taken = new Set([around.service, ...servicesIn(around.ingress)]);
  const holders = holdersIn(around);
  const whys = headers.map(({ name }) => whyNot(around, name, taken, holders));
  const message = whys.find((why) => why !== undefined);
  return {
    routes: headers.filter((_, at) => whys[at] === undefined),
    ...(message === undefined ? {} : { fault: { message, missing: false } }),
  };
}

function whyNot(
  { rollout, ingress, prefix, managed }: Around,
  name: string,
  taken: ReadonlySet<string>,
  holders: ReadonlyMap<string, string>,
): string | undefined {
  const route = `header route \`${name}\` of ingress \`${ingress.metadata.name}\``;
  const mend = "give the route another name";
  if (taken.has(name)) return `${route} has the name of a Service that the Ingress leads to: ${mend}`;
  const keys = routeKeys(prefix, name);
  const holder = keys.flatMap((key) => holders.get(key) ?? [])[0];
  if (holder !== undefined) return `${route} is there for the Rollout \`${holder}\`: ${mend}`;
  const [action = "", conditions = ""] = keys;
  const { annotations = {} } = ingress.metadata;
  const isOurs = annotations[conditions] !== undefined || managed.get(rollout.metadata.name)?.includes(action) === true;
  if (annotations[action] === undefined || isOurs) return undefined;
  return `${route} has the name of an action that somebody else has written: ${mend}`;
}

/** Names of other Rollouts by the annotations that are written for them. */
const holdersIn = ({ rollout, managed }: Around): ReadonlyMap<string, string> =>
  new Map(
    [...managed].flatMap(([name, keys]) =>
      name === rollout.metadata.name ? [] : keys.map((key) => [key, name] as const),
    ),
  );

/** The annotations of a route, and what they hold. */
export function routeAnnotations(
  { rollout, prefix }: Pick<Around, "rollout" | "prefix">,
  { name, match }: HeaderRoute,
  target: { readonly ServicePort: string; readonly stickiness: Stickiness | undefined },
): readonly (readonly [string, string])[] {
  const { canary } = servicesOf(rollout, "preferred");
  const group = { ServiceName: canary, ServicePort: target.ServicePort, Weight: ALL };
  const [action = "", conditions = ""] = routeKeys(prefix, name);
  return [
    [action, forwardText([group], target.stickiness)],
    [conditions, conditionsText(match)],
  ];
}

const ALL = 100;

/** Values of one header are alternatives; all the headers must match. */
function conditionsText(match: HeaderRoute["match"]): string {
  const byHeader = Map.groupBy(match, ({ headerName }) => headerName);
  const conditions = [...byHeader].map(([httpHeaderName, matches]) => ({
    field: "http-header",
    httpHeaderConfig: { httpHeaderName, values: matches.map(({ headerValue }) => headerValue.exact ?? "") },
  }));
  return JSON.stringify(conditions);
}

/**
 * Rules with the paths of each route, in the order of the routes and before all others, in every rule that leads to the
 * Service whose requests are divided; undefined where they are so already.
 */
export function withRoutes(
  rules: readonly IngressRule[],
  service: string,
  routes: readonly HeaderRoute[],
): readonly IngressRule[] | undefined {
  if (routes.length === 0) return undefined;
  const names = new Set<string | undefined>(routes.map(({ name }) => name));
  let changed = false;
  const next = rules.map((rule) => {
    const paths = rule.http?.paths ?? [];
    const places = placesOf(paths, service);
    if (places.length === 0) return rule;
    const there = Map.groupBy(paths, routeOf);
    const own = routes.flatMap(({ name }) => withPlaces(there.get(name) ?? [], name, places));
    const all = [...own, ...paths.filter((path) => !names.has(routeOf(path)))];
    if (all.length === paths.length && all.every((path, at) => path === paths[at])) return rule;
    changed = true;
    return { ...rule, http: { ...rule.http, paths: all } };
  });
  return changed ? next : undefined;
}

type PathPlace = Pick<IngressPath, "path" | "pathType">;

const ANY_PATH: PathPlace = { path: "/*", pathType: "ImplementationSpecific" };

/**
 * Which paths a route has, for a rule's paths to the Service. The AWS load balancer controller looks at exact paths
 * first, then at prefixes, longer ones first, and at others last: only a path of the same kind comes before one of these.
 */
function placesOf(paths: readonly IngressPath[], service: string): readonly PathPlace[] {
  const places = paths
    .filter(({ backend }) => backend.service?.name === service)
    .map(({ path = "", pathType }) => (pathType === "Exact" || pathType === "Prefix" ? { path, pathType } : ANY_PATH));
  return [...new Map(places.map((place) => [placeKey(place), place])).values()];
}

const placeKey = ({ path = "", pathType = "" }: PathPlace): string => `${pathType} ${path}`;

/** The paths that a route has, and those that it lacks. */
function withPlaces(there: readonly IngressPath[], name: string, places: readonly PathPlace[]): readonly IngressPath[] {
  const known = new Set(there.map(placeKey));
  const missing = places.filter((place) => !known.has(placeKey(place)));
  const backend = { service: { name, port: { name: NO_PORT } } };
  return [...there, ...missing.map((place) => ({ ...place, backend }))];
}

/** Services that paths lead to, without those of which an annotation has the name. */
const servicesIn = (ingress: RoutedObject): readonly string[] =>
  (specOf(ingress).rules ?? [])
    .flatMap(({ http }) => http?.paths ?? [])
    .flatMap(({ backend: { service } }) =>
      service === undefined || service.port?.name === NO_PORT ? [] : [service.name],
    );

/** The name of the route to which a path may lead. */
const routeOf = ({ backend: { service } }: IngressPath): string | undefined =>
  service?.port?.name === NO_PORT ? service.name : undefined;

/**
 * Istio VirtualServices that a Rollout names and what must stand in them
 * (docs/behaviour/validation.md#virtualservices).
 */
import type { Findings } from "../../kube/validation/findings.ts";
import type { Lookup } from "../../kube/validation/lookup.ts";
import {
  at,
  count,
  items,
  pathOf,
  type Place,
  placed,
  present,
  root,
  text,
  texts,
  whole,
} from "../../kube/validation/place.ts";
import { helped, invalid, type Violation } from "../../kube/validation/violation.ts";
import { didYouMean, listed } from "../../kube/validation/nearNames.ts";
import { markOf } from "./istioMark.ts";

/** What every selected route has to lead to, in the reference's words. */
interface Destination {
  readonly title: string;
  readonly name: string;
  readonly isThere: (destination: Place) => boolean;
}

export interface Routing {
  readonly destinations: readonly Destination[];
  readonly managedRoutes: ReadonlySet<string>;
}

/** An Istio name: `name`, or `name.namespace`, with or without the cluster's domain. */
const virtualServiceKey = (reference: string): string => reference.replace(/\.cluster\.local$/, "");

/**
 * Where the VirtualService of such a name is; a namespace has no period, so that a name may have several.
 * @param namespace the Rollout's
 */
export function virtualServicePlace(
  reference: string,
  namespace: string,
): { readonly namespace: string; readonly name: string } {
  const key = virtualServiceKey(reference);
  const dot = key.lastIndexOf(".");
  return dot < 0 ? { namespace, name: key } : { namespace: key.slice(dot + 1), name: key.slice(0, dot) };
}

/**
 * VirtualServices by `name.namespace`, those of the Rollout's namespace by their plain names too. A missing one warns,
 * since it may be on its way.
 */
export function virtualServiceFindings(rollout: unknown, virtualServices: Lookup<unknown>): Findings {
  const routing = routingOf(rollout);
  const refuse: Violation[] = [];
  const warn: Violation[] = [];
  for (const reference of referencesOf(rollout)) {
    const name = nameOf(reference);
    const key = virtualServiceKey(text(name));
    // The reference shows the name without its namespace.
    const shown = key.includes(".") ? key.slice(0, key.lastIndexOf(".")) : key;
    if (virtualServices.has(key)) {
      const object = root(virtualServices.get(key));
      const spec = at(object, "spec");
      const managedRoutes = new Set([...routing.managedRoutes, ...managedBy(rollout, object)]);
      const details = routeProblems(reference, spec, { ...routing, managedRoutes });
      const help = routesHelp(routing, spec);
      refuse.push(...details.map((detail) => helped(invalid("virtual-service-routes", name, detail, shown), help)));
    } else {
      const near = didYouMean(key, virtualServices.keys?.() ?? []);
      const help = `${near === undefined ? "" : `${near} `}Create it, or correct the name; one of another namespace is NAME.NAMESPACE`;
      warn.push(
        helped(
          invalid("virtual-service-missing", name, `virtualservices.networking.istio.io "${shown}" not found`, shown),
          help,
        ),
      );
    }
  }
  return { refuse, warn };
}

/** What each route needs, and which routes there are. */
function routesHelp({ destinations }: Routing, spec: Place): string {
  const needed = destinations.map(({ title, name }) => `${title} ${name === "" ? "(not named yet)" : name}`);
  const names = items(at(spec, "http"))
    .map((route) => text(at(route, "name")))
    .filter((name) => name !== "");
  const there = names.length === 0 ? "" : `; its HTTP routes are ${listed(names)}`;
  return `Each route that the Rollout splits leads to both: ${listed(needed)}${there}`;
}

/** A list, even an empty one, beats a single reference. */
export function referencesOf(rollout: unknown): readonly Place[] {
  const istio = at(root(rollout), "spec", "strategy", "canary", "trafficRouting", "istio");
  const list = at(istio, "virtualServices");
  if (present(list)) return items(list);
  return [at(istio, "virtualService")].filter(present);
}

/** The reference leaves the index out of its paths. */
function nameOf(reference: Place): Place {
  const name = at(reference, "name");
  const path = pathOf(name);
  const short = path.replace(/\[\d+\]\.name$/, ".name");
  return short === path ? placed(name.value, path) : placed(name.value, short, path);
}

/** Routes that the Rollout has made there and that `managedRoutes` may not list any more: the router removes them. */
function managedBy(rollout: unknown, object: Place): readonly string[] {
  const own = at(root(rollout), "metadata");
  return markOf(at(object, "metadata"), text(at(own, "namespace")), text(at(own, "name")))?.managed ?? [];
}

export function routingOf(rollout: unknown): Routing {
  const canary = at(root(rollout), "spec", "strategy", "canary");
  const routing = at(canary, "trafficRouting");
  const rule = at(routing, "istio", "destinationRule");
  const services = servicesOf(rollout, canary);
  const subset = (kind: string, name: string): Destination => ({
    title: `${kind} DestinationRule subset`,
    name,
    isThere: (destination) => name !== "" && text(at(destination, "subset")) === name,
  });
  const service = (kind: string, name: string): Destination => ({
    title: `${kind} Service`,
    name,
    isThere: (destination) => name !== "" && text(at(destination, "host")).split(".")[0] === name,
  });
  return {
    destinations: present(rule)
      ? [subset("Canary", text(at(rule, "canarySubsetName"))), subset("Stable", text(at(rule, "stableSubsetName")))]
      : [service("Canary", services.canary), service("Stable", services.stable)],
    managedRoutes: new Set(items(at(routing, "managedRoutes")).map((route) => text(at(route, "name")))),
  };
}

/** Ping and pong only where the two fields are both empty; the status then records which one is stable. */
function servicesOf(rollout: unknown, canary: Place): { readonly canary: string; readonly stable: string } {
  const own = { canary: text(at(canary, "canaryService")), stable: text(at(canary, "stableService")) };
  const pingPong = at(canary, "pingPong");
  if (!present(pingPong) || own.canary !== "" || own.stable !== "") return own;
  const ping = text(at(pingPong, "pingService"));
  const pong = text(at(pingPong, "pongService"));
  const pingIsStable = text(at(root(rollout), "status", "canary", "stablePingPong")) === "ping";
  return pingIsStable ? { stable: ping, canary: pong } : { stable: pong, canary: ping };
}

interface Protocol {
  readonly member: string;
  readonly title: string;
  /** The routes that the Rollout selects, or why there are none. */
  readonly select: (reference: Place, routes: readonly Place[]) => readonly Place[] | string;
  readonly isAmbiguous: (reference: Place, routes: readonly Place[], routing: Routing) => string | undefined;
}

const PROTOCOLS: readonly Protocol[] = [
  { member: "http", title: "HTTP", select: selectHttp, isAmbiguous: ambiguousHttp },
  { member: "tls", title: "TLS", select: selectTls, isAmbiguous: ambiguous("tls", "tlsRoutes") },
  { member: "tcp", title: "TCP", select: selectTcp, isAmbiguous: ambiguous("tcp", "tcpRoutes") },
];

/** Every protocol that the VirtualService has must lead to both, even when the Rollout lists routes of another. */
export function routeProblems(reference: Place, spec: Place, routing: Routing): readonly string[] {
  const there = PROTOCOLS.filter(({ member }) => Array.isArray(at(spec, member).value));
  if (there.length === 0) return ["Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService"];
  return there.flatMap((protocol) => {
    const routes = items(at(spec, protocol.member));
    if (routes.some(({ value }) => typeof value !== "object" || value === null || Array.isArray(value))) {
      return [`Unable to get ${protocol.title} routes for Istio VirtualService`];
    }
    const problem = protocolProblem(protocol, { reference, routes, routing });
    return problem === undefined
      ? []
      : [`Istio VirtualService has invalid ${protocol.title} routes. Error: ${problem}`];
  });
}

interface Input {
  readonly reference: Place;
  readonly routes: readonly Place[];
  readonly routing: Routing;
}

/** The first problem of a protocol, as the reference stops there. */
function protocolProblem({ select, isAmbiguous }: Protocol, { reference, routes, routing }: Input): string | undefined {
  const selected = select(reference, routes);
  if (typeof selected === "string") return selected;
  for (const route of selected) {
    const destinations = items(at(route, "route")).map((each) => at(each, "destination"));
    const missing = routing.destinations.find(({ isThere }) => !destinations.some(isThere));
    if (missing !== undefined) return `${missing.title} '${missing.name}' not found in route`;
  }
  return isAmbiguous(reference, routes, routing);
}

/** By name; without names the only route, or the first that has no name. */
export function selectHttp(reference: Place, routes: readonly Place[]): readonly Place[] | string {
  const names = texts(at(reference, "routes"));
  if (names.length === 0) {
    return routes.length === 1 ? routes : routes.filter((route) => text(at(route, "name")) === "").slice(0, 1);
  }
  const unknown = names.find((name) => !routes.some((route) => text(at(route, "name")) === name));
  if (unknown !== undefined) return `HTTP Route '${unknown}' is not found in the defined Virtual Service.`;
  return names.flatMap((name) => routes.filter((route) => text(at(route, "name")) === name).slice(0, 1));
}

function ambiguousHttp(reference: Place, routes: readonly Place[], { managedRoutes }: Routing): string | undefined {
  const own = routes.filter((route) => !managedRoutes.has(text(at(route, "name"))));
  if (count(at(reference, "routes")) > 0 || own.length <= 1) return undefined;
  return "spec.http[] should be set in VirtualService and it must have exactly one route when omitting spec.strategy.canary.trafficRouting.istio.virtualService.routes";
}

function ambiguous(member: string, list: string) {
  return (reference: Place, routes: readonly Place[]): string | undefined =>
    count(at(reference, list)) > 0 || routes.length <= 1
      ? undefined
      : `spec.${member}[] should be set in VirtualService and it must have exactly one route when omitting spec.strategy.canary.trafficRouting.istio.virtualService.${list}`;
}

/** Without a list the first route counts. An entry matches a route with one port, its own, and the same hosts. */
export function selectTls(reference: Place, routes: readonly Place[]): readonly Place[] | string {
  return selectMatching(at(reference, "tlsRoutes"), routes, "TLS", (entry, route) => {
    const hosts = new Set(items(at(route, "match")).flatMap((match) => texts(at(match, "sniHosts"))));
    const wanted = texts(at(entry, "sniHosts"));
    return (
      portOf(route) === portWanted(entry) && wanted.length === hosts.size && wanted.every((host) => hosts.has(host))
    );
  });
}

export function selectTcp(reference: Place, routes: readonly Place[]): readonly Place[] | string {
  return selectMatching(
    at(reference, "tcpRoutes"),
    routes,
    "TCP",
    (entry, route) => portOf(route) === portWanted(entry),
  );
}

function selectMatching(
  list: Place,
  routes: readonly Place[],
  title: string,
  agrees: (entry: Place, route: Place) => boolean,
): readonly Place[] | string {
  if (items(list).length === 0) return routes.slice(0, 1);
  const matching = items(list).map((entry) => routes.filter((route) => agrees(entry, route)));
  if (matching.some((found) => found.length === 0)) {
    return `No matching ${title} routes found in the defined Virtual Service.`;
  }
  return matching.flat();
}

const portWanted = (entry: Place): number => whole(at(entry, "port")) ?? 0;

/** The one port of a route's matches, 0 without any; undefined for several, which never match. */
function portOf(route: Place): number | undefined {
  const ports = new Set(items(at(route, "match")).map((match) => whole(at(match, "port")) ?? 0));
  if (ports.size > 1) return undefined;
  return [...ports][0] ?? 0;
}

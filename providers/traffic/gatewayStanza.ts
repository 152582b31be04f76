/**
 * What a Rollout says of its routes of the Gateway API (docs/behaviour/traffic.md#gateway-api): the settings of the
 * plugin `argoproj-labs/gatewayAPI`, as its version 0.15 reads them. They may be anything, since the API leaves the
 * settings of plugins open.
 */
import { at, entries, items, keys, type Place, present, root, text, texts } from "../../kube/validation/place.ts";
import { helped, invalid, required, type Violation } from "../../kube/validation/violation.ts";
import type { LabelSelector } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { RoutedResource } from "./router.ts";

/** Its name among the plugins. */
export const GATEWAY_PLUGIN = "argoproj-labs/gatewayAPI";

/** A kind of routes. */
export interface RouteKind {
  readonly resource: RoutedResource;
  /** Names one route; with "s" it names several, and with "Selector" it selects them. */
  readonly member: string;
  /** How its rules match requests; undefined: they match connections, so there are no header and mirror routes. */
  readonly matching?: "http" | "grpc";
}

const GROUP = "gateway.networking.k8s.io";

const routeKind = (kind: string, version: string, member: string): RouteKind => ({
  resource: { kind, group: GROUP, version, plural: `${kind.toLowerCase()}s`, hasStatus: true },
  member,
});

/** In the order in which they are written. */
export const ROUTE_KINDS: readonly RouteKind[] = [
  { ...routeKind("HTTPRoute", "v1", "httpRoute"), matching: "http" },
  { ...routeKind("GRPCRoute", "v1", "grpcRoute"), matching: "grpc" },
  routeKind("TCPRoute", "v1alpha2", "tcpRoute"),
  routeKind("TLSRoute", "v1alpha2", "tlsRoute"),
];

export interface NamedRoute {
  readonly kind: RouteKind;
  readonly name: string;
  /** Whether header routes are put into it. */
  readonly takesHeaders: boolean;
}

interface SelectedRoutes {
  readonly kind: RouteKind;
  /** Without any requirement it selects all. */
  readonly selector: LabelSelector;
}

export interface Stanza {
  /** Of all its routes. */
  readonly namespace: string;
  readonly named: readonly NamedRoute[];
  readonly selected: readonly SelectedRoutes[];
  /** A label of routes while stable does not have all of their traffic; undefined: none. */
  readonly label: { readonly key: string; readonly value: string } | undefined;
}

const LABEL_KEY = "rollouts.argoproj.io/gatewayapi-canary";
const LABEL_VALUE = "in-progress";

/** Undefined where a Rollout does not name the plugin. */
export function stanzaOf({ metadata, spec }: Rollout): Stanza | undefined {
  const plugins = root(spec.strategy?.canary?.trafficRouting?.plugins);
  if (!keys(plugins).includes(GATEWAY_PLUGIN)) return undefined;
  const settings = at(plugins, GATEWAY_PLUGIN);
  const label = {
    key: text(at(settings, "inProgressLabelKey")) || LABEL_KEY,
    value: text(at(settings, "inProgressLabelValue")) || LABEL_VALUE,
  };
  return {
    namespace: text(at(settings, "namespace")) || metadata.namespace,
    named: ROUTE_KINDS.flatMap((kind) => namedRoutes(settings, kind)),
    selected: ROUTE_KINDS.flatMap((kind) => {
      const selector = at(settings, `${kind.member}Selector`);
      return present(selector) ? [{ kind, selector: selectorIn(selector) }] : [];
    }),
    label: at(settings, "disableInProgressLabel").value === true ? undefined : label,
  };
}

/** The list, and after it the single one, which takes header routes. One that is named twice is there once. */
function namedRoutes(settings: Place, kind: RouteKind): readonly NamedRoute[] {
  const list = items(at(settings, `${kind.member}s`)).map((entry) => ({
    name: text(at(entry, "name")),
    takesHeaders: at(entry, "useHeaderRoutes").value === true,
  }));
  const all = [...list, { name: text(at(settings, kind.member)), takesHeaders: true }];
  const byName = Map.groupBy(
    all.filter(({ name }) => name !== ""),
    ({ name }) => name,
  );
  return [...byName].map(([name, same]) => ({
    kind,
    name,
    takesHeaders: same.some(({ takesHeaders }) => takesHeaders),
  }));
}

const selectorIn = (selector: Place): LabelSelector => ({
  matchLabels: Object.fromEntries(entries(at(selector, "matchLabels")).map(([key, value]) => [key, text(value)])),
  matchExpressions: items(at(selector, "matchExpressions")).map((requirement) => ({
    key: text(at(requirement, "key")),
    operator: text(at(requirement, "operator")),
    values: [...texts(at(requirement, "values"))],
  })),
});

/** In the plugin's words. */
export const NO_ROUTES =
  "No routes configured. At least one of 'httpRoutes', 'grpcRoutes', 'tcpRoutes', 'tlsRoutes', 'httpRoute', 'grpcRoute', 'tcpRoute' or 'tlsRoute' must be set";

const SELECTOR = "Selector";
const OPERATORS: readonly string[] = ["In", "NotIn", "Exists", "DoesNotExist"];

/** What is wrong in the settings by themselves. @param settings those of all plugins */
export function stanzaViolations(plugins: Place): readonly Violation[] {
  if (!keys(plugins).includes(GATEWAY_PLUGIN)) return [];
  const settings = at(plugins, GATEWAY_PLUGIN);
  const members = ROUTE_KINDS.flatMap(({ member }) => [member, `${member}s`, `${member}${SELECTOR}`]);
  if (!members.some((member) => keys(settings).includes(member) && present(at(settings, member)))) {
    const help = "Name a route, for example httpRoute: web, or select routes by httpRouteSelector";
    return [helped(invalid("router-names", settings, NO_ROUTES, null), help)];
  }
  return [
    ...ROUTE_KINDS.flatMap(({ member }) =>
      items(at(settings, `${member}s`))
        .map((entry) => at(entry, "name"))
        .filter((name) => text(name) === "")
        .map((name) => required("router-names", name, `an entry of ${member}s names a route`)),
    ),
    ...ROUTE_KINDS.flatMap(({ member }) =>
      items(at(settings, `${member}${SELECTOR}`, "matchExpressions"))
        .map((requirement) => at(requirement, "operator"))
        .filter((operator) => !OPERATORS.includes(text(operator)))
        .map((operator) => invalid("router-names", operator, "not a valid label selector operator")),
    ),
  ];
}

/** Only HTTP requests have cookies. @param plugins the settings of all of them */
export function httpRouteLacks(plugins: Place): string | undefined {
  const other = keys(plugins).find((name) => name !== GATEWAY_PLUGIN);
  if (other !== undefined) return `the plugin ${other} cannot`;
  const settings = at(plugins, GATEWAY_PLUGIN);
  const member = "httpRoute";
  if ([member, `${member}s`, `${member}${SELECTOR}`].some((name) => present(at(settings, name)))) return undefined;
  return `only an HTTPRoute of the Gateway API has cookies; name one in ${member}`;
}

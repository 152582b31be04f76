/** The routes of an App Mesh VirtualRouter, and the weights of their targets (docs/behaviour/traffic.md#app-mesh). */
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { at, root } from "../../kube/validation/place.ts";
import type { MergePatch, RoutedObject } from "./router.ts";
import { reweighed, type Split, type Weights } from "./splitMarks.ts";

/** The first that a route has counts, in this order. */
const TYPES = ["httpRoute", "tcpRoute", "http2Route", "grpcRoute"] as const;

interface Found {
  readonly type: (typeof TYPES)[number];
  readonly rule: Json;
  readonly action: Json;
  readonly targets: readonly unknown[];
}

function foundIn(route: unknown): Found | undefined {
  if (!isObject(route)) return undefined;
  const type = TYPES.find((one) => isObject(route[one]));
  const rule = type === undefined ? undefined : route[type];
  if (type === undefined || !isObject(rule)) return undefined;
  const { action } = rule;
  if (!isObject(action) || !isList(action["weightedTargets"])) return undefined;
  return { type, rule, action, targets: action["weightedTargets"] };
}

/** The VirtualNode of a target, if it is one of `own`, the Rollout's namespace. */
const nodeIn =
  (own: string) =>
  ({ virtualNodeRef }: Json): string | undefined => {
    if (!isObject(virtualNodeRef)) return undefined;
    const { name, namespace } = virtualNodeRef;
    const isOwn = namespace === undefined || namespace === "" || namespace === own;
    return typeof name === "string" && isOwn ? name : undefined;
  };

const names = (targets: readonly unknown[], own: string): ReadonlySet<string> =>
  new Set(targets.flatMap((target) => (isObject(target) ? (nodeIn(own)(target) ?? []) : [])));

const routesOf = ({ spec }: RoutedObject): unknown => at(root(spec), "routes").value;

/** @param filter names of the routes that are divided; undefined: all. A route is divided if it has two of the targets. */
export function routesPatch(
  router: RoutedObject,
  namespace: string,
  filter: ReadonlySet<string> | undefined,
  weights: Weights,
): MergePatch | undefined {
  const old = routesOf(router);
  if (!isList(old)) return undefined;
  const routes = old.map((route) => {
    const found = foundIn(route);
    if (found === undefined || !isObject(route) || !isNamed(route, filter)) return route;
    const { type, rule, action, targets } = found;
    const known = names(targets, namespace);
    if ([...weights.keys()].filter((name) => known.has(name)).length < 2) return route;
    const weightedTargets = reweighed(targets, weights, nodeIn(namespace));
    return weightedTargets === targets
      ? route
      : { ...route, [type]: { ...rule, action: { ...action, weightedTargets } } };
  });
  return routes.every((route, index) => route === old[index]) ? undefined : { routes };
}

const isNamed = ({ name }: Json, filter: ReadonlySet<string> | undefined): boolean =>
  filter === undefined || (typeof name === "string" && filter.has(name));

/** Whether a route has both VirtualNodes among its targets. */
const hasBoth = (route: unknown, namespace: string, { stable, canary }: Split): boolean => {
  const known = names(foundIn(route)?.targets ?? [], namespace);
  return known.has(stable) && known.has(canary);
};

export function divides(
  router: RoutedObject,
  namespace: string,
  filter: ReadonlySet<string> | undefined,
  split: Split,
): boolean {
  const routes = routesOf(router);
  return (
    isList(routes) &&
    routes.some((route) => isObject(route) && isNamed(route, filter) && hasBoth(route, namespace, split))
  );
}

/** Why not all that the Rollout names is divided: the reference's words where it has some. */
export function faultOf(
  router: RoutedObject,
  namespace: string,
  routes: readonly string[],
  split: Split,
): string | undefined {
  const { name } = router.metadata;
  const old = routesOf(router);
  if (!isList(old) || old.length === 0) return malformed(name, "spec.routes", "No routes found");
  const filter = routes.length === 0 ? undefined : new Set(routes);
  const [first] = old.flatMap((route, index) => routeFault(route, index, name, filter) ?? []);
  if (first !== undefined) return first;
  const both = `both VirtualNodes ${split.stable} and ${split.canary} as targets`;
  if (!divides(router, namespace, filter, split)) return `no route of VirtualRouter "${name}" has ${both}`;
  const lacking = routes.find(
    (one) => !old.some((route) => isObject(route) && route["name"] === one && hasBoth(route, namespace, split)),
  );
  return lacking === undefined ? undefined : `VirtualRouter "${name}" has no route ${lacking} with ${both}`;
}

const malformed = (name: string, path: string, why = "not well-formed"): string =>
  `${path}: Invalid value: "${name}": ${why}`;

/** Of a route that the Rollout names, or of one without a name. */
function routeFault(
  route: unknown,
  index: number,
  router: string,
  filter: ReadonlySet<string> | undefined,
): string | undefined {
  const path = `spec.routes[${index}]`;
  if (!isObject(route)) return malformed(router, path);
  if (typeof route["name"] !== "string") return malformed(router, `${path}.name`);
  if (!isNamed(route, filter)) return undefined;
  const type = TYPES.find((one) => isObject(route[one]));
  if (type === undefined) return malformed(router, path);
  return foundIn(route) === undefined ? malformed(router, `${path}.${type}.action.weightedTargets`) : undefined;
}

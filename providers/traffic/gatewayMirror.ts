/**
 * Which gateways cannot copy requests (docs/behaviour/traffic.md#gateway-api-mirror-routes). A gateway that does not know
 * the filter RequestMirror answers the requests of such a rule with an error, Traefik 3.7 for example, and the route's
 * status does not tell; its GatewayClass does, in `supportedFeatures`.
 */
import { at, items, root, text } from "../../kube/validation/place.ts";
import type { RoutedObject, RoutedResource } from "./router.ts";

/** Read where a step sets a mirror route. */
export const GATEWAY_CLASSES: RoutedResource = {
  kind: "GatewayClass",
  group: "gateway.networking.k8s.io",
  version: "v1",
  plural: "gatewayclasses",
  hasStatus: true,
  isWhole: true,
  isClusterScoped: true,
  isOptional: true,
};

/**
 * Why no mirror can be put on a route: a gateway that has reported on the route says that it cannot. Undefined where no
 * one says so, for many do not tell. @param percentage of the requests, 1 to 100
 */
export function whyNoMirror(
  classes: readonly RoutedObject[],
  route: RoutedObject,
  percentage: number,
): string | undefined {
  const parents = items(at(root(route.status), "parents"));
  const controllers = new Set(parents.map((parent) => text(at(parent, "controllerName"))));
  const needed = ["HTTPRouteRequestMirror", ...(percentage < 100 ? ["HTTPRouteRequestPercentageMirror"] : [])];
  for (const { metadata, spec, status } of classes) {
    if (!controllers.has(text(at(root(spec), "controllerName")))) continue;
    const told = items(at(root(status), "supportedFeatures")).map((feature) => text(at(feature, "name")));
    const lacking = told.length === 0 ? undefined : needed.find((feature) => !told.includes(feature));
    if (lacking !== undefined) return `GatewayClass "${metadata.name}" does not support ${lacking}`;
  }
  return undefined;
}

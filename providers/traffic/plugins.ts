/**
 * Routers that are programs of the user's, by their names. The one for the Gateway API is built in; others are not driven
 * yet.
 */
import { at, keys } from "../../kube/validation/place.ts";
import { gatewayApi } from "./gatewayApi.ts";
import { GATEWAY_PLUGIN, httpRouteLacks, stanzaViolations } from "./gatewayStanza.ts";
import type { Router } from "./router.ts";

export const plugins: Router<"plugins"> = {
  kind: "plugins",
  title: "Gateway API",
  abilities: {
    pingPong: true,
    maxTrafficWeight: true,
    headerRoutes: "anyMatch",
    mirrorRoutes: true,
    experimentWeights: true,
    sessionAffinity: httpRouteLacks,
  },
  // An empty map has no names.
  counts: (settings) => keys(settings).length > 0,
  // They may split traffic without Services.
  needsServices: () => false,
  violations: stanzaViolations,
  undriven: (settings) =>
    keys(settings)
      .filter((name) => name !== GATEWAY_PLUGIN)
      .map((name) => [`the plugin ${name}`, at(settings, name)] as const),
  ...gatewayApi,
};

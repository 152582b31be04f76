/**
 * Routers by the names of plugins. The one for the Gateway API is built in; each other is a service that is asked
 * (docs/plugins.md#traffic-routers).
 */
import { keys } from "../../kube/validation/place.ts";
import { gatewayApi } from "./gatewayApi.ts";
import { httpRouteLacks, stanzaViolations } from "./gatewayStanza.ts";
import { pluginNames, pluginQuestions } from "./pluginTraffic.ts";
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
  ...gatewayApi,
  asks: { plugins: pluginNames, questions: pluginQuestions },
};

/** Sends requests with some headers to the canary. Not driven yet. */
import { at, items, present } from "../../kube/validation/place.ts";
import { printedHeaderRoute } from "../../kube/validation/printed.ts";
import { helped, invalid } from "../../kube/validation/violation.ts";
import { type StepKind, undriven } from "./kind.ts";
import { whoCan } from "../../providers/traffic/whoCan.ts";
import { exactMatch, oneMatch } from "./routeMatch.ts";

export const setHeaderRoute: StepKind = {
  ...undriven("setHeaderRoute steps"),
  route: (step) => at(step, "setHeaderRoute"),
  violations: ({ step, routers }) => {
    const route = at(step, "setHeaderRoute");
    if (!present(route)) return [];
    if (!routers.some(({ headerRoutes }) => headerRoutes !== undefined)) {
      const detail = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix";
      const found = invalid("step-header-route-router", route, detail, printedHeaderRoute(route));
      return [
        helped(
          found,
          whoCan("Header routes", ({ headerRoutes }) => headerRoutes !== undefined),
        ),
      ];
    }
    const check = routers.some(({ headerRoutes }) => headerRoutes === "exactMatch") ? exactMatch : oneMatch;
    return items(at(route, "match")).flatMap((match) => check(match, at(match, "headerValue")));
  },
  words: (step) => `setHeaderRoute: ${step.setHeaderRoute?.name}`,
};

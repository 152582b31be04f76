/** Sends requests with some headers to the canary (docs/behaviour/traffic.md#header-and-mirror-routes). */
import { at, items, present } from "../../kube/validation/place.ts";
import { printedHeaderRoute } from "../../kube/validation/printed.ts";
import { helped, invalid } from "../../kube/validation/violation.ts";
import { done, type StepKind } from "./kind.ts";
import { whoCan } from "../../providers/traffic/whoCan.ts";
import { exactMatch, oneMatch } from "./routeMatch.ts";

export const setHeaderRoute: StepKind = {
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
  // The routers get the route in the pass that reaches the step, before the step is judged.
  verdict: () => done,
  routeChange({ setHeaderRoute: step }) {
    if (step === undefined) return undefined;
    const { name = "", match } = step;
    // A route that matches nothing in particular would match every request.
    if ((match?.length ?? 0) === 0) return { kind: "remove", name };
    return { kind: "set", route: { kind: "header", name, match: match ?? [] } };
  },
  words: (step) => `setHeaderRoute: ${step.setHeaderRoute?.name}`,
};

/** Sends copies of some requests to the canary. Not driven yet. */
import { at, items, type Place, present } from "../../kube/validation/place.ts";
import { printedMirrorRoute } from "../../kube/validation/printed.ts";
import { helped, invalid, type Violation } from "../../kube/validation/violation.ts";
import { type StepKind, undriven } from "./kind.ts";
import { whoCan } from "../../providers/traffic/whoCan.ts";
import { oneMatch } from "./routeMatch.ts";

/** The reference checks the method twice and so reports it twice; headers it never checks. */
function matches(match: Place): readonly Violation[] {
  const parts = [at(match, "method"), at(match, "path"), at(match, "method")];
  return parts.filter(present).flatMap((part) => oneMatch(match, part));
}

export const setMirrorRoute: StepKind = {
  ...undriven("setMirrorRoute steps"),
  route: (step) => at(step, "setMirrorRoute"),
  violations: ({ step, routers }) => {
    const route = at(step, "setMirrorRoute");
    if (!present(route)) return [];
    const detail = "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins";
    const unsupported = routers.some(({ mirrorRoutes }) => mirrorRoutes)
      ? []
      : [
          helped(
            invalid("step-mirror-route-router", route, detail, printedMirrorRoute(route)),
            whoCan("Mirror routes", (abilities) => abilities.mirrorRoutes === true),
          ),
        ];
    return [...unsupported, ...items(at(route, "match")).flatMap(matches)];
  },
  words: (step) => `setMirrorRoute: ${step.setMirrorRoute?.name}`,
};

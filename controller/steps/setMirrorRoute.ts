/** Sends copies of some requests to the canary. Not driven yet. */
import { at, items, type Place, present, whole } from "../../kube/validation/place.ts";
import { printedMirrorRoute } from "../../kube/validation/printed.ts";
import { invalid, type Violation } from "../../kube/validation/violation.ts";
import { type StepKind, undriven } from "./kind.ts";
import { oneMatch } from "./routeMatch.ts";

/** The reference checks the method twice and so reports it twice; headers it never checks. */
function matches(match: Place): readonly Violation[] {
  const parts = [at(match, "method"), at(match, "path"), at(match, "method")];
  return parts.filter(present).flatMap((part) => oneMatch(match, part));
}

function percentage(step: Place): readonly Violation[] {
  const place = at(step, "setMirrorRoute", "percentage");
  const given = whole(place) ?? 0;
  return given >= 0 && given <= 100 ? [] : [invalid("mirror-percentage", place, "must be between 0 and 100")];
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
      : [invalid("step-mirror-route-router", route, detail, printedMirrorRoute(route))];
    return [...unsupported, ...items(at(route, "match")).flatMap(matches)];
  },
  warnings: [percentage],
  words: (step) => `setMirrorRoute: ${step.setMirrorRoute?.name}`,
};

/** Sends copies of some requests to the canary (docs/behaviour/traffic.md#header-and-mirror-routes). */
import { at, items, type Place, present } from "../../kube/validation/place.ts";
import { printedMirrorRoute } from "../../kube/validation/printed.ts";
import { helped, invalid, type Violation } from "../../kube/validation/violation.ts";
import { done, type StepKind } from "./kind.ts";
import { whoCan } from "../../providers/traffic/whoCan.ts";
import { oneMatch } from "./routeMatch.ts";

/** The reference checks the method twice and so reports it twice; headers it never checks. */
function matches(match: Place): readonly Violation[] {
  const parts = [at(match, "method"), at(match, "path"), at(match, "method")];
  return parts.filter(present).flatMap((part) => oneMatch(match, part));
}

/** Of the requests that match. */
const ALL_PERCENT = 100;

export const setMirrorRoute: StepKind = {
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
  // The routers get the route in the pass that reaches the step, before the step is judged.
  verdict: () => done,
  routeChange({ setMirrorRoute: step }) {
    if (step === undefined) return undefined;
    const { name, match, percentage = ALL_PERCENT } = step;
    if ((match?.length ?? 0) === 0) return { kind: "remove", name };
    return { kind: "set", route: { kind: "mirror", name, match: match ?? [], percentage } };
  },
  words: (step) => `setMirrorRoute: ${step.setMirrorRoute?.name}`,
};

/** Sizes a routed canary apart from its traffic (docs/behaviour/canary.md#a-canary-of-its-own-size). */
import { at, isTrue, type Place, present } from "../../kube/validation/place.ts";
import { helped, invalid, required, type Violation } from "../../kube/validation/violation.ts";
import { done, hold, type StepKind } from "./kind.ts";

const WITHOUT_ROUTER =
  "Without a router the canary's size is its share of the requests: use setWeight instead, or add trafficRouting";

function oneMember(step: Place): readonly Violation[] {
  const place = at(step, "setCanaryScale");
  if (!present(place)) return [];
  const given = [at(place, "weight"), at(place, "replicas")].filter(present).length;
  const one = given + (isTrue(at(place, "matchTrafficWeight")) ? 1 : 0) === 1;
  const detail = "must have exactly one of the following: weight, replicas, matchTrafficWeight";
  return one ? [] : [invalid("canary-scale", place, detail)];
}

export const setCanaryScale: StepKind = {
  violations: ({ step, routing }) => {
    if (!present(at(step, "setCanaryScale")) || present(routing)) return [];
    const found = required("step-set-canary-scale", routing, "SetCanaryScale requires TrafficRouting to be set");
    return [helped(found, WITHOUT_ROUTER)];
  },
  warnings: [oneMember],
  verdict: (_, { sizesLack }) => {
    const lack = sizesLack();
    return lack === undefined ? done : hold(lack);
  },
  size: (step) => step.setCanaryScale,
  words: ({ setCanaryScale: scale }) => {
    if (scale?.weight !== undefined) return `setCanaryScale{weight: ${scale.weight}}`;
    if (scale?.matchTrafficWeight === true) return "setCanaryScale{matchTrafficWeight: true}";
    return scale?.replicas === undefined ? "invalid" : `setCanaryScale{replicas: ${scale.replicas}}`;
  },
};

/** Sends a share of the requests to the canary; without a router, by the numbers of pods (docs/behaviour/canary.md#steps). */
import { at, whole } from "../../kube/validation/place.ts";
import { helped, invalid } from "../../kube/validation/violation.ts";
import { done, hold, type StepKind } from "./kind.ts";

export const setWeight: StepKind = {
  isExclusive: true,
  violations: ({ step, routing }) => {
    const place = at(step, "setWeight");
    const most = whole(at(routing, "maxTrafficWeight")) ?? 100;
    const weight = whole(place);
    if (weight === undefined || (weight >= 0 && weight <= most)) return [];
    const share = most === 100 ? "in percent" : `out of trafficRouting.maxTrafficWeight, which is ${most}`;
    const help = `The weight is the canary's share of the requests, ${share}`;
    return [helped(invalid("step-weight", place, `SetWeight needs to be between 0 and ${most}`), help)];
  },
  verdict: (_, { isWeightVerified, sizesLack }) => {
    if (isWeightVerified === false) return hold("WeightNotVerified");
    const lack = sizesLack();
    return lack === undefined ? done : hold(lack);
  },
  weight: (step) => step.setWeight,
  words: (step) => `setWeight: ${step.setWeight}`,
};

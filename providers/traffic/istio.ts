/**
 * Istio: VirtualServices, and subsets of a DestinationRule. It is not driven yet; what must stand in a VirtualService is in
 * controller/rules/rollout/virtualService.ts.
 */
import { at, type Place, present } from "../../kube/validation/place.ts";
import { internalError } from "../../kube/validation/violation.ts";
import type { UndrivenRouter } from "./router.ts";

export const istio: UndrivenRouter<"istio"> = {
  kind: "istio",
  title: "Istio",
  metrics: { label: "Istio", rank: 3 },
  abilities: { pingPong: true, headerRoutes: "anyMatch", mirrorRoutes: true, experimentWeights: true },
  // Subsets tell the pods apart without two Services.
  needsServices: (settings, pingPong) => !pingPong && !present(at(settings, "destinationRule")),
  violations: (settings: Place) => {
    const one = present(at(settings, "virtualService"));
    if (!present(settings) || one !== present(at(settings, "virtualServices"))) return [];
    return [internalError("router-names", settings, "either VirtualService or VirtualServices must be configured")];
  },
};

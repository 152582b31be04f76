/** Istio: VirtualServices, and subsets of a DestinationRule. It is not driven yet. */
import { at, type Place, present } from "../../kube/validation/place.ts";
import { helped, internalError } from "../../kube/validation/violation.ts";
import type { UndrivenRouter } from "./router.ts";
import { virtualServiceFindings } from "./virtualService.ts";

export const istio: UndrivenRouter<"istio"> = {
  kind: "istio",
  title: "Istio",
  metrics: { label: "Istio", rank: 3 },
  abilities: { pingPong: true, headerRoutes: "anyMatch", mirrorRoutes: true, experimentWeights: true },
  // Subsets distinguish the pods without two Services.
  needsServices: (settings, pingPong) => !pingPong && !present(at(settings, "destinationRule")),
  named: {
    resource: { group: "networking.istio.io", version: "v1", plural: "virtualservices" },
    findings: virtualServiceFindings,
  },
  violations: (settings: Place) => {
    const one = present(at(settings, "virtualService"));
    if (!present(settings) || one !== present(at(settings, "virtualServices"))) return [];
    const found = internalError(
      "router-names",
      settings,
      "either VirtualService or VirtualServices must be configured",
    );
    const help = one
      ? "Put all the VirtualServices into virtualServices, and remove virtualService"
      : "Write virtualService: {name: …}, or virtualServices with a list of them";
    return [helped(found, help)];
  },
};

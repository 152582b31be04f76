import type { Json } from "../../../kube/object/json.ts";
import type { Manifest } from "../../model/manifest.ts";
import { custom, definition, type MadeUpRouter, names, targetsOf } from "./madeUp.ts";

const GROUP = "traefik.io";
const ROUTE = "ingressroute/";

export const traefik: MadeUpRouter = {
  kinds: [
    definition(GROUP, ["v1alpha1"], "TraefikService", "traefikservices"),
    definition(GROUP, ["v1alpha1"], "IngressRoute", "ingressroutes"),
  ],
  objects: (settings, rollout) =>
    names(settings, "weightedTraefikServiceName", "").map((given) => objectOf(given, targetsOf(rollout))),
};

function objectOf(given: string, services: readonly Json[]): Manifest {
  const api = `${GROUP}/v1alpha1`;
  return given.toLowerCase().startsWith(ROUTE)
    ? custom(api, "IngressRoute", given.slice(ROUTE.length), { routes: [{ kind: "Rule", match: "", services }] })
    : custom(api, "TraefikService", given, { weighted: { services } });
}

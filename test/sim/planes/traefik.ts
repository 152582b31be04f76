import type { Json } from "../../../kube/object/json.ts";
import { divided, listIn, type Plane, service, textIn } from "./plane.ts";

const SERVICES = "traefikservices.traefik.io";
const ROUTES = "ingressroutes.traefik.io";
const PREFIX = "ingressroute/";

const nameIn = (settings: Json): string => textIn(settings, "weightedTraefikServiceName");

const targets = (list: readonly Json[]) =>
  list.map((one) => ({ to: service(textIn(one, "name")), weight: one["weight"] }));

export const traefik: Plane = {
  resources: [SERVICES, ROUTES],
  ways({ seen, settings }) {
    const given = nameIn(settings);
    if (given.startsWith(PREFIX)) {
      const name = given.slice(PREFIX.length);
      return listIn(seen.object(ROUTES, name)?.["spec"], "routes").flatMap((route, index) =>
        divided(`IngressRoute ${name} ${index}`, targets(listIn(route, "services"))),
      );
    }
    const list = listIn(seen.object(SERVICES, given)?.["spec"], "weighted", "services");
    return divided(`TraefikService ${given}`, targets(list));
  },
  entrances: ({ settings, rollout }) =>
    nameIn(settings).startsWith(PREFIX) ? [rollout.spec.strategy?.canary?.stableService ?? ""] : [],
  settingsFor: (pick) => ({ weightedTraefikServiceName: pick(["web", `${PREFIX}web`]) }),
};

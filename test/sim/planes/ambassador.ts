import { type Plane, service, shared, textIn } from "./plane.ts";
import { isList, type Json } from "../../../kube/object/json.ts";

const RESOURCE = "mappings.getambassador.io";

/** What the canary's Mapping leaves goes to the user's. */
export const ambassador: Plane = {
  resources: [RESOURCE],
  ways({ seen, settings }) {
    const { mappings } = settings;
    return (isList(mappings) ? mappings : []).flatMap((name) => {
      const main = seen.object(RESOURCE, String(name))?.["spec"];
      if (main === undefined) return [];
      const canary = seen.object(RESOURCE, `${String(name)}-canary`)?.["spec"] as Json | undefined;
      const weight = Number(canary?.["weight"] ?? 0);
      return shared(
        `Mapping ${String(name)}`,
        service(textIn(canary, "service")),
        service(textIn(main, "service")),
        weight,
      );
    });
  },
  settingsFor: (pick) => ({ mappings: pick([["web"], ["web", "api"]]) }),
};

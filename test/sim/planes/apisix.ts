import type { Json } from "../../../kube/object/json.ts";
import { divided, listIn, type Plane, service, textIn, whole } from "./plane.ts";

const RESOURCE = "apisixroutes.apisix.apache.org";

const targetsIn = (rule: Json) =>
  listIn(rule, "backends").map((one) => ({ to: service(textIn(one, "serviceName")), weight: one["weight"] }));

/** Each ApisixRoute beside the user's has been made for a header route. */
export const apisix: Plane = {
  resources: [RESOURCE],
  ways({ seen, settings }) {
    const name = textIn(settings, "route", "name");
    return seen.all(RESOURCE).flatMap((route) =>
      listIn(route["spec"], "http").flatMap((rule) => {
        const of = `ApisixRoute ${route.metadata.name} ${textIn(rule, "name")}`;
        return route.metadata.name === name
          ? divided(of, targetsIn(rule), 100)
          : targetsIn(rule).map(({ to }) => whole("header", of, to));
      }),
    );
  },
  settingsFor: (pick) => ({ route: pick<Json>([{ name: "web" }, { name: "web", rules: ["a", "b"] }]) }),
};

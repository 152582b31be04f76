import { custom, definition, type MadeUpRouter, names, targetsOf } from "./madeUp.ts";

export const apisix: MadeUpRouter = {
  kinds: [definition("apisix.apache.org", ["v2"], "ApisixRoute", "apisixroutes")],
  objects: ({ route }, rollout) =>
    names(route, "name", "").map((name) => {
      const rules = names(route, "", "rules");
      const backends = targetsOf(rollout).map((one) => ({
        serviceName: one.name,
        servicePort: one.port,
        weight: one.weight,
      }));
      const http = (rules.length === 0 ? [name] : rules).map((rule) => ({ name: rule, backends }));
      return custom("apisix.apache.org/v2", "ApisixRoute", name, { http });
    }),
};

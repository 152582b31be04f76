import { expect, test } from "bun:test";
import { violationText } from "../../../kube/validation/violation.ts";
import { unknownRouters } from "./unknownRouters.ts";

const textsOf = (trafficRouting: unknown): string[] =>
  unknownRouters({ spec: { strategy: { canary: { trafficRouting } } } }).map(violationText);

test("a member of trafficRouting that is no router is warned of, with the routers that there are", () => {
  expect(textsOf({ gatewayAPI: { httpRoute: "web" }, nginx: { stableIngress: "web" } })).toEqual([
    "spec.strategy.canary.trafficRouting.gatewayAPI: Forbidden: is no router, so nothing routes by it; there are " +
      "nginx, alb, smi, istio, ambassador, appMesh, traefik, apisix, plugins, and those of plugins stand under plugins",
  ]);
});

test("what routers have in common is no router, and what a plugin is given is its own", () => {
  expect(textsOf({ managedRoutes: [], maxTrafficWeight: 1000, plugins: { "argoproj-labs/gatewayAPI": {} } })).toEqual(
    [],
  );
});

test("a routing of another type has none", () => {
  for (const junk of [undefined, null, 1, "gatewayAPI", []]) expect(textsOf(junk)).toEqual([]);
});

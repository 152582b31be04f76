import { describe, expect, test } from "bun:test";
import { routedBy, routingWorld, wanting } from "../../test/golden/routingStories.ts";
import { root } from "../../kube/validation/place.ts";
import { violationText } from "../../kube/validation/violation.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { plugins } from "./plugins.ts";
import { routersOf } from "./routers.ts";

describe("the settings of plugins", () => {
  const violations = (settings: object) =>
    (plugins.violations?.(root({ [GATEWAY_PLUGIN]: settings })) ?? []).map(violationText);

  test("are wrong without a route, with an entry without a name, and with an operator that does not exist", () => {
    expect(violations({ namespace: "edge" }).join()).toContain("No routes configured");
    expect(plugins.violations?.(root({ [GATEWAY_PLUGIN]: null }))).toHaveLength(1);
    expect(violations({ tcpRoutes: [{ useHeaderRoutes: true }] }).join()).toContain("tcpRoutes[0].name: Required");
    const matchExpressions = [{ key: "app", operator: "Equals", values: [] }];
    expect(violations({ grpcRouteSelector: { matchExpressions } }).join()).toContain(
      "not a valid label selector operator",
    );
    expect(violations({ tlsRouteSelector: {} })).toEqual([]);
  });

  test("name a router only if they have a name", () => {
    expect(routersOf(routedBy({ plugins: {} }))).toEqual([]);
  });

  test("may be anything", () => {
    for (const settings of [
      null,
      7,
      "x",
      [],
      { httpRoutes: 7 },
      { httpRoutes: [7, null] },
      { httpRouteSelector: "x" },
    ]) {
      const rollout = routedBy({ plugins: { [GATEWAY_PLUGIN]: settings } });
      expect(routingWorld([]).route(plugins, rollout, wanting(20)).kind).toBe("fault");
    }
  });
});

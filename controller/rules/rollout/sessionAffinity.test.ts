import { describe, expect, test } from "bun:test";
import { root } from "../../../kube/validation/place.ts";
import { textWithHelp, violationText } from "../../../kube/validation/violation.ts";
import { DRIVEN_ROUTERS } from "../../../providers/traffic/routers.ts";
import { configuredIn } from "../../../providers/traffic/traits.ts";
import { affinityViolations } from "./sessionAffinity.ts";

const check = (routing: object, show = violationText): readonly string[] => {
  const place = root({ sessionAffinity: {}, ...routing });
  return affinityViolations(place, configuredIn(DRIVEN_ROUTERS, place)).map(show);
};
const gateway = "argoproj-labs/gatewayAPI";
const refusal = "sessionAffinity: Invalid value: null: sessions cannot be kept with the canary";

describe("sessions are kept", () => {
  test.each([
    ["by NGINX", { nginx: {} }],
    ["by Istio", { istio: {} }],
    ["by a TraefikService", { traefik: { weightedTraefikServiceName: "shop" } }],
    ["by an HTTPRoute", { plugins: { [gateway]: { httpRoute: "shop" } } }],
    ["by HTTPRoutes", { plugins: { [gateway]: { grpcRoute: "a", httpRoutes: [{ name: "shop" }] } } }],
    ["by HTTPRoutes that are selected", { plugins: { [gateway]: { httpRouteSelector: {} } } }],
    ["with a name and an age", { nginx: {}, sessionAffinity: { cookieName: "shop.v-1_a", maxAge: "24h" } }],
    ["with an age in seconds", { nginx: {}, sessionAffinity: { maxAge: 60 } }],
    ["by nobody who was not asked", { smi: {}, sessionAffinity: undefined }],
  ])("%s", (_, routing) => expect(check(routing)).toEqual([]));
});

describe("sessions are refused", () => {
  test.each([
    ["without a router", {}, "no router is named"],
    ["by one that cannot", { smi: {} }, "SMI cannot"],
    ["by one of two that cannot", { nginx: {}, alb: {} }, "ALB cannot"],
    [
      "by an IngressRoute",
      { traefik: { weightedTraefikServiceName: "IngressRoute/shop" } },
      "an IngressRoute of Traefik has no cookie for several services; list them in a TraefikService, lead the route to that, and name it in weightedTraefikServiceName",
    ],
    [
      "by other routes of the Gateway API",
      { plugins: { [gateway]: { grpcRoute: "shop" } } },
      "only an HTTPRoute of the Gateway API has cookies; name one in httpRoute",
    ],
    ["by another plugin", { plugins: { [gateway]: { httpRoute: "shop" }, "a/b": {} } }, "the plugin a/b cannot"],
  ])("%s", (_, routing, reason) => expect(check(routing)).toEqual([`${refusal}: ${reason}`]));

  test("with the routers that can", () => {
    expect(check({ smi: {} }, textWithHelp)).toEqual([
      expect.stringContaining("Sessions that stay with the canary work with NGINX, Istio, Traefik and Gateway API"),
    ]);
  });

  test.each(["", "a b", "a;b", "a=b", "x".repeat(65), "ä"])("by a cookie of the name %p", (cookieName) => {
    expect(check({ nginx: {}, sessionAffinity: { cookieName } })).toEqual([
      expect.stringContaining("must be 1 to 64 letters, digits, '-', '_' or '.'"),
    ]);
  });

  test.each([0, -5, "1d", "", "0s"])("for the age %p", (maxAge) => {
    expect(check({ nginx: {}, sessionAffinity: { maxAge } })).toEqual([
      expect.stringContaining("must be longer than 0"),
    ]);
  });
});

import { expect, test } from "bun:test";
import { violationText } from "../../../kube/validation/violation.ts";
import { disagreeingRouters } from "./disagreeingRouters.ts";

const textsOf = (trafficRouting: unknown): string[] =>
  disagreeingRouters({ spec: { strategy: { canary: { trafficRouting } } } }).map(violationText);

test("two routers with the same Ingress are warned of, whichever way they name it", () => {
  const detail =
    'Duplicate value: "web": NGINX routes by ingresses.networking.k8s.io "web", too, and only one of the two serves it; name another one, or one router';
  expect(textsOf({ alb: { ingress: "web" }, nginx: { stableIngress: "web" } })).toEqual([
    `spec.strategy.canary.trafficRouting.alb.ingress: ${detail}`,
  ]);
  expect(textsOf({ alb: { ingresses: ["a", "web"] }, nginx: { stableIngresses: ["web", "b"] } })).toEqual([
    `spec.strategy.canary.trafficRouting.alb.ingresses: ${detail}`,
  ]);
});

test("routers with Ingresses of their own, or of which one has none, agree", () => {
  expect(textsOf({ alb: { ingress: "a" }, nginx: { stableIngress: "b" } })).toEqual([]);
  expect(textsOf({ nginx: { stableIngresses: ["a", "a"] }, smi: {}, alb: {} })).toEqual([]);
  for (const junk of [undefined, null, 1, [], { nginx: null, alb: 1 }]) expect(textsOf(junk)).toEqual([]);
});

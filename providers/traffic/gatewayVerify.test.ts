import { describe, expect, test } from "bun:test";
import { byDefault, routedBy, routingWorld, wanting } from "../../test/golden/routingStories.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { plugins } from "./plugins.ts";

const one = routedBy({ plugins: { [GATEWAY_PLUGIN]: { httpRoute: "shop" } } });

describe("a route's status", () => {
  const at = (generation: number, ...parents: readonly unknown[]) => of(generation, undefined, parents);
  const of = (generation: number, spec: unknown, parents: readonly unknown[]) => {
    const world = routingWorld([]);
    const object = () => ({
      kind: "HTTPRoute",
      metadata: { name: "shop", namespace: "default", generation },
      spec,
      status: { parents },
    });
    return plugins.verify?.({
      rollout: one,
      traffic: wanting(20),
      settings: byDefault,
      object,
      objects: world.objects,
    });
  };
  const parent = (name: string, ...conditions: readonly object[]) => ({ parentRef: { name }, conditions });
  const condition = (type: string, status = "True", observedGeneration = 2) => ({
    type,
    status,
    observedGeneration,
    reason: "Because",
    message: "so it is",
  });

  test("verifies the weights once each gateway has accepted this generation", () => {
    const fine = [condition("Accepted"), condition("ResolvedRefs"), condition("Programmed")];
    expect(at(2, parent("public", ...fine))).toEqual({ kind: "verified" });
    expect(at(2, parent("public", ...fine), parent("inner", condition("Accepted", "True", 1)))).toEqual({
      kind: "notYet",
      reason: 'Gateway "inner" has taken over generation 1 of HTTPRoute "shop", which is at 2',
    });
    expect(at(2, parent("public", condition("Accepted"), condition("Programmed", "False")))).toEqual({
      kind: "notYet",
      reason: 'HTTPRoute "shop" is not Programmed by Gateway "public": Because: so it is',
    });
    expect(at(2, parent("public"))?.kind).toBe("notYet");
  });

  test("is a failure where no gateway accepts the route", () => {
    expect(at(2, parent("public", condition("Accepted", "False")))).toEqual({
      kind: "failed",
      reason: 'HTTPRoute "shop" is not Accepted by Gateway "public": Because: so it is',
    });
    expect(at(2, parent("a", condition("Accepted", "False")), parent("b", condition("Accepted")))).toEqual({
      kind: "verified",
    });
  });

  /** As Traefik 3.7 writes it: no message, and its parentRef is that of the route. */
  const ofTraefik = (reason: string, observedGeneration = 2) => ({
    parentRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name: "public", sectionName: "webb" },
    controllerName: "traefik.io/gateway-controller",
    conditions: [
      { type: "Accepted", status: reason === "Accepted" ? "True" : "False", observedGeneration, reason, message: "" },
      { type: "ResolvedRefs", status: "True", observedGeneration, reason: "ResolvedRefs", message: "" },
    ],
  });

  test("is read as Traefik writes it", () => {
    expect(at(2, ofTraefik("Accepted"))).toEqual({ kind: "verified" });
    expect(at(3, ofTraefik("Accepted"))?.kind).toBe("notYet");
    expect(at(2, ofTraefik("NoMatchingParent"))).toEqual({
      kind: "failed",
      reason: 'HTTPRoute "shop" is not Accepted by Gateway "public": NoMatchingParent',
    });
  });

  test("counts for parents that the route has, however much of them is repeated there", () => {
    const parents = [ofTraefik("Accepted", 1), parent("other", condition("Accepted"))];
    expect(of(2, { parentRefs: [{ name: "other", namespace: "default" }] }, parents)).toEqual({ kind: "verified" });
    expect(of(2, { parentRefs: [{ name: "gone", namespace: "edge" }] }, parents)).toEqual({
      kind: "failed",
      reason: 'HTTPRoute "shop" is not Accepted by Gateway "edge/gone"',
    });
  });

  test("says nothing where no controller writes one, whatever else stands there", () => {
    expect(at(2)).toBeUndefined();
    expect(at(2, null, "x")?.kind).toBe("notYet");
  });
});

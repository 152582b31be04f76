import { describe, expect, test } from "bun:test";
import { byDefault, routedBy, routingWorld, wanting } from "../../test/golden/routingStories.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { plugins } from "./plugins.ts";

const one = routedBy({ plugins: { [GATEWAY_PLUGIN]: { httpRoute: "shop" } } });

describe("a route's status", () => {
  const at = (generation: number, ...parents: readonly unknown[]) => {
    const world = routingWorld([]);
    const object = () => ({
      kind: "HTTPRoute",
      metadata: { name: "shop", namespace: "default", generation },
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

  test("says nothing where no controller writes one, whatever else stands there", () => {
    expect(at(2)).toBeUndefined();
    expect(at(2, null, "x")?.kind).toBe("notYet");
  });
});

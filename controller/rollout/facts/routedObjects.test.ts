import { expect, test } from "bun:test";
import { byDefault, routedBy } from "../../../test/golden/routingStories.ts";
import { createRouted, refusalOf } from "./routedObjects.ts";

test("a kind that is not served is no fault while the same kind of another group is", () => {
  const rollout = routedBy({ traefik: { weightedTraefikServiceName: "shop" } });
  const routed = createRouted(byDefault);
  const refuse = (group: string, why: string | undefined): void => {
    const store = routed.stores.get(`traefikservices.${group}`);
    if (store !== undefined) store.refused = why;
  };
  refuse("traefik.containo.us", "the API server does not serve the older");
  expect(refusalOf(routed, rollout)).toBeUndefined();
  refuse("traefik.io", "the API server does not serve the newer");
  expect(refusalOf(routed, rollout)).toBe("the API server does not serve the newer");
  refuse("traefik.containo.us", undefined);
  expect(refusalOf(routed, rollout)).toBeUndefined();
});

/** The text that the condition InvalidSpec has about a Rollout (docs/behaviour/validation.md#help). */
import { expect, test } from "bun:test";
import type { Rollout } from "../../../schema/rollout.ts";
import { createGatherer } from "./gather.ts";
import { createStores } from "./stores.ts";

function invalid(canary: object): string | undefined {
  const stores = createStores();
  for (const name of ["stable", "canary"]) {
    stores.services.upsert({ metadata: { name, namespace: "shop", uid: name, resourceVersion: "1" }, spec: {} });
  }
  stores.rollouts.upsert({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace: "shop", uid: "u", generation: 1, resourceVersion: "1" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
      strategy: { canary: { stableService: "stable", canaryService: "canary", ...canary } },
    },
  } as unknown as Rollout);
  return createGatherer(stores).gather("shop/web")?.invalid;
}

test("is the reference's to the letter, without help", () => {
  expect(invalid({ steps: [{ pause: { duration: "1d" } }] })).toBe(
    "spec.strategy.steps[0].pause.duration: Invalid value: -1: Duration needs to be greater than 0",
  );
});

test("has help only behind an internal error, which does not say what to do", () => {
  expect(invalid({ trafficRouting: { nginx: {} } })).toBe(
    "spec.strategy.canary.trafficRouting.nginx: Internal error: Either StableIngress or StableIngresses must be " +
      "configured. Neither are configured. Write stableIngress with the name of an Ingress, or stableIngresses with a " +
      "list of names",
  );
});

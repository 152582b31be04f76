/** What becomes of autoscalers when a Deployment does not migrate any more (docs/migration.md#mode-reference). */
import { expect, test } from "bun:test";
import { refusal } from "../../test/apiServer.ts";
import { MANAGED_BY_ROLLOUT, MIGRATE, SCALE_TARGET_BEFORE } from "../../schema/labels.ts";
import { objectAt } from "./convert/objects.ts";
import { DEPLOYMENT, migratingStage, MINUTE, ROLLOUT } from "./testing.ts";

const AUTOSCALER = { resource: "horizontalpodautoscalers.autoscaling", namespace: "default", name: "web" } as const;
const deployment = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
const rollout = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web" };

/** One that scales the Rollout of a Deployment which has migrated, until the Deployment is one like others again. */
async function reversed(metadata: object, before?: (world: Awaited<ReturnType<typeof migratingStage>>) => void) {
  const world = await migratingStage({ annotations: { [MIGRATE]: "reference" } });
  await world.clock.advance(5 * MINUTE);
  world.core.create("horizontalpodautoscalers.autoscaling", {
    metadata: { name: "web", namespace: "default", ...metadata },
    spec: { scaleTargetRef: rollout, minReplicas: 3, maxReplicas: 5 },
  });
  before?.(world);
  world.annotate({ [MIGRATE]: undefined });
  await world.clock.advance(5 * MINUTE);
  world.end();
  expect(world.core.get(ROLLOUT)).toBeUndefined();
  expect(world.core.get(DEPLOYMENT)?.metadata.annotations).not.toHaveProperty(MANAGED_BY_ROLLOUT);
  const autoscaler = world.core.get(AUTOSCALER);
  return {
    target: objectAt(autoscaler, "spec")["scaleTargetRef"],
    annotations: autoscaler?.metadata.annotations ?? {},
    said: world.said("Deployment").filter((text) => text.includes("HorizontalPodAutoscaler")),
  };
}

const pointedByUs = { annotations: { [SCALE_TARGET_BEFORE]: JSON.stringify(deployment) } };

test("one that the migration has pointed at the Rollout scales the Deployment again when that is over", async () => {
  expect(await reversed(pointedByUs)).toEqual({ target: deployment, annotations: {}, said: [] });
});

test.each([
  ["the owner has pointed at the Rollout", {}, "kubectl patch hpa web --type merge -p "],
  [
    "names another Deployment beforehand",
    { [SCALE_TARGET_BEFORE]: '{"kind":"Deployment","name":"x"}' },
    "kubectl patch",
  ],
  ["has a mark that is no JSON", { [SCALE_TARGET_BEFORE]: "{" }, "kubectl patch hpa"],
])("one that %s stays as it is, and is reported with what to do", async (_, annotations, words) => {
  const { target, said } = await reversed({ annotations });
  expect(target).toEqual(rollout);
  expect(said).toEqual([
    expect.stringContaining(
      `Warning MigrationFollowUp HorizontalPodAutoscaler "web" names Rollout "web", which is gone, and scales nothing: ${words}`,
    ) as string,
  ]);
});

test("one that another makes is reported with what makes it", async () => {
  const owner = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", name: "shop", uid: "1", controller: true };
  const { target, said } = await reversed({ ownerReferences: [owner] });
  expect(target).toEqual(rollout);
  expect(said).toEqual([
    expect.stringContaining('spec.scaleTargetRef of ScaledObject "shop", which makes it') as string,
  ]);
});

test("one that may not be changed is reported, and the Deployment does not wait for it", async () => {
  const { target, said } = await reversed(pointedByUs, ({ hook }) => {
    hook.before = (request) => {
      const isAutoscalers = request.path.includes("/horizontalpodautoscalers/");
      if (request.method === "PATCH" && isAutoscalers) throw refusal(request, 403, "Forbidden");
    };
  });
  expect(target).toEqual(rollout);
  expect(said).toEqual([expect.stringContaining("point its spec.scaleTargetRef at this Deployment. ") as string]);
});

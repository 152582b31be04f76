/** What drives Rollouts is two thirds of the controller's code: it is loaded when the ports answer. */
import type { Controller } from "../../controller/controller.ts";

/** Loads it. `/healthz` does not wait for this. */
export async function loadDriving() {
  const { wireController } = await import("../../controller/wiring.ts");
  const { heldTemplates } = await import("../../controller/rollout/facts/templateStores.ts");
  return { wireController, heldTemplates };
}

export type Driving = Awaited<ReturnType<typeof loadDriving>>;

/** How many objects each cache holds; of kinds that are watched only when needed, those that hold any. */
export function cacheObjects(controller: Controller | undefined): [string, number][] {
  if (controller === undefined) return [];
  const { rollouts, replicaSets, services, analysisRuns, experiments, optional } = controller.stores;
  return [
    ["rollouts", rollouts.size],
    ["replicasets", replicaSets.size],
    ["services", services.size],
    ["analysisruns", analysisRuns.size],
    ["experiments", experiments.size],
    ...optional
      .map(({ kind, objects }): [string, number] => [kind.resource, objects.size])
      .filter(([, size]) => size > 0),
  ];
}

/** Starts the controllers beside an in-memory API server. */
import type { ApiCore, Change } from "../model/model.ts";
import type { KubeletSettings } from "../kubelet/pod.ts";
import { deploymentController } from "./deployment/deploymentController.ts";
import { disruptionController } from "./pods/disruption.ts";
import { type Controller, drive } from "./loop/driver.ts";
import { recorder } from "./loop/events.ts";
import { createJobController, jobPodController } from "./job/jobController.ts";
import { startInProcessKubelet } from "./pods/inProcessKubelet.ts";
import type { Kind } from "./loop/objects.ts";
import { replicaSetController } from "./pods/replicaSet.ts";
import { createScheduler } from "./pods/scheduler.ts";
import { serviceAccountController } from "./serviceAccounts.ts";
import { endpointsController, endpointSliceController } from "./services/endpointsControllers.ts";
import { createWorld } from "./loop/objectIndex.ts";

/** In the order in which they are notified of a change. */
const table = {
  deployments: () => [deploymentController],
  replicaSets: () => [replicaSetController],
  jobs: () => [createJobController(), jobPodController],
  endpoints: () => [endpointsController],
  endpointSlices: () => [endpointSliceController],
  disruptionBudgets: () => [disruptionController],
  serviceAccounts: () => [serviceAccountController],
  scheduler: () => [createScheduler()],
} satisfies Readonly<Record<string, () => readonly Controller[]>>;

/** "kubelet" creates the fake nodes, too. */
export type ControllerName = keyof typeof table | "kubelet";

export const controllerNames: readonly ControllerName[] = [
  ...(Object.keys(table) as (keyof typeof table)[]),
  "kubelet",
];

export interface ControllersOptions {
  /** All by default. */
  readonly run?: readonly ControllerName[];
  /** From a change to the decision, in ms; with 0, the default, it still comes later. Called for each queued key. */
  readonly lagMs?: Readonly<Partial<Record<ControllerName, number | (() => number)>>>;
  readonly kubelet?: Partial<KubeletSettings>;
  readonly nodes?: number;
  readonly podsPerNode?: number;
  /** Whether Events are stored; true by default. */
  readonly events?: boolean;
}

const lagOf = (lag: number | (() => number) | undefined): (() => number) =>
  typeof lag === "function" ? lag : () => lag ?? 0;

const observed: readonly Kind[] = [
  "nodes",
  "namespaces",
  "services",
  "poddisruptionbudgets.policy",
  "deployments.apps",
  "replicasets.apps",
  "jobs.batch",
  "pods",
];

/**
 * The controllers begin with the objects that exist, then follow every change. Time and timers come from the core's
 * clock, randomness from the core alone, so that the same changes at the same times give the same world.
 */
export function startControllers(core: ApiCore, options: ControllersOptions = {}): { stop(): void } {
  const { run = controllerNames, lagMs = {}, events = true } = options;
  const world = createWorld(core);
  const record = events ? recorder(core) : () => {};
  const drivers = controllerNames.flatMap((name): readonly { take(change: Change): void; stop(): void }[] => {
    if (!run.includes(name) || name === "kubelet") return [];
    return table[name]().map((controller) => drive(controller, { core, world, lagMs: lagOf(lagMs[name]), record }));
  });
  const unsubscribe = core.onChange((change) => {
    if (change.resource === "events") return;
    world.take(change);
    for (const driver of drivers) driver.take(change);
  });
  const stop = (): void => {
    unsubscribe();
    for (const driver of drivers) driver.stop();
  };
  if (run.includes("kubelet")) {
    const { kubelet: settings, nodes, podsPerNode } = options;
    drivers.push(startInProcessKubelet({ core, settings, nodes, podsPerNode, lagMs: lagOf(lagMs.kubelet) }));
  }
  for (const kind of observed) {
    for (const object of world.all(kind)) {
      for (const driver of drivers) driver.take({ type: "ADDED", resource: kind, object, old: undefined });
    }
  }
  return { stop };
}

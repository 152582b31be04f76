/** The Deployments beside Rollouts: whose pods they have, and which of them a Rollout has the pods of. */
import { createStore, keyOf } from "../../kube/runtime/cache.ts";
import { createPodIndex, type PodIndex } from "./podIndex.ts";
import { deploymentKind } from "./slimKinds.ts";
import { slimWatch, type SlimWatch, type SlimWatchPorts } from "./slimWatch.ts";

export interface DeploymentIndex extends SlimWatch {
  /** Without those that migrate, whose pods have two owners on purpose. */
  readonly pods: PodIndex;
  /** Name of the Rollout that has, or is about to have, the pods of this Deployment; undefined also where it is unknown. */
  rolloutOf(namespace: string, name: string): string | undefined;
}

export function deploymentIndex(ports: SlimWatchPorts): DeploymentIndex {
  const pods = createPodIndex();
  const store = createStore({ transform: deploymentKind.slim });
  store.onChange((old, next) => {
    const object = next ?? old;
    if (object !== undefined) pods.put(keyOf(object), object.metadata.namespace ?? "", next?.owner);
  });
  const watch = slimWatch(deploymentKind.api, store, ports);
  return {
    ...watch,
    pods,
    rolloutOf: (namespace, name) => (watch.isKnown() ? store.get(`${namespace}/${name}`)?.rollout : undefined),
  };
}

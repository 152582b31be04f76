/** The Deployments beside Rollouts: whose pods they have, and which of them a Rollout has the pods of. */
import { isOfInstance } from "../../controller/migration/facts/caches.ts";
import { createStore, keyOf } from "../../kube/runtime/cache.ts";
import type { ReflectorSink } from "../../kube/runtime/watch.ts";
import type { Workload } from "../../schema/kube.ts";
import { createPodIndex, type PodIndex } from "./podIndex.ts";
import { deploymentKind } from "./slimKinds.ts";
import { slimWatch, type SlimWatch, type SlimWatchPorts } from "./slimWatch.ts";

export interface DeploymentIndex extends SlimWatch {
  /** Without those that migrate, whose pods have two owners on purpose. */
  readonly pods: PodIndex;
  /**
   * Name of the Rollout of our instance that has, or is about to have, the pods of this Deployment; undefined also where it
   * is unknown.
   */
  rolloutOf(namespace: string, name: string): string | undefined;
}

function tableOf(instanceId: string) {
  const pods = createPodIndex();
  const store = createStore({
    transform(raw: Workload) {
      const slim = deploymentKind.slim(raw);
      return slim?.rollout === undefined || isOfInstance(raw.metadata.labels, instanceId) ? slim : undefined;
    },
  });
  store.onChange((old, next) => {
    const object = next ?? old;
    if (object !== undefined) pods.put(keyOf(object), object.metadata.namespace ?? "", next?.owner);
  });
  return { pods, store };
}

const indexOf = ({ pods, store }: ReturnType<typeof tableOf>, watch: SlimWatch): DeploymentIndex => ({
  ...watch,
  pods,
  rolloutOf: (namespace, name) => (watch.isKnown() ? store.get(`${namespace}/${name}`)?.rollout : undefined),
});

export function deploymentIndex(ports: SlimWatchPorts & { readonly instanceId?: string }): DeploymentIndex {
  const table = tableOf(ports.instanceId ?? "");
  return indexOf(table, slimWatch(deploymentKind.api, table.store, ports));
}

/** The index without a watch of its own: whoever watches Deployments fills the sink. */
export function fedDeployments(instanceId: string): {
  readonly index: DeploymentIndex;
  readonly sink: ReflectorSink<Workload>;
} {
  const table = tableOf(instanceId);
  const { store } = table;
  const listed = Promise.withResolvers<void>();
  let known = false;
  const sink: ReflectorSink<Workload> = {
    upsert: store.upsert,
    remove: store.remove,
    prune(keys, resourceVersion) {
      store.prune(keys, resourceVersion);
      known = true;
      listed.resolve();
    },
  };
  return { index: indexOf(table, { isKnown: () => known, soon: () => (known ? undefined : listed.promise) }), sink };
}

/**
 * The workloads that Rollouts under admission name: from the cache, or from the API server, since the cache does not
 * have those of a new Rollout yet.
 */
import { canBeName, collectionPath, nameSelector } from "../../kube/client/path.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Workload } from "../../schema/kube.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { scaleDownOf } from "../../controller/rollout/revision/workload.ts";
import {
  type WorkloadAnswer,
  type WorkloadRef,
  workloadKindOf,
  workloadRefOf,
  type Workloads,
} from "../../controller/rules/rollout/workloadRef.ts";
import { needOf } from "../../controller/rollout/facts/optionalStore.ts";
import type { Stores } from "../../controller/rollout/facts/stores.ts";
import type { WorkloadObject } from "../../controller/rollout/facts/workloadStores.ts";

export interface FindPorts {
  readonly client: Pick<KubeClient, "request">;
  readonly clock: Clock;
  readonly stores: Stores;
}

/** Undefined when no object names a workload. Never rejects; what could not be read by `untilMs` stays unknown. */
export function findWorkloads(
  ports: FindPorts,
  objects: readonly unknown[],
  namespace: string,
  untilMs: number,
): Promise<{ readonly workloads: Workloads }> | undefined {
  const refs = objects.map(workloadRefOf).filter((ref) => ref !== undefined);
  if (refs.length === 0) return undefined;
  const { rollouts, workloads } = ports.stores;
  const asked = [...new Map(refs.map((ref) => [keyOf(ref), ref])).entries()];
  const answers = asked.map(async ([key, ref]) => [key, await find(ports, ref, namespace, untilMs)] as const);
  return Promise.all(answers).then((found) => {
    const known = new Map(found);
    return {
      workloads: {
        find: (ref) => known.get(keyOf(ref)),
        scaledBy: (deployment) =>
          rollouts
            .by("need", needOf(workloads.Deployment.kind, `${namespace}/${deployment}`))
            .filter((rollout) => rollout.metadata.deletionTimestamp === undefined && scaleDownOf(rollout) !== "never")
            .map(({ metadata }) => metadata.name),
      },
    };
  });
}

const keyOf = ({ apiVersion, kind, name }: WorkloadRef): string => `${apiVersion} ${kind} ${name}`;

async function find(ports: FindPorts, ref: WorkloadRef, namespace: string, untilMs: number): Promise<WorkloadAnswer> {
  const kind = workloadKindOf(ref);
  if (kind === undefined || ref.name === "") return undefined;
  const store = ports.stores.workloads[kind];
  const known = store.find(`${namespace}/${ref.name}`);
  if (known.kind === "found") return answerOf(known.object.facts);
  if (known.kind === "absent" || !canBeName(ref.name)) return "absent";
  try {
    const { items } = await ports.client.request<{ readonly items?: readonly Workload[] | null }>({
      method: "GET",
      path: collectionPath(store.kind.api, namespace),
      // A list, not a get: the permission to list is there for the watch.
      query: { fieldSelector: nameSelector(ref.name) },
      timeoutMs: Math.max(1, untilMs - ports.clock.now()),
      retry: false,
      urgent: true,
    });
    const [object] = items ?? [];
    return object === undefined ? "absent" : answerOf(store.kind.slim(object).facts);
  } catch {
    // The loop will report it.
    return undefined;
  }
}

const answerOf = ({ template, selector, replicas }: WorkloadObject): WorkloadAnswer => ({
  template,
  selector,
  replicas,
});

/**
 * A Deployment that a Rollout has scaled down gets its pods back when the Rollout is deleted: at once when the deletion
 * is seen, or before it, where the user has asked that the deletion wait for them.
 */
import { PAUSED_FOR_ROLLOUT, REPLICAS_BEFORE, REPLICAS_LEFT, REPLICAS_WANTED } from "../../schema/labels.ts";
import { isNotFound } from "../../kube/client/apiError.ts";
import { type ApiPath, canBeName, objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import { DEPLOYMENTS, ROLLOUTS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Log } from "../process/log.ts";
import type { WorkloadFacts } from "../rollout/model/model.ts";
import { farewell, holdsDeletion, restoredReplicas, scaleDownOf, withoutHold } from "../rollout/revision/workload.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import { needOf } from "../rollout/facts/optionalStore.ts";
import { hasItsPods } from "./podsOfDeployment.ts";
import type { Sources } from "../rollout/facts/cacheSources.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import { type ControllerRow, watch } from "../../kube/runtime/runController.ts";

export interface RestorePorts {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly log: Log;
  readonly validForMs: () => number;
}

const TIMEOUT_MS = 5_000;
/** A ReplicaSet is seldom later than that. */
const SOON_MS = 1_000;
const MERGE = "application/merge-patch+json";

/** "namespace/name" of the Deployment whose place a Rollout takes. */
function deploymentOf({ workloads }: Stores, rollout: Rollout): string | undefined {
  return scaleDownOf(rollout) === "never" ? undefined : workloads.Deployment.kind.neededBy(rollout)[0];
}

/** Whether a Rollout that stays has taken the Deployment's place as well. */
const isShared = (stores: Stores, key: string): boolean =>
  stores.rollouts
    .by("need", needOf(stores.workloads.Deployment.kind, key))
    .some((rollout) => rollout.metadata.deletionTimestamp === undefined && scaleDownOf(rollout) !== "never");

const pathOf = (namespace: string, name: string): ApiPath => objectPath(DEPLOYMENTS, { namespace, name });

/** It has the size that its owner wants: nothing is noted beside that. */
const GIVEN_BACK = { [REPLICAS_LEFT]: null, [REPLICAS_WANTED]: null, [PAUSED_FOR_ROLLOUT]: null };

async function scaleUp(ports: RestorePorts, namespace: string, facts: WorkloadFacts, replicas: number): Promise<void> {
  const { client, stores, log, validForMs } = ports;
  if (validForMs() <= TIMEOUT_MS)
    throw new NotLeaderError(`Not sent: scaling Deployment "${facts.name}" up, because the leader Lease may run out`);
  const { migrated, resourceVersion } = facts;
  // A paused Deployment makes no pods of a template that has changed meanwhile.
  const paused = migrated?.paused === true ? { paused: null } : {};
  const marks = migrated === undefined ? {} : GIVEN_BACK;
  const metadata = { resourceVersion, annotations: { [REPLICAS_BEFORE]: null, ...marks } };
  const written = await client.request<Workload>({
    method: "PATCH",
    path: pathOf(namespace, facts.name),
    body: { metadata, spec: { replicas, ...paused } },
    contentType: MERGE,
    timeoutMs: TIMEOUT_MS,
  });
  log.info("Scaled a Deployment up again: the Rollout that replaced it is being deleted", {
    deployment: `${namespace}/${facts.name}`,
    replicas,
  });
  // If no Rollout needs the Deployment any more, it must not be cached. Rollouts that name it are reconciled again.
  if (stores.workloads.Deployment.objects.get(`${namespace}/${facts.name}`) !== undefined)
    stores.workloads.Deployment.objects.upsert(written);
}

/**
 * Does the next step for a Rollout that is being deleted, where we hold the deletion back. Changes of the Deployment
 * call it again. @returns after how many ms it is to be called again without a change @throws {ApiError}
 */
export async function finishDeletion(ports: RestorePorts, rollout: Rollout): Promise<number | undefined> {
  if (!holdsDeletion(rollout) || ports.validForMs() <= TIMEOUT_MS) return undefined;
  const { client, stores } = ports;
  const { namespace, name, resourceVersion } = rollout.metadata;
  const key = deploymentOf(stores, rollout);
  const known = key === undefined ? undefined : stores.workloads.Deployment.find(key);
  if (known?.kind === "waiting" || known?.kind === "refused") return undefined;
  const facts = known?.kind === "found" ? known.object.facts : undefined;
  const next = farewell(rollout, facts, key !== undefined && isShared(stores, key));
  if (next.kind === "wait") return undefined;
  if (next.kind === "restore" && facts !== undefined) {
    await scaleUp(ports, namespace, facts, next.replicas);
    return undefined;
  }
  if (next.kind === "relieve" && facts !== undefined && !(await hasItsPods(client, namespace, facts))) return SOON_MS;
  const written = await client.request<Rollout>({
    method: "PATCH",
    path: objectPath(ROLLOUTS, { namespace, name }),
    body: { metadata: { resourceVersion, finalizers: withoutHold(rollout) } },
    contentType: MERGE,
    timeoutMs: TIMEOUT_MS,
  });
  stores.rollouts.upsert(written);
  return undefined;
}

/** A Deployment that a deleted Rollout has left behind. */
interface LeftDeployment {
  /** The deleted one. */
  readonly rollout: Rollout;
  /** As the API server has it; undefined: there is nothing to restore. */
  readonly facts: WorkloadFacts | undefined;
}

/**
 * Deployments as a row. Remembers what deleted Rollouts have left behind until it is restored. A crash forgets it: see
 * the finalizer. Keys are "namespace/name" of Deployments.
 */
export function deploymentsRow(
  ports: RestorePorts,
  sources: Sources,
): ControllerRow<LeftDeployment, number | undefined> {
  const { stores } = ports;
  const left = new Map<string, Rollout>();
  return {
    kind: "Deployments",
    noun: "Deployment",
    watches: [
      watch(sources.rollouts, (queue, old, next, origin) => {
        if (origin === "own" || old === undefined || next !== undefined) return;
        const key = deploymentOf(stores, old);
        if (key === undefined) return;
        if (ports.validForMs() > 0) left.set(key, old);
        queue.add(key);
      }),
    ],
    async gather(key) {
      const rollout = left.get(key);
      if (rollout === undefined) return undefined;
      return { rollout, facts: isShared(stores, key) ? undefined : await liveDeployment(ports, rollout, key) };
    },
    decide: ({ rollout, facts }) => (facts === undefined ? undefined : restoredReplicas(rollout, facts)),
    async apply({ key, facts: { rollout, facts }, decision: replicas }) {
      if (facts !== undefined && replicas !== undefined) await restore(ports, rollout, facts, replicas);
      if (left.get(key) === rollout) left.delete(key);
    },
  };
}

/** @throws {ApiError} unless it is gone. */
async function liveDeployment(
  { client, stores }: RestorePorts,
  { metadata: { namespace } }: Rollout,
  key: string,
): Promise<WorkloadFacts | undefined> {
  const name = key.slice(namespace.length + 1);
  if (!canBeName(name)) return undefined;
  const live = await readIfThere<Workload>(client, pathOf(namespace, name), { timeoutMs: TIMEOUT_MS });
  return live === undefined ? undefined : stores.workloads.Deployment.kind.slim(live).facts;
}

async function restore(
  ports: RestorePorts,
  { metadata: { namespace } }: Rollout,
  facts: WorkloadFacts,
  replicas: number,
): Promise<void> {
  try {
    await scaleUp(ports, namespace, facts, replicas);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

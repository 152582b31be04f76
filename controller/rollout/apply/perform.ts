/**
 * How each kind of action is carried out: what its requests (actions/) are sent with, what is read just before, and how
 * refusals are handled.
 */
import { ApiError, isAlreadyExists, isConflict, isNotFound } from "../../../kube/client/apiError.ts";
import { type ApiPath, objectPath } from "../../../kube/client/path.ts";
import { DEPLOYMENTS, REPLICA_SETS, ROLLOUTS } from "../../../kube/client/resources.ts";
import { mergePatch } from "../../../kube/object/mergePatch.ts";
import { type ReplicaSet, type Resource, resourceName, type Workload } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Action, ActionOf } from "../actions/action.ts";
import { actions } from "../actions/actions.ts";
import { replicaSetFacts } from "../facts/stores.ts";
import { liveRollout } from "../../services/serviceCleanup.ts";
import { createRun, deleteRun, terminateRun } from "./analysisRuns.ts";
import { NotLeaderError } from "../../../kube/runtime/notLeader.ts";
import { createExperiment, deleteExperiment, terminateExperiment } from "./experiments.ts";
import { kubeRequest } from "./kubeRequest.ts";
import { passingCause } from "./passing.ts";
import { evictPod, patchPods } from "./podRequests.ts";
import { routeTraffic, type RoutePorts, UnroutedError } from "./route.ts";
import { type Outcome, patchReplicaSets, patchRollout, type Run, send, write } from "./writer.ts";

/** Undefined: done, go on with the next one. All other failures are thrown. */
type Performed = Promise<Outcome | undefined>;

type Performers = { readonly [K in Action["kind"]]: (run: Run, action: ActionOf<K>) => Performed };

const performers: Performers = {
  createReplicaSet,
  updateReplicaSet: (run, action) => patchReplicaSets(run, actions.updateReplicaSet.requests(action)),
  setPodMetadata,
  evictPods,
  deleteReplicaSet,
  adoptReplicaSet,
  async releaseReplicaSet(run, action) {
    const owners = await ownersOf(run, action.name);
    return patchReplicaSets(run, actions.releaseReplicaSet.requests(action, { rollout: run.rollout, owners }));
  },
  async switchService(run, action) {
    for (const request of actions.switchService.requests(action, run)) await write(run, request, run.stores.services);
    return undefined;
  },
  async routeTraffic(run, { traffic }) {
    // First: whatever keeps the objects of other routers from being written must not hold them up.
    if (run.validForMs() > 0) run.askRouterPlugins?.(run.rollout, traffic);
    try {
      return await routeTraffic(routePorts(run), run.rollout, traffic);
    } catch (error) {
      return unrouted(error);
    }
  },
  createAnalysisRun: createRun,
  terminateAnalysisRun: terminateRun,
  deleteAnalysisRun: deleteRun,
  // Only the leader asks: whatever a plugin does is done once.
  async callStepPlugin(run, action) {
    if (run.validForMs() <= 0) throw new NotLeaderError("Not asked, because the leader Lease has run out");
    run.callStepPlugin?.(run.rollout, action);
    return undefined;
  },
  // A question changes nothing, but one that does not lead has nobody to answer.
  async askBalancer(run, { inquiry }) {
    if (run.validForMs() <= 0) throw new NotLeaderError("Not asked, because the leader Lease has run out");
    run.askBalancer?.(run.rollout, inquiry);
    return undefined;
  },
  createExperiment,
  terminateExperiment,
  deleteExperiment,
  updateRollout: (run, action) =>
    patchRollout(run, actions.updateRollout.requests(action, { rollout: run.rollout, template: templatePatch(run) })),
  scaleWorkload,
};

/** Carries out one action. TypeScript does not see that a performer and its action belong together. @throws {ApiError} */
export const perform = (run: Run, action: Action): Performed =>
  (performers[action.kind] as (run: Run, action: Action) => Performed)(run, action);

/** The path of an object in the Rollout's namespace. */
const pathBeside = ({ metadata }: Rollout, resource: Resource, name: string): ApiPath =>
  objectPath(resource, { namespace: metadata.namespace, name });

/**
 * An existing ReplicaSet of that name that is ours and has our template is what we wanted
 * (docs/behaviour/hashes-and-names.md#collisions).
 */
async function createReplicaSet(run: Run, action: ActionOf<"createReplicaSet">): Promise<Outcome | undefined> {
  const { name } = action;
  try {
    for (const request of actions.createReplicaSet.requests(action)) await write(run, request, run.stores.replicaSets);
    return undefined;
  } catch (error) {
    if (!isAlreadyExists(error)) return refusal(name, error);
  }
  const live = await run.client.request<ReplicaSet>({
    method: "GET",
    path: pathBeside(run.rollout, REPLICA_SETS, name),
  });
  const facts = replicaSetFacts(live);
  const ours = facts.controllerUid === run.rollout.metadata.uid && facts.templateDigest === run.snapshot.templateDigest;
  if (ours && !facts.deleting) {
    run.stores.replicaSets.upsert(live);
    return undefined;
  }
  const leaving = await isLeaving(run, live, facts.deleting);
  return leaving
    ? { kind: "nameTaken", name, message: "the one that had its name before is still being deleted" }
    : { kind: "collision", name };
}

/** Left over from a Rollout of the same name that was deleted: the garbage collector is about to delete it. */
async function isLeaving(run: Run, live: ReplicaSet, deleting: boolean): Promise<boolean> {
  if (deleting) return true;
  const owner = live.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner?.kind !== "Rollout" || owner.uid === run.rollout.metadata.uid) return false;
  const rollout = await liveRollout(run.client, run.rollout.metadata.namespace, owner.name);
  return rollout?.metadata.uid !== owner.uid;
}

/** Refusals that the user can fix are reported in the status; all others are retried. */
function refusal(name: string, error: unknown): Outcome {
  if (!(error instanceof ApiError) || error.status === 401 || passingCause(error) !== undefined) throw error;
  const cause = error.cause as { message?: string } | undefined;
  return { kind: "createRefused", name, message: cause?.message ?? error.message };
}

/** What the user can mend is reported in the status; what passes by itself is retried. */
function unrouted(error: unknown): Outcome {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const told = error instanceof UnroutedError && !(cause instanceof ApiError && cause.status === 401);
  if (!told || passingCause(cause) !== undefined) throw error;
  return { kind: "routeRefused", message: error.message };
}

/** Disruption budgets allow no eviction now; the rest of the decision is not carried out. */
const NOTHING_EVICTED: Outcome = { kind: "nothingEvicted" };

/** One after the other: the next pod may have another disruption budget than the one that was refused. */
async function evictPods(run: Run, action: ActionOf<"evictPods">): Promise<Outcome | undefined> {
  let evicted = 0;
  for (const request of actions.evictPods.requests(action, run)) {
    if (evicted >= action.most) break;
    const { namespace } = run.rollout.metadata;
    if (await evictPod((eviction) => send(run, eviction), kubeRequest(request, namespace))) evicted += 1;
  }
  return evicted > 0 ? undefined : NOTHING_EVICTED;
}

/** Running pods are patched after the template, and before the annotation records it. */
async function setPodMetadata(run: Run, action: ActionOf<"setPodMetadata">): Promise<undefined> {
  const facts = run.stores.replicaSets.get(`${run.rollout.metadata.namespace}/${action.name}`)?.facts;
  const hasPods = facts !== undefined && facts.replicas !== 0;
  const [template, ...record] = actions.setPodMetadata.requests(action, { hasPods });
  if (template !== undefined) await patchReplicaSets(run, [template]);
  if (hasPods) await patchPods((request) => send(run, request), run.client, facts, action);
  return patchReplicaSets(run, record);
}

async function deleteReplicaSet(run: Run, action: ActionOf<"deleteReplicaSet">): Promise<undefined> {
  const { namespace } = run.rollout.metadata;
  try {
    for (const request of actions.deleteReplicaSet.requests(action)) await send(run, kubeRequest(request, namespace));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  run.stores.replicaSets.deleted(`${namespace}/${action.name}`, action.uid);
}

/**
 * Only a Rollout that is not being deleted may adopt, and the cache may not know that yet
 * (docs/behaviour/revisions.md#adoption).
 */
async function adoptReplicaSet(run: Run, action: ActionOf<"adoptReplicaSet">): Promise<undefined> {
  const path = objectPath(ROLLOUTS, run.rollout.metadata);
  const fresh = await run.client.request<Rollout>({ method: "GET", path });
  if (fresh.metadata.uid !== run.rollout.metadata.uid || fresh.metadata.deletionTimestamp !== undefined) {
    throw new Error(`Cannot adopt ReplicaSet "${action.name}": the Rollout is being deleted`);
  }
  const owners = await ownersOf(run, action.name);
  return patchReplicaSets(run, actions.adoptReplicaSet.requests(action, { rollout: run.rollout, owners }));
}

type Owners = NonNullable<ReplicaSet["metadata"]["ownerReferences"]>;

/** All owners of a ReplicaSet, as the API server has them now. */
async function ownersOf(run: Run, name: string): Promise<Owners> {
  const path = pathBeside(run.rollout, REPLICA_SETS, name);
  const live = await run.client.request<ReplicaSet>({ method: "GET", path });
  return live.metadata.ownerReferences ?? [];
}

const routePorts = (run: Run): RoutePorts => ({
  routed: run.stores.routed,
  get: (path) => run.client.request({ method: "GET", path }),
  send: (request) => send(run, request),
  remember: ({ resource }, object) => {
    const store = run.stores.routed.stores.get(resourceName(resource));
    store?.objects.written(object);
  },
  forget: ({ resource, namespace, name }, uid) => {
    const store = run.stores.routed.stores.get(resourceName(resource));
    store?.objects.deleted(`${namespace}/${name}`, uid);
  },
  emit: (event) => run.recordEvent(run.rollout, { ...event, after: 0 }),
});

/**
 * While a Deployment is resized its status is written many times: a newer version with the same generation is no
 * conflict.
 */
async function scaleWorkload(run: Run, action: ActionOf<"scaleWorkload">): Promise<undefined> {
  const scale = async (decided: ActionOf<"scaleWorkload">): Promise<void> => {
    for (const request of actions.scaleWorkload.requests(decided))
      await write(run, request, run.stores.workloads.Deployment.objects);
  };
  try {
    await scale(action);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const path = pathBeside(run.rollout, DEPLOYMENTS, action.name);
    const { metadata } = await run.client.request<Workload>({ method: "GET", path });
    const known = run.snapshot.workload;
    if (metadata.uid !== known?.uid || metadata.generation !== known?.generation) throw error;
    await scale({ ...action, resourceVersion: metadata.resourceVersion ?? "" });
  }
}

/**
 * Removes from the stored template what is not a quantity. Clients written in Go ignore everything in an object after
 * such a value, its status included; the reference drops it in the same write.
 */
function templatePatch({ snapshot, stores, rollout }: Run): object | undefined {
  const stored = stores.rollouts.get(`${rollout.metadata.namespace}/${rollout.metadata.name}`);
  if (snapshot.dropped === undefined || stored === undefined) return undefined;
  return mergePatch(stored.spec.template ?? {}, rollout.spec.template ?? {});
}

/** Carries out the actions of an Experiment; each answer goes into the cache. */
import { ApiError, isAlreadyExists, isNotFound } from "../../../kube/client/apiError.ts";
import { objectPath } from "../../../kube/client/path.ts";
import { ANALYSIS_RUNS, EXPERIMENTS, REPLICA_SETS, SERVICES } from "../../../kube/client/resources.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import { controllerOf, isControlledBy } from "../../../kube/object/ownerReference.ts";
import { NotLeaderError } from "../../../kube/runtime/notLeader.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { ReplicaSet, Resource, Service } from "../../../schema/kube.ts";
import { EXPERIMENT_NAME, EXPERIMENT_TEMPLATE } from "../../../schema/labels.ts";
import { passingCause } from "../../rollout/apply/passing.ts";
import type { Stores } from "../../rollout/facts/stores.ts";
import type { ExperimentAction } from "../decide/decision.ts";
import { requestOf } from "./requests.ts";

export interface Sending {
  readonly client: KubeClient;
  readonly stores: Stores;
  /** How long we are certain to stay the leader, in milliseconds. */
  readonly validForMs: () => number;
}

/** Undefined: done. All other failures are thrown. */
export type Refusal =
  | { readonly kind: "refused"; readonly why: string }
  /** Somebody else's object has the name. */
  | { readonly kind: "nameTaken" }
  | undefined;

type Object = AnalysisRun | ReplicaSet | Service;

const TIMEOUT_MS = 5_000;

/** Sends a write, as the leader. @throws {NotLeaderError} @throws {ApiError} */
export async function send<T>({ client, validForMs }: Sending, request: KubeRequest): Promise<T> {
  if (validForMs() <= TIMEOUT_MS)
    throw new NotLeaderError(`Not sent: ${request.method} ${request.path}, because the leader Lease may run out`);
  return client.request<T>({ timeoutMs: TIMEOUT_MS, ...request });
}

/** @throws {ApiError} what should be tried again */
export async function perform(sending: Sending, experiment: Experiment, action: ExperimentAction): Promise<Refusal> {
  const { namespace } = experiment.metadata;
  const { stores } = sending;
  const request = requestOf(action, namespace);
  try {
    switch (action.kind) {
      case "createReplicaSet":
      case "updateReplicaSet":
        stores.replicaSets.written(await send<ReplicaSet>(sending, request));
        return undefined;
      case "createService":
        stores.services.written(await send<Service>(sending, request));
        return undefined;
      case "createAnalysisRun":
      case "terminateAnalysisRun":
        // News to whoever drives AnalysisRuns: it begins, or ends.
        stores.analysisRuns.upsert(await send<AnalysisRun>(sending, request));
        return undefined;
      case "deleteService":
        await send(sending, request);
        stores.services.deleted(`${namespace}/${action.name}`, action.uid);
        return undefined;
      default:
        return action satisfies never;
    }
  } catch (error) {
    return failed(sending, experiment, action, error);
  }
}

async function failed(
  sending: Sending,
  experiment: Experiment,
  action: ExperimentAction,
  error: unknown,
): Promise<Refusal> {
  if (isAlreadyExists(error)) return existing(sending, experiment, action, error);
  if (isNotFound(error)) {
    const key = `${experiment.metadata.namespace}/${action.name}`;
    if (action.kind === "deleteService") sending.stores.services.deleted(key, action.uid);
    if (action.kind === "terminateAnalysisRun") sending.stores.analysisRuns.deleted(key, action.uid);
    if (action.kind === "deleteService" || action.kind === "terminateAnalysisRun") return undefined;
  }
  if (!(error instanceof ApiError) || error.status === 401 || passingCause(error) !== undefined) throw error;
  const cause = error.cause as { message?: string } | undefined;
  return { kind: "refused", why: cause?.message ?? error.message };
}

const RESOURCES: Readonly<Partial<Record<ExperimentAction["kind"], Resource>>> = {
  createReplicaSet: REPLICA_SETS,
  createService: SERVICES,
  createAnalysisRun: ANALYSIS_RUNS,
};

/** What a name that is taken belongs to: to us, to an Experiment that is gone, or to somebody else. */
async function existing(
  sending: Sending,
  experiment: Experiment,
  action: ExperimentAction,
  error: unknown,
): Promise<Refusal> {
  const resource = RESOURCES[action.kind];
  if (resource === undefined) throw error;
  const { namespace } = experiment.metadata;
  const { name } = action;
  const live = await sending.client.request<Object>({ method: "GET", path: objectPath(resource, { namespace, name }) });
  if (action.kind === "createAnalysisRun") {
    if (!isControlledBy(live, experiment)) return { kind: "nameTaken" };
    sending.stores.analysisRuns.upsert(live as AnalysisRun);
    return undefined;
  }
  if (isControlledBy(live, experiment) && isOfTemplate(live, action)) {
    if (action.kind === "createReplicaSet") sending.stores.replicaSets.upsert(live as ReplicaSet);
    else sending.stores.services.upsert(live as Service);
    return undefined;
  }
  if (live.metadata.deletionTimestamp !== undefined || (await isLeftBehind(sending, live))) throw error;
  if (action.kind !== "createService") return { kind: "refused", why: `replicasets.apps "${name}" already exists` };
  const why = `service ${name} already exists and is not owned by experiment template ${action.template}`;
  return { kind: "refused", why };
}

function isOfTemplate({ metadata }: Object, action: ExperimentAction): boolean {
  const own = action.kind === "createReplicaSet" || action.kind === "createService" ? action.manifest : undefined;
  return [EXPERIMENT_NAME, EXPERIMENT_TEMPLATE].every(
    (key) => metadata.annotations?.[key] === own?.metadata.annotations?.[key],
  );
}

/** Of an Experiment of the same name that was deleted: the garbage collector is about to take it. */
async function isLeftBehind({ client }: Sending, live: Object): Promise<boolean> {
  const owner = controllerOf(live);
  if (owner?.kind !== "Experiment") return false;
  const { namespace } = live.metadata;
  try {
    const path = objectPath(EXPERIMENTS, { namespace, name: owner.name });
    const { metadata } = await client.request<Experiment>({ method: "GET", path });
    return metadata.uid !== owner.uid;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

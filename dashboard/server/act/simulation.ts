/** The next update of a Rollout as `sluice simulate` plays it, of objects that the person may read. */
import { ApiError } from "../../../kube/client/apiError.ts";
import { collectionPath, objectPath } from "../../../kube/client/path.ts";
import {
  ANALYSIS_TEMPLATES,
  CLUSTER_ANALYSIS_TEMPLATES,
  DEPLOYMENTS,
  POD_TEMPLATES,
  REPLICA_SETS,
  ROLLOUTS,
  SERVICES,
} from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Resource } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { SimulationView } from "../../model.ts";
import { Failed } from "../failures/failure.ts";

export interface SimulationAsked {
  readonly namespace: string;
  readonly name: string;
  /** Undefined: a new template with the same image. */
  readonly image: string | undefined;
  readonly container: string | undefined;
  readonly version: string;
}

/** As `sluice simulate` has it without flags. */
const SETTINGS = { podsReadyAfterMs: 10_000, promoteAfterMs: 30_000, limitMs: 172_800_000, fault: undefined } as const;

/** A process that serves pages plays one at a time. */
let last: Promise<unknown> = Promise.resolve();
let waiting = 0;
const MOST_WAITING = 8;

/** @throws {Failed} when it cannot be played. @throws {ApiError} */
export async function simulated(client: KubeClient, asked: SimulationAsked): Promise<SimulationView> {
  if (waiting >= MOST_WAITING) throw new Failed("rate", "Too many simulations are waiting: try again in a moment.");
  const objects = await objectsFor(client, asked);
  waiting += 1;
  const played = last.then(() => play(objects, asked));
  last = played.catch(() => undefined);
  return played.finally(() => (waiting -= 1));
}

async function play(
  objects: readonly unknown[],
  { name, image, container, version }: SimulationAsked,
): Promise<SimulationView> {
  // A whole cluster in this process: nobody else needs it.
  const [{ gathered }, { simulate }, { reportOf }, { NO_SCENARIO }, { NotSimulated }] = await Promise.all([
    import("../../../simulator/simulate/bundle.ts"),
    import("../../../simulator/simulate/simulate.ts"),
    import("../../../simulator/simulate/report.ts"),
    import("../../../simulator/simulate/scenario.ts"),
    import("../../../simulator/simulate/requests.ts"),
  ]);
  const found = gathered(objects, name);
  if (found.kind === "refused") throw new Failed("invalid", `Cannot simulate Rollout "${name}": ${found.problem}`);
  try {
    const simulation = await simulate({
      ...SETTINGS,
      bundle: found.bundle,
      image: image === undefined ? undefined : { container, image },
      scenario: NO_SCENARIO,
      version,
    });
    const { requests: _, worstCapacity, ...report } = reportOf(simulation, undefined);
    return { ...report, worstCapacity };
  } catch (error) {
    if (error instanceof NotSimulated) throw new Failed("invalid", error.message);
    throw error;
  }
}

const WORKLOADS: Readonly<Record<string, Resource>> = {
  Deployment: DEPLOYMENTS,
  ReplicaSet: REPLICA_SETS,
  PodTemplate: POD_TEMPLATES,
};

/** The Rollout, and of what it names as much as may be read: the rest is made up, which the notes tell. */
async function objectsFor(client: KubeClient, { namespace, name }: SimulationAsked): Promise<readonly unknown[]> {
  const get = <T>(resource: Resource, of: string): Promise<T> =>
    client.request<T>({ method: "GET", path: objectPath(resource, { namespace, name: of }) });
  const rollout = await get<Rollout>(ROLLOUTS, name);
  const { workloadRef } = rollout.spec;
  const workload = WORKLOADS[workloadRef?.kind ?? ""];
  const beside = await Promise.all([
    listIfAllowed(client, SERVICES, namespace, "v1", "Service"),
    listIfAllowed(client, ANALYSIS_TEMPLATES, namespace, "argoproj.io/v1alpha1", "AnalysisTemplate"),
    listIfAllowed(client, CLUSTER_ANALYSIS_TEMPLATES, undefined, "argoproj.io/v1alpha1", "ClusterAnalysisTemplate"),
    workload === undefined ? [] : get<object>(workload, workloadRef?.name ?? "").then((one) => [one]),
  ]);
  // What a person has asked of the pods that run is no part of the next update.
  const { restartAt: _, paused: __, ...spec } = rollout.spec;
  return [{ ...rollout, spec }, ...beside.flat().filter((one) => isNeeded(one, rollout))];
}

interface Listed {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
}

/** Services that others use need not be there. */
const isNeeded = (object: object, rollout: Rollout): boolean => {
  const { kind, metadata } = object as Listed;
  return kind !== "Service" || JSON.stringify(rollout.spec.strategy ?? {}).includes(`"${metadata?.name ?? ""}"`);
};

async function listIfAllowed(
  client: KubeClient,
  resource: Resource,
  namespace: string | undefined,
  apiVersion: string,
  kind: string,
): Promise<readonly object[]> {
  try {
    const path = collectionPath(resource, namespace);
    const { items } = await client.request<{ readonly items?: readonly object[] | null }>({ method: "GET", path });
    return (items ?? []).map((item) => ({ apiVersion, kind, ...item }));
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return [];
    throw error;
  }
}

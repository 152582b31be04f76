/** What is held of Deployments and Namespaces where Deployments may migrate: some hundred bytes of each. */
import { createStore, type Store, type Stored } from "../../../kube/runtime/cache.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import type { Source } from "../../../kube/runtime/runController.ts";
import type { ReflectorSink } from "../../../kube/runtime/watch.ts";
import type { ObjectMeta, OwnerReference } from "../../../schema/kube.ts";
import {
  INSTANCE_LABEL,
  MANAGED_BY_ROLLOUT,
  MIGRATE,
  PAUSED_FOR_ROLLOUT,
  PROFILE,
  REPLICAS_BEFORE,
  REPLICAS_LEFT,
  REPLICAS_WANTED,
} from "../../../schema/labels.ts";
import { type ManagedFields, ownsSize } from "./managers.ts";

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly deletionTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
}

export interface RawDeployment extends Stored {
  readonly metadata: Metadata;
  readonly spec?: { readonly replicas?: number; readonly paused?: boolean };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly ToldCondition[];
  };
}

/** A condition of a Deployment. */
export interface ToldCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** A Deployment, as far as migrating it is concerned. */
export interface DeploymentFacts extends Stored {
  readonly metadata: Pick<Metadata, "name" | "namespace" | "uid" | "resourceVersion">;
  /** Those of ours that it has. */
  readonly marks: Readonly<Record<string, string>>;
  /** The kind and name of its controller: `Website "shop"`. */
  readonly owner: string | undefined;
  readonly deleting: boolean;
  readonly paused: boolean;
  readonly replicas: number;
  /** Its status is about its present spec, and all its pods have the present template and are available. */
  readonly settled: boolean;
  readonly generation: number;
  /** Its controller has seen its present spec. */
  readonly observed: boolean;
  /** Those by which it tells of its Rollout (decide/form.ts); held only while it has one. */
  readonly conditions: readonly ToldCondition[];
  /** The API server takes its size for ours; looked at only while it has a Rollout. */
  readonly ownsSize: boolean;
}

const MARKS = [
  MIGRATE,
  PROFILE,
  MANAGED_BY_ROLLOUT,
  REPLICAS_WANTED,
  REPLICAS_BEFORE,
  REPLICAS_LEFT,
  PAUSED_FOR_ROLLOUT,
];

/** The webhook holds it at 0 for a Rollout that is yet to be made. */
export const isHeldAtBirth = ({ replicas, marks }: DeploymentFacts): boolean =>
  replicas === 0 && marks[REPLICAS_WANTED] !== undefined;

/** Whether the instance of this name is the one that is to act on it, as with Rollouts; "": the one without a name. */
export const isOfInstance = (labels: Readonly<Record<string, string>> | undefined, instanceId: string): boolean =>
  (labels?.[INSTANCE_LABEL] ?? "") === instanceId;

const TOLD = ["Reconciling", "Stalled", "Progressing"];

const marksOf = (annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(
    MARKS.flatMap((key) => {
      const value = annotations[key];
      return value === undefined ? [] : [[key, value] as const];
    }),
  );

export function deploymentFacts(raw: RawDeployment): DeploymentFacts {
  const { metadata, spec, status } = raw;
  const { name, namespace, uid, resourceVersion, generation = 0, annotations, deletionTimestamp } = metadata;
  const replicas = spec?.replicas ?? 1;
  const [have = 0, updated = 0, available = 0] = [status?.replicas, status?.updatedReplicas, status?.availableReplicas];
  const owner = controllerOf(raw);
  const marks = marksOf(annotations);
  const isStamped = marks[MANAGED_BY_ROLLOUT] !== undefined;
  const observed = (status?.observedGeneration ?? 0) >= generation;
  return {
    metadata: { name, namespace, uid, resourceVersion },
    marks,
    owner: owner === undefined ? undefined : `${owner.kind} "${owner.name}"`,
    deleting: deletionTimestamp !== undefined,
    paused: spec?.paused === true,
    replicas,
    settled: observed && have === replicas && updated === replicas && available === replicas,
    generation,
    observed,
    conditions: isStamped ? toldIn(status?.conditions) : [],
    ownsSize: isStamped && ownsSize(metadata.managedFields),
  };
}

const toldIn = (conditions: readonly ToldCondition[] = []): ToldCondition[] =>
  conditions
    .filter(({ type }) => TOLD.includes(type))
    .map(({ type, status, reason = "", message = "" }) => ({ type, status, reason, message }));

export interface RawNamespace extends Stored {
  readonly metadata: Omit<Metadata, "namespace">;
}

/** A Namespace whose Deployments are to migrate, or get a profile where they ask for themselves. */
export interface NamespaceFacts extends Stored {
  readonly mode: string | undefined;
  readonly profile: string | undefined;
}

/** A Rollout of mode adopt that nothing drives yet. */
export interface HeldRollout {
  readonly metadata: ObjectMeta;
}

export interface MigrationStores {
  readonly deployments: Store<DeploymentFacts, "namespace", RawDeployment>;
  /** What the watch of Deployments fills: `deployments`, and perhaps somebody beside. */
  readonly watched: Source<DeploymentFacts, RawDeployment>["cache"];
  readonly namespaces: Store<NamespaceFacts, never, RawNamespace>;
  readonly held: Store<HeldRollout, never, HeldRollout>;
}

/** `instanceId`: only Deployments of this one are held. `beside`: is told of all Deployments, too. */
export function createMigrationStores(instanceId: string, beside?: ReflectorSink<RawDeployment>): MigrationStores {
  const deployments = createStore<DeploymentFacts, "namespace", RawDeployment>({
    transform: (raw) => (isOfInstance(raw.metadata.labels, instanceId) ? deploymentFacts(raw) : undefined),
    indices: { namespace: ({ metadata }) => [metadata.namespace] },
  });
  return {
    deployments,
    watched: beside === undefined ? deployments : both(deployments, beside),
    namespaces: optedIn(),
    held: createStore<HeldRollout, never, HeldRollout>({ transform: ({ metadata }) => ({ metadata }), indices: {} }),
  };
}

/** One watch for two readers. */
const both = (
  { upsert, remove, prune, onChange }: MigrationStores["deployments"],
  beside: ReflectorSink<RawDeployment>,
): MigrationStores["watched"] => ({
  upsert(raw) {
    upsert(raw);
    beside.upsert(raw);
  },
  remove(raw) {
    remove(raw);
    beside.remove(raw);
  },
  prune(keys, resourceVersion) {
    prune(keys, resourceVersion);
    beside.prune(keys, resourceVersion);
  },
  onChange,
});

const optedIn = (): MigrationStores["namespaces"] =>
  createStore<NamespaceFacts, never, RawNamespace>({
    transform({ metadata: { name, uid, resourceVersion, labels, annotations } }) {
      const mode = labels?.[MIGRATE];
      const profile = annotations?.[PROFILE];
      const isOurs = mode !== undefined || profile !== undefined;
      return isOurs ? { metadata: { name, uid, resourceVersion }, mode, profile } : undefined;
    },
  });

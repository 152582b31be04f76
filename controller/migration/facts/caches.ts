/** What is held of Deployments and Namespaces where Deployments may migrate: some hundred bytes of each. */
import { createStore, type Store, type Stored } from "../../../kube/runtime/cache.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import type { ObjectMeta, OwnerReference } from "../../../schema/kube.ts";
import { MANAGED_BY_ROLLOUT, MIGRATE, PROFILE, REPLICAS_BEFORE, REPLICAS_WANTED } from "../../../schema/labels.ts";

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
}

export interface RawDeployment extends Stored {
  readonly metadata: Metadata;
  readonly spec?: { readonly replicas?: number; readonly paused?: boolean };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
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
}

const MARKS = [MIGRATE, PROFILE, MANAGED_BY_ROLLOUT, REPLICAS_WANTED, REPLICAS_BEFORE];

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
  return {
    metadata: { name, namespace, uid, resourceVersion },
    marks: marksOf(annotations),
    owner: owner === undefined ? undefined : `${owner.kind} "${owner.name}"`,
    deleting: deletionTimestamp !== undefined,
    paused: spec?.paused === true,
    replicas,
    settled:
      (status?.observedGeneration ?? 0) >= generation &&
      have === replicas &&
      updated === replicas &&
      available === replicas,
  };
}

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
  readonly namespaces: Store<NamespaceFacts, never, RawNamespace>;
  readonly held: Store<HeldRollout, never, HeldRollout>;
}

export const createMigrationStores = (): MigrationStores => ({
  deployments: createStore<DeploymentFacts, "namespace", RawDeployment>({
    transform: deploymentFacts,
    indices: { namespace: ({ metadata }) => [metadata.namespace] },
  }),
  namespaces: createStore<NamespaceFacts, never, RawNamespace>({
    transform({ metadata: { name, uid, resourceVersion, labels, annotations } }) {
      const mode = labels?.[MIGRATE];
      const profile = annotations?.[PROFILE];
      const isOurs = mode !== undefined || profile !== undefined;
      return isOurs ? { metadata: { name, uid, resourceVersion }, mode, profile } : undefined;
    },
  }),
  held: createStore<HeldRollout, never, HeldRollout>({ transform: ({ metadata }) => ({ metadata }), indices: {} }),
});

/**
 * The kinds that a Rollout's `workloadRef` may name, and what is kept of such an object
 * (docs/behaviour/workload-reference.md#resolving).
 */
import {
  MANAGED_BY_ROLLOUT,
  PAUSED_FOR_ROLLOUT,
  REPLICAS_BEFORE,
  REPLICAS_LEFT,
  REPLICAS_WANTED,
} from "../../../schema/labels.ts";
import { DEPLOYMENTS, POD_TEMPLATES, REPLICA_SETS } from "../../../kube/client/resources.ts";
import {
  type LabelSelector,
  type PodTemplateSpec,
  type Resource,
  resourceName,
  type Workload,
} from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { equal } from "../../../kube/object/equality.ts";
import type { WorkloadFacts } from "../model/model.ts";
import type { WorkloadKind } from "../../rules/rollout/workloadRef.ts";
import type { Cached } from "./stores.ts";
import { createRoom, type Room } from "./room.ts";
import { createOptionalStore, type OptionalKind, type OptionalStore } from "./optionalStore.ts";

export interface WorkloadObject extends WorkloadFacts {
  readonly template: PodTemplateSpec;
  readonly selector: LabelSelector | undefined;
}

export type CachedWorkload = Cached<WorkloadObject>;

export type WorkloadStores = Readonly<Record<WorkloadKind, OptionalStore<CachedWorkload, Workload>>>;

export const createWorkloadStores = (room: Room = createRoom()): WorkloadStores => ({
  Deployment: createOptionalStore(workloadKind("Deployment", "apps/v1", DEPLOYMENTS), room),
  ReplicaSet: createOptionalStore(workloadKind("ReplicaSet", "apps/v1", REPLICA_SETS), room),
  PodTemplate: createOptionalStore(workloadKind("PodTemplate", "v1", POD_TEMPLATES), room),
});

function workloadKind(kind: WorkloadKind, apiVersion: string, api: Resource): OptionalKind<CachedWorkload, Workload> {
  return {
    api,
    resource: resourceName(api),
    neededBy: ({ metadata, spec }: Rollout) =>
      spec.workloadRef?.kind === kind && spec.workloadRef.apiVersion === apiVersion
        ? [`${metadata.namespace}/${spec.workloadRef.name ?? ""}`]
        : [],
    slim: cachedWorkload,
    restOf: ({ metadata, facts }) => ({ metadata, facts: { ...facts, template: {}, selector: undefined } }),
    // Template and size are in the spec, whose changes are counted.
    heeds: (old, next) => !equal(essence(old), essence(next)),
  };
}

const essence = ({ metadata: { uid }, facts }: CachedWorkload): object => {
  const { generation, deleting, available, before, migrated } = facts;
  return {
    uid,
    generation,
    deleting,
    available,
    before,
    migrated,
    ...(generation === 0 ? { template: facts.template } : {}),
  };
};

function cachedWorkload({ metadata, spec, template, status }: Workload): CachedWorkload {
  const { name, namespace, uid = "", resourceVersion = "", generation = 0, annotations = {} } = metadata;
  const replicas = spec?.replicas ?? 1;
  return {
    metadata: { name, namespace, uid, resourceVersion },
    facts: {
      name,
      uid,
      resourceVersion,
      generation,
      replicas,
      deleting: metadata.deletionTimestamp !== undefined,
      available: (status?.observedGeneration ?? 0) >= generation && (status?.availableReplicas ?? 0) >= replicas,
      before: sizeIn(annotations[REPLICAS_BEFORE]),
      // What we noted when a replacement had taken the stamp away counts as well.
      ...((annotations[MANAGED_BY_ROLLOUT] ?? annotations[REPLICAS_LEFT]) === undefined
        ? {}
        : {
            migrated: {
              left: sizeIn(annotations[REPLICAS_LEFT]),
              wanted: sizeIn(annotations[REPLICAS_WANTED]),
              paused: annotations[PAUSED_FOR_ROLLOUT] !== undefined,
            },
          }),
      template: spec?.template ?? template ?? {},
      selector: spec?.selector,
    },
  };
}

const sizeIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;

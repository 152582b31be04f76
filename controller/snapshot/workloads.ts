/** The kinds that a Rollout's `workloadRef` may name, and what is kept of such an object (validation.md §3). */
import type { LabelSelector, PodTemplateSpec, Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Cached } from "./stores.ts";
import { createOptionalStore, type OptionalKind, type OptionalStore } from "./optionalStore.ts";

export interface WorkloadObject {
  /** Of the metadata; counts changes of the spec. */
  readonly generation: number;
  readonly replicas: number;
  readonly template: PodTemplateSpec | undefined;
  readonly selector: LabelSelector | undefined;
  readonly deleting: boolean;
}

export type CachedWorkload = Cached<WorkloadObject>;

export const WORKLOAD_KINDS = ["Deployment", "ReplicaSet", "PodTemplate"] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

export type WorkloadStores = Readonly<Record<WorkloadKind, OptionalStore<CachedWorkload, Workload>>>;

/** What a `workloadRef` names: the API group and version, apart. */
export function groupVersionOf(apiVersion: string): { readonly group: string; readonly version: string } {
  const [first = "", second] = apiVersion.split("/");
  return second === undefined ? { group: "", version: first } : { group: first, version: second };
}

export const createWorkloadStores = (): WorkloadStores => ({
  Deployment: createOptionalStore(workloadKind("Deployment", "apps/v1", "deployments")),
  ReplicaSet: createOptionalStore(workloadKind("ReplicaSet", "apps/v1", "replicasets")),
  PodTemplate: createOptionalStore(workloadKind("PodTemplate", "v1", "podtemplates")),
});

function workloadKind(kind: WorkloadKind, apiVersion: string, plural: string): OptionalKind<CachedWorkload, Workload> {
  const { group } = groupVersionOf(apiVersion);
  return {
    resource: group === "" ? plural : `${plural}.${group}`,
    group: group === "" ? `/api/${apiVersion}` : `/apis/${apiVersion}`,
    plural,
    neededBy: ({ metadata, spec }: Rollout) =>
      spec.workloadRef?.kind === kind && spec.workloadRef.apiVersion === apiVersion
        ? [`${metadata.namespace}/${spec.workloadRef.name ?? ""}`]
        : [],
    slim: cachedWorkload,
    // What a decision rests on is in the spec, which is counted; a change of its status is none.
    heeds: (old, next) =>
      old.metadata.uid !== next.metadata.uid ||
      old.facts.generation !== next.facts.generation ||
      old.facts.deleting !== next.facts.deleting,
  };
}

function cachedWorkload({ metadata, spec, template }: Workload): CachedWorkload {
  return {
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid ?? "",
      resourceVersion: metadata.resourceVersion ?? "",
    },
    facts: {
      generation: metadata.generation ?? 0,
      replicas: spec?.replicas ?? 1,
      template: spec?.template ?? template,
      selector: spec?.selector,
      deleting: metadata.deletionTimestamp !== undefined,
    },
  };
}

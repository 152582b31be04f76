/**
 * Kubernetes' own kinds as far as the controllers read them. The server has checked every object before it was stored,
 * so that these types need no parsers; other members of an object are kept.
 */
import type { LabelSelector } from "../../../schema/kube.ts";
import type { ApiObject, ObjectMeta } from "../../model/model.ts";
import type { ContainerView, PodSpecView } from "../../kubelet/pod.ts";

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string | null;
  readonly message?: string | null;
  readonly lastTransitionTime?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: { readonly terminated?: { readonly finishedAt?: string } };
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

export interface Container extends ContainerView {
  readonly restartPolicy?: string;
  readonly ports?: readonly ContainerPort[];
  readonly resources?: { readonly requests?: Readonly<Record<string, string | number>> };
}

export interface Pod extends ApiObject {
  readonly spec: Omit<PodSpecView, "containers" | "initContainers"> & {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly schedulerName?: string;
    readonly schedulingGates?: readonly unknown[];
    readonly hostname?: string;
    readonly subdomain?: string;
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface PodTemplate {
  readonly metadata?: Pick<Partial<ObjectMeta>, "labels" | "annotations" | "finalizers">;
  readonly spec: { readonly restartPolicy?: string; readonly [field: string]: unknown };
}

/** The status of a ReplicaSet; counts that are 0 are left out, as the API does, except for `replicas`. */
export interface ReplicaSetStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

export interface ReplicaSet extends ApiObject {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
  };
  readonly status?: ReplicaSetStatus;
}

export interface DeploymentCondition extends Condition {
  readonly lastUpdateTime?: string;
}

/** Counts that are 0 are left out, as the API does. */
export interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly DeploymentCondition[];
}

export type IntOrPercent = number | string;

export interface Deployment extends ApiObject {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly paused?: boolean;
    readonly revisionHistoryLimit?: number;
    readonly progressDeadlineSeconds?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly strategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxSurge?: IntOrPercent; readonly maxUnavailable?: IntOrPercent };
    };
  };
  readonly status?: DeploymentStatus;
}

export interface JobCondition extends Condition {
  readonly lastProbeTime?: string;
}

export interface JobStatus {
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  readonly uncountedTerminatedPods?: object;
  readonly conditions?: readonly JobCondition[];
}

export interface Job extends ApiObject {
  readonly spec: {
    readonly parallelism?: number;
    readonly completions?: number;
    readonly completionMode?: string;
    readonly backoffLimit?: number;
    readonly activeDeadlineSeconds?: number;
    readonly ttlSecondsAfterFinished?: number;
    readonly suspend?: boolean;
    readonly podReplacementPolicy?: string;
    readonly podFailurePolicy?: object;
    readonly backoffLimitPerIndex?: number;
    readonly selector?: LabelSelector;
    readonly template: PodTemplate;
  };
  readonly status?: JobStatus;
}

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

export interface Service extends ApiObject {
  readonly spec: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly ServicePort[];
    readonly publishNotReadyAddresses?: boolean;
  };
}

export interface Endpoints extends ApiObject {
  readonly subsets?: readonly unknown[];
}

export interface EndpointSlice extends ApiObject {
  readonly addressType: string;
  readonly endpoints: readonly unknown[] | null;
  readonly ports: readonly unknown[] | null;
}

export interface PodDisruptionBudget extends ApiObject {
  readonly spec: {
    readonly minAvailable?: IntOrPercent;
    readonly maxUnavailable?: IntOrPercent;
    readonly selector?: LabelSelector;
  };
  readonly status?: {
    readonly disruptedPods?: Readonly<Record<string, string>>;
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly [field: string]: unknown;
  };
}

export interface Node extends ApiObject {
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: { readonly allocatable?: Readonly<Record<string, string | number>> };
}

/** The collections that the controllers read, by their names in the API. */
export interface Kinds {
  readonly pods: Pod;
  readonly nodes: Node;
  readonly services: Service;
  readonly endpoints: Endpoints;
  readonly "endpointslices.discovery.k8s.io": EndpointSlice;
  readonly namespaces: ApiObject;
  readonly serviceaccounts: ApiObject;
  readonly "replicasets.apps": ReplicaSet;
  readonly "deployments.apps": Deployment;
  readonly "jobs.batch": Job;
  readonly "poddisruptionbudgets.policy": PodDisruptionBudget;
}
export type Kind = keyof Kinds;

/** "default/web"; "/node-0" for objects without a namespace. */
export const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ""}/${metadata.name}`;

export const controllerOf = ({ metadata }: ApiObject): NonNullable<ObjectMeta["ownerReferences"]>[number] | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);

/** An owner reference that makes `owner` the controller of the object that has it. */
export const controlledBy = ({ apiVersion, kind, metadata: { name, uid } }: ApiObject) => ({
  apiVersion,
  kind,
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});

export const conditionOf = <C extends Condition>(conditions: readonly C[] | undefined, type: string): C | undefined =>
  conditions?.find((condition) => condition.type === type);

const readyCondition = (pod: Pod): Condition | undefined => {
  const ready = conditionOf(pod.status?.conditions, "Ready");
  return ready?.status === "True" ? ready : undefined;
};

export const isReady = (pod: Pod): boolean => readyCondition(pod) !== undefined;

/** Since when a pod is ready, in ms since the epoch; undefined when it is not. */
export function readySince(pod: Pod): number | undefined {
  const since = readyCondition(pod)?.lastTransitionTime;
  return since === undefined ? undefined : Date.parse(since);
}

export const hasEnded = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

/** Neither ended nor being deleted: the pods that a controller counts. */
export const isActive = (pod: Pod): boolean => !hasEnded(pod) && pod.metadata.deletionTimestamp === undefined;

/** Being deleted and not ended yet. */
export const isTerminating = (pod: Pod): boolean => !hasEnded(pod) && pod.metadata.deletionTimestamp !== undefined;

/** A whole number or a percentage of `total`; anything else counts as 0. */
export function scaled(value: IntOrPercent | undefined, total: number, round: (n: number) => number): number {
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(value ?? "")?.[1];
  return percent === undefined ? 0 : round((Number(percent) * total) / 100);
}

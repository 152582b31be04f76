/**
 * Kubernetes' own kinds as we read them: views with the members that a controller uses. Other members of an object
 * stay in it (objects are loose), but have no type here.
 */
import * as v from "valibot";
import { PodSpec } from "./podSpec.ts";
import {
  anything,
  atomic,
  boolean,
  few,
  fewNamed,
  int32,
  int64,
  IntOrString,
  list,
  map,
  name,
  object,
  opaque,
  optional,
  passage,
  string,
  Time,
} from "./scalars.ts";

/** A kind of objects, as in `/apis/GROUP/VERSION/namespaces/NS/PLURAL`; the core group is "". */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** For people, metrics and indices: "ingresses.networking.k8s.io", "services". */
export const resourceName = ({ plural, group }: Resource): string => (group === "" ? plural : `${plural}.${group}`);

export const OwnerReference = object({
  apiVersion: string,
  kind: string,
  name: string,
  uid: string,
  ...optional({ controller: boolean, blockOwnerDeletion: boolean }),
});
export type OwnerReference = v.InferOutput<typeof OwnerReference>;

/**
 * Name and namespace read as "" when absent (an object with generateName before it is stored, a cluster-scoped one), so
 * that no caller has to check. Manifests written by `kubectl create --dry-run` hold `creationTimestamp: null`.
 */
export const ObjectMeta = object({
  name: v.optional(string, ""),
  namespace: v.optional(string, ""),
  creationTimestamp: v.nullish(Time),
  ...optional({
    generateName: string,
    uid: string,
    resourceVersion: string,
    generation: int64,
    deletionTimestamp: Time,
    deletionGracePeriodSeconds: int64,
    labels: map(string),
    annotations: map(string),
    ownerReferences: list(OwnerReference),
    finalizers: list(string),
  }),
});
export type ObjectMeta = v.InferOutput<typeof ObjectMeta>;

/** Labels and annotations to put on something made later: services' revisions, runs. */
export const LabelsAndAnnotations = object(optional({ labels: fewNamed(name), annotations: fewNamed(passage) }));
export type LabelsAndAnnotations = v.InferOutput<typeof LabelsAndAnnotations>;

export const LabelSelectorRequirement = object({
  key: name,
  operator: name,
  ...optional({ values: few(name) }),
});
export type LabelSelectorRequirement = v.InferOutput<typeof LabelSelectorRequirement>;

export const LabelSelector = atomic(
  object(optional({ matchLabels: fewNamed(name), matchExpressions: few(LabelSelectorRequirement) })),
);
export type LabelSelector = v.InferOutput<typeof LabelSelector>;

/**
 * Metadata and an unread spec: parse the spec with `PodSpec` where its members matter. The API server keeps labels and
 * annotations of the metadata and prunes the rest, as under the reference's CRD: a name there would alter the pod hash.
 */
export const PodTemplateSpec = object(
  optional({ metadata: object(optional({ labels: map(string), annotations: map(string) })), spec: opaque(PodSpec) }),
);
export type PodTemplateSpec = v.InferOutput<typeof PodTemplateSpec>;

/** A condition in the manner of Deployments, on Rollouts and Experiments. */
export const Condition = object({
  type: string,
  status: string,
  reason: string,
  message: string,
  lastUpdateTime: Time,
  lastTransitionTime: Time,
});
export type Condition = v.InferOutput<typeof Condition>;

export const ReplicaSetCondition = object({
  type: string,
  status: string,
  lastTransitionTime: v.nullish(Time),
  ...optional({ reason: string, message: string }),
});
export type ReplicaSetCondition = v.InferOutput<typeof ReplicaSetCondition>;

export const ReplicaSet = object({
  metadata: ObjectMeta,
  spec: object({
    selector: LabelSelector,
    ...optional({ replicas: int32, minReadySeconds: int32, template: PodTemplateSpec }),
  }),
  ...optional({
    apiVersion: v.literal("apps/v1"),
    kind: v.literal("ReplicaSet"),
    status: object(
      optional({
        replicas: int32,
        fullyLabeledReplicas: int32,
        readyReplicas: int32,
        availableReplicas: int32,
        terminatingReplicas: int32,
        observedGeneration: int64,
        conditions: list(ReplicaSetCondition),
      }),
    ),
  }),
});
export type ReplicaSet = v.InferOutput<typeof ReplicaSet>;

/** An object from which a Rollout can take its pod template; `template` at the top is a PodTemplate's. */
export const Workload = object({
  metadata: ObjectMeta,
  ...optional({
    spec: object(optional({ replicas: int32, selector: LabelSelector, template: PodTemplateSpec })),
    status: object(optional({ observedGeneration: int64, availableReplicas: int32 })),
    template: PodTemplateSpec,
  }),
});
export type Workload = v.InferOutput<typeof Workload>;

export const ServicePort = object({
  port: int32,
  ...optional({ name: string, protocol: string, appProtocol: string, targetPort: IntOrString, nodePort: int32 }),
});
export type ServicePort = v.InferOutput<typeof ServicePort>;

export const Service = object({
  metadata: ObjectMeta,
  ...optional({
    apiVersion: v.literal("v1"),
    kind: v.literal("Service"),
    spec: object(optional({ selector: map(string), ports: list(ServicePort), type: string, clusterIP: string })),
  }),
});
export type Service = v.InferOutput<typeof Service>;

/** Times of a Lease have microseconds. */
export const Lease = object({
  metadata: ObjectMeta,
  ...optional({
    apiVersion: v.literal("coordination.k8s.io/v1"),
    kind: v.literal("Lease"),
    spec: object(
      optional({
        holderIdentity: string,
        leaseDurationSeconds: int32,
        acquireTime: string,
        renewTime: string,
        leaseTransitions: int32,
      }),
    ),
  }),
});
export type Lease = v.InferOutput<typeof Lease>;

export const ObjectReference = object(
  optional({
    apiVersion: string,
    kind: string,
    namespace: string,
    name: string,
    uid: string,
    resourceVersion: string,
    fieldPath: string,
  }),
);
export type ObjectReference = v.InferOutput<typeof ObjectReference>;

/** A core/v1 Event, the kind that `kubectl describe` and the reference's tests read. */
export const Event = object({
  metadata: ObjectMeta,
  involvedObject: ObjectReference,
  firstTimestamp: v.nullish(Time),
  lastTimestamp: v.nullish(Time),
  eventTime: v.nullish(string),
  ...optional({
    apiVersion: v.literal("v1"),
    kind: v.literal("Event"),
    type: string,
    reason: string,
    message: string,
    count: int32,
    action: string,
    source: object(optional({ component: string, host: string })),
    reportingComponent: string,
    reportingInstance: string,
    series: anything,
  }),
});
export type Event = v.InferOutput<typeof Event>;

/** The built-in kinds that are served, and what is special about each. Custom ones come from their definitions. */
import type { Schema } from "../../schema/schema.ts";
import type { ApiObject, Resource } from "../../model/model.ts";
import { qosClassOf } from "./qosClass.ts";

/** Where a kind keeps what its scale subresource shows, as field paths without the leading dot. */
export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  /** In status, as text (custom resources); built-in kinds show their spec.selector. */
  readonly labelSelector: string | undefined;
}

/** A served version of a kind, and the rules by which its objects are stored. */
export interface Kind {
  readonly resource: Resource;
  /** "replicasets.apps": the same for all versions. */
  readonly key: string;
  /** "apps/v1". */
  readonly apiVersion: string;
  /** From a definition, not built in. */
  readonly custom: boolean;
  /** Only of a custom kind; those of built-in kinds are in simulator/schema. */
  readonly schema: Schema | undefined;
  readonly hasStatus: boolean;
  readonly scale: ScalePaths | undefined;
  /** Has metadata.generation: 1 at first, counts changes except of metadata and (as a subresource) of status. */
  readonly counted: boolean;
  /** Updates without a resourceVersion are accepted. */
  readonly unconditionalUpdate: boolean;
  /** PUT of an object that is not there creates it. */
  readonly createOnUpdate: boolean;
  /** A deletion is answered with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  readonly selectableFields: readonly string[];
  /** A new object keeps the status that was sent with it although the status is a subresource. */
  readonly keepsStatus: boolean;
  /** What the server itself sets in a new object, above all the status. */
  readonly begin: ((object: ApiObject) => Readonly<Record<string, unknown>>) | undefined;
  /** Converts the stored object to this version, and back; undefined where both are the same. */
  readonly view: View | undefined;
}

export interface View {
  readonly show: (stored: ApiObject) => ApiObject;
  readonly store: (shown: ApiObject) => ApiObject;
}

export const definitionsKey = "customresourcedefinitions.apiextensions.k8s.io";

/** The finalizer that holds a namespace while there may be something in it. */
export const contentFinalizers = (namespace: object): readonly string[] =>
  (namespace as { readonly spec?: { readonly finalizers?: readonly string[] } }).spec?.finalizers ?? [];

export const allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const;

interface Entry {
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  /** Lower case plus "s" by default. */
  readonly name?: string;
  readonly cluster?: true;
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs?: readonly string[];
  readonly subresources?: readonly string[];
  readonly counted?: true;
  readonly conditionalUpdate?: true;
  readonly createOnUpdate?: true;
  readonly returnsDeleted?: true;
  readonly fields?: readonly string[];
  readonly keepsStatus?: true;
  readonly begin?: Kind["begin"];
}

const scaled: ScalePaths = {
  specReplicas: "spec.replicas",
  statusReplicas: "status.replicas",
  labelSelector: undefined,
};

const kindOf = (entry: Entry): Kind => {
  const { group = "", version = "v1", kind, name = `${kind.toLowerCase()}s`, subresources = [] } = entry;
  return {
    resource: {
      group,
      version,
      name,
      singular: kind.toLowerCase(),
      kind,
      listKind: `${kind}List`,
      namespaced: entry.cluster !== true,
      shortNames: entry.short ?? [],
      categories: entry.categories ?? [],
      verbs: entry.verbs ?? allVerbs,
      subresources,
    },
    key: group === "" ? name : `${name}.${group}`,
    apiVersion: group === "" ? version : `${group}/${version}`,
    custom: false,
    schema: undefined,
    hasStatus: subresources.includes("status"),
    scale: subresources.includes("scale") ? scaled : undefined,
    counted: entry.counted === true,
    unconditionalUpdate: entry.conditionalUpdate !== true,
    createOnUpdate: entry.createOnUpdate === true,
    returnsDeleted: entry.returnsDeleted === true,
    selectableFields: entry.fields ?? [],
    keepsStatus: entry.keepsStatus === true,
    begin: entry.begin,
    view: undefined,
  };
};

const eventFields = [
  ...["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map(
    (field) => `involvedObject.${field}`,
  ),
  "reason",
  "reportingComponent",
  "source",
  "type",
];

const podFields = [
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.schedulerName",
  "spec.serviceAccountName",
  "spec.hostNetwork",
  "status.phase",
  "status.podIP",
  "status.nominatedNodeName",
];

const emptyStatus = () => ({ status: {} });
const workload = { group: "apps", categories: ["all"], counted: true, begin: emptyStatus } as const;
const rbac = { group: "rbac.authorization.k8s.io", createOnUpdate: true } as const;
const hooks = {
  group: "admissionregistration.k8s.io",
  cluster: true,
  categories: ["api-extensions"],
  counted: true,
  conditionalUpdate: true,
} as const;

const core: readonly Entry[] = [
  {
    kind: "Namespace",
    cluster: true,
    short: ["ns"],
    verbs: allVerbs.filter((verb) => verb !== "deletecollection"),
    subresources: ["finalize", "status"],
    fields: ["status.phase"],
    begin: () => ({ spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } }),
  },
  {
    kind: "Pod",
    short: ["po"],
    categories: ["all"],
    subresources: ["binding", "eviction", "status"],
    counted: true,
    returnsDeleted: true,
    fields: podFields,
    begin: (pod) => ({ status: { phase: "Pending", qosClass: qosClassOf(pod) } }),
  },
  {
    kind: "Service",
    short: ["svc"],
    categories: ["all"],
    subresources: ["status"],
    returnsDeleted: true,
    createOnUpdate: true,
    fields: ["spec.clusterIP", "spec.type"],
    begin: () => ({ status: { loadBalancer: {} } }),
  },
  { kind: "Endpoints", name: "endpoints", short: ["ep"], createOnUpdate: true },
  { kind: "Event", short: ["ev"], createOnUpdate: true, fields: eventFields },
  { kind: "ConfigMap", short: ["cm"] },
  { kind: "Secret", fields: ["type"] },
  { kind: "ServiceAccount", short: ["sa"], returnsDeleted: true },
  {
    kind: "Node",
    cluster: true,
    short: ["no"],
    subresources: ["status"],
    fields: ["spec.unschedulable"],
    // Kubelets create their node with a status.
    keepsStatus: true,
  },
];

const grouped: readonly Entry[] = [
  { ...workload, kind: "Deployment", short: ["deploy"], subresources: ["scale", "status"] },
  {
    ...workload,
    kind: "ReplicaSet",
    short: ["rs"],
    subresources: ["scale", "status"],
    fields: ["status.replicas"],
    begin: () => ({ status: { replicas: 0 } }),
  },
  {
    group: "batch",
    kind: "Job",
    categories: ["all"],
    subresources: ["status"],
    counted: true,
    fields: ["status.successful"],
    begin: emptyStatus,
  },
  { group: "discovery.k8s.io", kind: "EndpointSlice", counted: true },
  { group: "coordination.k8s.io", kind: "Lease", conditionalUpdate: true, createOnUpdate: true },
  {
    group: "policy",
    kind: "PodDisruptionBudget",
    short: ["pdb"],
    subresources: ["status"],
    counted: true,
    conditionalUpdate: true,
    begin: () => ({ status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 } }),
  },
  {
    group: "autoscaling",
    version: "v2",
    kind: "HorizontalPodAutoscaler",
    short: ["hpa"],
    categories: ["all"],
    subresources: ["status"],
    begin: () => ({ status: { desiredReplicas: 0, currentMetrics: null } }),
  },
  {
    group: "networking.k8s.io",
    kind: "Ingress",
    name: "ingresses",
    short: ["ing"],
    subresources: ["status"],
    counted: true,
    begin: () => ({ status: { loadBalancer: {} } }),
  },
  { ...rbac, kind: "Role" },
  { ...rbac, kind: "RoleBinding" },
  { ...rbac, kind: "ClusterRole", cluster: true },
  { ...rbac, kind: "ClusterRoleBinding", cluster: true },
  { ...hooks, kind: "ValidatingWebhookConfiguration" },
  { ...hooks, kind: "MutatingWebhookConfiguration" },
  {
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    cluster: true,
    short: ["crd", "crds"],
    categories: ["api-extensions"],
    subresources: ["status"],
    counted: true,
    conditionalUpdate: true,
  },
];

/** Each is the version in which its objects are stored. */
export const builtinKinds: readonly Kind[] = [...core, ...grouped].map(kindOf);

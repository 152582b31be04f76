/** The kinds whose objects are read or written by name, as data for paths. */
import type { Resource } from "../../schema/kube.ts";

const core = (plural: string): Resource => ({ group: "", version: "v1", plural });
const apps = (plural: string): Resource => ({ group: "apps", version: "v1", plural });
const argo = (plural: string): Resource => ({ group: "argoproj.io", version: "v1alpha1", plural });

export const ROLLOUTS = argo("rollouts");
export const ANALYSIS_RUNS = argo("analysisruns");
export const ANALYSIS_TEMPLATES = argo("analysistemplates");
export const CLUSTER_ANALYSIS_TEMPLATES = argo("clusteranalysistemplates");
export const EXPERIMENTS = argo("experiments");

/** The kinds that admission judges. */
export const ADMITTED = {
  Rollout: ROLLOUTS,
  AnalysisTemplate: ANALYSIS_TEMPLATES,
  ClusterAnalysisTemplate: CLUSTER_ANALYSIS_TEMPLATES,
  AnalysisRun: ANALYSIS_RUNS,
  Experiment: EXPERIMENTS,
} as const;

export const isAdmitted = (kind: string): kind is keyof typeof ADMITTED => Object.hasOwn(ADMITTED, kind);

export const DEPLOYMENTS = apps("deployments");
export const REPLICA_SETS = apps("replicasets");

export const EVENTS = core("events");
export const NAMESPACES = core("namespaces");
export const NODES = core("nodes");
export const PODS = core("pods");
export const POD_TEMPLATES = core("podtemplates");
export const RESOURCE_QUOTAS = core("resourcequotas");
export const SECRETS = core("secrets");
export const CONFIG_MAPS = core("configmaps");
export const SERVICES = core("services");

export const ENDPOINT_SLICES: Resource = { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" };
export const HORIZONTAL_POD_AUTOSCALERS: Resource = {
  group: "autoscaling",
  version: "v2",
  plural: "horizontalpodautoscalers",
};
export const JOBS: Resource = { group: "batch", version: "v1", plural: "jobs" };
export const LEASES: Resource = { group: "coordination.k8s.io", version: "v1", plural: "leases" };
export const MUTATING_WEBHOOK_CONFIGURATIONS: Resource = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "mutatingwebhookconfigurations",
};
export const VALIDATING_WEBHOOK_CONFIGURATIONS: Resource = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "validatingwebhookconfigurations",
};

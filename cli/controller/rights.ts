/**
 * What the controller may do, and why. Rules name objects wherever the names are known beforehand; manifests/rbac.ts
 * makes roles of them, and `sluice doctor` asks whether the cluster grants them.
 * test/cluster/install.cluster.ts compares the API server's audit log with these rules: no request is refused, and no
 * rule is unused. An `instanceId` is that of the controller; "" where it has none, as in what is installed.
 */
import { lockOf, olderLockOf } from "../../schema/locks.ts";
import { NOTIFICATION_CONFIG_MAP } from "../../controller/notifications/configuration/configuration.ts";
import { PLUGIN_CONFIG_MAP } from "../../providers/metrics/pluginService.ts";
import type { RouterRow } from "../../providers/traffic/router.ts";
import { rightsOf, ROUTERS } from "../../providers/traffic/routers.ts";
import { configurationName } from "../../webhook/configuration/configuration.ts";
import { keeperRules } from "../../webhook/keeper/keeper.ts";

export interface Rule {
  /** Written as a comment in the YAML. */
  readonly why: string;
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const argo = ["argoproj.io"];

/** What each router needs is in its row. */
const routerRules = (routers: readonly RouterRow[]): readonly Rule[] =>
  rightsOf(routers).map(({ why, group, plural, verbs }) => ({ why, apiGroups: [group], resources: [plural], verbs }));

const analysisRules: readonly Rule[] = [
  {
    why: "AnalysisRuns are made for Rollouts, measured and judged, and deleted when their time to live is over.",
    apiGroups: argo,
    resources: ["analysisruns"],
    verbs: ["get", "list", "watch", "create", "patch", "delete"],
  },
  {
    why: "Templates of analyses, read only while a Rollout or an Experiment names one.",
    apiGroups: argo,
    resources: ["analysistemplates", "clusteranalysistemplates"],
    verbs: ["list", "watch"],
  },
  {
    why: "Which plugins there are, and who is notified of what; no other ConfigMap is read.",
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: ["get"],
    resourceNames: [PLUGIN_CONFIG_MAP, NOTIFICATION_CONFIG_MAP],
  },
  {
    why: "Experiments are made for canary steps, run, and deleted with their revision.",
    apiGroups: argo,
    resources: ["experiments"],
    verbs: ["get", "list", "watch", "create", "patch", "delete"],
  },
  {
    why: "An AnalysisRun may take arguments from Secrets of its own namespace, and their values are cut from logs of its Jobs; those of notifications are read by their name. None is listed.",
    apiGroups: [""],
    resources: ["secrets"],
    verbs: ["get"],
  },
  {
    why: "A metric may be a Job: it is made, asked for until it is over, and deleted with its measurement.",
    apiGroups: ["batch"],
    resources: ["jobs"],
    verbs: ["get", "create", "delete"],
  },
  {
    why: "Why such a Job has failed, in the message of its run.",
    apiGroups: [""],
    resources: ["pods/log"],
    verbs: ["get"],
  },
  {
    why: "What pods use, where a metric compares it; k3s brings a server of these.",
    apiGroups: ["metrics.k8s.io"],
    resources: ["pods"],
    verbs: ["list"],
  },
];

/** In every namespace that is watched. */
export const loopRules = (routers: readonly RouterRow[] = ROUTERS): readonly Rule[] => [
  {
    why: "Rollouts are read, and get their revision and default replicas.",
    apiGroups: argo,
    resources: ["rollouts"],
    verbs: ["get", "list", "watch", "patch"],
  },
  { why: "How far they are.", apiGroups: argo, resources: ["rollouts/status"], verbs: ["patch"] },
  {
    why: "Asked for where a ReplicaSet names its Rollout or Experiment as the owner to wait for (OwnerReferencesPermissionEnforcement).",
    apiGroups: argo,
    resources: ["rollouts/finalizers", "experiments/finalizers"],
    verbs: ["update"],
  },
  {
    why: "A ReplicaSet for each revision. The webhook creates some as a dry run, to check pod templates.",
    apiGroups: ["apps"],
    resources: ["replicasets"],
    verbs: ["get", "list", "watch", "create", "patch", "delete"],
  },
  {
    why: "Services are pointed at a revision; a template of an Experiment may have one of its own, as long as it runs.",
    apiGroups: [""],
    resources: ["services"],
    verbs: ["get", "list", "watch", "patch", "create", "delete"],
  },
  ...routerRules(routers),
  {
    why: "What workloadRef names, read only while a Rollout names one; a Deployment is scaled down as its Rollout takes over, and up again when that is deleted.",
    apiGroups: ["apps"],
    resources: ["deployments"],
    verbs: ["get", "list", "watch", "patch"],
  },
  {
    why: "workloadRef may name one as well; it is read only then.",
    apiGroups: [""],
    resources: ["podtemplates"],
    verbs: ["list", "watch"],
  },
  {
    why: "Pods are read for a restart and to say why an update is stuck, and get the labels and annotations of canaryMetadata and its like.",
    apiGroups: [""],
    resources: ["pods"],
    verbs: ["list", "patch"],
  },
  {
    why: "A restart evicts pods, so that disruption budgets are heard.",
    apiGroups: [""],
    resources: ["pods/eviction"],
    verbs: ["create"],
  },
  ...analysisRules,
  { why: "What happened.", apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
];

/** What looks at the pods of Deployments, or names them: by group. */
const FOLLOWERS = [
  ["policy", "poddisruptionbudgets"],
  ["networking.k8s.io", "networkpolicies"],
  ["autoscaling.k8s.io", "verticalpodautoscalers"],
  ["keda.sh", "scaledobjects"],
  ["monitoring.coreos.com", "podmonitors", "servicemonitors"],
] as const;

/** In every namespace, beside the others, where Deployments are to become Rollouts (`--migrate-deployments`). */
export const migrationRules = (scope: "cluster" | "namespace", instanceId = ""): readonly Rule[] =>
  scope === "cluster" ? [...migrationInNamespace, ...migrationInCluster(instanceId)] : migrationInNamespace;

const migrationInNamespace: readonly Rule[] = [
  {
    why: "A Rollout is made of a Deployment, and goes when it is to be a Deployment again.",
    apiGroups: argo,
    resources: ["rollouts"],
    verbs: ["create", "delete"],
  },
  {
    why: "In mode adopt the Deployment goes, and leaves its pods to the Rollout.",
    apiGroups: ["apps"],
    resources: ["deployments"],
    verbs: ["delete"],
  },
  {
    why: "In mode reference its conditions tell how its Rollout stands.",
    apiGroups: ["apps"],
    resources: ["deployments/status"],
    verbs: ["patch"],
  },
  {
    why: "Profiles, from which a Rollout gets its strategy; only ConfigMaps with the label sluice.dev/profiles are listed.",
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: ["list", "watch"],
  },
  {
    why: "Whether there is room for the pods of a Deployment twice.",
    apiGroups: [""],
    resources: ["resourcequotas"],
    verbs: ["list"],
  },
  ...FOLLOWERS.map(([apiGroup, ...resources]) => ({
    why: "What goes on with the pods of a Deployment is looked at when that begins, and reported.",
    apiGroups: [apiGroup],
    resources,
    verbs: ["list"],
  })),
  {
    why: "What scales a Deployment is reported; in mode adopt it is pointed at the Rollout.",
    apiGroups: ["autoscaling"],
    resources: ["horizontalpodautoscalers"],
    verbs: ["list", "patch"],
  },
];

const migrationInCluster = (instanceId: string): readonly Rule[] => [
  {
    why: "Which Namespaces ask for it.",
    apiGroups: [""],
    resources: ["namespaces"],
    verbs: ["list", "watch"],
  },
  {
    why: "The webhook's configuration for Deployments that migrate, and no other.",
    apiGroups: ["admissionregistration.k8s.io"],
    resources: ["mutatingwebhookconfigurations"],
    verbs: ["get", "list", "watch", "create", "patch", "update"],
    resourceNames: [configurationName(instanceId)],
  },
];

/** In the controller's namespace, with `--profile edge`: it takes no Lease. */
export const edgeLeaseRules = (instanceId = ""): readonly Rule[] => [
  {
    why: "It takes no Lease; it watches whether another controller does, and frees what a dead one has left.",
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["list", "watch", "update"],
    resourceNames: [lockOf(instanceId)],
  },
];

/** In the controller's namespace, for versions that hold a second Lease: while one is replaced, or comes back. */
export const olderLeaseRules = (instanceId = ""): readonly Rule[] => [
  {
    why: "Earlier versions hold this one, too, and work while they are replaced; nothing else takes it.",
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["get", "update"],
    resourceNames: [olderLockOf(instanceId)],
  },
];

/** In the controller's namespace. */
export const leaseRules = (instanceId = ""): readonly Rule[] => [
  {
    why: "A create has no name that could be allowed.",
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["create"],
  },
  {
    why: "One controller works at a time: the Lease is Argo Rollouts' own, so that the two never write at once.",
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["get", "update"],
    resourceNames: [lockOf(instanceId)],
  },
];

/** In every namespace, and for cluster-scoped objects, for the webhook. */
export const webhookRules = (namespace: string, instanceId = ""): readonly Rule[] => [
  {
    why: "Templates that Rollouts name.",
    apiGroups: argo,
    resources: ["analysistemplates", "clusteranalysistemplates"],
    verbs: ["list", "watch"],
  },
  {
    why: "What has the same pods as a Rollout, or scales them; read once a Rollout is judged, and never written.",
    apiGroups: ["autoscaling"],
    resources: ["horizontalpodautoscalers"],
    verbs: ["list", "watch"],
  },
  {
    why: "The audit compares what an update would start with the room that there is; without this right it does not.",
    apiGroups: [""],
    resources: ["nodes", "resourcequotas"],
    verbs: ["list"],
  },
  {
    why: "The audit lists what is stored now and then.",
    apiGroups: argo,
    resources: ["analysisruns", "experiments"],
    verbs: ["list"],
  },
  {
    why: "Profiles for Deployments that become Rollouts; only ConfigMaps with the label sluice.dev/profiles are listed.",
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: ["list", "watch"],
  },
  {
    why: "Which namespaces have opted in: for a warning where a profile is taken away that Deployments name.",
    apiGroups: [""],
    resources: ["namespaces"],
    verbs: ["list"],
  },
  ...explained(keeperRules(instanceId).clusterRole(namespace)),
];

/** In the controller's namespace, for the webhook. */
export const webhookRoleRules = (instanceId = ""): readonly Rule[] => explained(keeperRules(instanceId).role);

/** Adds, by resource, why the keeper needs each rule. */
function explained(rules: readonly Omit<Rule, "why">[]): Rule[] {
  const reasons: Readonly<Record<string, string>> = {
    secrets: "The webhook's own certificates; no other Secret is read.",
    leases: "A dry run on a Lease that is never stored shows whether the API server reaches the webhook.",
    endpointslices: "How many replicas are ready: with fewer than two the webhook must not be in the way.",
    validatingwebhookconfigurations: "Its own configuration, and no other.",
    namespaces: "The configuration goes when the namespace does.",
  };
  return rules.map((rule) => {
    const why = reasons[rule.resources.join(" ")];
    if (why === undefined) throw new Error(`Say in rights.ts why the webhook needs ${rule.resources.join(", ")}`);
    return { why, ...rule };
  });
}

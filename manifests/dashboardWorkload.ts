/** The dashboard in the cluster: a Deployment of the same image, which may ask who somebody is and what they may do. */
import { confinedContainer, confinedPod, ownProgram } from "./confined.ts";
import { image, labelsOf, namespace as installed } from "./text/manifestNames.ts";
import type { Manifest } from "./text/render.ts";

const name = "sluice-dashboard";
const rbac = "rbac.authorization.k8s.io/v1";
const port = 3_100;

/** Not the controller's name, whose Deployment, Service and policy would select these pods, too. */
const selector = { "app.kubernetes.io/name": name };
const labels = labelsOf(name, "dashboard");

export interface DashboardWorkload {
  readonly namespace: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly pullPolicy?: string;
  readonly resources?: unknown;
  /** More members of the pod's spec. */
  readonly pod?: object;
}

/** Measured: 50 MB at rest, and some 60 MB more for each person who looks at a thousand Rollouts at the same time. */
export const dashboardResources = { requests: { cpu: "10m", memory: "96Mi" }, limits: { memory: "512Mi" } };

const deployment = (given: DashboardWorkload): Manifest => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: given.namespace, labels },
  spec: {
    // Sessions are in the memory of the one process.
    replicas: 1,
    selector: { matchLabels: selector },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: name,
        ...confinedPod,
        terminationGracePeriodSeconds: 10,
        ...given.pod,
        containers: [container(given)],
      },
    },
  },
});

const probe = (periodSeconds: number): object => ({
  httpGet: { path: "/healthz", port: "http" },
  periodSeconds,
  timeoutSeconds: 5,
  failureThreshold: 3,
});

const container = ({ image: of, args, pullPolicy = "IfNotPresent", resources }: DashboardWorkload): object => ({
  name: "dashboard",
  image: of,
  imagePullPolicy: pullPolicy,
  args,
  env: ownProgram,
  ports: [{ name: "http", containerPort: port, protocol: "TCP" }],
  livenessProbe: probe(10),
  readinessProbe: probe(5),
  resources: resources ?? dashboardResources,
  securityContext: confinedContainer,
});

/** It may ask who a token is of and what that person may do; all else is done with the person's own rights. */
const ownRights = (namespace: string): readonly Manifest[] => [
  {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace, labels },
    automountServiceAccountToken: false,
  },
  {
    apiVersion: rbac,
    kind: "ClusterRole",
    metadata: { name, labels },
    rules: [
      {
        why: "Who a token is of.",
        apiGroups: ["authentication.k8s.io"],
        resources: ["tokenreviews"],
        verbs: ["create"],
      },
      {
        why: "What that person may see and do.",
        apiGroups: ["authorization.k8s.io"],
        resources: ["subjectaccessreviews"],
        verbs: ["create"],
      },
    ],
  },
  {
    apiVersion: rbac,
    kind: "ClusterRoleBinding",
    metadata: { name, labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  },
];

const reading = ["get", "list", "watch"];

const readerRules: readonly object[] = [
  {
    apiGroups: ["argoproj.io"],
    resources: ["rollouts", "experiments", "analysisruns", "analysistemplates", "clusteranalysistemplates"],
    verbs: reading,
  },
  { apiGroups: ["apps"], resources: ["replicasets", "deployments"], verbs: reading },
  { apiGroups: [""], resources: ["pods", "services", "events"], verbs: reading },
  {
    why: "Which other pods hold a restart up.",
    apiGroups: ["policy"],
    resources: ["poddisruptionbudgets"],
    verbs: reading,
  },
];

const promoterRules: readonly object[] = [
  ...readerRules,
  {
    why: "Promote, abort and retry; restart, pause, undo and set image.",
    apiGroups: ["argoproj.io"],
    resources: ["rollouts", "rollouts/status"],
    verbs: ["patch"],
  },
  {
    why: "End an analysis or an Experiment.",
    apiGroups: ["argoproj.io"],
    resources: ["analysisruns", "experiments"],
    verbs: ["patch"],
  },
];

/** To be bound to people, by RoleBindings for single namespaces or ClusterRoleBindings for all. */
export const dashboardUserRoles: readonly Manifest[] = [
  { apiVersion: rbac, kind: "ClusterRole", metadata: { name: `${name}-reader`, labels }, rules: readerRules },
  { apiVersion: rbac, kind: "ClusterRole", metadata: { name: `${name}-promoter`, labels }, rules: promoterRules },
];

const service = (namespace: string): Manifest => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, labels },
  spec: { selector, ports: [{ name: "http", protocol: "TCP", port, targetPort: "http" }] },
});

export const dashboardArgs: readonly string[] = ["dashboard", "--in-cluster"];

export const dashboardObjects = (workload: DashboardWorkload): readonly Manifest[] => [
  ...ownRights(workload.namespace),
  service(workload.namespace),
  deployment(workload),
];

/** Beside install.yaml. */
export const dashboard: readonly Manifest[] = [
  ...dashboardUserRoles,
  ...dashboardObjects({ namespace: installed, image, args: dashboardArgs }),
];

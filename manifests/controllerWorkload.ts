/** The pods, and the Services and policies for them. */
import { confinedContainer, confinedPod, ownProgram } from "./confined.ts";
import { engineOptions } from "../controller/process/lean.ts";
import { labels, name, selector, served } from "./text/manifestNames.ts";
import type { Manifest } from "./text/render.ts";

export interface Workload {
  /** Undefined: kubectl's -n sets it. */
  readonly namespace: string | undefined;
  readonly image: string;
  readonly args: readonly string[];
  /** Values that a chart fills in are texts. */
  readonly replicas: number | string;
  /** The container's ports, besides health and metrics. */
  readonly ports: readonly object[];
  readonly pullPolicy?: string;
  readonly resources?: unknown;
  /** More variables of the environment: a list. */
  readonly env?: string;
  /** More members of the pod's spec, and of the pod's metadata. */
  readonly pod?: object;
  readonly podMetadata?: object;
}

/**
 * Measured: 45 MB at rest with a webhook, below 100 MB with hundreds of Rollouts; the limit leaves room for a stampede.
 */
export const resources = { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "192Mi" } };

/** @param name the first key, to which the chart ties a condition */
export const webhookPort = (name = "name"): object => ({
  [name]: "webhook",
  containerPort: served.webhookPort,
  protocol: "TCP",
});

const inNamespace = (namespace: string | undefined): object => (namespace === undefined ? {} : { namespace });

export const serviceAccount = (namespace: string | undefined): Manifest => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, ...inNamespace(namespace), labels: labels("controller") },
  // The pod below mounts its token itself; no other pod should get one by naming the account.
  automountServiceAccountToken: false,
});

const fromField = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const environment: readonly object[] = [
  fromField("POD_NAME", "metadata.name"),
  fromField("POD_NAMESPACE", "metadata.namespace"),
  ...Object.entries(engineOptions).map(([name, value]) => ({ name, value })),
  ...ownProgram,
];

const probe = (path: string, periodSeconds: number): object => ({
  httpGet: { path, port: "healthz" },
  periodSeconds,
  timeoutSeconds: 5,
  failureThreshold: 3,
});

const container = ({ image, args, ports, pullPolicy = "IfNotPresent", ...workload }: Workload): object => ({
  name,
  image,
  imagePullPolicy: pullPolicy,
  args,
  env: [...environment, ...(workload.env === undefined ? [] : [workload.env])],
  ports: [
    { name: "healthz", containerPort: served.healthzPort, protocol: "TCP" },
    { name: "metrics", containerPort: served.metricsPort, protocol: "TCP" },
    ...ports,
  ],
  livenessProbe: probe("/healthz", 10),
  readinessProbe: probe("/readyz", 5),
  resources: workload.resources ?? resources,
  securityContext: confinedContainer,
});

export const deployment = (workload: Workload): Manifest => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, ...inNamespace(workload.namespace), labels: labels("controller") },
  spec: {
    replicas: workload.replicas,
    selector: { matchLabels: selector },
    // The new pod has filled its caches and serves before the old one releases the Leases.
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: {
      metadata: { labels: labels("controller"), ...workload.podMetadata },
      spec: {
        serviceAccountName: name,
        ...confinedPod,
        // Writes in flight 5 s, the webhook's configuration 5 s, two Leases 5 s, the last reviews 3 s, events 2 s.
        terminationGracePeriodSeconds: 30,
        ...workload.pod,
        containers: [container(workload)],
      },
    },
  },
});

/** A preference: on a cluster of one node both still run. */
export const spread = [
  {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selector },
  },
];

/** For two replicas; with a single one it would forbid to drain its node. */
export const disruptionBudget = (namespace: string | undefined): Manifest => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name, ...inNamespace(namespace), labels: labels("controller") },
  spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
});

/** The API server sends reviews here. */
export const webhookService = (namespace: string | undefined): Manifest =>
  service(served.webhookService, namespace, "webhook", { name: "https", port: 443, targetPort: "webhook" });

export const metricsService = (namespace: string | undefined): Manifest =>
  service(`${name}-metrics`, namespace, "controller", {
    name: "metrics",
    port: served.metricsPort,
    targetPort: "metrics",
  });

function service(
  name: string,
  namespace: string | undefined,
  component: "controller" | "webhook",
  port: object,
): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, ...inNamespace(namespace), labels: labels(component) },
    spec: { selector, ports: [{ protocol: "TCP", ...port }] },
  };
}

const tcp = (port: number | string): object => ({ protocol: "TCP", port });

/** The API server and kubelets call from nodes, which no selector matches, so only ports can be restricted. */
export const networkPolicy = (namespace: string | undefined, ingress: readonly (number | string)[]): Manifest => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, ...inNamespace(namespace), labels: labels("controller") },
  spec: {
    podSelector: { matchLabels: selector },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ ports: ingress.map(tcp) }],
    // The API server listens on many ports, and the sources of metrics anywhere: what may be asked is checked by the sender.
    egress: [{ ports: [{ protocol: "UDP", port: 53 }, { protocol: "TCP" }] }],
  },
});

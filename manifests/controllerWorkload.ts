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
  /** More variables of the environment; a text is a list. */
  readonly env?: readonly (object | string)[];
  /** By default the new pod serves before the old one ends. */
  readonly strategy?: object;
  /** By default those of `probes`. */
  readonly probes?: object;
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

const probe = (path: string, periodSeconds: number | string, failureThreshold = 3): object => ({
  httpGet: { path, port: "healthz" },
  periodSeconds,
  timeoutSeconds: 5,
  failureThreshold,
});

/** @param periods in seconds; texts are values that a chart fills in */
export const probes = (periods: readonly [live: number | string, ready: number | string] = [10, 5]): object => ({
  livenessProbe: probe("/healthz", periods[0]),
  readinessProbe: probe("/readyz", periods[1]),
});

const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };

/**
 * What is different with the profile edge (docs/controller.md#profile-edge): a pod ends before the next one begins, and
 * whoever looks at it does so once a minute. Once it is up: until then every two seconds, for an hour.
 */
export const edge = {
  flag: "--profile=edge",
  strategy: { type: "Recreate" },
  periods: [60, 60],
  startupProbe: probe("/readyz", 2, 1_800),
  // The engine's own look at its memory every 30 s; it collects garbage as objects are made, and we do after a burst.
  variable: { name: "BUN_GC_TIMER_DISABLE", value: "1" },
} as const;

/** A strategy that a chart chooses. @param type its value @param rolling the key of what only a rolling update has */
export const strategyBy = (type: string, rolling: string): object => ({ type, [rolling]: rollingUpdate });

const container = ({ image, args, ports, pullPolicy = "IfNotPresent", ...workload }: Workload): object => ({
  name,
  image,
  imagePullPolicy: pullPolicy,
  args,
  env: [...environment, ...(workload.env ?? [])],
  ports: [
    { name: "healthz", containerPort: served.healthzPort, protocol: "TCP" },
    { name: "metrics", containerPort: served.metricsPort, protocol: "TCP" },
    ...ports,
  ],
  ...(workload.probes ?? probes()),
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
    // The new pod has filled its caches and serves before the old one releases the Lease.
    strategy: workload.strategy ?? { type: "RollingUpdate", rollingUpdate },
    template: {
      metadata: { labels: labels("controller"), ...workload.podMetadata },
      spec: {
        serviceAccountName: name,
        ...confinedPod,
        // Writes in flight 5 s, the webhook's configuration 5 s, the Lease 3 s, the last reviews 3 s, events 2 s.
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

/** What a fleet of the bench is made of: Rollouts, or plain Deployments of the same size as the floor. */
import type { KubeObject } from "../cluster/harness/api.ts";
import type { RolloutView } from "../cluster/harness/rolloutView.ts";

/** A kind of which the bench creates, updates and watches many. */
export interface FleetKind {
  /** Of the collection. */
  path(namespace: string): string;
  manifest(name: string, replicas: number, image: string): object;
  /** Whether the stored spec, whose generation has to be `since` or later, is rolled out entirely, as its status says. */
  isDone(object: KubeObject, since: number): boolean;
  /** Where it stands, for an error. */
  state(object: KubeObject | undefined): string;
}

const specOf = (name: string, replicas: number, image: string) => ({
  replicas,
  revisionHistoryLimit: 2,
  selector: { matchLabels: { app: name } },
  template: {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: "main", image, ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }] }] },
  },
});

const reached = ({ metadata }: KubeObject, observed: unknown, since: number): boolean =>
  (metadata.generation ?? 0) >= since && Number(observed ?? 0) >= (metadata.generation ?? 1);

export const rolloutKind = {
  path: (namespace) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`,
  manifest: (name, replicas, image) => ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name, labels: { app: name } },
    spec: {
      ...specOf(name, replicas, image),
      strategy: { canary: { steps: [{ setWeight: 50 }, { pause: { duration: "2s" } }, { setWeight: 100 }] } },
    },
  }),
  isDone: (object, since) => {
    const { status } = object as RolloutView;
    return (
      reached(object, status?.observedGeneration, since) &&
      status?.phase === "Healthy" &&
      status.currentPodHash === status.stableRS
    );
  },
  state: (object) => {
    const status = (object as RolloutView | undefined)?.status;
    return `${status?.phase}: ${status?.message}`;
  },
} satisfies FleetKind;

interface DeploymentView extends KubeObject {
  readonly spec: { readonly replicas: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

/** As of a canary, the defaults of both kinds: a quarter more, and a quarter unavailable. */
export const deploymentKind: FleetKind = {
  path: (namespace) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  manifest: (name, replicas, image) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels: { app: name } },
    spec: {
      ...specOf(name, replicas, image),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
    },
  }),
  isDone: (object, since) => {
    const { spec, status } = object as DeploymentView;
    return (
      reached(object, status?.observedGeneration, since) &&
      status?.replicas === spec.replicas &&
      status.updatedReplicas === spec.replicas &&
      status.availableReplicas === spec.replicas
    );
  },
  state: (object) => JSON.stringify((object as DeploymentView | undefined)?.status),
};

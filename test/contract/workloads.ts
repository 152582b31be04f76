/**
 * What Kubernetes' controllers do with workloads: scenes that are played on a real cluster and on the in-memory one,
 * and must look the same after each step. What they look like is in golden/, recorded on the real one.
 */
import type { KubeObject } from "../cluster/harness/api.ts";
import type { Step } from "./clusterPort.ts";

export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
}

type Fields = Readonly<Record<string, unknown>>;

const container = (image: string, more: Fields = {}) => ({ name: "main", image, ...more });
const template = (image: string, more: Fields = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [container(image)], ...more },
});
const selector = { matchLabels: { app: "web" } };

const deployment = (spec: Fields = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: { replicas: 3, selector, template: template("nginx:1"), ...spec },
});

const replicaSet = (spec: Fields = {}, name = "web"): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name },
  spec: { replicas: 2, selector, template: template("nginx:1"), ...spec },
});

const job = (script: string, spec: Fields = {}, policy = "Never"): KubeObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "work" },
  spec: {
    template: {
      spec: { restartPolicy: policy, containers: [container("busybox", { command: ["sh", "-c", script] })] },
    },
    ...spec,
  },
});

type Labels = Readonly<Record<string, string>>;

const pod = (name: string, labels: Labels, more: Fields = {}, annotations: Labels = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels, annotations },
  spec: { containers: [container("nginx:1", more)] },
});

const image = (name: string) => ({ spec: { template: { spec: { containers: [container(name)] } } } });

const service = (name: string, spec: Fields): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec,
});

const front = { role: "front" };

const budget = (name: string, spec: Fields): KubeObject => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name },
  spec: { selector, ...spec },
});

const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  type: "RollingUpdate",
  rollingUpdate: { maxSurge, maxUnavailable },
});

/** Seconds in which pods certainly become ready or terminate, where nothing is paused. */
const settle = 5;

export const scenarios: readonly Scenario[] = [
  {
    name: "a ReplicaSet is resized and loses a pod",
    steps: [
      { what: "created", create: [replicaSet()], seconds: settle },
      { what: "scaled to 4", patch: ["ReplicaSet", "web", { spec: { replicas: 4 } }], seconds: settle },
      { what: "scaled to 1", patch: ["ReplicaSet", "web", { spec: { replicas: 1 } }], seconds: settle },
      { what: "its pod deleted", remove: ["Pod", "*"], seconds: settle },
      { what: "deleted", remove: ["ReplicaSet", "web"], seconds: settle },
    ],
  },
  {
    name: "a ReplicaSet adopts a pod and releases another",
    steps: [
      { what: "a pod without owner", create: [pod("stray", { app: "web" })], seconds: settle },
      { what: "created", create: [replicaSet()], seconds: settle },
      { what: "relabelled", patch: ["Pod", "stray", { metadata: { labels: { app: "other" } } }], seconds: settle },
      { what: "deleted, its pods orphaned", remove: ["ReplicaSet", "web", "Orphan"], seconds: settle },
      { what: "another of the same name", create: [replicaSet({ replicas: 1 })], seconds: settle },
    ],
  },
  {
    name: "pods are available after minReadySeconds",
    steps: [
      { what: "created", create: [replicaSet({ minReadySeconds: 6 })], seconds: settle },
      { what: "later", seconds: settle },
    ],
  },
  {
    name: "a Deployment rolls out new images one by one",
    steps: [
      { what: "created", create: [deployment()], seconds: settle },
      { what: "image 2", patch: ["Deployment", "web", image("nginx:2")], seconds: 12 },
      { what: "image 1 again", patch: ["Deployment", "web", image("nginx:1")], seconds: 12 },
      { what: "scaled to 5", patch: ["Deployment", "web", { spec: { replicas: 5 } }], seconds: settle },
      { what: "scaled to 0", patch: ["Deployment", "web", { spec: { replicas: 0 } }], seconds: settle },
      { what: "deleted", remove: ["Deployment", "web"], seconds: settle },
    ],
  },
  {
    name: "a Deployment whose image cannot be pulled times out, is resized and rolled back",
    steps: [
      { what: "created", create: [deployment({ replicas: 4, progressDeadlineSeconds: 3 })], seconds: settle },
      { what: "bad image", patch: ["Deployment", "web", image("nonexistent-nginx")], seconds: 9 },
      { what: "scaled to 10", patch: ["Deployment", "web", { spec: { replicas: 10 } }], seconds: 9 },
      { what: "scaled to 6", patch: ["Deployment", "web", { spec: { replicas: 6 } }], seconds: 9 },
      { what: "rolled back", patch: ["Deployment", "web", image("nginx:1")], seconds: settle },
    ],
  },
  {
    name: "a paused Deployment waits",
    steps: [
      { what: "created", create: [deployment({ replicas: 2 })], seconds: settle },
      { what: "paused", patch: ["Deployment", "web", { spec: { paused: true } }], seconds: 2 },
      { what: "image 2", patch: ["Deployment", "web", image("nginx:2")], seconds: 2 },
      { what: "scaled to 3", patch: ["Deployment", "web", { spec: { replicas: 3 } }], seconds: settle },
      { what: "resumed", patch: ["Deployment", "web", { spec: { paused: false } }], seconds: 12 },
    ],
  },
  {
    name: "a Deployment that recreates",
    steps: [
      { what: "created", create: [deployment({ replicas: 2, strategy: { type: "Recreate" } })], seconds: settle },
      { what: "image 2", patch: ["Deployment", "web", image("nginx:2")], seconds: 8 },
    ],
  },
  {
    name: "a Deployment keeps so many old ReplicaSets",
    steps: [
      { what: "created", create: [deployment({ replicas: 1, revisionHistoryLimit: 1 })], seconds: settle },
      { what: "image 2", patch: ["Deployment", "web", image("nginx:2")], seconds: settle },
      { what: "image 3", patch: ["Deployment", "web", image("nginx:3")], seconds: settle },
      {
        what: "annotated, minReadySeconds 1",
        patch: ["Deployment", "web", { metadata: { annotations: { note: "a" } }, spec: { minReadySeconds: 1 } }],
        seconds: settle,
      },
    ],
  },
  {
    name: "a Deployment that may miss a pod but have none more",
    steps: [
      { what: "created", create: [deployment({ replicas: 2, strategy: rolling(0, 1) })], seconds: settle },
      { what: "image 2", patch: ["Deployment", "web", image("nginx:2")], seconds: 9 },
    ],
  },
  {
    name: "a Deployment that doubles",
    steps: [
      { what: "created", create: [deployment({ strategy: rolling("100%", 0), minReadySeconds: 2 })], seconds: 7 },
      { what: "image nobody can pull", patch: ["Deployment", "web", image("nonexistent-nginx")], seconds: settle },
      { what: "image 2", patch: ["Deployment", "web", image("nginx:2")], seconds: 9 },
    ],
  },
  {
    name: "a Deployment whose percentages come to nothing",
    steps: [
      { what: "created", create: [deployment({ replicas: 1, strategy: rolling(0, "1%") })], seconds: settle },
      { what: "image 2", patch: ["Deployment", "web", image("nginx:2")], seconds: 7 },
    ],
  },
  {
    name: "a Deployment is deleted and comes back",
    steps: [
      { what: "created", create: [deployment()], seconds: settle },
      { what: "deleted, its ReplicaSet orphaned", remove: ["Deployment", "web", "Orphan"], seconds: 3 },
      { what: "created again", create: [deployment({ replicas: 2 })], seconds: settle },
      { what: "its ReplicaSet deleted", remove: ["ReplicaSet", "*"], seconds: settle },
      { what: "deleted in the foreground", remove: ["Deployment", "web", "Foreground"], seconds: settle },
    ],
  },
  {
    name: "a large ReplicaSet has few events",
    steps: [
      { what: "created", create: [replicaSet({ replicas: 40 })], seconds: settle },
      { what: "scaled to 2", patch: ["ReplicaSet", "web", { spec: { replicas: 2 } }], seconds: settle },
    ],
  },
  {
    name: "a Job without a number of completions",
    steps: [{ what: "created", create: [job("sleep 1; exit 0", { parallelism: 2 })], seconds: 7 }],
  },
  {
    name: "a Job succeeds",
    steps: [
      { what: "created", create: [job("sleep 1; exit 0", { completions: 3, parallelism: 2 })], seconds: 12 },
      { what: "deleted with its pods", remove: ["Job", "work", "Background"], seconds: settle },
    ],
  },
  {
    name: "a Job fails after a retry",
    steps: [
      { what: "created", create: [job("exit 3", { backoffLimit: 1 })], seconds: 5 },
      { what: "after the pause", seconds: 12 },
    ],
  },
  {
    name: "a Job whose containers are restarted in place fails",
    steps: [{ what: "created", create: [job("exit 3", { backoffLimit: 1 }, "OnFailure")], seconds: 12 }],
  },
  {
    name: "a Job takes too long",
    steps: [{ what: "created", create: [job("sleep 100", { activeDeadlineSeconds: 3 })], seconds: 8 }],
  },
  {
    name: "a Job is suspended and resumed, its pod deleted",
    steps: [
      { what: "created", create: [job("sleep 100", { suspend: true, parallelism: 2, completions: 2 })], seconds: 2 },
      { what: "resumed", patch: ["Job", "work", { spec: { suspend: false } }], seconds: settle },
      { what: "a pod fewer", patch: ["Job", "work", { spec: { parallelism: 1 } }], seconds: settle },
      { what: "its pod deleted", remove: ["Pod", "*"], seconds: settle },
      { what: "suspended", patch: ["Job", "work", { spec: { suspend: true } }], seconds: settle },
    ],
  },
  {
    name: "a finished Job goes after a while",
    steps: [
      { what: "created", create: [job("exit 0", { ttlSecondsAfterFinished: 5 })], seconds: 5 },
      { what: "later", seconds: 6 },
    ],
  },
  {
    name: "Services follow their pods",
    steps: [
      {
        what: "without pods",
        create: [
          service("numbers", { selector: front, ports: [{ port: 80, targetPort: 8080 }] }),
          service("names", {
            selector: front,
            ports: [
              { name: "web", port: 80, targetPort: "http" },
              { name: "plain", port: 81 },
            ],
          }),
          service("headless", { selector: front, clusterIP: "None", ports: [{ port: 80 }] }),
          service("elsewhere", { ports: [{ port: 80 }] }),
        ],
        seconds: 2,
      },
      {
        what: "a ReplicaSet",
        create: [
          replicaSet({
            replicas: 3,
            template: {
              metadata: { labels: { app: "web", ...front } },
              spec: { containers: [container("nginx:1", { ports: [{ name: "http", containerPort: 8000 }] })] },
            },
          }),
        ],
        seconds: settle,
      },
      {
        what: "a pod that is never ready",
        create: [pod("bad", front, {}, { "sim.sluice.dev/never-ready": "true" })],
        seconds: settle,
      },
      {
        what: "a pod that takes its time to go",
        create: [pod("slow", front, {}, { "sim.sluice.dev/gone-after": "8s" })],
        seconds: settle,
      },
      { what: "which is deleted", remove: ["Pod", "slow"], seconds: 3 },
      { what: "a pod without that port", create: [pod("other", front)], seconds: settle },
      { what: "no pods of the ReplicaSet", patch: ["ReplicaSet", "web", { spec: { replicas: 0 } }], seconds: settle },
      { what: "a Service deleted", remove: ["Service", "names"], seconds: 2 },
    ],
  },
  ...(
    [
      ["half of the pods", { minAvailable: "50%" }],
      ["a number of pods", { minAvailable: 2 }],
      ["all pods but one", { maxUnavailable: 1 }],
    ] as const
  ).map(([what, spec]) => ({
    name: `a budget of ${what}`,
    steps: [
      { what: "without pods", create: [budget("web", spec)], seconds: 2 },
      { what: "a ReplicaSet", create: [replicaSet({ replicas: 3 })], seconds: settle },
      { what: "scaled to 1", patch: ["ReplicaSet", "web", { spec: { replicas: 1 } }] as const, seconds: settle },
    ],
  })),
  {
    name: "a pod that fits nowhere waits",
    steps: [
      {
        what: "created",
        create: [pod("huge", { app: "huge" }, { resources: { requests: { cpu: "5000", memory: "9000Gi" } } })],
        seconds: 2,
      },
    ],
  },
];

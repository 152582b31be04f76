/** Rollouts that take their pod template from another workload. */
import { blueGreen, canary, pause, setWeight } from "../../golden/edits.ts";
import type { KubeObject } from "../../cluster/harness/api.ts";
import type { RolloutStrategy } from "../../../schema/rollout.ts";
import { service, template } from "../manifests.ts";
import type { Edit, Scenario } from "../scenario.ts";

const selector = { matchLabels: { app: "web" } };
const halves = canary([setWeight(50), pause()]);

const deployment = (replicas: number): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "source" },
  spec: { replicas, selector, template: template("web:1") },
});
const referring = (
  kind: string,
  apiVersion: string,
  rest: object,
  strategy: RolloutStrategy = halves,
  spec: object = {},
): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web" },
  spec: { replicas: 2, workloadRef: { apiVersion, kind, name: "source", ...rest }, strategy, ...spec },
});
const ofDeployment = (scaleDown?: string, strategy?: RolloutStrategy): KubeObject =>
  referring("Deployment", "apps/v1", scaleDown === undefined ? {} : { scaleDown }, strategy);
const image = (of: string, name: string): Edit => ({ patch: { spec: { template: template(name) } }, of });

export const workloadRef: readonly Scenario[] = [
  {
    name: "workload-deployment",
    objects: [deployment(0)],
    rollout: ofDeployment(),
    story: [
      [image("Deployment/source", "web:2"), "Paused step 1"],
      ["promote", "Healthy"],
      [{ patch: { metadata: { annotations: { note: "no news" } } }, of: "Deployment/source" }, "Healthy after 3s"],
      [image("Deployment/source", "web:1"), "Paused step 1"],
      ["abort", "Degraded"],
    ],
  },
  {
    name: "workload-deployment-never-scaled-down",
    objects: [deployment(2)],
    rollout: ofDeployment("never"),
    story: [[image("Deployment/source", "web:2"), "Paused step 1"]],
  },
  {
    name: "workload-deployment-scaled-down-on-success",
    objects: [deployment(2)],
    rollout: ofDeployment("onsuccess"),
    story: [[image("Deployment/source", "web:2"), "Paused step 1"]],
  },
  {
    name: "workload-deployment-scaled-down-progressively",
    objects: [deployment(2)],
    rollout: ofDeployment("progressively"),
    story: [[image("Deployment/source", "web:2"), "Paused step 1"]],
  },
  {
    name: "workload-deployment-blue-green",
    objects: [deployment(0), service("active"), service("preview")],
    rollout: ofDeployment("onsuccess", blueGreen({ autoPromotionEnabled: false, scaleDownDelaySeconds: 5 })),
    story: [
      [image("Deployment/source", "web:2"), "Paused"],
      ["promote", "Healthy sizes 0 2"],
    ],
  },
  {
    name: "workload-replica-set",
    objects: [
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: { name: "source" },
        spec: { replicas: 0, selector, template: template("web:1") },
      },
    ],
    rollout: referring("ReplicaSet", "apps/v1", {}),
    story: [[image("ReplicaSet/source", "web:2"), "Paused step 1"]],
  },
  {
    name: "workload-pod-template",
    objects: [{ apiVersion: "v1", kind: "PodTemplate", metadata: { name: "source" }, template: template("web:1") }],
    rollout: referring("PodTemplate", "v1", {}, halves, { selector }),
    story: [[{ patch: { template: template("web:2") }, of: "PodTemplate/source" }, "Paused step 1"]],
  },
  {
    name: "workload-missing",
    rollout: ofDeployment(),
    first: "Degraded",
    story: [[{ create: deployment(0) }, "Any after 25s"]],
  },
];

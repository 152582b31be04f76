/** What the scenarios' manifests have in common. */
import type { KubeObject } from "../cluster/harness/api.ts";
import type { CanaryStep, RolloutSpec } from "../../schema/rollout.ts";
import type { Scenario } from "./scenario.ts";

type Template = NonNullable<RolloutSpec["template"]>;

/** One container of an image, and what else the pods have. */
export const template = (image: string, spec: Partial<NonNullable<Template["spec"]>> = {}): Template => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }], ...spec },
});

/** A Rollout named web of three pods of `web:1`. */
export const rollout = (spec: RolloutSpec): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web" },
  spec: { replicas: 3, selector: { matchLabels: { app: "web" } }, template: template("web:1"), ...spec },
});

export const service = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});

/** An image that the fake kubelet cannot pull. */
export const broken = { image: "nonexistent-web:1" };
/** An image whose container ends at once, again and again. */
export const crashing = { image: "rollouts-demo:error" };

/** There are three nodes: of pods with anti-affinity to each other, three at most are ready. */
export const apart = {
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { labelSelector: { matchLabels: { apart: "yes" } }, topologyKey: "kubernetes.io/hostname" },
    ],
  },
};

/** An Experiment at the second step, with a weight of its own. */
export const experimentBeside: readonly CanaryStep[] = [
  { setWeight: 20 },
  { experiment: { duration: "15s", templates: [{ name: "try", specRef: "canary", weight: 10 }] } },
  { pause: {} },
];
/** Such a Rollout whose pods have a port: an Experiment makes a Service for no others. */
export const besideExperiment = <T extends { readonly rollout: KubeObject }>(parts: T) => ({
  ...parts,
  rollout: {
    ...parts.rollout,
    spec: {
      ...(parts.rollout["spec"] as RolloutSpec),
      template: template("web:1", { containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 80 }] }] }),
    },
  },
  story: [
    [{ image: "web:2" }, "Progressing step 1 after 5s"],
    ["wait", "Paused step 2"],
  ] satisfies Scenario["story"],
});

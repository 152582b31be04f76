/** A Rollout whose updates are tried by an Experiment and measured, with nothing but what Sluice brings. */
import type { World } from "./clusterWorld.ts";
import { rolloutOf } from "./plainRollout.ts";

const templates = [{ templateName: "pods" }];

/** Pods of both versions, and a Service, for as long as the Experiment's analysis takes; then an analysis of its own. */
const steps = [
  { setWeight: 50 },
  {
    experiment: {
      templates: [
        { name: "old", specRef: "stable" },
        { name: "new", specRef: "canary", service: {} },
      ],
      analyses: [{ name: "pods", templateName: "pods", requiredForCompletion: true }],
    },
  },
  { analysis: { templates } },
];

/** Nothing is kept of what has ended, so that it is deleted. */
const analysis = { successfulRunHistoryLimit: 0, unsuccessfulRunHistoryLimit: 0 };

/** Creates the template and the Rollout `analysed`. */
export async function createAnalysed(world: World): Promise<void> {
  // No Rollout owns the run of an Experiment, so that it is named.
  const plugin = { "sluice.dev/pods": { rollout: "analysed", maxRestarts: 9 } };
  const measured = { name: "pods", count: 1, provider: { plugin }, successCondition: "true" };
  const kind = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisTemplate" };
  await world.create({ ...kind, metadata: { name: "pods" }, spec: { metrics: [measured] } });
  const template = {
    metadata: { labels: { app: "analysed" } },
    spec: { containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 8080 }] }] },
  };
  await world.create(rolloutOf("analysed", { canary: { steps } }, { replicas: 2, analysis, template }));
}

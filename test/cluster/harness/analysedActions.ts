/** A Rollout whose updates are tried by an Experiment and measured, with nothing but what Sluice brings. */
import type { World } from "./clusterWorld.ts";

const labels = { app: "analysed" };
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
  const { api } = world.harness;
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${world.namespace}/analysistemplates`;
  // No Rollout owns the run of an Experiment, so that it is named.
  const plugin = { "sluice.dev/pods": { rollout: "analysed", maxRestarts: 9 } };
  const measured = { name: "pods", count: 1, provider: { plugin }, successCondition: "true" };
  const kind = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisTemplate" };
  await api.create(path, { ...kind, metadata: { name: "pods" }, spec: { metrics: [measured] } });
  await world.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "analysed" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      analysis,
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 8080 }] }] },
      },
      strategy: { canary: { steps } },
    },
  });
}

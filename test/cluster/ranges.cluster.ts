/** Numbers out of range at a real API server without any webhook: the CRDs alone refuse them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { harness } from "./harness/harness.ts";

const { api } = await harness();
const namespace = `ranges-${crypto.randomUUID().slice(0, 6)}`;

const rollouts = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
const experiments = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/experiments`;
const templates = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/analysistemplates`;

const named = (kind: string): object => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind,
  metadata: { name: `it-${crypto.randomUUID().slice(0, 6)}` },
});
const podTemplate = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "a", image: "demo:v1" }] } };
const rollout = (strategy: object, rest: object = {}): object => ({
  ...named("Rollout"),
  spec: { selector: { matchLabels: { app: "a" } }, template: podTemplate, strategy, ...rest },
});
const template = (metric: object): object => ({
  ...named("AnalysisTemplate"),
  spec: { metrics: [{ name: "m", provider: { web: { url: "http://a" } }, ...metric }] },
});

beforeAll(async () => {
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
});

afterAll(async () => {
  await api.delete(`/api/v1/namespaces/${namespace}`);
});

test.each([
  ["spec.strategy.canary.maxSurge", rollouts, rollout({ canary: { maxSurge: -1 } })],
  ["spec.strategy.canary.maxSurge", rollouts, rollout({ canary: { maxSurge: "-10%" } })],
  ["spec.strategy.canary.maxUnavailable", rollouts, rollout({ canary: { maxUnavailable: "abc" } })],
  [
    "spec.strategy.blueGreen.previewReplicaCount",
    rollouts,
    rollout({ blueGreen: { activeService: "a", previewReplicaCount: -1 } }),
  ],
  ["spec.rollbackWindow.revisions", rollouts, rollout({ canary: {} }, { rollbackWindow: { revisions: -1 } })],
  [
    "spec.strategy.canary.steps[0].setCanaryScale.replicas",
    rollouts,
    rollout({ canary: { steps: [{ setCanaryScale: { replicas: -1 } }] } }),
  ],
  ["spec.metrics[0].count", templates, template({ count: -1 })],
  [
    "spec.metrics[0].provider.web.timeoutSeconds",
    templates,
    template({ provider: { web: { url: "http://a", timeoutSeconds: -1 } } }),
  ],
  [
    "spec.progressDeadlineSeconds",
    experiments,
    { ...named("Experiment"), spec: { templates: [], progressDeadlineSeconds: -1 } },
  ],
] as const)("the API server refuses an impossible %s", async (path, collection, object) => {
  const error: unknown = await api.create(collection, object).catch((reason: unknown) => reason);
  expect(String(error)).toContain(`${path}: Invalid value`);
});

test.each([
  ["a surge and an unavailability as numbers", rollouts, rollout({ canary: { maxSurge: 0, maxUnavailable: 1 } })],
  ["shares", rollouts, rollout({ canary: { maxSurge: "150%", maxUnavailable: "0%" } })],
  ["a count with a tag", templates, template({ count: "{{args.count}}", failureLimit: -1 })],
])("the API server takes %s", async (_, collection, object) => {
  expect(await api.create(collection, object)).toMatchObject({ metadata: { namespace } });
});

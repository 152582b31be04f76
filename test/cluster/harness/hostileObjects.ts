/** Small objects, each of which once held the process for seconds or for ever. */
import type { KubeObject } from "./api.ts";

const group = "argoproj.io/v1alpha1";
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

export interface HostileObject {
  readonly plural: "analysistemplates" | "analysisruns" | "rollouts" | "experiments";
  readonly object: KubeObject;
}

const template = (name: string, spec: object): HostileObject => ({
  plural: "analysistemplates",
  object: { apiVersion: group, kind: "AnalysisTemplate", metadata: { name }, spec },
});

const run = (name: string, spec: object): HostileObject => ({
  plural: "analysisruns",
  object: { apiVersion: group, kind: "AnalysisRun", metadata: { name }, spec },
});

const web = { web: { url: "http://localhost", jsonPath: "{$.ok}" } };
const metric = (name: string, more: object = {}) => ({ name, provider: web, ...more });
const measured = (pattern: string) => ({ metrics: [metric("latency")], dryRun: [{ metricName: pattern }] });

const rollout = (name: string, strategy: object, resources: object = {}): HostileObject => ({
  plural: "rollouts",
  object: {
    apiVersion: group,
    kind: "Rollout",
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "web", image: "web:1", resources }] },
      },
      strategy,
    },
  },
});

const nested = (times: number, depth: number): string => `${"(?:".repeat(depth)}x${`){${times}}`.repeat(depth)}`;
const tag = "{{args.a}}";

/** `size` 1 is as observed; the API server may refuse some of them, and the webhook most. */
export const hostileObjects = (): readonly HostileObject[] => [
  template("empty-repeats", measured("(?:(?:(?:(?:){1000}){1000}){1000}){1000}.")),
  template("nested-repeats", measured(nested(600, 3))),
  template("long-repeat", measured(`a{${"1".repeat(40_000)}`)),
  template("deep-groups", measured(`${"(".repeat(20_000)}x${")".repeat(20_000)}`)),
  template("many-patterns", {
    metrics: many(100, (i) => metric(`metric-${i}`)),
    dryRun: many(100, (i) => ({ metricName: `(a|b|c){900}${i}` })),
  }),
  run("wide-tags", {
    args: [{ name: "a", value: "x".repeat(640_000) }],
    metrics: [metric("latency", { successCondition: tag.repeat(1_990) })],
  }),
  template("open-tags", { metrics: [metric("latency", { successCondition: "{{".repeat(9_990) })] }),
  template("deep-condition", { metrics: [metric("latency", { successCondition: `${"(".repeat(9_000)}1` })] }),
  template("many-metrics", {
    args: many(100, (i) => ({ name: `arg-${i}` })),
    metrics: many(900, (i) => metric(`metric-${i}`, { successCondition: `result > ${i}` })),
  }),
  rollout("many-uses", {
    canary: { steps: many(900, () => ({ analysis: { templates: [{ templateName: "many-metrics" }] } })) },
  }),
  rollout("large-quantity", { canary: {} }, { requests: { cpu: `1${"0".repeat(100_000)}` } }),
  rollout("small-quantity", { canary: {} }, { requests: { cpu: `0.${"0".repeat(100_000)}1` } }),
  rollout("many-steps", { canary: { steps: many(9_000, (i) => ({ setWeight: i % 100 })) } }),
  {
    plural: "experiments",
    object: {
      apiVersion: group,
      kind: "Experiment",
      metadata: { name: "many-templates" },
      spec: {
        templates: many(200, (i) => ({
          name: `t-${i}`,
          replicas: 0,
          selector: { matchLabels: { app: `t-${i}` } },
          template: {
            metadata: { labels: { app: `t-${i}` } },
            spec: {
              containers: [{ name: "web", image: "web:1", env: many(20, (j) => ({ name: `E${j}`, value: "x" })) }],
            },
          },
        })),
        analyses: many(500, (i) => ({ name: `a-${i}`, templateName: "many-metrics" })),
      },
    },
  },
];

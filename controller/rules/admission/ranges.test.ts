import { describe, expect, test } from "bun:test";
import { violationText } from "../../../kube/validation/violation.ts";
import { admissionFindings } from "./admissionFindings.ts";
import type { AdmittedKind } from "./admittedKinds.ts";
import { rangeViolations } from "./ranges.ts";
import { marksOf, type Schema, schemaOf } from "./schemas.ts";

const canary = (canary: object) => ({ strategy: { canary } });
const step = (step: object) => canary({ steps: [step] });
const metric = (metric: object) => ({ metrics: [{ name: "m", ...metric }] });
const provider = (provider: object) => metric({ provider });

const atLeast = (least: number): string => `must be greater than or equal to ${least}`;
const form = 'must be a whole number or a percentage, such as 1 or "25%"';

const table: readonly (readonly [sentence: string, kind: AdmittedKind, spec: object, ...texts: string[]])[] = [
  ["zero is in range", "Rollout", canary({ maxSurge: 0, maxUnavailable: "0%", scaleDownDelaySeconds: 0 })],
  ["a share over 100 is in range", "Rollout", canary({ maxSurge: "150%" })],
  [
    "a negative surge",
    "Rollout",
    canary({ maxSurge: -1 }),
    `spec.strategy.canary.maxSurge: Invalid value: -1: ${atLeast(0)}`,
  ],
  [
    "a negative share",
    "Rollout",
    canary({ maxSurge: "-10%" }),
    `spec.strategy.canary.maxSurge: Invalid value: "-10%": ${atLeast(0)}`,
  ],
  [
    "a negative number in quotes",
    "Rollout",
    { strategy: { blueGreen: { maxUnavailable: "-1" } } },
    `spec.strategy.blueGreen.maxUnavailable: Invalid value: "-1": ${atLeast(0)}`,
  ],
  [
    "a surge in words",
    "Rollout",
    canary({ maxSurge: "abc" }),
    `spec.strategy.canary.maxSurge: Invalid value: "abc": ${form}`,
  ],
  [
    "half a pod",
    "Rollout",
    canary({ maxUnavailable: "10.5%" }),
    `spec.strategy.canary.maxUnavailable: Invalid value: "10.5%": ${form}`,
  ],
  [
    "a negative window",
    "Rollout",
    { rollbackWindow: { revisions: -1 } },
    `spec.rollbackWindow.revisions: Invalid value: -1: ${atLeast(0)}`,
  ],
  [
    "more than everything mirrored",
    "Rollout",
    step({ setMirrorRoute: { percentage: 101 } }),
    "spec.strategy.canary.steps[0].setMirrorRoute.percentage: Invalid value: 101: must be between 0 and 100, inclusive",
  ],
  [
    "no weight at all",
    "Rollout",
    canary({ trafficRouting: { maxTrafficWeight: 0 } }),
    `spec.strategy.canary.trafficRouting.maxTrafficWeight: Invalid value: 0: ${atLeast(1)}`,
  ],
  [
    "a port that there is not",
    "Rollout",
    canary({ trafficRouting: { alb: { servicePort: 65_536 } } }),
    "spec.strategy.canary.trafficRouting.alb.servicePort: Invalid value: 65536: must be between 1 and 65535, inclusive",
  ],
  [
    "an experiment that ends before it begins",
    "Rollout",
    step({ experiment: { duration: "-5m" } }),
    'spec.strategy.canary.steps[0].experiment.duration: Invalid value: "-5m": must not be negative; write one such as "30s" or "5m"',
  ],
  ["a count that is not known yet is not judged", "AnalysisTemplate", metric({ count: "{{args.count}}" })],
  [
    "a negative count in quotes",
    "ClusterAnalysisTemplate",
    metric({ count: "-3" }),
    `spec.metrics[0].count: Invalid value: "-3": ${atLeast(0)}`,
  ],
  [
    "a negative interval",
    "AnalysisRun",
    metric({ interval: "-1s" }),
    'spec.metrics[0].interval: Invalid value: "-1s": must not be negative; write one such as "30s" or "5m"',
  ],
  [
    "a job with less than no retries",
    "AnalysisTemplate",
    provider({ job: { spec: { backoffLimit: -1 } } }),
    `spec.metrics[0].provider.job.spec.backoffLimit: Invalid value: -1: ${atLeast(0)}`,
  ],
  [
    "fewer measurements kept than none",
    "Experiment",
    { measurementRetention: [{ metricName: "m", limit: -1 }] },
    `spec.measurementRetention[0].limit: Invalid value: -1: ${atLeast(0)}`,
  ],
  [
    "a query that steps backwards",
    "AnalysisTemplate",
    provider({ prometheus: { query: "up", rangeQuery: { start: "now()", end: "now()", step: "-1m" } } }),
    'spec.metrics[0].provider.prometheus.rangeQuery.step: Invalid value: "-1m": must not be negative; write one such as "30s" or "5m"',
  ],
  [
    "an experiment's delay",
    "Experiment",
    { scaleDownDelaySeconds: -1 },
    `spec.scaleDownDelaySeconds: Invalid value: -1: ${atLeast(0)}`,
  ],
];

describe("numbers and durations out of range", () => {
  test.each(table.map(([sentence, kind, spec, ...texts]) => ({ sentence, kind, spec, texts })))(
    "$sentence",
    ({ kind, spec, texts }) => {
      expect(rangeViolations({ spec }, kind).map(violationText)).toEqual(texts);
    },
  );

  test("are refused by admission", () => {
    const { refuse } = admissionFindings({ spec: canary({ maxSurge: -1 }) }, "Rollout");
    expect(refuse.map(({ rule }) => rule)).toContain("number-range");
  });

  test("are reported once where another rule refuses the same place", () => {
    const spec = { templates: [{ name: "a", replicas: -1 }] };
    const { refuse } = admissionFindings({ spec }, "Experiment");
    expect(refuse.filter(({ path }) => path.endsWith(".replicas"))).toHaveLength(1);
  });

  test("are looked for in whatever an object is", () => {
    for (const spec of [null, 1, "x", [], { strategy: [] }, { strategy: { canary: { steps: "x" } } }]) {
      expect(rangeViolations({ spec }, "Rollout")).toEqual([]);
    }
    expect(rangeViolations(undefined, "Experiment")).toEqual([]);
  });
});

/** Numbers of the spec without a range in the schema, since a rule refuses them in words of its own. */
const JUDGED_BY_RULES: { readonly [K in AdmittedKind]: readonly string[] } = {
  Rollout: [
    "replicas",
    "minReadySeconds",
    "strategy.blueGreen.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight",
    "strategy.canary.steps[].setWeight",
    "strategy.canary.steps[].pause.duration",
    "strategy.canary.trafficRouting.sessionAffinity.maxAge",
    "strategy.canary.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight",
    "revisionHistoryLimit",
    "progressDeadlineSeconds",
  ],
  AnalysisTemplate: [],
  ClusterAnalysisTemplate: [],
  AnalysisRun: [],
  Experiment: [],
};

const OF_METRICS = ["failureLimit", "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit"];
/** Kubernetes' own, which the API server judges: pods, and how a job sees exit codes. */
const OF_KUBERNETES = /(^|\.)template(\.|$)|podFailurePolicy|successPolicy/;

/** The paths of the numbers that have no range. */
function* withoutRange(schema: Schema, path = ""): Generator<string> {
  const inner = schema.wrapped ?? marksOf(schema).structure;
  if (inner !== undefined) yield* withoutRange(inner, path);
  for (const [name, member] of Object.entries(schema.entries ?? {})) {
    yield* withoutRange(member, path === "" ? name : `${path}.${name}`);
  }
  if (schema.item !== undefined) yield* withoutRange(schema.item, `${path}[]`);
  if (schema.value !== undefined) yield* withoutRange(schema.value, `${path}{}`);
  const isNumber = schema.type === "number" || schema.type === "union";
  if (isNumber && marksOf(schema).minimum === undefined) yield path;
}

test.each(Object.entries(JUDGED_BY_RULES))("every number of a %s has a range or a rule", (kind, judged) => {
  const spec = schemaOf(kind as AdmittedKind).entries?.["spec"];
  const paths = [...withoutRange(spec as Schema)].filter((path) => !OF_KUBERNETES.test(path));
  const others = paths.filter((path) => !OF_METRICS.some((name) => path.endsWith(name)));
  expect(others).toEqual([...judged]);
});

import { describe, expect, test } from "bun:test";
import { violationText } from "../../../kube/validation/violation.ts";
import { rolloutWarnings } from "./warnings.ts";

const canary = (canary: object) => ({ strategy: { canary } });
const experiment = (experiment: object) => canary({ steps: [{ experiment }] });

const table: readonly (readonly [sentence: string, spec: object, ...texts: string[]])[] = [
  ["nothing to say", canary({ maxSurge: "25%", steps: [{ setWeight: 1 }] })],
  [
    "an unknown specRef",
    experiment({ templates: [{ specRef: "bogus" }] }),
    'spec.strategy.canary.steps[0].experiment.templates[0].specRef: Unsupported value: "bogus": supported values: "canary", "stable"',
  ],
  [
    "an endless experiment",
    experiment({ duration: "soon" }),
    'spec.strategy.canary.steps[0].experiment.duration: Invalid value: "soon": must be a duration such as 10m, or the experiment never ends',
  ],
  [
    "a canary scale of nothing",
    canary({ steps: [{ setCanaryScale: {} }] }),
    "spec.strategy.canary.steps[0].setCanaryScale: Invalid value: {}: must have exactly one of the following: weight, replicas, matchTrafficWeight",
  ],
  [
    "an analysis after the last step",
    canary({ analysis: { startingStep: 3 } }),
    "spec.strategy.canary.analysis.startingStep: Invalid value: 3: names no step, so the analysis never starts",
  ],
  [
    "a route managed twice",
    canary({ trafficRouting: { managedRoutes: [{ name: "r" }, { name: "r" }] } }),
    'spec.strategy.canary.trafficRouting.managedRoutes[1].name: Duplicate value: "r"',
  ],
  [
    "a preview larger than the rollout",
    { replicas: 2, strategy: { blueGreen: { previewReplicaCount: 3 } } },
    "spec.strategy.blueGreen.previewReplicaCount: Invalid value: 3: is more than spec.replicas",
  ],
  [
    "more unavailable pods than there are",
    canary({ maxSurge: "100%", maxUnavailable: "200%" }),
    'spec.strategy.canary.maxUnavailable: Invalid value: "200%": is more than all pods, and counts as 100%',
  ],
  [
    "more unavailable pods than there are, blue-green, without a sign",
    { strategy: { blueGreen: { maxUnavailable: "101" } } },
    'spec.strategy.blueGreen.maxUnavailable: Invalid value: "101": is more than all pods, and counts as 100%',
  ],
  [
    "more new pods than there are to be",
    canary({ maxSurge: "150%", maxUnavailable: "100%" }),
    'spec.strategy.canary.maxSurge: Invalid value: "150%": allows more new pods than the Rollout has',
  ],
  [
    "an unknown way down",
    { workloadRef: { scaleDown: "later" } },
    'spec.workloadRef.scaleDown: Unsupported value: "later": supported values: "never", "onsuccess", "progressively"',
  ],
  [
    "another port of the node's network",
    { template: { spec: { hostNetwork: true, containers: [{ ports: [{ containerPort: 80, hostPort: 81 }] }] } } },
    "spec.template.spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true",
  ],
  [
    "a claim with a name of its own",
    { template: { spec: { volumes: [{ ephemeral: { volumeClaimTemplate: { metadata: { name: "x" } } } }] } } },
    "spec.template.spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set",
  ],
];

describe("mistakes that the reference lets through", () => {
  test.each(table.map(([sentence, spec, ...texts]) => ({ sentence, spec, texts })))("$sentence", ({ spec, texts }) => {
    expect(rolloutWarnings({ spec }).map(violationText)).toEqual(texts);
  });

  test("whatever it is given, it answers", () => {
    for (const junk of [undefined, null, 1, [], {}, { spec: [] }]) expect(rolloutWarnings(junk)).toEqual([]);
  });
});

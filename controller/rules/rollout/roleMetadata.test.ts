import { expect, test } from "bun:test";
import { violationText } from "../../../kube/validation/violation.ts";
import { roleMetadataViolations } from "./roleMetadata.ts";

const selector = { matchLabels: { app: "web" } };
const texts = (strategy: object): readonly string[] =>
  roleMetadataViolations({ spec: { selector, strategy } }).map(violationText);

test("metadata by role may not change a label that ReplicaSets select by", () => {
  expect(texts({ canary: { canaryMetadata: { labels: { app: "canary", role: "canary" } } } })).toEqual([
    'spec.strategy.canary.canaryMetadata.labels[app]: Invalid value: "canary": must not change "app", by which ReplicaSets select their pods',
  ]);
  expect(texts({ blueGreen: { activeMetadata: { labels: { "rollouts-pod-template-hash": "1" } } } })).toHaveLength(1);
});

test("metadata by role may repeat such a label, and change any other", () => {
  expect(texts({ canary: { stableMetadata: { labels: { app: "web", role: "stable" } } } })).toEqual([]);
  expect(roleMetadataViolations({ spec: { strategy: { canary: { canaryMetadata: 5 } } } })).toEqual([]);
});

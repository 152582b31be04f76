/**
 * Rollouts and ReplicaSets that are written to block the loop: treated as invalid, with the reason, at a bounded cost.
 */
import { describe, expect, test } from "bun:test";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { decide } from "../decide/decide.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { cost, LIMITS } from "../../../kube/object/budget.ts";
import { createGatherer } from "./gather.ts";
import { createStores, replicaSetFacts } from "./stores.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const many = <T>(count: number, one: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => one(i));
const mapOf = (count: number): Record<string, string> => Object.fromEntries(many(count, (i) => [`k${i}`, "v"]));
const containers = [{ name: "web", image: "web:1" }];
const template = (spec: object = {}, labels: object = {}) => ({
  metadata: { labels: { app: "web", ...labels } },
  spec: { containers, ...spec },
});

const rollout = (spec: object = {}, metadata: object = {}): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "ns", uid: "u", generation: 1, resourceVersion: "1", ...metadata },
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: "web" } },
    template: template(),
    strategy: { canary: {} },
    ...spec,
  },
});

const replicaSet = (index: number, metadata: object = {}, podTemplate: object = template()): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: {
    name: `web-${index}`,
    namespace: "ns",
    uid: `rs${index}`,
    resourceVersion: "1",
    creationTimestamp: new Date(NOW - 1_000_000 + index).toISOString(),
    labels: { app: "web", "rollouts-pod-template-hash": `h${index}` },
    annotations: { "rollout.argoproj.io/revision": `${index + 1}` },
    ownerReferences: [{ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "u", controller: true }],
    ...metadata,
  },
  spec: { replicas: 1, selector: { matchLabels: { app: "web" } }, template: podTemplate },
  status: { replicas: 1, readyReplicas: 1, availableReplicas: 1 },
});

/** What the loop makes of a Rollout and its ReplicaSets, and what that costs. */
function gatheredAndDecided(object: Rollout, sets: readonly ReplicaSet[] = []) {
  const stores = createStores();
  for (const set of sets) stores.replicaSets.upsert(set);
  stores.rollouts.upsert(object);
  const gathered = cost(() => createGatherer(stores).gather("ns/web"));
  const snapshot = gathered.result;
  if (snapshot === undefined) throw new Error("nothing was gathered");
  const decided = cost(() => decide(snapshot, NOW));
  const invalid = decided.result.status?.conditions?.find(({ type }) => type === "InvalidSpec")?.message;
  return { invalid, gathered: gathered.steps, decided: decided.steps, actions: decided.result.actions.length };
}

const held = (why: string): string => `The Rollout "web" is invalid: spec: Invalid value: "…": ${why}`;
const tooLarge = held("too large to judge: it has more than 10000 members");

describe("a Rollout is held as invalid for", () => {
  test.each<[string, object]>([
    ["100,000 steps", { strategy: { canary: { steps: many(100_000, (i) => ({ setWeight: i % 100 })) } } }],
    ["30,000 containers", { template: template({ containers: many(30_000, (i) => ({ name: `c${i}`, image: "i" })) }) }],
    ["100,000 labels of its pods", { template: template({}, mapOf(100_000)) }],
    [
      "100,000 Ingresses, none of which is looked for",
      { strategy: { canary: { trafficRouting: { nginx: { stableIngresses: many(100_000, (i) => `i${i}`) } } } } },
    ],
    ["a workload beside 10,000 steps", { workloadRef: {}, strategy: { canary: { steps: many(10_001, () => ({})) } } }],
    [
      "a selector of thousands of expressions",
      { selector: { matchExpressions: many(4_000, (i) => ({ key: "app", operator: "NotIn", values: [`x${i}`] })) } },
    ],
  ])("%s, before anything is hashed", (_, spec) => {
    const { invalid, gathered, actions } = gatheredAndDecided(
      rollout(spec),
      many(3, (i) => replicaSet(i)),
    );
    expect([invalid, actions]).toEqual([tooLarge, 0]);
    expect(gathered).toBeLessThan(100);
  });

  test("a template that takes too long to hash", () => {
    const env = [{ name: "E", value: "<".repeat(524_000) }];
    const { invalid, gathered } = gatheredAndDecided(
      rollout({ template: template({ containers: [{ name: "c", image: "i", env }] }) }),
    );
    expect(invalid).toContain("hashing its template or steps");
    expect(gathered).toBeLessThanOrEqual(LIMITS.facts.steps + 1_000_000 / 32);
  });

  test("a template of more than half a mebibyte, before anything is hashed", () => {
    const env = [{ name: "E", value: "é<".repeat(700_000) }];
    const { invalid, gathered } = gatheredAndDecided(
      rollout({ template: template({ containers: [{ name: "c", image: "i", env }] }) }),
    );
    expect(invalid).toBe(held("too large to judge: it has 2100113 bytes of names and texts, 524288 are allowed"));
    expect(gathered).toBeLessThan(100);
  });

  test("its first mistake, when what comes after that is too costly", () => {
    const { invalid } = gatheredAndDecided(
      rollout({ replicas: -1, strategy: { canary: { steps: many(4_900, () => ({ setWeight: -1 })) } } }),
    );
    expect(invalid).toBe(
      'The Rollout "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
  });

  test.each<[string, object]>([
    ["of its own", {}],
    ["that it would adopt", { ownerReferences: [] }],
    [
      "whose pods carry metadata",
      { annotations: { "rollout.argoproj.io/ephemeral-metadata": '{"labels":{"a":"b"}}' } },
    ],
  ])("5,000 ReplicaSets %s", (_, metadata) => {
    const canary = { canaryMetadata: { labels: { role: "canary" } }, stableMetadata: { labels: { role: "stable" } } };
    const sets = many(5_000, (i) => replicaSet(i, metadata));
    const { invalid, decided, actions } = gatheredAndDecided(rollout({ strategy: { canary } }), sets);
    expect([invalid, actions]).toEqual([
      held(`too costly to decide about: following its ReplicaSets takes more than ${LIMITS.decision.steps} steps`),
      0,
    ]);
    expect(decided).toBeLessThan(LIMITS.decision.steps + 20_000);
  });

  test("annotations without end", () => {
    const { invalid } = gatheredAndDecided(rollout({}, { annotations: mapOf(60_000) }));
    expect(invalid).toContain("too costly to decide about: copying annotations");
  });
});

describe("a Rollout is driven with", () => {
  test("1,000 ReplicaSets", () => {
    const { invalid, actions } = gatheredAndDecided(
      rollout(),
      many(1_000, (i) => replicaSet(i)),
    );
    expect(invalid).toBeUndefined();
    expect(actions).toBeGreaterThan(900);
  });

  test("a template of half a mebibyte", () => {
    const env = [{ name: "E", value: "x".repeat(524_000) }];
    const { invalid, gathered } = gatheredAndDecided(
      rollout({ template: template({ containers: [{ name: "c", image: "i", env }] }) }),
    );
    expect(invalid).toBeUndefined();
    expect(gathered).toBeLessThan(LIMITS.facts.steps);
  });

  test("100,000 labels of its own", () => {
    expect(gatheredAndDecided(rollout({}, { labels: mapOf(100_000) })).invalid).toBeUndefined();
  });
});

test("thousands of steps that are done at once are gone through in several decisions", () => {
  const stores = createStores();
  const steps = many(1_200, () => ({ setWeight: 0 }));
  stores.rollouts.upsert(rollout({ replicas: 1, strategy: { canary: { steps } } }));
  const gathered = createGatherer(stores).gather("ns/web");
  if (gathered === undefined) throw new Error("nothing was gathered");
  const { podHash, stepHash, templateDigest } = gathered;
  const factsOf = (hash: string, size: number, revision: number): ReplicaSetFacts => ({
    ...replicaSetFacts(replicaSet(revision)),
    name: `web-${hash}`,
    labels: { app: "web", "rollouts-pod-template-hash": hash },
    annotations: { "rollout.argoproj.io/revision": `${revision}`, "rollout.argoproj.io/desired-replicas": "1" },
    replicas: size,
    observed: true,
    status: { replicas: size, readyReplicas: size, availableReplicas: size },
    templateDigest: hash === podHash ? templateDigest : hash,
  });
  let status: RolloutStatus = {
    stableRS: "old",
    currentPodHash: podHash,
    currentStepHash: stepHash,
    currentStepIndex: 0,
    observedGeneration: "1",
  };
  let decisions = 0;
  for (let more = true; more && (status.currentStepIndex ?? 0) < steps.length; decisions++) {
    const snapshot = {
      ...gathered,
      rollout: { ...gathered.rollout, status },
      replicaSets: [factsOf("old", 1, 1), factsOf(podHash, 0, 2)],
    };
    const { result, steps: spent } = cost(() => decide(snapshot, NOW));
    expect(spent).toBeLessThan(LIMITS.decision.steps);
    ({ more } = result);
    status = result.status ?? status;
  }
  expect([status.currentStepIndex, decisions]).toEqual([1_200, 3]);
});

test("a ReplicaSet whose template takes too long to hash is like no other, and is not taken for the Rollout's", () => {
  const stores = createStores();
  const wide = template({ containers: many(30_000, (i) => ({ name: `c${i}`, image: "i" })) });
  const { steps } = cost(() => stores.replicaSets.upsert(replicaSet(0, {}, wide)));
  const [kept] = stores.replicaSets.values();
  expect(kept?.facts.templateDigest).toStartWith("too costly ");
  expect(steps).toBeLessThanOrEqual(LIMITS.facts.steps + 100);
});

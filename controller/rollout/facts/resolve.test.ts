import { describe, expect, test } from "bun:test";
import type { Workload } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { resolve } from "./resolve.ts";
import type { WorkloadKind } from "../../rules/rollout/workloadRef.ts";
import { createWorkloadStores } from "./workloadStores.ts";

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };
const metadata = { name: "web", namespace: "prod", creationTimestamp: undefined, uid: "u", resourceVersion: "7" };
const selector = { matchLabels: { app: "web" } };

const rollout = (workloadRef: Rollout["spec"]["workloadRef"], spec: Partial<Rollout["spec"]> = {}): Rollout => ({
  metadata: { name: "web", namespace: "prod", creationTimestamp: undefined },
  spec: { workloadRef, ...spec },
});
const deploymentRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };

/** A cluster that has been read, with this one workload. */
function known(kind?: WorkloadKind, workload?: Workload) {
  const stores = createWorkloadStores();
  for (const store of Object.values(stores)) store.seen.add("prod/web");
  if (kind !== undefined && workload !== undefined) stores[kind].objects.upsert(workload);
  return stores;
}
const why = (stores: ReturnType<typeof known>, of: Rollout): string => {
  const resolved = resolve(stores, of);
  return resolved.kind === "broken" ? resolved.why : resolved.kind;
};

describe("a Rollout's workload", () => {
  test("gives template and selector, and facts about itself", () => {
    const generation = 4;
    const spec = { replicas: 3, selector, template };
    const status = { observedGeneration: 4, availableReplicas: 2 };
    const stores = known("Deployment", { metadata: { ...metadata, generation }, spec, status });
    const stored = rollout(deploymentRef);
    const resolved = resolve(stores, stored);
    if (resolved.kind !== "complete") throw new Error(resolved.kind);
    expect(resolved.rollout.spec).toEqual({ workloadRef: deploymentRef, template, selector });
    expect(resolved.workload).toEqual({
      name: "web",
      uid: "u",
      resourceVersion: "7",
      generation: 4,
      replicas: 3,
      deleting: false,
      available: false,
      before: undefined,
    });
    expect(stored.spec).toEqual({ workloadRef: deploymentRef });
  });

  test("leaves the Rollout's own selector", () => {
    const own = { matchLabels: { app: "web", tier: "front" } };
    const stores = known("ReplicaSet", { metadata, spec: { selector, template } });
    const resolved = resolve(stores, rollout({ ...deploymentRef, kind: "ReplicaSet" }, { selector: own }));
    expect(resolved.kind === "complete" && resolved.rollout.spec.selector).toEqual(own);
  });

  test("may be a PodTemplate, which has no selector", () => {
    const stores = known("PodTemplate", { metadata, template });
    const resolved = resolve(stores, rollout({ apiVersion: "v1", kind: "PodTemplate", name: "web" }));
    expect(resolved.kind === "complete" && resolved.rollout.spec).toMatchObject({ template });
    expect(resolved.kind === "complete" && "selector" in resolved.rollout.spec).toBe(false);
  });

  test("that says how many replicas it had before is one that was scaled down", () => {
    const annotated = { ...metadata, annotations: { "sluice.dev/replicas-before-rollout": "5" } };
    const resolved = resolve(
      known("Deployment", { metadata: annotated, spec: { replicas: 0 } }),
      rollout(deploymentRef),
    );
    expect(resolved.kind === "complete" && resolved.workload?.before).toBe(5);
  });

  test.each([
    ["is missing", deploymentRef, 'deployments.apps "prod/web" not found'],
    [
      "is a missing PodTemplate",
      { ...deploymentRef, apiVersion: "v1", kind: "PodTemplate" },
      'podtemplates "prod/web" not found',
    ],
    [
      "is of another kind",
      { ...deploymentRef, kind: "StatefulSet" },
      "workload of type apps/StatefulSet is not supported",
    ],
    ["is of another group", { ...deploymentRef, apiVersion: "v1" }, "workload of type /Deployment is not supported"],
    ["is of no kind", {}, "workload of type / is not supported"],
    [
      "is of a version that nobody serves",
      { ...deploymentRef, apiVersion: "apps/v1beta1" },
      "the server could not find the requested resource",
    ],
  ])("that %s is told", (_, ref, text) => {
    expect(why(known(), rollout(ref))).toBe(text);
  });

  test("does not go together with a template that has labels or annotations", () => {
    const stores = known("Deployment", { metadata, spec: { selector, template } });
    const text = "template must be empty for workload reference rollout";
    expect(why(stores, rollout(deploymentRef, { template }))).toBe(text);
    expect(why(stores, rollout(deploymentRef, { template: { metadata: { annotations: { a: "b" } } } }))).toBe(text);
    expect(why(stores, rollout(deploymentRef, { template: { spec: { containers: [] } } }))).toBe("complete");
  });

  test("that nobody has looked for yet is waited for, and one that may not be read is told", () => {
    const stores = createWorkloadStores();
    expect(resolve(stores, rollout(deploymentRef)).kind).toBe("waiting");
    stores.Deployment.refused = "the API server does not serve deployments.apps";
    expect(why(stores, rollout(deploymentRef))).toBe(
      "spec.workloadRef: Forbidden: the API server does not serve deployments.apps",
    );
  });
});

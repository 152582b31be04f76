import { expect, test } from "bun:test";
import type { Workload } from "../../schema/kube.ts";
import { fedDeployments } from "./deploymentIndex.ts";

const deployment = (name: string, labels: Readonly<Record<string, string>> = {}): Workload => ({
  metadata: {
    name,
    namespace: "team-a",
    uid: name,
    resourceVersion: "1",
    labels,
    annotations: { "sluice.dev/managed-by-rollout": name },
  },
  spec: { replicas: 0 },
});

test("the index that another watch feeds is known once that has listed everything", async () => {
  const { index, sink } = fedDeployments("");
  sink.upsert(deployment("web"));
  expect([index.isKnown(), index.rolloutOf("team-a", "web")]).toEqual([false, undefined]);
  const soon = index.soon();
  sink.prune(new Set(["team-a/web"]), "1");
  await soon;
  expect([index.soon(), index.rolloutOf("team-a", "web")]).toEqual([undefined, "web"]);
  sink.remove(deployment("web"));
  expect(index.rolloutOf("team-a", "web")).toBeUndefined();
});

test("the index knows the Rollouts of Deployments of its own installation", () => {
  const labels = { "argo-rollouts.argoproj.io/controller-instance-id": "b" };
  for (const [instanceId, known] of [
    ["", ["web", undefined]],
    ["b", [undefined, "shop"]],
  ] as const) {
    const { index, sink } = fedDeployments(instanceId);
    sink.upsert(deployment("web"));
    sink.upsert(deployment("shop", labels));
    sink.prune(new Set(["team-a/web", "team-a/shop"]), "1");
    expect(["web", "shop"].map((name) => index.rolloutOf("team-a", name))).toEqual([...known]);
  }
});

import { describe, expect, test } from "bun:test";
import type { ReplicaSet, Workload } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { patched } from "../../../kube/object/mergePatch.ts";
import { createdSet, failure, failureOf, manifest, rolloutPath, world, type Json } from "./testing.ts";

describe("a Rollout that takes the place of a Deployment", () => {
  const deploymentPath = "/apis/apps/v1/namespaces/ns/deployments/web";

  /** Its two pods are available, and the Deployment still has as many. */
  async function migrated() {
    const built = world();
    const { api, stores, turn, clock } = built;
    const { template, selector } = manifest.spec;
    const metadata = { name: "web", namespace: "ns", uid: "deployment-uid", generation: 1 };
    const deployment = api.put(deploymentPath, { metadata, spec: { replicas: 2, selector, template } });
    stores.workloads.Deployment.objects.upsert(deployment as unknown as Workload);
    const { template: _, selector: __, ...spec } = manifest.spec;
    const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web", scaleDown: "onsuccess" };
    const referring = { ...manifest, spec: { ...spec, workloadRef } };
    stores.rollouts.upsert(api.put(rolloutPath, referring) as unknown as Rollout);
    await turn();
    const [path, set] = createdSet(api.objects);
    const counts = { observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 2 };
    stores.replicaSets.upsert(api.put(path, { ...set, status: counts }) as unknown as ReplicaSet);
    const settle = async (): Promise<string[]> => {
      const failures: string[] = [];
      for (let turns = 0; turns < 4; turns += 1) {
        await clock.advance(300);
        failures.push(await failureOf(turn()));
      }
      return failures.filter((text) => text !== "");
    };
    const size = (): unknown => ((api.objects.get(deploymentPath) ?? {})["spec"] as Json)["replicas"];
    /** Another client writes the Deployment. */
    const resize = (replicas: number): void => {
      const old = api.objects.get(deploymentPath) ?? {};
      const { generation } = old["metadata"] as { generation: number };
      const next = patched(old, { metadata: { generation: generation + 1 }, spec: { replicas } });
      stores.workloads.Deployment.objects.upsert(api.put(deploymentPath, next) as unknown as Workload);
    };
    return { ...built, settle, size, resize };
  }

  test("scales it down once it is Healthy, and never stores the template", async () => {
    const { settle, size, status, rollout } = await migrated();
    expect(await settle()).toEqual([]);
    expect(size()).toBe(0);
    expect(status()).toMatchObject({ phase: "Healthy", selector: "app=web" });
    expect(Object.keys(rollout()["spec"] as Json)).toEqual(["replicas", "strategy", "workloadRef"]);
  });

  test("is Healthy although somebody keeps it from scaling the Deployment, and tries again", async () => {
    const { api, settle, size, status } = await migrated();
    api.state.refuse = ({ method, path }) =>
      method === "PATCH" && path === deploymentPath ? failure(403, "Forbidden") : undefined;
    expect(await settle()).toContain("ApiError: Forbidden");
    expect(size()).toBe(2);
    expect(status()["phase"]).toBe("Healthy");
    api.state.refuse = undefined;
    await settle();
    expect(size()).toBe(0);
  });

  test("scales it although its status has been written meanwhile, and not when somebody has changed it", async () => {
    const { api, settle, size } = await migrated();
    const rewrite = (change: object): void => {
      const old = api.objects.get(deploymentPath) ?? {};
      api.put(deploymentPath, patched(old, change));
    };
    rewrite({ status: { replicas: 2 } });
    expect(await settle()).toEqual([]);
    expect(size()).toBe(0);
    const { api: other, settle: settleOther, size: otherSize } = await migrated();
    other.put(deploymentPath, patched(other.objects.get(deploymentPath) ?? {}, { metadata: { generation: 2 } }));
    expect(await settleOther()).toContain("ApiError: Conflict");
    expect(otherSize()).toBe(2);
  });

  test("answers whoever scales it up at once, and then only every ten seconds", async () => {
    const { settle, size, resize, clock, turn, wakes } = await migrated();
    await settle();
    await clock.advance(60_000);
    resize(2);
    await turn();
    expect(size()).toBe(0);
    resize(2);
    await turn();
    expect(size()).toBe(2);
    expect(wakes).toContain(10_000);
    await clock.advance(10_000);
    await turn();
    expect(size()).toBe(0);
  });
});

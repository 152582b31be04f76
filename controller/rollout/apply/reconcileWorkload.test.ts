import { describe, expect, test } from "bun:test";
import type { Workload } from "../../../schema/kube.ts";
import { refusal } from "../../../test/apiServer.ts";
import { answerWith, failureOf, manifest, world, type Json } from "./testing.ts";

describe("a Rollout that takes the place of a Deployment", () => {
  const DEPLOYMENT = { resource: "deployments.apps", namespace: "ns", name: "web" } as const;

  /** Its two pods are available, and the Deployment still has as many. */
  async function migrated() {
    const { template, selector } = manifest.spec;
    const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web", scaleDown: "onsuccess" };
    const built = world({ spec: { selector: undefined, template: undefined, workloadRef } });
    const { core, stores, turn, clock } = built;
    const cached = (deployment: object): void =>
      stores.workloads.Deployment.objects.upsert(deployment as unknown as Workload);
    const metadata = { name: "web", namespace: "ns" };
    cached(core.create(DEPLOYMENT.resource, { metadata, spec: { replicas: 2, selector, template } }));
    await turn();
    answerWith(built, { observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 2 });
    const settle = async (): Promise<string[]> => {
      const failures: string[] = [];
      for (let turns = 0; turns < 4; turns += 1) {
        await clock.advance(300);
        failures.push(await failureOf(turn()));
      }
      return failures.filter((text) => text !== "");
    };
    const size = (): unknown => (core.get(DEPLOYMENT)?.["spec"] as Json | undefined)?.["replicas"];
    /** Another client writes the Deployment. */
    const rewrite = (replicas: number) =>
      core.modify(DEPLOYMENT, (old) => ({ ...old, spec: { ...(old["spec"] as object), replicas } }));
    const resize = (replicas: number): void => cached(rewrite(replicas));
    return { ...built, settle, size, rewrite, resize };
  }

  test("scales it down once it is Healthy, and never stores the template", async () => {
    const { settle, size, status, rollout } = await migrated();
    expect(await settle()).toEqual([]);
    expect(size()).toBe(0);
    expect(status()).toMatchObject({ phase: "Healthy", selector: "app=web" });
    expect(Object.keys(rollout().spec).toSorted()).toEqual(["replicas", "strategy", "workloadRef"]);
  });

  test("is Healthy although somebody keeps it from scaling the Deployment, and tries again", async () => {
    const { refuse, settle, size, status } = await migrated();
    refuse((request) =>
      request.method === "PATCH" && request.path.endsWith("/deployments/web")
        ? refusal(request, 403, "Forbidden")
        : undefined,
    );
    expect(await settle()).toContain('ApiError: Cannot patch deployments "ns/web": HTTP 403 Forbidden: no');
    expect(size()).toBe(2);
    expect(status()["phase"]).toBe("Healthy");
    refuse(() => undefined);
    await settle();
    expect(size()).toBe(0);
  });

  test("scales it although its status has been written meanwhile, and not when somebody has changed it", async () => {
    const { core, settle, size } = await migrated();
    core.modify(DEPLOYMENT, (old) => ({ ...old, status: { replicas: 2 } }), { subresource: "status" });
    expect(await settle()).toEqual([]);
    expect(size()).toBe(0);
    const other = await migrated();
    other.rewrite(3);
    expect((await other.settle()).join()).toContain("HTTP 409 Conflict");
    expect(other.size()).toBe(3);
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

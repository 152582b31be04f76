import { REPLICAS_BEFORE, RESTORE_WORKLOAD } from "../../schema/labels.ts";
import { describe, expect, test } from "bun:test";
import type { Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { testApi } from "../../test/apiServer.ts";

import { createStores } from "../rollout/facts/stores.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import { createQueue } from "../../kube/runtime/queue.ts";
import { passOf } from "../../kube/runtime/runController.ts";
import { sourcesOf } from "../rollout/facts/cacheSources.ts";
import { deploymentsRow, type RestorePorts, finishDeletion } from "./workloadRestore.ts";

const DEPLOYMENT = { resource: "deployments.apps", namespace: "default", name: "web" } as const;
const ROLLOUT = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" } as const;

interface Options {
  readonly size?: number;
  /** Whether we have scaled the Deployment down. */
  readonly isScaledDown?: boolean;
  readonly scaleDown?: string;
  readonly restore?: boolean;
  readonly validForMs?: number;
}

/** A cluster in which the Rollout "web" of three pods has taken the place of the Deployment "web". */
function stage({
  size = 0,
  isScaledDown = true,
  scaleDown = "onsuccess",
  restore = false,
  validForMs = 15_000,
}: Options = {}) {
  const { core, client, requests } = testApi({ installed: true });
  const asked = (): string[] => requests.map(({ method, path }) => `${method} ${path.split("/").slice(-2).join("/")}`);
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };
  core.create(DEPLOYMENT.resource, {
    metadata: {
      name: "web",
      namespace: "default",
      ...(isScaledDown ? { annotations: { [REPLICAS_BEFORE]: "5" } } : {}),
    },
    spec: { replicas: size, selector: { matchLabels: { app: "web" } }, template },
  });
  const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web", scaleDown };
  core.create(ROLLOUT.resource, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: {
      name: "web",
      namespace: "default",
      ...(restore ? { annotations: { [RESTORE_WORKLOAD]: "true" }, finalizers: ["other/one", RESTORE_WORKLOAD] } : {}),
    },
    spec: { replicas: 3, workloadRef, strategy: { canary: {} } },
  });
  const rollout = (): Rollout => core.get(ROLLOUT) as unknown as Rollout;
  const deployment = (): Workload => core.get(DEPLOYMENT) as unknown as Workload;
  const stores = createStores();
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const ports = { client, stores, log, validForMs: () => validForMs };
  const answer = (): void =>
    void core.modify(
      DEPLOYMENT,
      (old) => {
        const { replicas } = old["spec"] as { replicas: number };
        const status = { observedGeneration: old.metadata.generation, replicas, availableReplicas: replicas };
        return { ...old, status };
      },
      { subresource: "status" },
    );
  return { core, stores, ports, asked, rollout, deployment, answer };
}

/** The row of Deployments, with Rollouts that the test deletes by hand. */
function createRestorer(ports: RestorePorts) {
  const clock = manualClock();
  const queue = createQueue({ clock });
  const added: string[] = [];
  const { rollouts } = createStores();
  const row = deploymentsRow(ports, sourcesOf({ ...ports.stores, rollouts }, ""));
  for (const each of row.watches) each.listen({ ...queue, add: (key) => void added.push(key) });
  return {
    /** The key that is enqueued. */
    deleted(rollout: Rollout): string | undefined {
      const before = added.length;
      rollouts.upsert(rollout);
      rollouts.deleted("default/web", rollout.metadata.uid ?? "");
      return added[before];
    },
    restore: passOf(row, queue, clock),
  };
}

const changesOf = (requests: readonly string[]): string[] => requests.filter((text) => !text.startsWith("GET"));

describe("the Deployment of a deleted Rollout", () => {
  test("gets the Rollout's replicas, and is a Deployment like others again", async () => {
    const { ports, rollout, deployment } = stage();
    const restorer = createRestorer(ports);
    expect(restorer.deleted(rollout())).toBe("default/web");
    await restorer.restore("default/web");
    expect(deployment().spec?.replicas).toBe(3);
    expect(deployment().metadata.annotations).not.toHaveProperty(REPLICAS_BEFORE);
  });

  test("keeps a size that is larger already", async () => {
    const { ports, rollout, deployment } = stage({ size: 8 });
    const restorer = createRestorer(ports);
    restorer.deleted(rollout());
    await restorer.restore("default/web");
    expect(deployment().spec?.replicas).toBe(8);
  });

  test.each([
    ["it was never scaled down", { isScaledDown: false }],
    ["scaleDown is never", { scaleDown: "never" }],
  ])("stays as it is when %s", async (_, options: Options) => {
    const { ports, rollout, deployment, asked } = stage(options);
    const restorer = createRestorer(ports);
    restorer.deleted(rollout());
    await restorer.restore("default/web");
    expect(changesOf(asked())).toEqual([]);
    expect(deployment().spec?.replicas).toBe(0);
  });

  test("is left to a Rollout that has come in the place of the deleted one", async () => {
    const { ports, stores, rollout, asked } = stage();
    const restorer = createRestorer(ports);
    restorer.deleted(rollout());
    stores.rollouts.upsert({ ...rollout(), metadata: { ...rollout().metadata, uid: "another" } });
    await restorer.restore("default/web");
    expect(asked()).toEqual([]);
  });

  test("may be gone as well", async () => {
    const { core, ports, rollout, asked } = stage();
    const restorer = createRestorer(ports);
    restorer.deleted(rollout());
    core.delete(DEPLOYMENT);
    await restorer.restore("default/web");
    expect(changesOf(asked())).toEqual([]);
  });

  test.each(["web/scale", "../../../x/deployments/web", "web?dryRun=All", ".", "%2e%2e"])(
    "is none when it is called %j, and is not asked for again and again",
    async (name) => {
      const { ports, rollout, asked } = stage();
      const restorer = createRestorer(ports);
      const workloadRef = { ...rollout().spec.workloadRef, apiVersion: "apps/v1", kind: "Deployment", name };
      const key = restorer.deleted({ ...rollout(), spec: { ...rollout().spec, workloadRef } });
      await restorer.restore(key ?? "");
      expect(asked()).toEqual([]);
    },
  );

  test("is asked for again after a failure, and not by who may no longer be the leader", async () => {
    const { ports, rollout, asked } = stage({ validForMs: 4_000 });
    const restorer = createRestorer(ports);
    restorer.deleted(rollout());
    const failure = await restorer.restore("default/web").catch((error: unknown) => error);
    expect(String(failure)).toContain('scaling Deployment "web" up');
    expect(changesOf(asked())).toEqual([]);
    const later = createRestorer({ ...ports, validForMs: () => 15_000 });
    later.deleted(rollout());
    await later.restore("default/web");
    await later.restore("default/web");
    expect(changesOf(asked())).toEqual(["PATCH deployments/web"]);
  });
});

describe("a deletion that waits for the Deployment", () => {
  /** The Rollout is being deleted; the caches hold all that exists. */
  async function farewell(world: ReturnType<typeof stage>): Promise<number | undefined> {
    const { stores, rollout, deployment } = world;
    stores.rollouts.upsert(rollout());
    const { objects, seen } = stores.workloads.Deployment;
    seen.add("default/web");
    if (world.core.get(DEPLOYMENT) !== undefined) objects.upsert(deployment());
    return finishDeletion(world.ports, rollout());
  }
  const deleting = (options: Options = {}) => {
    const world = stage({ restore: true, ...options });
    world.core.delete(ROLLOUT);
    return world;
  };

  test("scales it up, waits for its pods, and lets go of the Rollout", async () => {
    const world = deleting();
    await farewell(world);
    expect(world.deployment().spec?.replicas).toBe(3);
    await farewell(world);
    expect(changesOf(world.asked())).toEqual(["PATCH deployments/web"]);
    world.answer();
    await farewell(world);
    expect(world.rollout().metadata.finalizers).toEqual(["other/one"]);
    await farewell(world);
    expect(changesOf(world.asked())).toEqual(["PATCH deployments/web", "PATCH rollouts/web"]);
  });

  test("does not take a status for pods that are going, or that a ReplicaSet has yet to take away", async () => {
    const world = deleting();
    const { core } = world;
    const metadata = {
      name: "web-1",
      namespace: "default",
      labels: { app: "web" },
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: core.get(DEPLOYMENT)?.metadata.uid ?? "" },
      ].map((owner) => ({ ...owner, controller: true })),
    };
    const labels = { app: "web" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } };
    const set = core.create("replicasets.apps", {
      metadata,
      spec: { replicas: 3, selector: { matchLabels: labels }, template },
    });
    const ownerReferences = [
      { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-1", uid: set.metadata.uid, controller: true },
    ];
    const conditions = [{ type: "Ready", status: "True" }];
    const ready = (name: string): void => {
      core.create("pods", { metadata: { ...metadata, name, ownerReferences }, spec: template.spec });
      const ref = { resource: "pods", namespace: "default", name };
      core.modify(ref, (old) => ({ ...old, status: { conditions } }), { subresource: "status" });
    };
    for (const name of ["a", "b"]) ready(name);
    await farewell(world);
    world.answer();
    expect(await farewell(world)).toBe(1_000);
    const ref = { resource: "replicasets.apps", namespace: "default", name: "web-1" };
    core.modify(ref, (old) => ({ ...old, status: { observedGeneration: 1, replicas: 3 } }), { subresource: "status" });
    expect(await farewell(world)).toBe(1_000);
    ready("c");
    expect(world.rollout().metadata.finalizers).toHaveLength(2);
    expect(await farewell(world)).toBeUndefined();
    expect(world.rollout().metadata.finalizers).toEqual(["other/one"]);
  });

  test("lets go at once when there is no Deployment", async () => {
    const world = deleting();
    world.core.delete(DEPLOYMENT);
    await farewell(world);
    expect(world.rollout().metadata.finalizers).toEqual(["other/one"]);
  });

  test("lets go at once when the annotation is taken off", async () => {
    const world = deleting();
    world.core.modify(ROLLOUT, (old) => ({ ...old, metadata: { ...old.metadata, annotations: {} } }));
    await farewell(world);
    expect(world.deployment().spec?.replicas).toBe(0);
    expect(world.rollout().metadata.finalizers).toEqual(["other/one"]);
  });

  test("is none of ours without our finalizer", async () => {
    const world = deleting();
    const finalizers = ["other/one"];
    world.core.modify(ROLLOUT, (old) => ({ ...old, metadata: { ...old.metadata, finalizers } }));
    await farewell(world);
    expect(world.asked()).toEqual([]);
  });

  test("does nothing while nobody knows of the Deployment", async () => {
    const world = deleting();
    world.stores.rollouts.upsert(world.rollout());
    await finishDeletion(world.ports, world.rollout());
    expect(world.asked()).toEqual([]);
  });
});

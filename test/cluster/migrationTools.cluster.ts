/** What the Deployment controller leaves of the form of a Deployment at 0, and what the real kubectl makes of it. */
import { expect, test } from "bun:test";
import { deploymentForm } from "../../controller/migration/decide/form.ts";
import type { RolloutStatus } from "../../schema/rollout.ts";
import type { KubeObject } from "./harness/api.ts";
import { newWorld, type World } from "./harness/clusterWorld.ts";
import { until } from "./harness/until.ts";

interface View extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly generation?: number };
  readonly spec: { readonly replicas: number; readonly paused?: boolean };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly reason: string }[];
  };
}

const path = (world: World): string => `/apis/apps/v1/namespaces/${world.namespace}/deployments/web`;
const read = (world: World): Promise<View> => world.harness.api.get<View>(path(world));

const settled = (world: World): Promise<number> =>
  until(
    "the Deployment controller has seen it",
    async () => {
      const { metadata, status } = await read(world);
      return status?.conditions !== undefined && status.observedGeneration === metadata.generation;
    },
    20_000,
  );

const reasons = async (world: World): Promise<Record<string, string>> =>
  Object.fromEntries(((await read(world)).status?.conditions ?? []).map(({ type, reason }) => [type, reason]));

const rolloutStatus = (world: World) =>
  world.harness.kubectl(["rollout", "status", "deployment/web", "-n", world.namespace, "--timeout=5s"]);

async function give(world: World, status: RolloutStatus): Promise<void> {
  const { metadata, spec } = await read(world);
  const form = deploymentForm({ status }, { generation: metadata.generation ?? 0, replicas: spec.replicas });
  if (form === undefined) throw new Error("The Deployment is to stay as it is");
  const { api } = world.harness;
  await api.patch(path(world), "merge", { spec: { paused: form.paused } });
  await settled(world);
  const at = new Date().toISOString();
  const told = form.conditions.map((c) => ({ ...c, lastTransitionTime: at, lastUpdateTime: at }));
  const gone = ["Reconciling", "Stalled", "Progressing"].filter((type) => told.every((c) => c.type !== type));
  const conditions = [...told, ...gone.map((type) => ({ type, $patch: "delete" }))];
  await api.patch(`${path(world)}/status`, "strategic", { status: { conditions } });
}

test.concurrent(
  "a Deployment at 0 tells kubectl of a failed canary, keeps that over updates, and loses all of it",
  async () => {
    const world = await newWorld("migration-tools");
    const { api } = world.harness;
    const labels = { app: "web" };
    const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: "web", image }] } });
    const spec = { replicas: 0, selector: { matchLabels: labels }, template: template("web:1") };
    await api.create(path(world).replace(/\/web$/, ""), { metadata: { name: "web" }, spec });
    await settled(world);
    expect((await rolloutStatus(world)).code).toBe(0);

    await give(world, { phase: "Degraded", message: "m" });
    await api.patch(path(world), "strategic", { spec: { template: template("web:2") } });
    await settled(world);
    expect(await reasons(world)).toMatchObject({ Stalled: "UpdateTimedOut", Progressing: "ProgressDeadlineExceeded" });
    const failed = await rolloutStatus(world);
    expect([failed.code, failed.stderr]).toEqual([1, 'error: deployment "web" exceeded its progress deadline\n']);

    await give(world, { phase: "Paused", message: "m" });
    await until(
      "it is no longer past its deadline",
      async () => (await reasons(world))["Progressing"] === "NewReplicaSetAvailable",
      20_000,
    );
    expect(await reasons(world)).toMatchObject({ Reconciling: "RolloutPaused" });

    await give(world, {
      phase: "Healthy",
      workloadObservedGeneration: String((await read(world)).metadata.generation),
    });
    await until(
      "it is complete",
      async () => (await reasons(world))["Progressing"] === "NewReplicaSetAvailable",
      20_000,
    );
    expect(Object.keys(await reasons(world)).toSorted()).toEqual(["Available", "Progressing"]);
    expect((await read(world)).spec.paused ?? false).toBe(false);
    expect((await rolloutStatus(world)).code).toBe(0);
  },
);

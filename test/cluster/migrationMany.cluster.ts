/**
 * Many Deployments with Services, HorizontalPodAutoscalers and PodDisruptionBudgets that migrate at once and come back, half
 * of them in each mode, while a client looks at their endpoints (docs/migration.md). SLUICE_MIGRATIONS: how many, 40 by
 * default; 200 take a few minutes.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toDeployment } from "../../controller/migration/convert/toDeployment.ts";
import type { Json } from "../../kube/object/json.ts";
import { MANAGED_BY_ROLLOUT, MIGRATE, SCALE_TARGET_BEFORE } from "../../schema/labels.ts";
import type { KubeObject } from "./harness/api.ts";
import { ownController } from "./harness/controllerProcess.ts";
import {
  autoscalers,
  budgets,
  deployCrowd,
  type Deployment,
  deployments,
  forEach,
  REPLICAS,
  rollouts,
  watchCrowd,
} from "./harness/crowd.ts";
import { startHarness, type StartedHarness } from "./harness/harness.ts";
import { canMigrate } from "./harness/migrating.ts";
import { freePort } from "./harness/ports.ts";
import type { RolloutView } from "./harness/rolloutView.ts";
import { until } from "./harness/until.ts";

const MANY = Number(Bun.env.SLUICE_MIGRATIONS ?? "40");
const names = Array.from({ length: MANY / 2 }, (_, index) => `web-${index}`);
const LONG_MS = 60_000 + 2_000 * MANY;
const ours = test.skipIf(!canMigrate);

let own: StartedHarness;
beforeAll(async () => {
  if (!canMigrate) return;
  const port = freePort();
  const webhook = `--webhook-port ${port} --webhook-url https://127.0.0.1:${port}`;
  own = await startHarness({
    controller: `${ownController} --migrate-deployments ${webhook}`,
    dir: join(Bun.env.SLUICE_CLUSTER_DIR ?? join(tmpdir(), `sluice-${crypto.randomUUID()}`), "migration-many"),
  });
}, 120_000);
afterAll(() => own?.stop());

interface Autoscaler extends KubeObject {
  readonly spec: { readonly scaleTargetRef: { readonly kind: string } };
}

interface Budget extends KubeObject {
  readonly status?: { readonly expectedPods?: number; readonly disruptionsAllowed?: number };
}

const ask = (namespace: string, mode: "reference" | "adopt" | null): Promise<unknown> =>
  own.api.patch(`/api/v1/namespaces/${namespace}`, "merge", { metadata: { labels: { [MIGRATE]: mode } } });

const listed = async <T>(path: string): Promise<readonly T[]> => (await own.api.list<T>(path)).items;

const areHealthy = async (namespace: string): Promise<boolean> => {
  const found = await listed<RolloutView>(rollouts(namespace));
  return found.length === names.length && found.every(({ status }) => status?.phase === "Healthy");
};

/** What the HorizontalPodAutoscalers scale. */
const targets = async (namespace: string): Promise<ReadonlySet<string>> =>
  new Set((await listed<Autoscaler>(autoscalers(namespace))).map(({ spec }) => spec.scaleTargetRef.kind));

/** Their owners apply them again: the webhook points them at who has the pods. */
const writeAutoscalers = (namespace: string): Promise<void> =>
  forEach(names, (name) =>
    own.api.patch(`${autoscalers(namespace)}/${name}`, "merge", { metadata: { annotations: { note: "again" } } }),
  );

const budgetsCount = (namespace: string): Promise<number> =>
  until(
    "the PodDisruptionBudgets count the pods",
    async () =>
      (await listed<Budget>(budgets(namespace))).every(
        ({ status }) => status?.expectedPods === REPLICAS && status.disruptionsAllowed === 1,
      ),
    LONG_MS,
  );

ours(
  `${names.length} Deployments become Rollouts by reference and Deployments again: no Service has a gap, and never more than twice the pods`,
  async () => {
    const namespace = "many-reference";
    const path = deployments(namespace);
    await deployCrowd(own.api, namespace, names);
    const onlooker = await watchCrowd(own.api, namespace);
    await ask(namespace, "reference");
    const areDown = async (): Promise<boolean> =>
      (await listed<Deployment>(path)).every(({ spec }) => spec.replicas === 0);
    await until("all Deployments are at 0", async () => (await areDown()) && areHealthy(namespace), LONG_MS);
    await writeAutoscalers(namespace);
    expect(await targets(namespace)).toEqual(new Set(["Rollout"]));
    await budgetsCount(namespace);

    await ask(namespace, null);
    const isBack = ({ spec, status, metadata }: Deployment): boolean =>
      spec.replicas === REPLICAS &&
      status?.availableReplicas === REPLICAS &&
      metadata.annotations?.[MANAGED_BY_ROLLOUT] === undefined;
    await until("all are Deployments again", async () => (await listed<Deployment>(path)).every(isBack), LONG_MS);
    expect(await listed(rollouts(namespace))).toEqual([]);
    // Nobody writes them: the controller points them back.
    expect(await targets(namespace)).toEqual(new Set(["Deployment"]));
    for (const { metadata } of await listed<Autoscaler>(autoscalers(namespace)))
      expect(metadata.annotations).not.toHaveProperty(SCALE_TARGET_BEFORE);
    await budgetsCount(namespace);
    onlooker.stop();
    expect(onlooker.gaps()).toEqual([]);
    expect(onlooker.mostPods()).toBeLessThanOrEqual(2 * REPLICAS);
  },
  4 * LONG_MS,
);

ours(
  `${names.length} Deployments are adopted and become Deployments again: no pod comes or goes on the way there, and no Service has a gap`,
  async () => {
    const namespace = "many-adopt";
    await deployCrowd(own.api, namespace, names);
    const onlooker = await watchCrowd(own.api, namespace);
    await ask(namespace, "adopt");
    await until("all Rollouts are Healthy", () => areHealthy(namespace), LONG_MS);
    expect(await listed(deployments(namespace))).toEqual([]);
    await until(
      "the autoscalers scale them",
      async () => [...(await targets(namespace))].join() === "Rollout",
      LONG_MS,
    );
    await budgetsCount(namespace);
    expect(onlooker.turnover()).toBe(0);

    await ask(namespace, null);
    const replicaSets = await listed<KubeObject>(`/apis/apps/v1/namespaces/${namespace}/replicasets`);
    await forEach(await listed<Json & KubeObject>(rollouts(namespace)), async (rollout) => {
      const back = toDeployment({ ...rollout, apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" });
      if (back.kind === "refused") throw new Error(JSON.stringify(back.notes));
      await own.api.delete(`${rollouts(namespace)}/${rollout.metadata.name}`, { propagationPolicy: "Orphan" });
      await own.api.create(deployments(namespace), back.object);
    });
    const isBack = ({ status }: Deployment): boolean => status?.availableReplicas === REPLICAS;
    await until(
      "all are Deployments again",
      async () => (await listed<Deployment>(deployments(namespace))).every(isBack),
      LONG_MS,
    );
    await budgetsCount(namespace);
    onlooker.stop();
    expect(onlooker.gaps()).toEqual([]);
    expect(replicaSets).toHaveLength(names.length);
    expect(onlooker.mostPods()).toBeLessThanOrEqual(2 * REPLICAS);
  },
  4 * LONG_MS,
);

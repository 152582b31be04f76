/** Rollouts that become Deployments again, by what `sluice convert` prints: whether their pods restart. */
import { expect, test } from "bun:test";
import { runConvert } from "../../cli/convert/command.ts";
import type { KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { until } from "./harness/until.ts";
import { healthy, newWorld, type World } from "./harness/clusterWorld.ts";

const name = "web";
const ours = test.concurrent.skipIf(otherController() !== undefined);

const collection = (world: World, plural: string): string =>
  `${plural === "pods" ? "/api/v1" : "/apis/apps/v1"}/namespaces/${world.namespace}/${plural}`;

/** Those that are not going away. */
async function uids(world: World, plural: string): Promise<readonly string[]> {
  const { items } = await world.harness.api.list(collection(world, plural));
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => String(metadata.uid))
    .toSorted();
}

async function converted(object: unknown, ...args: readonly string[]): Promise<{ object: object; report: string }> {
  let out = "";
  let report = "";
  const ports = {
    stdin: () => Promise.resolve(JSON.stringify(object)),
    out: (text: string) => void (out += text),
    err: (line: string) => void (report += `${line}\n`),
  };
  expect(await runConvert(["-f", "-", ...args], ports), report).toBe(0);
  return { object: JSON.parse(out) as object, report };
}

interface DeploymentView extends KubeObject {
  readonly status?: {
    readonly availableReplicas?: number;
    readonly updatedReplicas?: number;
    readonly replicas?: number;
  };
}

const isUp = async (world: World): Promise<boolean> => {
  const { status } = await world.harness.api.get<DeploymentView>(`${collection(world, "deployments")}/${name}`);
  return status?.availableReplicas === 3 && status.updatedReplicas === 3 && status.replicas === 3;
};

async function healthyRollout(world: World): Promise<void> {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } };
  const spec = { replicas: 3, selector: { matchLabels: labels }, template };
  const { object } = await converted({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec });
  await world.create(object as KubeObject);
  await world.settle(name, "Healthy", healthy);
}

ours("a Rollout that is converted as it is stored is a Deployment again without a new pod", async () => {
  const world = await newWorld("convert-kept");
  const { api } = world.harness;
  await healthyRollout(world);
  const before = { pods: await uids(world, "pods"), replicaSets: await uids(world, "replicasets") };
  expect(before.pods).toHaveLength(3);
  const { object, report } = await converted(await api.get(world.path("Rollout", name)), "--to", "deployment");
  expect(report).toContain("changed: no pod restarts");
  await api.delete(world.path("Rollout", name), { propagationPolicy: "Orphan" });
  await until(
    "the Rollout is gone",
    async () => (await api.get(world.path("Rollout", name)).catch(() => "")) === "",
    90_000,
  );
  await api.create(collection(world, "deployments"), object);
  await until("the Deployment has the pods", () => isUp(world), 20_000);
  expect({ pods: await uids(world, "pods"), replicaSets: await uids(world, "replicasets") }).toEqual(before);
  const changed = { spec: { template: { spec: { containers: [{ name: "web", image: "web:2" }] } } } };
  await api.patch(`${collection(world, "deployments")}/${name}`, "strategic", changed);
  await until(
    "it is updated",
    async () => (await isUp(world)) && (await uids(world, "replicasets")).length === 2,
    30_000,
  );
  expect(await uids(world, "pods")).not.toEqual(before.pods);
});

ours("a Rollout that is converted from its file gets new pods as a Deployment, as the report says", async () => {
  const world = await newWorld("convert-new");
  const { api } = world.harness;
  await healthyRollout(world);
  const before = await uids(world, "pods");
  const { status: _, ...file } = await api.get<KubeObject & { readonly status?: unknown }>(world.path("Rollout", name));
  const { object, report } = await converted(file, "--to", "deployment");
  expect(report).toContain("to do: all pods will be replaced");
  await api.create(collection(world, "deployments"), object);
  await until("the Deployment has pods of its own", () => isUp(world), 20_000);
  await api.delete(world.path("Rollout", name));
  await until("the Rollout's are gone", async () => (await uids(world, "pods")).length === 3, 90_000);
  expect((await uids(world, "pods")).filter((uid) => before.includes(uid))).toEqual([]);
});

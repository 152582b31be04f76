/** A cluster of its own with a controller that migrates Deployments: the others are to be seen without. */
import { afterAll, beforeAll } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeObject } from "./api.ts";
import { newWorld, type World } from "./clusterWorld.ts";
import { otherController, ownController } from "./controllerProcess.ts";
import { type Harness, startHarness, type StartedHarness } from "./harness.ts";
import { until } from "./until.ts";

/** In a cluster that is given, or with another controller, two would compete for the Lease. */
export const canMigrate = otherController() === undefined && (Bun.env.KUBECONFIG ?? "") === "";

/**
 * Starts it before the tests of a file, and ends it after them. `name`: of the folder for its data and logs; `flags`: more
 * of the controller's.
 */
export function migratingCluster(name: string, flags: readonly string[] = []): () => StartedHarness | undefined {
  let own: StartedHarness | undefined;
  beforeAll(async () => {
    if (canMigrate) own = await startMigrating(name, flags);
  }, 120_000);
  afterAll(() => own?.stop());
  return () => own;
}

const startMigrating = (name: string, flags: readonly string[]): Promise<StartedHarness> =>
  startHarness({
    controller: [ownController, "--migrate-deployments", ...flags].join(" "),
    dir: join(Bun.env.SLUICE_CLUSTER_DIR ?? join(tmpdir(), `sluice-${crypto.randomUUID()}`), name),
  });

export const deploymentsOf = (world: World): string => `/apis/apps/v1/namespaces/${world.namespace}/deployments`;

interface Slice extends KubeObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

/** How many endpoints of the namespace are ready, or of one of its Services. */
export async function endpoints(world: World, service?: string): Promise<number> {
  const query = service === undefined ? "" : `?labelSelector=kubernetes.io/service-name%3D${service}`;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${world.namespace}/endpointslices${query}`;
  const { items } = await world.harness.api.list<Slice>(path);
  return items.flatMap((slice) => slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready === true).length;
}

/**
 * A Deployment of three pods behind a Service, both of this name, in a namespace of their own; all serve.
 * @param more members of its spec
 */
export async function deployed(
  topic: string,
  name: string,
  on: Harness | undefined,
  more: { readonly replicas?: number; readonly [member: string]: unknown } = {},
): Promise<World> {
  const replicas = more.replicas ?? 3;
  const world = await newWorld(topic, on);
  const labels = { app: name };
  const containers = [{ name, image: "argoproj/rollouts-demo:blue" }];
  await world.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: labels, ports: [{ port: 80 }] },
  });
  await world.harness.api.create(deploymentsOf(world), {
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
      ...more,
      replicas,
    },
  });
  await until("its pods serve", async () => (await endpoints(world)) === replicas, 30_000);
  if (replicas === 0) await Bun.sleep(1_000);
  return world;
}

interface SaidEvent extends KubeObject {
  readonly involvedObject: { readonly kind: string; readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** `TYPE REASON MESSAGE` of the events of migrations about objects of this kind. */
export async function said(world: World, kind: "Deployment" | "Rollout"): Promise<readonly string[]> {
  const { items } = await world.harness.api.list<SaidEvent>(`/api/v1/namespaces/${world.namespace}/events`);
  return items
    .filter(({ involvedObject, reason }) => involvedObject.kind === kind && reason.startsWith("Migration"))
    .map(({ type, reason, message }) => `${type} ${reason} ${message}`);
}

/** Looks at a Service and the pods all the while. @returns ends it, with the fewest endpoints and the most pods seen */
export function watched(
  world: World,
  service: string,
): () => Promise<{ readonly fewest: number; readonly most: number }> {
  const seen = { fewest: Infinity, most: 0, on: true };
  const looking = (async () => {
    while (seen.on) {
      seen.fewest = Math.min(seen.fewest, await endpoints(world, service));
      const { items } = await world.harness.api.list(`/api/v1/namespaces/${world.namespace}/pods`);
      seen.most = Math.max(seen.most, items.length);
      await Bun.sleep(50);
    }
  })();
  return async () => {
    seen.on = false;
    await looking;
    return { fewest: seen.fewest, most: seen.most };
  };
}

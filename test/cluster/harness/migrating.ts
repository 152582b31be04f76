/** A cluster of its own with a controller that migrates Deployments: the others are to be seen without. */
import { afterAll, beforeAll } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeObject } from "./api.ts";
import { newWorld, type World } from "./clusterWorld.ts";
import { otherController, ownController } from "./controllerProcess.ts";
import { startHarness, type StartedHarness } from "./harness.ts";
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

/** How many endpoints of the namespace are ready. */
export async function endpoints(world: World): Promise<number> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${world.namespace}/endpointslices`;
  const { items } = await world.harness.api.list<Slice>(path);
  return items.flatMap((slice) => slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready === true).length;
}

/** A Deployment of three pods behind a Service, both of this name, in a namespace of their own; all three serve. */
export async function deployed(topic: string, name: string, on: StartedHarness | undefined): Promise<World> {
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
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  });
  await until("its pods serve", async () => (await endpoints(world)) === 3, 30_000);
  return world;
}

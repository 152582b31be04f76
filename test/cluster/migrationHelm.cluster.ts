/**
 * What the real Helm 3 and 4 make of a chart whose Deployment migrates (docs/migration.md#what-other-tools-say), and what a
 * server-side apply of 0 does, in a cluster with the loop and the webhook.
 */
import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIGRATE } from "../../schema/labels.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { canMigrate, deploymentsOf, migratingCluster } from "./harness/migrating.ts";
import { freePort } from "./harness/ports.ts";
import { abort } from "./harness/userActions.ts";
import { until } from "./harness/until.ts";

const name = "web";
const port = freePort();
const own = migratingCluster("migration-helm", [
  "--webhook-port",
  `${port}`,
  "--webhook-url",
  `https://127.0.0.1:${port}`,
]);
const ours = test.concurrent.skipIf(!canMigrate);

const manifest = (replicas: string, image: string): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  annotations:
    ${MIGRATE}: reference
spec:
  replicas: ${replicas}
  selector:
    matchLabels: {app: ${name}}
  template:
    metadata:
      labels: {app: ${name}}
    spec:
      containers: [{name: web, image: ${image}}]
`;

interface Sized extends KubeObject {
  readonly spec: { readonly replicas: number; readonly paused?: boolean };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly reason: string }[] };
}

const stored = (world: World): Promise<Sized> => world.harness.api.get<Sized>(`${deploymentsOf(world)}/${name}`);
const sizeOfRollout = async (world: World): Promise<number> =>
  (await world.harness.api.get<Sized>(world.path("Rollout", name))).spec.replicas;
const says = async (world: World, type: string): Promise<boolean> =>
  ((await stored(world)).status?.conditions ?? []).some((condition) => condition.type === type);

/** The webhook is written to the API server a moment after the controller is ready. */
async function reviewed(topic: string): Promise<World> {
  const world = await newWorld(topic, own());
  const probe = manifest("3", "web:1").replaceAll(`name: ${name}`, "name: probe");
  await until(
    "a new Deployment is born with 0",
    async () => {
      const args = ["apply", "--dry-run=server", "-o", "jsonpath={.spec.replicas}", "-n", world.namespace, "-f", "-"];
      return (await world.harness.kubectl(args, probe)).stdout === "0";
    },
    60_000,
  );
  return world;
}

/** @returns a function that runs this Helm against the world, with what it said */
async function helmOf(world: World, version: 3 | 4) {
  const dir = join(tmpdir(), `sluice-helm-${crypto.randomUUID()}`);
  await mkdir(join(dir, "templates"), { recursive: true });
  await Bun.write(join(dir, "Chart.yaml"), "apiVersion: v2\nname: web\nversion: 0.1.0\n");
  await Bun.write(join(dir, "values.yaml"), "replicas: 3\nimage: web:1\n");
  await Bun.write(join(dir, "templates/web.yaml"), manifest("{{ .Values.replicas }}", "{{ .Values.image }}"));
  return async (command: "install" | "upgrade", ...flags: string[]) => {
    const child = Bun.spawn([`helm${version}`, command, name, dir, "-n", world.namespace, ...flags], {
      env: { ...Bun.env, KUBECONFIG: world.harness.kubeconfig },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { code, said: stdout + stderr };
  };
}

for (const version of [3, 4] as const)
  ours.skipIf(Bun.which(`helm${version}`) === null)(
    `Helm ${version} installs and upgrades a chart whose Deployment migrates: what it waits for`,
    async () => {
      const world = await reviewed(`helm-${version}`);
      const helm = await helmOf(world, version);
      expect(await helm("install", "--wait", "--timeout=60s")).toMatchObject({ code: 0 });
      await world.settle(name, "Healthy", healthy, 60_000);
      expect(await sizeOfRollout(world)).toBe(3);

      // At 0 and paused, which both leave out.
      expect(await helm("upgrade", "--set=image=web:2,replicas=4", "--wait", "--timeout=30s")).toMatchObject({
        code: 0,
      });
      await world.settle(name, "the first pause", pausedAt(1), 60_000);
      expect(await sizeOfRollout(world)).toBe(4);

      const long = helm("upgrade", "--set=image=web:3,replicas=4", "--wait", "--timeout=30s");
      await Bun.sleep(2_000);
      await world.settle(name, "the first pause", pausedAt(1), 60_000);
      await abort(world, name);
      await until("the Deployment tells of the failure", () => says(world, "Stalled"), 30_000);
      const { code, said } = await long;
      expect(code).toBe(version === 3 ? 0 : 1);
      if (version === 4) expect(said).toContain("resource not ready, name: web, kind: Deployment, status: Failed");
      expect(await helm("upgrade", "--set=image=web:3,replicas=4", "--wait", "--timeout=30s")).toMatchObject({
        code: 0,
      });
      const status = await world.harness.kubectl(["rollout", "status", `deployment/${name}`, "-n", world.namespace]);
      expect([status.code, status.stderr]).toEqual([1, `error: deployment "${name}" exceeded its progress deadline\n`]);

      expect(await helm("upgrade", "--set=image=web:1,replicas=4")).toMatchObject({ code: 0 });
      await world.settle(name, "Healthy", healthy, 60_000);
      await until("it is paused no more", async () => (await stored(world)).spec.paused !== true, 30_000);
      await until("it tells of nothing", async () => !(await says(world, "Stalled")), 30_000);
    },
  );

ours("a server-side apply of 0 empties the Rollout, and one of another size fills it, without a conflict", async () => {
  const world = await reviewed("ssa-zero");
  const apply = async (replicas: number, ...flags: string[]): Promise<void> => {
    const args = ["apply", "--server-side", ...flags, "-n", world.namespace, "-f", "-"];
    const { code, stderr } = await world.harness.kubectl(args, manifest(`${replicas}`, "web:1"));
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  };
  const carried = (size: number): Promise<number> =>
    until(`the Rollout has ${size}`, async () => (await sizeOfRollout(world)) === size, 30_000);
  await apply(3);
  await world.settle(name, "Healthy", healthy, 60_000);
  await apply(0);
  await carried(0);
  await apply(0);
  await apply(2);
  await carried(2);
  await apply(0, "--field-manager=flux");
  await carried(0);
  expect((await stored(world)).spec.replicas).toBe(0);
  const { stderr } = await world.harness.kubectl(["scale", "deployment", name, "--replicas=5", "-n", world.namespace]);
  expect(stderr).toContain(`scale that instead: kubectl scale rollout/${name} --replicas=5 -n ${world.namespace}`);
});

/** Every file of examples/, applied with kubectl, updated and seen through. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promote } from "./harness/userActions.ts";
import { harness } from "./harness/harness.ts";
import { healthy, inPhase, newWorld, type World } from "./harness/clusterWorld.ts";

await harness();
const folder = join(import.meta.dir, "../../examples");
const ROUTERS = "routers-crd.yaml";
/** The kinds that an example needs. */
const definitions: Readonly<Record<string, string>> = {
  "canary-smi": "smi-crd.yaml",
  "canary-istio": "istio-crd.yaml",
  "canary-plugins": "gateway-crd.yaml",
  "canary-traefik": ROUTERS,
  "canary-apisix": ROUTERS,
  "canary-ambassador": ROUTERS,
  "canary-appmesh": ROUTERS,
};
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".yaml") && !file.endsWith("-crd.yaml"))
  .map((file) => file.replace(".yaml", ""));
/** They do not wait for a person. */
const alone: readonly string[] = ["restart", "blue-green-auto", "analysed"];

async function kubectl({ harness: { kubectl: run }, namespace }: World, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(["-n", namespace, ...args]);
  expect([args.join(" "), code === 0 ? "" : stderr]).toEqual([args.join(" "), ""]);
}

const defined = new Map<string, Promise<void>>();

/** Once for all examples that need the same kinds. */
async function define(world: World, name: string): Promise<void> {
  const file = definitions[name];
  if (file === undefined) return;
  const running = defined.get(file) ?? establish(world, join(folder, file));
  defined.set(file, running);
  await running;
}

async function establish(world: World, path: string): Promise<void> {
  await kubectl(world, "apply", "-f", path);
  await kubectl(world, "wait", "--for=condition=Established", "-f", path, "--timeout=60s");
}

const images = async (world: World): Promise<readonly string[]> => {
  const pods = await world.harness.api.list<{
    metadata: { deletionTimestamp?: string };
    spec: { containers: readonly { image: string }[] };
  }>(`/api/v1/namespaces/${world.namespace}/pods`);
  const live = pods.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return [...new Set(live.map(({ spec }) => spec.containers[0]?.image ?? ""))];
};

test.concurrent.each(names)(
  "the example %s is deployed, updated and seen through",
  async (name) => {
    const world = await newWorld(`example-${name}`);
    await define(world, name);
    await kubectl(world, "apply", "-f", join(folder, `${name}.yaml`));
    await world.settle(name, "Healthy", healthy);
    expect(await images(world)).toEqual(["nginx:1.28"]);

    if (name === "migration") await kubectl(world, "set", "image", "deployment/migration", "migration=nginx:1.29");
    else {
      const value = "nginx:1.29";
      const patch = [{ op: "replace", path: "/spec/template/spec/containers/0/image", value }];
      await kubectl(world, "patch", "rollout", name, "--type", "json", "-p", JSON.stringify(patch));
    }
    if (!alone.includes(name)) {
      await world.waitFor(name, "Paused", inPhase("Paused"));
      await promote(world, name);
    }
    await world.settle(
      name,
      "Healthy again",
      (rollout, scene) => {
        const revision = rollout.metadata.annotations?.["rollout.argoproj.io/revision"];
        return healthy(rollout, scene) && revision === "2";
      },
      180_000,
    );
    expect(await images(world)).toContain("nginx:1.29");
  },
  300_000,
);

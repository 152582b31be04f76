/** `get` and `list` on a real API server; with SLUICE_KUBECTL_ARGO beside the official plugin. */
import { expect, test } from "bun:test";
import { run as get } from "../../cli/get/command.ts";
import { run as list } from "../../cli/list/command.ts";
import { clusterPorts } from "./harness/clusterPorts.ts";
import { run } from "./harness/controlPlane.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { promote, setImage } from "./harness/userActions.ts";
import { until } from "./harness/until.ts";

async function printed({ harness, namespace }: World, args: readonly string[]): Promise<string> {
  const ports = clusterPorts(harness.kubeconfig, namespace);
  const [command, ...rest] = args;
  expect(await (command === "get" ? get : list)(rest, ports), ports.told.err).toBe(0);
  return ports.told.out;
}

test.concurrent("a canary is shown, listed and watched to its end", async () => {
  const world = await newWorld("cli-get");
  const name = "rollout-canary";
  await world.applyExample("rollout-canary.yaml");
  await world.settle(name, "the first revision is Healthy", healthy);
  const stop = new AbortController();
  const ports = clusterPorts(world.harness.kubeconfig, world.namespace, { signal: stop.signal });
  const watching = get(["rollout", name, "--watch"], ports);
  await setImage(world, name, "argoproj/rollouts-demo:yellow");
  await world.settle(name, "the update pauses at its first pause", pausedAt(1));
  const out = await printed(world, ["get", "rollout", name]);
  expect(out).toMatch(
    /^Status: +॥ Paused\nMessage: +CanaryPauseStep\nStrategy: +Canary\n +Step: +1\/8\n +SetWeight: +20$/m,
  );
  expect(out).toMatch(
    /^Images: +argoproj\/rollouts-demo:blue \(stable\)\n +argoproj\/rollouts-demo:yellow \(canary\)$/m,
  );
  expect(out).toMatch(/^├──# revision:2 +\n│ {2}└──⧉ rollout-canary-\S+ +ReplicaSet +✔ Healthy +\S+ +canary$/m);
  expect(out.match(/ Pod +✔ Running +\S+ +ready:1\/1$/gm)).toHaveLength(5);
  expect(await printed(world, ["list", "rollouts"])).toMatch(
    /^rollout-canary +Canary +Paused +1\/8 +20 +5\/5 +5 +1 +5 +$/m,
  );
  await promote(world, name);
  await until("the watch shows the next pause", () => ports.told.out.includes("  Step:          3/8\n"), 30_000);
  stop.abort();
  expect(await watching).toBe(0);
  const steps = ports.told.out.match(/(?<=^ {2}Step: +)\d(?=\/8$)/gm) ?? [];
  expect([...new Set(steps)]).toEqual(["8", "0", "1", "2", "3"]);
  expect(ports.told.out).not.toContain("\u001B");
  expect(ports.told.err).toBe("");
});

const plugin = Bun.env["SLUICE_KUBECTL_ARGO"];

/** Both print ages, so that they may have to be asked again until they are in the same second. */
async function agree(world: World, args: readonly string[]): Promise<void> {
  let ours = "";
  let theirs = "";
  for (let tries = 0; tries < 10 && (tries === 0 || ours !== theirs); tries++) {
    await Bun.sleep(1_050 - (Date.now() % 1_000));
    const env = { KUBECONFIG: world.harness.kubeconfig };
    const command = [plugin ?? "", ...args, "-n", world.namespace, ...(args[0] === "get" ? ["--no-color"] : [])];
    const [official, own] = await Promise.all([run(command, env), printed(world, args)]);
    [ours, theirs] = [own, official.stdout];
  }
  expect(ours, args.join(" ")).toBe(theirs);
}

test.concurrent.skipIf(plugin === undefined)("the shared examples look as with the official plugin", async () => {
  const world = await newWorld("cli-get-examples");
  await world.applyExample("analysis-templates.yaml");
  const updated = ["canary", "bluegreen", "analysis-step", "background-analysis", "experiment-step"];
  for (const each of updated) await world.applyExample(`rollout-${each}.yaml`);
  await world.applyExample("experiment-with-analysis.yaml");
  for (const each of updated) await world.settle(`rollout-${each}`, "Healthy", healthy);
  for (const each of updated) await setImage(world, `rollout-${each}`, "argoproj/rollouts-demo:yellow");
  await Bun.sleep(3_000);
  for (const each of updated) await agree(world, ["get", "rollout", `rollout-${each}`]);
  await agree(world, ["get", "experiment", "experiment-with-analysis"]);
  await agree(world, ["list", "rollouts"]);
  await agree(world, ["list", "experiments"]);
});

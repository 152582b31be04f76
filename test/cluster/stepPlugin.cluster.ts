/** Plugins that are services, asked by the controller on a real API server: as a step, and as a metric. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AnalysisRun } from "../../schema/analysis.ts";
import type { StepPluginStatus } from "../../schema/rollout.ts";
import { servePlugin } from "../referencePlugin.ts";
import { abort, promoteFull, retry, setImage } from "./harness/userActions.ts";
import { otherController, ownController } from "./harness/controllerProcess.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { healthy, inPhase, newWorld, type World } from "./harness/clusterWorld.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";

type Call = Readonly<Record<string, unknown>>;

/** The reference has plugins of another kind. */
const oursOnly = test.skipIf(otherController() !== undefined);
const KEY = "geheim-4711";
const calls: Call[] = [];
let current: StartedHarness;
let plugin: ReturnType<typeof servePlugin>;

const configuration = (): object => {
  const signed = { signingKeyFrom: { secretRef: { name: "plugins" } } };
  const load = { name: "acme/load", location: plugin.url.href, ...signed };
  const program = { name: "acme/program", location: "file:///plugin-bin/program" };
  return {
    stepPlugins: JSON.stringify([load, program, { name: "acme/off", disabled: true }]),
    metricProviderPlugins: JSON.stringify([{ ...load, name: "acme/latency" }]),
  };
};

/** Another process takes its place, with the same address of nothing. */
async function restartController(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  for (const controller of current.controllers()) await controller.child.stop(signal);
  await current.startController();
}

beforeAll(async () => {
  plugin = servePlugin(KEY, (call) => void calls.push(call));
  if (otherController() !== undefined) return;
  current = await startHarness({ controller: `${ownController} --leader-elect=false` });
  const inOwn = (plural: string): string => `/api/v1/namespaces/argo-rollouts/${plural}`;
  await current.api.create(inOwn("secrets"), { metadata: { name: "plugins" }, stringData: { key: KEY } });
  await current.api.create(inOwn("configmaps"), {
    metadata: { name: "argo-rollouts-config" },
    data: configuration(),
  });
  await restartController("SIGTERM");
}, 120_000);

afterAll(async () => {
  await current?.stop();
  await plugin?.stop(true);
});

const step = (name: string, config: object = {}) => ({ plugin: { name, config } });

/** `nginx:1` serves, and `nginx:2` is rolled out by these steps. */
async function updated(topic: string, steps: object[]): Promise<World> {
  const world = await newWorld(topic, current);
  await world.create(rolloutOf("web", { canary: { steps } }, { replicas: 2, template: podsOf("web", "nginx:1") }));
  await world.settle("web", "Healthy", healthy);
  await setImage(world, "web", "nginx:2");
  return world;
}

const entries = async (world: World): Promise<readonly StepPluginStatus[]> => {
  const { rollout } = await world.scene("web");
  return (rollout.status as { canary?: { stepPluginStatuses?: StepPluginStatus[] } }).canary?.stepPluginStatuses ?? [];
};
const operations = async (world: World): Promise<string> =>
  (await entries(world)).map(({ operation, index, phase = "" }) => `${operation} ${index} ${phase}`).join(", ");
const come = (world: World, wanted: string): Promise<unknown> =>
  until(wanted, async () => (await operations(world)) === wanted, 60_000);

oursOnly(
  "a step plugin is run, reverted by an abort, run again by a retry, and ended by a full promotion",
  async () => {
    const world = await updated("step-plugin", [
      step("acme/off"),
      step("acme/load"),
      step("acme/load", { return: "Running" }),
    ]);
    const before = "Run 0 , Run 1 Successful, Run 2 Running";
    await come(world, before);
    await abort(world, "web");
    await come(world, `${before}, Abort 2 Successful, Abort 1 Successful`);
    await world.settle("web", "Degraded", inPhase("Degraded"));
    await retry(world, "web");
    await come(world, before);
    await promoteFull(world, "web");
    await world.settle("web", "Healthy", healthy);
    expect(await operations(world)).toBe(`${before}, Terminate 2 Successful`);
    expect(await world.events("web")).toContain(
      "StepPluginTransition: Step plugin acme/load (step 3) terminated (Successful)",
    );
    const own = calls.filter(
      ({ rollout }) =>
        (rollout as World["harness"] & { metadata: { namespace: string } }).metadata.namespace === world.namespace,
    );
    expect(own.map(({ op, step: at }) => `${String(op)} ${(at as { index: number }).index}`).slice(0, 4)).toEqual([
      "run 1",
      "run 2",
      "abort 2",
      "abort 1",
    ]);
  },
  120_000,
);

oursOnly(
  "a plugin that fails aborts the update with the reference's message",
  async () => {
    const world = await updated("step-plugin-fails", [step("acme/load", { return: "Failed" })]);
    const message = "RolloutAborted: Rollout aborted update to revision 2: Step Plugin 1 (acme/load) failed: ";
    await world.settle("web", "Degraded", inPhase("Degraded", message));
  },
  120_000,
);

oursOnly(
  "a plugin that is a program holds the update, and says what it is to be instead",
  async () => {
    const world = await updated("step-plugin-program", [step("acme/program")]);
    const says = async (): Promise<boolean> =>
      (await world.events("web")).some(
        (event) => event.includes("ReconciliationError") && event.includes("loads no programs"),
      );
    await until("it is said", says, 60_000);
    expect(await operations(world)).toBe("");
  },
  120_000,
);

oursOnly(
  "what a controller that dies has asked is asked once more, by the same key",
  async () => {
    const slow = step("acme/load", { delayMs: 4_000 });
    const world = await updated("step-plugin-crash", [slow]);
    const keys = (): unknown[] =>
      calls
        .filter(({ rollout }) => JSON.stringify(rollout).includes(world.namespace))
        .map((call) => call["idempotencyKey"]);
    await until("it is asked", async () => keys().length === 1, 60_000);
    await restartController("SIGKILL");
    await world.settle("web", "Healthy", healthy, 90_000);
    expect(await operations(world)).toBe("Run 0 Successful");
    expect(keys().length).toBeGreaterThan(1);
    expect(new Set(keys()).size).toBe(1);
  },
  180_000,
);

oursOnly(
  "a metric of a plugin is what the plugin says",
  async () => {
    const world = await newWorld("metric-plugin", current);
    const config = { return: "Failed", value: 7 };
    const metrics = [{ name: "p99", provider: { plugin: { "acme/latency": config } } }];
    await world.create({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name: "run" },
      spec: { metrics },
    });
    const read = () => current.api.get<AnalysisRun>(world.path("AnalysisRun", "run"));
    await until("it has failed", async () => (await read()).status?.phase === "Failed", 60_000);
    expect((await read()).status?.metricResults?.[0]?.measurements).toMatchObject([{ phase: "Failed", value: "7" }]);
  },
  90_000,
);

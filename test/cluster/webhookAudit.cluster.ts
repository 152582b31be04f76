/**
 * What the audit says of Rollouts for what is around them: it looks at a real cluster, whose controller drives the Rollouts
 * and whose scheduler places their pods.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { parseControllerOptions } from "../../cli/controller/options.ts";
import { createStores } from "../../controller/rollout/facts/stores.ts";
import { loadCredentials } from "../../kube/client/credentials.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { ANALYSIS_TEMPLATES, RESOURCE_QUOTAS, ROLLOUTS } from "../../kube/client/resources.ts";
import { createClient } from "../../kube/client/transport.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import { createRecorder } from "../../kube/runtime/recorder.ts";
import { runReflector } from "../../kube/runtime/watch.ts";
import { cachedRules } from "../../webhook/admission/cachedRules.ts";
import { createSendHttp } from "../../providers/metrics/measuring/http.ts";
import { createKnock } from "../../webhook/audit/risks/knock.ts";
import { createRisks, type Risks } from "../../webhook/audit/risks/risks.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, newWorld, type World } from "./harness/clusterWorld.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { harness } from "./harness/harness.ts";
import { freePort } from "./harness/ports.ts";

const current = await harness();
const oursOnly = test.skipIf(otherController() !== undefined);
const ending = new AbortController();
const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: console.warn, error: console.error };
let risks: Risks;

beforeAll(async () => {
  const parsed = parseControllerOptions(["--kubeconfig", current.kubeconfig], {});
  if (parsed.kind !== "run") throw new Error("The controller's flags have changed");
  const credentials = await loadCredentials(parsed.options.kube);
  const clock = systemClock;
  const client = createClient({ credentials, version: "0.0.0-test", clock });
  const { signal } = ending;
  const stores = createStores();
  const rules = cachedRules({ client, clock, log, stores }, undefined, signal);
  runReflector({ client, clock, signal, path: collectionPath(ROLLOUTS, undefined), sink: stores.rollouts });
  const events = createRecorder({ client, clock });
  risks = createRisks({
    client,
    clock,
    log,
    rollouts: () => stores.rollouts.values(),
    podSpecOf: ({ spec }) => spec.template?.spec,
    templatesIn: rules.templatesIn,
    // This machine is closed otherwise, and the only one here.
    knock: createKnock(
      createSendHttp({
        version: "0.0.0-test",
        addresses: { allow: ["127.0.0.1"], deny: [] },
        apiServers: [],
        environment: () => undefined,
        readText: async () => undefined,
      }),
    ),
    record: (event) => events.record(event),
    namespace: undefined,
    resyncMs: 300,
  });
  void risks.run(signal);
});

afterAll(() => ending.abort());

const rollout = (cpu: string, strategy: object, replicas = 3): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "nginx:1", resources: { requests: { cpu } } }] },
    },
    strategy,
  },
});

async function told(world: World, text: string): Promise<void> {
  const end = Date.now() + 15_000;
  for (;;) {
    const lines = await world.events("web");
    if (lines.some((line) => line.includes(text))) return;
    if (Date.now() > end) expect(lines).toContain(text);
    await Bun.sleep(100);
  }
}

const gauge = (kind: string): number => {
  const [, count = "0"] = new RegExp(String.raw`risk="${kind}"\} (\d+)`).exec([...risks.render()].join("")) ?? [];
  return Number(count);
};

describe("the audit tells what would stop an update:", () => {
  oursOnly("pods that no node has room for, as the scheduler then says, too", async () => {
    const world = await newWorld("audit-nodes", current);
    // Each fake node has 1,000 cores: one such pod fits on each.
    await world.create(rollout("600", { canary: { maxSurge: 1, maxUnavailable: 0 } }));
    await world.settle("web", "Healthy", healthy);
    await told(
      world,
      "An update may start 1 pod beside those that run (maxSurge), and the nodes have room for 0 (cpu)",
    );
    expect(gauge("nodes")).toBeGreaterThan(0);
    await world.patch("web", { spec: { template: { metadata: { annotations: { a: "b" } } } } });
    await world.waitFor("web", "a new pod", ({ status }) => status?.replicas === 4);
    const reason = ["get", "pods", "-n", world.namespace, "-o", "jsonpath={.items[*].status.conditions[*].message}"];
    const end = Date.now() + 10_000;
    while (!(await current.kubectl(reason)).stdout.includes("Insufficient cpu") && Date.now() < end)
      await Bun.sleep(200);
    expect((await current.kubectl(reason)).stdout).toContain("Insufficient cpu");
    await current.api.delete(world.path("Rollout", "web"));
  });

  oursOnly("pods that a quota has no room for", async () => {
    const world = await newWorld("audit-quota", current);
    await world.create(rollout("1", { canary: {} }, 2));
    await world.settle("web", "Healthy", healthy);
    await current.api.create(collectionPath(RESOURCE_QUOTAS, world.namespace), {
      metadata: { name: "small" },
      spec: { hard: { "requests.cpu": "2", pods: "10" } },
    });
    await told(world, 'and ResourceQuota "small" allows 0 (requests.cpu)');
    expect(gauge("quota")).toBeGreaterThan(0);
  });

  oursOnly("a metric whose address does not answer, and of one that answers nothing", async () => {
    const world = await newWorld("audit-metric", current);
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(null, { status: 404 }) });
    const silent = `http://127.0.0.1:${freePort()}`;
    const metric = (name: string, address: string) => ({ name, provider: { prometheus: { address, query: "1" } } });
    await current.api.create(collectionPath(ANALYSIS_TEMPLATES, world.namespace), {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { name: "t" },
      spec: {
        args: [{ name: "prometheus", value: silent }],
        metrics: [metric("up", `http://127.0.0.1:${server.port}`), metric("down", "{{args.prometheus}}")],
      },
    });
    await world.create(rollout("1", { canary: { steps: [{ analysis: { templates: [{ templateName: "t" }] } }] } }, 1));
    await told(world, `The metric "down" of AnalysisTemplate 't' asks ${silent}, which does not answer`);
    expect((await world.events("web")).filter((line) => line.includes('The metric "up"'))).toEqual([]);
    await server.stop(true);
  });
});

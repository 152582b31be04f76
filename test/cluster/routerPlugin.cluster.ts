/** Routers that are plugins, on a real API server: whole canaries, and plugins that hang, fail or are not configured. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { abort, promote, setImage } from "./harness/userActions.ts";
import { otherController, ownController } from "./harness/controllerProcess.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import type { RolloutView } from "./harness/rolloutView.ts";
import { until } from "./harness/until.ts";

/** The reference has plugins of another kind. */
const ours = test.skipIf(otherController() !== undefined);

interface Call {
  readonly sequence: number;
  readonly traffic: { readonly canaryWeight: number; readonly stableService: string };
  readonly rollout: { readonly metadata: { readonly namespace: string } };
}

/** A plugin as a router would be: the request with the highest number counts, also of those that overlap. */
interface Edge {
  mode: "well" | "hangs" | "sick";
  asked: number;
  newest: number;
  weight: number | undefined;
  /** The most weights that the canary had, in the order in which they came. */
  readonly weights: number[];
}

const edges = new Map<string, Edge>();
const edge = (name: string): Edge => {
  const found = edges.get(name) ?? { mode: "well", asked: 0, newest: 0, weight: undefined, weights: [] };
  edges.set(name, found);
  return found;
};

async function route(name: string, call: Call): Promise<object> {
  const own = edge(name);
  own.asked += 1;
  while (own.mode === "hangs") await Bun.sleep(50);
  if (own.mode === "sick") return { phase: "Error", message: "no route to the edge" };
  if (call.sequence > own.newest) {
    own.newest = call.sequence;
    own.weight = call.traffic.canaryWeight;
    if (own.weights.at(-1) !== own.weight) own.weights.push(own.weight);
  }
  return { phase: "Successful", verified: own.weight === call.traffic.canaryWeight };
}

const service = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) =>
    Response.json(await route(new URL(request.url).pathname.slice(1), (await request.json()) as Call)),
});

const CONFIGURATION = "/api/v1/namespaces/argo-rollouts/configmaps";
const listed = (names: readonly string[]): object => ({
  trafficRouterPlugins: JSON.stringify(
    names.map((name) => ({ name: `acme/${name}`, location: new URL(name, service.url).href })),
  ),
});

let current: StartedHarness;

beforeAll(async () => {
  if (otherController() !== undefined) return;
  current = await startHarness({ controller: `${ownController} --leader-elect=false` });
  await current.api.create(CONFIGURATION, {
    metadata: { name: "argo-rollouts-config" },
    data: listed(["edge", "sick"]),
  });
}, 120_000);

afterAll(async () => {
  await current?.stop();
  await service.stop(true);
});

/** Two Services and an Ingress, and a Rollout that is routed by it and the plugin. */
async function routedBy(plugin: string, topic: string, more: object = {}): Promise<World> {
  const world = await newWorld(topic, current);
  for (const name of ["stable", "canary"]) {
    const spec = { selector: { app: "web" }, ports: [{ port: 80 }] };
    await world.create({ apiVersion: "v1", kind: "Service", metadata: { name }, spec });
  }
  const strategy = {
    canary: {
      stableService: "stable",
      canaryService: "canary",
      steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }],
      trafficRouting: { plugins: { [`acme/${plugin}`]: { site: "north" } } },
      ...more,
    },
  };
  await world.create(rolloutOf("web", strategy, { replicas: 5, template: podsOf("web", "nginx:1") }));
  return world;
}

const nginx = (plugin: string): object => ({
  trafficRouting: { nginx: { stableIngress: "web" }, plugins: { [`acme/${plugin}`]: {} } },
  abortScaleDownDelaySeconds: 1,
});

async function createIngress({ namespace }: World): Promise<() => Promise<string | undefined>> {
  const ingresses = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;
  const backend = { service: { name: "stable", port: { number: 80 } } };
  await current.api.create(ingresses, {
    metadata: { name: "web" },
    spec: { ingressClassName: "nginx", rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
  });
  return async () =>
    (await current.api.get(`${ingresses}/web-web-canary`)).metadata.annotations?.[
      "nginx.ingress.kubernetes.io/canary-weight"
    ];
}

const sizes = async (world: World): Promise<readonly (number | undefined)[]> =>
  (await world.scene("web")).replicaSets.map(({ spec }) => spec.replicas);
const failure = ({ status }: RolloutView): string =>
  status?.conditions?.find(({ type }) => type === "TrafficRoutingFailure")?.message ?? "";

ours.concurrent(
  "a plugin beside NGINX gets each weight; an abort reaches NGINX while it hangs, and pods wait for it across a crash",
  async () => {
    const own = edge("edge");
    const world = await routedBy("edge", "router-plugin", nginx("edge"));
    const weight = await createIngress(world);
    await world.waitFor("web", "Healthy", healthy);
    await setImage(world, "web", "nginx:2");
    await world.waitFor("web", "pauses at 20", pausedAt(1));
    expect([own.weight, await weight()]).toEqual([20, "20"]);
    await promote(world, "web");
    await world.waitFor("web", "pauses at 60", pausedAt(3));
    expect([own.weight, await weight(), await sizes(world)]).toEqual([60, "60", [5, 3]]);

    own.mode = "hangs";
    await abort(world, "web");
    await until("NGINX has taken the traffic back", async () => (await weight()) === "0", 10_000);
    await world.waitFor("web", "is aborted", inPhase("Degraded"));
    for (const controller of current.controllers()) await controller.child.stop("SIGKILL");
    const before = own.asked;
    await current.startController();
    await until("the next controller has asked", () => own.asked > before, 20_000);
    await Bun.sleep(2_000);
    expect([own.weight, await sizes(world)]).toEqual([60, [5, 3]]);

    own.mode = "well";
    await until("the canary's pods go", async () => (await sizes(world)).join() === "5,0", 20_000);
    expect(own.weight).toBe(0);
    // Between two updates, and while the first pods of one are on their way, nobody is sent to it.
    expect(own.weights).toEqual([0, 20, 60, 0]);
  },
  120_000,
);

ours.concurrent(
  "a plugin that fails holds the update and says why, and the update goes on once it is well",
  async () => {
    const own = edge("sick");
    const world = await routedBy("sick", "router-plugin-sick");
    await world.waitFor("web", "Healthy", healthy);
    own.mode = "sick";
    await setImage(world, "web", "nginx:2");
    const message =
      "setting the canary's weight to 0 of 100 by plugin acme/sick failed: plugin acme/sick answered Error: no route to the edge";
    await world.waitFor("web", "the condition says why", (rollout) => failure(rollout) === message);
    expect((await world.events("web")).join("\n")).toContain(`Warning TrafficRoutingError: ${message}`);
    expect(await sizes(world)).toEqual([5, 0]);
    own.mode = "well";
    const { rollout } = await world.waitFor("web", "pauses at 20", pausedAt(1));
    expect([failure(rollout), own.weight]).toEqual(["", 20]);
  },
  120_000,
);

ours.concurrent(
  "a plugin that is not configured holds the update, says how to mend it, and is asked once it is",
  async () => {
    const world = await routedBy("late", "router-plugin-late");
    const { rollout } = await world.waitFor("web", "the condition says so", (one) => failure(one) !== "");
    expect(failure(rollout)).toContain("plugin acme/late not configured in configmap; name its service under");
    await current.api.patch(`${CONFIGURATION}/argo-rollouts-config`, "merge", {
      data: listed(["edge", "sick", "late"]),
    });
    await world.waitFor("web", "Healthy", (one, scene) => failure(one) === "" && healthy(one, scene));
    expect(edge("late").weight).toBe(0);
  },
  120_000,
);

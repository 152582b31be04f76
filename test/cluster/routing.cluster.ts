/** Routing that ends, and a router that cannot follow, on a real API server. */
import { expect, test } from "bun:test";
import { abort, setImage } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { refuseChanges } from "./harness/refusal.ts";
import type { RolloutView } from "./harness/rolloutView.ts";
import { until } from "./harness/until.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";

const ours = test.skipIf(otherController() !== undefined);
const WEIGHT = "nginx.ingress.kubernetes.io/canary-weight";

const ingress = (name: string): KubeObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name },
  spec: {
    ingressClassName: "nginx",
    rules: [
      {
        host: "a.example",
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "stable", port: { number: 80 } } } }],
        },
      },
    ],
  },
});

const rollout = (stableIngresses: readonly string[]): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "app" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "app" } },
    template: { metadata: { labels: { app: "app" } }, spec: { containers: [{ name: "main", image: "demo:v1" }] } },
    strategy: {
      canary: {
        stableService: "stable",
        canaryService: "canary",
        trafficRouting: { nginx: { stableIngresses } },
        steps: [{ setWeight: 50 }, { pause: {} }],
      },
    },
  },
});

/** Two Ingresses and the Services, in a new namespace. */
async function newRouted(topic: string) {
  const world = await newWorld(topic);
  const { api } = world.harness;
  const ingresses = `/apis/networking.k8s.io/v1/namespaces/${world.namespace}/ingresses`;
  for (const name of ["stable", "canary"]) {
    const spec = { selector: { app: "app" }, ports: [{ port: 80 }] };
    await world.create({ apiVersion: "v1", kind: "Service", metadata: { name }, spec });
  }
  for (const name of ["web", "web2"]) await api.create(ingresses, ingress(name));
  const weights = async (): Promise<string[]> =>
    (await api.list(ingresses)).items.flatMap(({ metadata }) => {
      const weight = metadata.annotations?.[WEIGHT];
      return weight === undefined ? [] : [`${metadata.name} ${weight}`];
    });
  return { world, api, ingresses, weights };
}

async function halfWay({ world }: { readonly world: World }, stableIngresses: readonly string[]): Promise<void> {
  await world.create(rollout(stableIngresses));
  await world.settle("app", "Healthy", healthy);
  await setImage(world, "app", "demo:v2");
  await world.settle("app", "pauses", pausedAt(1));
}

const failure = ({ status }: RolloutView): string =>
  status?.conditions?.find(({ type }) => type === "TrafficRoutingFailure")?.message ?? "";

ours.concurrent(
  "no canary Ingress outlives its routing: not one of several, not all of them, not an abort",
  async () => {
    const routed = await newRouted("routing-ends");
    const { world, weights } = routed;
    await halfWay(routed, ["web", "web2"]);
    expect(await weights()).toEqual(["app-web-canary 50", "app-web2-canary 50"]);
    await world.patch("app", {
      spec: { strategy: { canary: { trafficRouting: { nginx: { stableIngresses: ["web"] } } } } },
    });
    await until("one is left", async () => (await weights()).join() === "app-web-canary 50", 20_000);
    await world.patch("app", { spec: { strategy: { canary: { trafficRouting: null } } } });
    await until("none is left", async () => (await weights()).length === 0, 20_000);
    await abort(world, "app");
    await world.settle("app", "aborted", inPhase("Degraded"));
    await setImage(world, "app", "demo:v3");
    await world.settle("app", "pauses again", pausedAt(1));
    expect(await weights()).toEqual([]);
  },
);

ours.concurrent("a canary Ingress of a Rollout that is deleted without its objects goes, too", async () => {
  const routed = await newRouted("routing-orphaned");
  const { world, api, weights } = routed;
  await halfWay(routed, ["web"]);
  await api.delete(world.path("Rollout", "app"), { propagationPolicy: "Orphan" });
  await until("none is left", async () => (await weights()).length === 0, 20_000);
});

ours.concurrent("a canary Ingress that a backup has restored without its owner is adopted", async () => {
  const routed = await newRouted("routing-restored");
  const { world, api, ingresses, weights } = routed;
  const annotations = { "nginx.ingress.kubernetes.io/canary": "true", [WEIGHT]: "50" };
  const metadata = { name: "app-web-canary", annotations };
  const text = JSON.stringify({ ...ingress("app-web-canary"), metadata }).replace('"stable"', '"canary"');
  await api.create(ingresses, JSON.parse(text) as KubeObject);
  await halfWay(routed, ["web"]);
  expect(await weights()).toEqual(["app-web-canary 50"]);
  const {
    rollout: {
      metadata: { uid },
    },
  } = await world.scene("app");
  const { metadata: live } = await api.get(`${ingresses}/app-web-canary`);
  expect(live.ownerReferences?.map((owner) => owner.uid)).toEqual([uid ?? ""]);
});

ours.concurrent(
  "an Ingress of somebody else holds the update, and a condition says why, until it is gone",
  async () => {
    const routed = await newRouted("routing-taken");
    const { world, api, ingresses } = routed;
    await api.create(ingresses, ingress("app-web-canary"));
    await world.create(rollout(["web"]));
    const { rollout: held } = await world.settle("app", "held", (now) => failure(now) !== "");
    expect(failure(held)).toStartWith("canary ingress `app-web-canary` controlled by different object");
    expect(held.status).toMatchObject({ phase: "Progressing", availableReplicas: 2 });
    await api.delete(`${ingresses}/app-web-canary`);
    const { rollout: cured } = await world.settle("app", "Healthy", healthy);
    expect(failure(cured)).toBe("");
  },
);

ours.concurrent("a policy that refuses the weight is named by a condition, until it is gone", async () => {
  const routed = await newRouted("routing-refused");
  const { world, weights } = routed;
  await halfWay(routed, ["web"]);
  const refused = { apiGroup: "networking.k8s.io", apiVersion: "v1", resource: "ingresses", name: "web" };
  const refusal = await refuseChanges(world, refused, "weights are frozen");
  await abort(world, "app");
  const { rollout: held } = await world.settle("app", "told", (now) => failure(now) !== "");
  expect(failure(held)).toContain("weights are frozen");
  expect(held.status).toMatchObject({ phase: "Degraded", abort: true });
  expect(await weights()).toEqual(["app-web-canary 50"]);
  await refusal.end();
  const { rollout: cured } = await world.settle("app", "routed", (now) => failure(now) === "");
  expect(cured.status?.phase).toBe("Degraded");
  expect(await weights()).toEqual(["app-web-canary 0"]);
});

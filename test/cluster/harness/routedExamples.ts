/** The shared examples with routers, unmodified: applied, updated and seen through, on the cluster of routers.cluster.ts. */
import { expect } from "bun:test";
import { listed } from "./analysisStory.ts";
import type { KubeObject } from "./api.ts";
import { healthy, healthyAt, newWorld, pausedAt, type World, worldIn } from "./clusterWorld.ts";
import type { Harness } from "./harness.ts";
import { collectionOf } from "./recordedNamespace.ts";
import { specOf, weightsIn } from "./routedRow.ts";
import { until } from "./until.ts";
import { promote, setImage } from "./userActions.ts";

export interface RoutedExample {
  readonly title: string;
  play(cluster: Harness): Promise<void>;
}

interface Routing {
  /** The Rollout. */
  readonly name: string;
  readonly files: readonly string[];
  /** Its name, where a manifest has one. */
  readonly namespace?: string;
  /** The object that is divided. */
  readonly object: readonly [apiVersion: string, kind: string, name: string];
  /** How the object is read: like `80/20`. */
  weights(spec: unknown): string;
  /** At each pause, by the index of its step. */
  readonly stops: readonly (readonly [step: number, weights: string])[];
  /** When it is over. */
  readonly left: string;
}

interface Example {
  readonly world: World;
  /** `weights` of the object's spec, "none" where it is missing. */
  weights(): Promise<string>;
  read(): Promise<KubeObject>;
}

async function applied(cluster: Harness, routing: Routing): Promise<Example> {
  const { name, files, namespace, object } = routing;
  const world = await (namespace === undefined ? newWorld(`example-${name}`, cluster) : worldIn(namespace, cluster));
  for (const file of files) {
    const isWhole = file !== linkerd.files[0];
    // The last object of this one is a template that is no YAML before its blanks are filled in: the others are applied.
    await world.applyExample(file).catch((error: unknown) => {
      if (isWhole || !String(error).includes("invalid map key")) throw error;
    });
  }
  const [apiVersion, kind, of] = object;
  const read = (): Promise<KubeObject> => cluster.api.get(`${collectionOf(apiVersion, kind, world.namespace)}/${of}`);
  const weights = (): Promise<string> =>
    read().then(
      ({ spec }) => routing.weights(spec),
      () => "none",
    );
  return { world, read, weights };
}

const become = (example: Example, wanted: string): Promise<unknown> =>
  until(wanted, async () => (await example.weights()) === wanted, 20_000, example.weights);

/** @param at is asked at each pause, with the index of its step */
async function seenThrough(
  cluster: Harness,
  routing: Routing,
  at: (example: Example, step: number) => Promise<void> = async () => {},
): Promise<void> {
  const { name, stops, left } = routing;
  const example = await applied(cluster, routing);
  const { world } = example;
  await world.waitFor(name, "Healthy", healthy);
  await setImage(world, name, "argoproj/rollouts-demo:yellow");
  for (const [step, weights] of stops) {
    await world.waitFor(name, `paused at step ${step}`, pausedAt(step));
    await become(example, weights);
    await at(example, step);
    await promote(world, name);
  }
  await world.waitFor(name, "Healthy again", healthyAt(2));
  await become(example, left);
}

const mirrored: Routing = {
  name: "istio-host-split",
  files: ["istio/istio-mirror.yaml"],
  object: ["networking.istio.io/v1alpha3", "VirtualService", "istio-host-split-vsvc"],
  // A mirror route in front of it has destinations, too.
  weights: (spec) => {
    const routes = specOf({ metadata: { name: "" }, spec }, "http") as readonly { readonly name?: string }[];
    const main = routes.filter(({ name }) => name === "primary");
    return weightsIn(main, '"istio-host-split-stable"', '"istio-host-split-canary"');
  },
  stops: [[2, "100/0"]],
  left: "100/0",
};

const bySubset: Routing = {
  name: "istio-subset-split",
  files: ["istio/istio-subset-split.yaml"],
  object: ["networking.istio.io/v1alpha3", "VirtualService", "istio-subset-split-vsvc"],
  weights: (spec) => weightsIn(spec, '"stable"', '"canary"'),
  stops: [[1, "90/10"]],
  left: "100/0",
};

const mesh: Routing = {
  name: "my-rollout",
  namespace: "argo-examples",
  files: ["appmesh/canary-service.yaml", "appmesh/canary-rollout.yaml"],
  object: ["appmesh.k8s.aws/v1beta2", "VirtualRouter", "my-vrouter"],
  weights: (spec) => weightsIn(spec, '"my-vn-stable"', '"my-vn-canary"'),
  stops: [
    [1, "75/25"],
    [3, "50/50"],
    [5, "25/75"],
  ],
  left: "100/0",
};

const apisix: Routing = {
  name: "rollout-apisix-canary",
  files: ["apisix/services.yaml", "apisix/route.yaml", "apisix/rollout.yaml"],
  object: ["apisix.apache.org/v2", "ApisixRoute", "rollouts-apisix-route"],
  weights: (spec) => weightsIn(spec, '"rollout-apisix-canary-stable"', '"rollout-apisix-canary-canary"'),
  stops: [
    [1, "100/0"],
    [3, "80/20"],
    [5, "60/40"],
    [7, "40/60"],
    [9, "20/80"],
  ],
  left: "100/0",
};

const ambassador: Routing = {
  name: "echo-rollout",
  files: ["resolver", "echo-mapping", "echo-service", "rollout"].map((file) => `ambassador/${file}.yaml`),
  object: ["getambassador.io/v2", "Mapping", "echo-canary"],
  weights: (spec) => `${(spec as { readonly weight?: number }).weight}`,
  stops: [
    [1, "30"],
    [3, "60"],
    [5, "100"],
  ],
  left: "none",
};

const linkerd: Routing = {
  name: "rollout-linkerd",
  files: ["traffic-management/rollout-linkerd.yaml"],
  object: ["split.smi-spec.io/v1alpha4", "TrafficSplit", "rollout-linkerd"],
  weights: (spec) => weightsIn(spec, '"rollout-linkerd-stable"', '"rollout-linkerd-canary"'),
  stops: [[1, "95/5"]],
  left: "100/0",
};

const experiment: Routing = {
  ...mirrored,
  files: ["traffic-routing-experiment-step/istio-host-split-experiment-step.yaml"],
  weights: (spec) => {
    const texts = JSON.stringify(spec).matchAll(/"host":"([^"]+)"[^}]*\},"weight":(\d+)/g);
    return Array.from(texts, ([, host = "", weight]) => `${host.replace(/-[a-z0-9]+-2-1-/, "-*-")} ${weight}`)
      .toSorted()
      .join(", ");
  },
  stops: [],
};

/** The Experiment of the step has no end: somebody skips it. */
async function withExperiment(cluster: Harness): Promise<void> {
  const { name } = experiment;
  const example = await applied(cluster, experiment);
  const { world } = example;
  await world.waitFor(name, "Healthy", healthy);
  await setImage(world, name, "argoproj/rollouts-demo:yellow");
  await become(
    example,
    "istio-host-split-*-experiment-istio 20, istio-host-split-canary 10, istio-host-split-stable 70",
  );
  const running = await listed<KubeObject & { status?: { phase?: string } }>(world, "Experiment");
  expect(running.map(({ status }) => status?.phase)).toEqual(["Running"]);
  await promote(world, name);
  await world.waitFor(name, "Healthy again", healthyAt(2));
  await become(example, "istio-host-split-canary 0, istio-host-split-stable 100");
}

async function withMirror({ read }: Example): Promise<void> {
  const { spec } = await read();
  const [first] = specOf({ metadata: { name: "" }, spec }, "http") as readonly object[];
  expect(first).toMatchObject({
    name: "mirror-route",
    match: [{ method: { exact: "POST" }, uri: { prefix: "/color" } }],
    mirror: { host: "istio-host-split-canary" },
    mirrorPercentage: { value: 50 },
  });
}

async function withHeader({ world }: Example, step: number): Promise<void> {
  if (step !== 1) return;
  const path = collectionOf("apisix.apache.org/v2", "ApisixRoute", world.namespace);
  const { spec } = await world.harness.api.get(`${path}/set-header`);
  expect(JSON.stringify(spec)).toContain('"value":"debug"');
}

export const ROUTED_EXAMPLES: readonly RoutedExample[] = [
  { title: "istio/istio-mirror.yaml", play: (cluster) => seenThrough(cluster, mirrored, withMirror) },
  { title: "istio/istio-subset-split.yaml", play: (cluster) => seenThrough(cluster, bySubset) },
  { title: "appmesh/", play: (cluster) => seenThrough(cluster, mesh) },
  { title: "apisix/", play: (cluster) => seenThrough(cluster, apisix, withHeader) },
  { title: "ambassador/", play: (cluster) => seenThrough(cluster, ambassador) },
  { title: "traffic-management/rollout-linkerd.yaml", play: (cluster) => seenThrough(cluster, linkerd) },
  { title: "traffic-routing-experiment-step/istio-host-split-experiment-step.yaml", play: withExperiment },
];

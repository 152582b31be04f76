/**
 * Traefik before whole canaries: by a TraefikService, an IngressRoute and an HTTPRoute, and by the example of the Gateway
 * API as it stands in examples/. It reads them from the test's API server and sends requests to pods that answer. Played
 * only where SLUICE_TRAEFIK names Traefik's binary (run.ts says how it is built): there is no Debian package of it.
 */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { startBackends } from "../dataplane/backends.ts";
import { percentOf, sendRequests, steadyLoad } from "../dataplane/load.ts";
import { podAddresses } from "../dataplane/podAddresses.ts";
import { CANARY, mayPlay, name, ownCluster, playWholeCanary, routedObjects, STABLE } from "../dataplane/story.ts";
import {
  GATEWAY_CLASS,
  loaded,
  startTraefik,
  type Traefik,
  traefikBinary,
  WEB_PORT,
} from "../dataplane/traefik/traefik.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import type { StartedHarness } from "./harness/harness.ts";
import { kubeBinary } from "./harness/kubeBinary.ts";
import { freePort } from "./harness/ports.ts";
import type { RolloutView } from "./harness/rolloutView.ts";
import { abort, promoteFull, setImage } from "./harness/userActions.ts";

const TRAEFIK = "traefik.io/v1alpha1";
const GATEWAY = "gateway.networking.k8s.io/v1";
const repository = join(import.meta.dir, "../..");
const PAUSE = { pause: {} };
const binary = traefikBinary();
const addresses = mayPlay && binary !== undefined ? podAddresses() : undefined;
const canPlay = addresses?.areReal === true;
if (!canPlay)
  console.log(
    binary === undefined
      ? "traefikDataPlane: skipped, because SLUICE_TRAEFIK does not name Traefik's binary"
      : "traefikDataPlane: skipped, because pods cannot be given real addresses here (it takes root and `ip`), or the cluster is a given one",
  );

const targets = [
  { name: STABLE, port: 80, weight: 100 },
  { name: CANARY, port: 80, weight: 0 },
];
const ingressRoute = (host: string, services: readonly object[]): KubeObject => ({
  apiVersion: TRAEFIK,
  kind: "IngressRoute",
  metadata: { name },
  spec: { entryPoints: ["web"], routes: [{ kind: "Rule", match: `Host(\`${host}\`)`, services }] },
});
const gateway: KubeObject = {
  apiVersion: GATEWAY,
  kind: "Gateway",
  metadata: { name: "edge" },
  spec: { gatewayClassName: GATEWAY_CLASS, listeners: [{ name: "web", protocol: "HTTP", port: WEB_PORT }] },
};
const httpRoute = (host: string, parentRef: object = {}): KubeObject => ({
  apiVersion: GATEWAY,
  kind: "HTTPRoute",
  metadata: { name },
  spec: { parentRefs: [{ name: "edge", ...parentRef }], hostnames: [host], rules: [{ backendRefs: targets }] },
});
const byRoute = { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: name } } };

const headerRoute = (route: string, headerName: string, headerValue: object) => ({
  setHeaderRoute: { name: route, match: [{ headerName, headerValue }] },
});

interface Plane {
  readonly what: string;
  readonly objects: (host: string) => readonly KubeObject[];
  readonly trafficRouting: object;
  readonly atFirst?: readonly object[];
  readonly toCanary?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const planes: readonly Plane[] = [
  {
    what: "TraefikService",
    objects: (host) => [
      { apiVersion: TRAEFIK, kind: "TraefikService", metadata: { name }, spec: { weighted: { services: targets } } },
      ingressRoute(host, [{ kind: "TraefikService", name }]),
    ],
    trafficRouting: { traefik: { weightedTraefikServiceName: name } },
  },
  {
    what: "IngressRoute",
    objects: (host) => [ingressRoute(host, targets)],
    trafficRouting: { traefik: { weightedTraefikServiceName: `ingressroute/${name}` } },
  },
  {
    what: "HTTPRoute",
    objects: (host) => [gateway, httpRoute(host)],
    trafficRouting: { ...byRoute, managedRoutes: ["exact", "prefix", "regex"].map((route) => ({ name: route })) },
    atFirst: [
      headerRoute("exact", "X-Canary", { exact: "always" }),
      headerRoute("prefix", "X-Version", { prefix: "v2." }),
      headerRoute("regex", "X-Team", { regex: "qa|dev" }),
    ],
    toCanary: {
      "header X-Canary: always": { "x-canary": "always" },
      "header X-Version: v2.7": { "x-version": "v2.7" },
      "header X-Team: dev": { "x-team": "dev" },
    },
  },
];

interface Stage {
  readonly cluster: StartedHarness;
  readonly traefik: Traefik;
  /** Whose pods answer requests. */
  newNamespace(topic: string): Promise<Place>;
  stop(): Promise<void>;
}

interface Place extends World {
  readonly host: string;
  put(objects: readonly KubeObject[]): Promise<void>;
}

const pathOf = (namespace: string, { apiVersion, kind = "" }: KubeObject): string =>
  `/apis/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s`;

async function newStage(): Promise<Stage> {
  const cluster = await ownCluster();
  const { api } = cluster;
  const traefik = await startTraefik(cluster, binary ?? "");
  const stops: (() => Promise<void>)[] = [];
  return {
    cluster,
    traefik,
    async newNamespace(topic) {
      const world = await newWorld(topic, cluster);
      const { namespace } = world;
      if (addresses === undefined) throw new Error("Cannot serve pods: they have no addresses");
      const backends = await startBackends(api, namespace, addresses);
      stops.push(() => backends.stop());
      return {
        ...world,
        host: `${namespace}.example`,
        async put(objects) {
          for (const object of objects) await api.create(pathOf(namespace, object), object);
        },
      };
    },
    stop: async () => {
      for (const stop of stops) await stop();
      await traefik.stop();
      await cluster.stop();
    },
  };
}

/** One cluster and one Traefik for all tests of this file, which are played one after the other. */
let started: Promise<Stage> | undefined;
const theStage = (): Promise<Stage> => (started ??= newStage());
afterAll(async () => (await started?.catch(() => undefined))?.stop());

const divides =
  ({ traefik, cluster }: Stage, { namespace }: World, stable = STABLE, canary = CANARY) =>
  (weight: number): Promise<void> =>
    loaded(traefik, cluster, { namespace, stable, canary, weight });

test.skipIf(!canPlay).each(planes)(
  "Traefik divides requests by the weights of $what, and none fails over a whole canary, an abort and a killed controller",
  async ({ what, objects, trafficRouting, atFirst = [], toCanary = {} }) => {
    const stage = await theStage();
    const world = await stage.newNamespace(`traefik-${what.toLowerCase()}`);
    const { host } = world;
    await world.put(objects(host));
    for (const object of routedObjects({ trafficRouting, port: freePort(), atFirst })) await world.create(object);
    const target = { url: stage.traefik.url, headers: { host } };
    await playWholeCanary(world, { target, divides: divides(stage, world), toCanary, toStable: {} }, true);
  },
  300_000,
);

const failure = ({ status }: RolloutView): string =>
  status?.conditions?.find(({ type }) => type === "TrafficRoutingFailure")?.message ?? "";

const weightsOf = ({ status }: RolloutView) =>
  (status as { canary?: { weights?: { verified?: unknown; canary?: { weight?: unknown } } } } | undefined)?.canary
    ?.weights;
const verified = (rollout: RolloutView): unknown => weightsOf(rollout)?.verified;
const weightOf = (rollout: RolloutView): unknown => weightsOf(rollout)?.canary?.weight;

/** A canary behind an HTTPRoute, at its first step of these. */
async function atFirstStep(
  topic: string,
  parentRef: object,
  steps: readonly object[],
  managedRoutes: readonly string[],
) {
  const stage = await theStage();
  const world = await stage.newNamespace(topic);
  await world.put([gateway, httpRoute(world.host, parentRef)]);
  const trafficRouting = { ...byRoute, managedRoutes: managedRoutes.map((route) => ({ name: route })) };
  for (const object of routedObjects({ trafficRouting, port: freePort(), canary: { steps } }))
    await world.create(object);
  await world.waitFor(name, "Healthy", healthy);
  await setImage(world, name, "demo:v2");
  return { stage, world };
}

test.skipIf(!canPlay)(
  "a route that Traefik rejects holds the weight, and a condition says why, until it is mended",
  async () => {
    const { stage, world } = await atFirstStep(
      "traefik-rejects",
      { sectionName: "wrong" },
      [{ setWeight: 20 }, PAUSE],
      [],
    );
    const route = `/apis/${GATEWAY}/namespaces/${world.namespace}/httproutes/${name}`;
    const attach = (parentRef: object) =>
      stage.cluster.api.patch(route, "merge", { spec: { parentRefs: [{ name: "edge", ...parentRef }] } });
    const held = async (why: string): Promise<void> => {
      const isHeld = (now: RolloutView): boolean => failure(now) === why && weightOf(now) === 20;
      const { rollout } = await world.waitFor(name, why, isHeld);
      expect(rollout.status).toMatchObject({
        phase: "Progressing",
        message: `TrafficRoutingError: ${why}`,
        currentStepIndex: 0,
        canary: { weights: { verified: false } },
      });
    };
    await held(`HTTPRoute "${name}" is not Accepted by Gateway "edge": NoMatchingParent`);
    await attach({ name: "gone" });
    await held(`HTTPRoute "${name}" is not Accepted by Gateway "gone"`);
    await attach({ sectionName: "web" });
    const { rollout } = await world.waitFor(name, "goes on", pausedAt(1));
    expect([failure(rollout), verified(rollout)]).toEqual(["", true]);
    await divides(stage, world)(20);
  },
  120_000,
);

test.skipIf(!canPlay)(
  "a mirror, which Traefik's Gateway API would answer with errors, is a fault, and no request fails for it",
  async () => {
    const mirror = { setMirrorRoute: { name: "copy", percentage: 100, match: [{ path: { prefix: "/" } }] } };
    const steps = [{ setCanaryScale: { replicas: 1 } }, mirror, PAUSE];
    const { stage, world } = await atFirstStep("traefik-mirror", {}, steps, ["copy"]);
    const why = `mirror route \`copy\` cannot be made: GatewayClass "${GATEWAY_CLASS}" does not support HTTPRouteRequestMirror`;
    await world.waitFor(name, why, (now) => failure(now) === why);
    await divides(stage, world)(0);
    const { sent, failures, versions } = await sendRequests(
      { url: stage.traefik.url, headers: { host: world.host } },
      500,
    );
    expect([failures, [...versions.values()]]).toEqual([[], [sent]]);
    await abort(world, name);
    await world.waitFor(name, "aborted", inPhase("Degraded"));
  },
  120_000,
);

const examples: readonly (readonly [example: string, host: string, isVerified: true | undefined])[] = [
  ["canary-plugins", "canary.localhost", true],
  ["canary-traefik", "web.example.com", undefined],
];

test.skipIf(!canPlay).each(examples)(
  "Traefik serves the example %s as it is, and no request fails from the first version to the second",
  async (example, host, isVerified) => {
    const stage = await theStage();
    const world = await stage.newNamespace("traefik-example");
    const path = join(repository, `examples/${example}.yaml`);
    const { code, stderr } = await stage.cluster.kubectl(["-n", world.namespace, "apply", "-f", path]);
    expect([code, stderr]).toEqual([0, ""]);
    await world.waitFor(example, "Healthy", healthy);
    const takesOver = divides(stage, world, `${example}-stable`, `${example}-canary`);
    await takesOver(0);
    const target = { url: stage.traefik.url, headers: { host } };
    const load = steadyLoad(target);
    await setImage(world, example, "nginx:1.29");
    const { rollout } = await world.waitFor(example, "pauses", pausedAt(1));
    expect(verified(rollout)).toBe(isVerified);
    await takesOver(20);
    const tally = await sendRequests(target, 2000);
    expect(Math.abs(percentOf(tally, rollout.status?.currentPodHash ?? "") - 20)).toBeLessThanOrEqual(2);
    await promoteFull(world, example);
    await world.waitFor(example, "promoted", healthy);
    await takesOver(0);
    await load.stop();
    expect([load.tally().failures, tally.failures]).toEqual([[], []]);
    console.log(`dataplane: ${example}: ${load.tally().sent} requests over all of it, none failed`);
  },
  120_000,
);

/** The commands of a page's section, as one script for each block. */
async function commandsIn(page: string, title: string): Promise<readonly string[]> {
  const text = await Bun.file(join(repository, page)).text();
  const [, section = ""] = text.split(`\n### ${title}\n`);
  const [own = ""] = section.split(/^##/m);
  return [...own.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
}

/** The commands as they are, in this namespace; port 80 of the node is the entry point of this Traefik. */
const aliases = `set -ex
kubectl() { "$KUBE" kubectl -n "$NAMESPACE" "$@"; }
sluice() { bun main.ts "$@" -n "$NAMESPACE"; }
curl() { command curl -sS --fail --connect-to "localhost:80:$ENTRY" "$@"; }
`;

test.skipIf(!canPlay)(
  "the commands for k3s on the page of the Gateway API do what it says, word by word",
  async () => {
    const stage = await theStage();
    const world = await stage.newNamespace("traefik-recipe");
    const [provider = "", recipe = ""] = await commandsIn("docs/routers/plugins.md", "k3s");
    // There is no controller for HelmChartConfigs here: Traefik has been started as that one would have it started.
    const [, wait = ""] = provider.split("\nEND\n");
    const child = Bun.spawn(["bash", "-c", `${aliases}${wait}${recipe}`], {
      cwd: repository,
      env: {
        ...Bun.env,
        KUBE: await kubeBinary(),
        KUBECONFIG: stage.cluster.kubeconfig,
        NAMESPACE: world.namespace,
        ENTRY: new URL(stage.traefik.url).host,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect({ code: await child.exited, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain("200 OK");
    expect(stdout).toContain('"weight":80');
    const { rollout } = await world.waitFor("canary-plugins", "goes on", pausedAt(3));
    expect(verified(rollout)).toBe(true);
  },
  120_000,
);

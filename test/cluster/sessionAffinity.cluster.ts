/**
 * Sessions that stay with the canary (docs/behaviour/traffic.md#session-affinity), on a real API server whose schemas are
 * those of the routers' projects: what is written is what they take, and nothing of it is left.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { KubeObject } from "./harness/api.ts";
import { healthy, inPhase, newWorld, pausedAt } from "./harness/clusterWorld.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { sharedDir } from "./harness/kubeBinary.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";
import { abort, promote, setImage } from "./harness/userActions.ts";

const folder = join(sharedDir(), "crds");
const isDriven = otherController() === undefined && existsSync(folder);
if (!existsSync(folder)) console.log(`sessions: skipped, since the routers' CRDs are not there: ${folder}`);
const ours = test.skipIf(!isDriven);

interface Row {
  readonly title: string;
  readonly routing: object;
  readonly object: KubeObject;
  readonly plural: string;
  /** The object that has the sessions, where it is not the user's. */
  readonly has?: string;
  /** Of a version, as it stands there. */
  readonly cookie: (hash: string) => string;
}

const backends = [
  { name: "stable", port: 80, weight: 100 },
  { name: "canary", port: 80, weight: 0 },
];
const inRequests = (hash: string): string => `^(.*; ?)?shop=${hash}(;.*)?$`;

const ROWS: readonly Row[] = [
  {
    title: "NGINX",
    routing: { nginx: { stableIngress: "web" } },
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "web" },
      spec: {
        ingressClassName: "nginx",
        rules: [
          {
            host: "a.example",
            http: {
              paths: [
                { path: "/", pathType: "Prefix", backend: { service: { name: "stable", port: { number: 80 } } } },
              ],
            },
          },
        ],
      },
    },
    plural: "ingresses",
    has: "app-web-canary",
    cookie: (hash) => `shop-${hash}`,
  },
  {
    title: "Istio",
    routing: { istio: { virtualService: { name: "web" } } },
    object: {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "VirtualService",
      metadata: { name: "web" },
      spec: {
        hosts: ["a.example"],
        http: [
          {
            match: [{ uri: { prefix: "/" } }],
            timeout: "5s",
            route: [
              { destination: { host: "stable" }, weight: 100 },
              {
                destination: { host: "canary" },
                weight: 0,
                headers: { response: { add: { "Set-Cookie": "own=1" } } },
              },
            ],
          },
        ],
      },
    },
    plural: "virtualservices",
    cookie: inRequests,
  },
  {
    title: "Gateway API",
    routing: { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: "web" } } },
    object: {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "web" },
      spec: {
        parentRefs: [{ name: "public" }],
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            filters: [
              {
                type: "ResponseHeaderModifier",
                responseHeaderModifier: { add: [{ name: "Set-Cookie", value: "own=1" }] },
              },
            ],
            backendRefs: backends,
          },
        ],
      },
    },
    plural: "httproutes",
    cookie: inRequests,
  },
  {
    title: "Traefik",
    routing: { traefik: { weightedTraefikServiceName: "web" } },
    object: {
      apiVersion: "traefik.io/v1alpha1",
      kind: "TraefikService",
      metadata: { name: "web" },
      spec: { weighted: { services: backends } },
    },
    plural: "traefikservices",
    cookie: (hash) => `shop-${hash}`,
  },
];

let cluster: StartedHarness;

beforeAll(async () => {
  if (!isDriven) return;
  cluster = await startHarness();
  const files = ["istio", "gateway-api", "traefik"].flatMap((name) => ["-f", join(folder, `${name}.yaml`)]);
  for (const args of [
    ["apply", "--server-side", ...files],
    ["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"],
  ]) {
    const { code, stderr } = await cluster.kubectl(args);
    expect([args.join(" "), code === 0 ? "" : stderr]).toEqual([args.join(" "), ""]);
  }
  for (const { object, plural } of ROWS) {
    const path = `/apis/${object.apiVersion}/${plural}`;
    await until(`${plural} are served`, async () => (await cluster.api.answer("GET", path)).status === 200, 30_000);
  }
}, 120_000);
afterAll(() => cluster?.stop());

ours.concurrent.each(ROWS.map((row) => [row.title, row] as const))(
  "%s: an update has a cookie of its own, and nothing of it is left when it is aborted or promoted",
  async (_, row) => {
    const world = await newWorld("sessions", cluster);
    const objects = `/apis/${row.object.apiVersion}/namespaces/${world.namespace}/${row.plural}`;
    const seen = async (): Promise<string> => {
      const { metadata, spec } = await cluster.api.get<KubeObject & { spec: unknown }>(
        `${objects}/${row.has ?? row.object.metadata.name}`,
      );
      return JSON.stringify([metadata.annotations ?? {}, metadata.labels ?? {}, spec]);
    };
    const hash = async (): Promise<string> => (await world.scene("app")).rollout.status?.currentPodHash ?? "";
    for (const name of ["stable", "canary"]) {
      await world.create({
        kind: "Service",
        metadata: { name },
        spec: { selector: { app: "app" }, ports: [{ port: 80 }] },
      });
    }
    await cluster.api.create(objects, row.object);
    const canary = {
      stableService: "stable",
      canaryService: "canary",
      trafficRouting: { ...row.routing, sessionAffinity: { cookieName: "shop", maxAge: "2h" } },
      steps: [{ setWeight: 50 }, { pause: {} }],
    };
    await world.create(rolloutOf("app", { canary }, { replicas: 1 }));
    await world.waitFor("app", "Healthy", healthy);
    const before = await seen();

    await setImage(world, "app", "demo:v2");
    await world.waitFor("app", "pauses", pausedAt(1));
    const second = await hash();
    expect(await seen()).toContain(row.cookie(second));
    expect(await seen()).toContain("7200");

    await abort(world, "app");
    await world.waitFor("app", "aborted", inPhase("Degraded"));
    expect(await seen()).toBe(before);

    await setImage(world, "app", "demo:v3");
    await world.waitFor(
      "app",
      "pauses again",
      (now, scene) => pausedAt(1)(now, scene) && now.status?.currentPodHash !== second,
    );
    expect(await seen()).toContain(row.cookie(await hash()));
    expect(await seen()).not.toContain(second);

    await promote(world, "app");
    await world.waitFor("app", "Healthy again", healthy);
    expect(await seen()).toBe(before);
  },
  120_000,
);

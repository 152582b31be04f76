/**
 * NGINX before whole canaries: Debian's nginx, configured from the Ingress annotations by a small controller of these tests
 * (test/dataplane/nginx), sends requests to pods that answer. Skipped where nginx is not installed.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { startBackends } from "../dataplane/backends.ts";
import { nginx, startNginx } from "../dataplane/nginx/controller.ts";
import { podAddresses } from "../dataplane/podAddresses.ts";
import {
  type DataPlane,
  mayPlay,
  name,
  ownCluster,
  playWholeCanary,
  routedObjects,
  STABLE,
} from "../dataplane/story.ts";
import type { KubeObject } from "./harness/api.ts";
import { newWorld, type World } from "./harness/clusterWorld.ts";
import type { StartedHarness } from "./harness/harness.ts";
import { freePort } from "./harness/ports.ts";

const host = "shop.example";

const ingress: KubeObject = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name },
  spec: {
    ingressClassName: "nginx",
    rules: [
      {
        host,
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: STABLE, port: { number: 80 } } } }],
        },
      },
    ],
  },
};

if (nginx === null) console.log("nginxDataPlane: skipped, because nginx is not installed (Debian: nginx-light)");
const plays = nginx !== null && mayPlay;

let cluster: StartedHarness | undefined;
beforeAll(async () => {
  if (plays) cluster = await ownCluster();
}, 120_000);
afterAll(() => cluster?.stop());

interface Story extends Pick<DataPlane, "toCanary" | "toStable"> {
  readonly topic: string;
  /** Annotations of the canary Ingress. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly maxTrafficWeight?: number;
  readonly canary?: object;
  readonly kills?: boolean;
}

async function play({ topic, annotations, toCanary, toStable, kills = false, ...more }: Story): Promise<void> {
  const world: World = await newWorld(topic, cluster);
  const { namespace, harness: current } = world;
  const addresses = podAddresses();
  const backends = await startBackends(current.api, namespace, addresses);
  await current.api.create(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`, ingress);
  const trafficRouting = { nginx: { stableIngress: name, additionalIngressAnnotations: annotations } };
  for (const object of routedObjects({ trafficRouting, port: freePort(), ...more })) await world.create(object);
  const plane = await startNginx(current.api, namespace, addresses, join(current.logs, topic));
  const divides = (percent: number): Promise<void> =>
    plane.serves(`nginx gives the canary ${percent} %`, ([route]) => {
      const { weight, total } = route?.canary ?? { weight: -1, total: 100 };
      return weight * 100 === percent * total;
    });
  try {
    await playWholeCanary(world, { target: { url: plane.url, headers: { host } }, divides, toCanary, toStable }, kills);
    const late = backends.late();
    console.log(
      `dataplane: nginx was configured ${plane.reloads()} times; ${late} requests reached pods that were being deleted`,
    );
    // A version goes only when its traffic has long gone; one that shrinks under traffic has pods that end with a request.
    expect(late > 0 && more.canary === undefined).toBe(false);
  } finally {
    await plane.stop();
    await backends.stop();
  }
}

const header = (value: string) => ({ [`header X-Canary: ${value}`]: { "x-canary": value } });
const cookie = (value: string) => ({ [`cookie canary=${value}`]: { cookie: `canary=${value}` } });
const byCookie = { "canary-by-cookie": "canary" };
const byHeader = { "canary-by-header": "X-Canary" };

const ours = test.concurrent.skipIf(!plays);

ours(
  "no request to nginx fails over a canary and an abort in which the controller is killed",
  () =>
    play({
      topic: "nginx-killed",
      annotations: { ...byHeader, ...byCookie },
      toCanary: { ...header("always"), ...cookie("always") },
      toStable: { ...header("never"), ...cookie("never") },
      kills: true,
    }),
  240_000,
);

// To no pod at all, while the main Ingress still leads to the Service of the stable version.
ours(
  "no request to nginx fails while the stable version shrinks as the canary grows",
  () =>
    play({
      topic: "nginx-dynamic",
      annotations: { ...byHeader, ...byCookie, "canary-by-header-value": "insider" },
      toCanary: { ...header("insider"), ...cookie("always") },
      toStable: cookie("never"),
      maxTrafficWeight: 1000,
      canary: { dynamicStableScale: true },
    }),
  240_000,
);

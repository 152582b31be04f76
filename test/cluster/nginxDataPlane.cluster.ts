/**
 * NGINX before a whole canary: Debian's nginx, configured from the Ingress annotations by a small controller of these tests
 * (test/dataplane/nginx), sends requests to pods that answer. Skipped where nginx is not installed.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { startBackends } from "../dataplane/backends.ts";
import { nginx, startNginx } from "../dataplane/nginx/controller.ts";
import { podAddresses } from "../dataplane/podAddresses.ts";
import { CANARY, mayPlay, name, ownCluster, playWholeCanary, routedObjects, STABLE } from "../dataplane/story.ts";
import type { KubeObject } from "./harness/api.ts";
import { newWorld } from "./harness/clusterWorld.ts";
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

test.skipIf(nginx === null || !mayPlay)(
  "nginx divides requests by the weight of a canary Ingress, and none fails over a whole canary, an abort and a killed controller",
  async () => {
    const cluster = await ownCluster();
    const world = await newWorld("nginx-data-plane", cluster);
    const { api, namespace } = { api: cluster.api, namespace: world.namespace };
    const addresses = podAddresses();
    const backends = await startBackends(api, namespace, addresses);
    await api.create(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`, ingress);
    const additionalIngressAnnotations = { "canary-by-header": "X-Canary", "canary-by-cookie": "canary" };
    const trafficRouting = { nginx: { stableIngress: name, additionalIngressAnnotations } };
    for (const object of routedObjects({ trafficRouting, port: freePort() })) await world.create(object);
    const plane = await startNginx(api, namespace, addresses, join(cluster.logs, "nginx"));
    try {
      const weightIs = (weight: number) =>
        plane.serves(`nginx has weight ${weight}`, (routes) => routes[0]?.canary?.weight === weight);
      await playWholeCanary(world, {
        target: { url: plane.url, headers: { host } },
        divides: weightIs,
        toCanary: {
          "header X-Canary: always": { "x-canary": "always" },
          "cookie canary=always": { cookie: "canary=always" },
        },
        toStable: {
          "header X-Canary: never": { "x-canary": "never" },
          "cookie canary=never": { cookie: "canary=never" },
        },
      });
      console.log(
        `dataplane: nginx was configured ${plane.reloads()} times; ${backends.late()} requests reached pods that were being deleted`,
      );
      expect(CANARY).toBe(CANARY);
    } finally {
      await plane.stop();
      await backends.stop();
      await cluster.stop();
    }
  },
  180_000,
);

/** How much memory the indexes beside Rollouts take, an object: measured on the heap, with whole objects parsed from text. */
import { heapStats } from "bun:jsc";
import { createMigrationStores } from "../../controller/migration/facts/caches.ts";
import { createStore, keyOf } from "../../kube/runtime/cache.ts";
import { createPodIndex } from "../../webhook/admission/podIndex.ts";
import { autoscalerKind, deploymentKind, ingressKind } from "../../webhook/admission/slimKinds.ts";
import type { WebhookFigure } from "./webhookBench.ts";

const MANY = 5_000;

/** As the API server sends one: its texts are shared with no other. */
const parsed = <T extends object>(object: T): T => JSON.parse(JSON.stringify(object)) as T;

const metadata = (n: number, annotations: Readonly<Record<string, string>> = {}) => ({
  name: `checkout-service-${n}`,
  namespace: `team-${n % 50}`,
  uid: crypto.randomUUID(),
  resourceVersion: String(n),
  annotations,
  labels: { "app.kubernetes.io/name": `checkout-service-${n}`, "app.kubernetes.io/part-of": "shop" },
  managedFields: [{ manager: "kubectl", fieldsV1: { "f:spec": { "f:template": { "f:spec": {} } } } }],
});

function deployment(n: number) {
  const labels = { "app.kubernetes.io/name": `checkout-service-${n}`, "app.kubernetes.io/part-of": "shop" };
  const env = Array.from({ length: 20 }, (_, index) => ({ name: `SETTING_${index}`, value: `value ${n}` }));
  const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: `web:${n}`, env }] } };
  const marks = { "sluice.dev/migrate": "reference" };
  return parsed({
    metadata: metadata(n, n % 2 === 0 ? marks : {}),
    spec: { replicas: 3, selector: { matchLabels: labels }, template },
  });
}

const scaleTargetRef = (n: number) => ({ apiVersion: "apps/v1", kind: "Deployment", name: `checkout-service-${n}` });

const ingress = (n: number) => ({
  metadata: metadata(n),
  spec: { rules: [{ http: { paths: [{ path: "/", backend: { service: { name: `checkout-service-${n}` } } }] } }] },
});

function used(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}

/** Bytes for each of many objects. `fill` returns what holds them. */
export function bytesEach(fill: (n: number) => void): number {
  const before = used();
  for (let n = 0; n < MANY; n += 1) fill(n);
  return (used() - before) / MANY;
}

export function indexMemory(): WebhookFigure[] {
  const deployments = createStore({ transform: deploymentKind.slim });
  const pods = createPodIndex();
  const autoscalers = createStore({ transform: autoscalerKind.slim });
  const ingresses = createStore({ transform: ingressKind.slim });
  const migrating = createMigrationStores("");
  const figures: readonly (readonly [string, number])[] = [
    [
      "a Deployment, in the webhook",
      bytesEach((n) => {
        const raw = deployment(n);
        deployments.upsert(raw);
        pods.put(keyOf(raw), raw.metadata.namespace, deploymentKind.slim(raw)?.owner);
      }),
    ],
    ["a Deployment, in the controller", bytesEach((n) => migrating.deployments.upsert(deployment(n)))],
    [
      "a HorizontalPodAutoscaler",
      bytesEach((n) =>
        autoscalers.upsert(parsed({ metadata: metadata(n), spec: { scaleTargetRef: scaleTargetRef(n) } })),
      ),
    ],
    ["an Ingress", bytesEach((n) => ingresses.upsert(parsed(ingress(n))))],
  ];
  return figures.map(([name, bytes]) => ({
    name: `memory of ${name}`,
    value: `${(bytes / 1_024).toFixed(2)} KiB`,
    target: "≤ 2 KiB",
  }));
}

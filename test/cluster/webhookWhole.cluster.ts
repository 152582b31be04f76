/** What admission says of a Rollout for what else the cluster holds, by the rules on caches that a real API server fills. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { parseControllerOptions } from "../../cli/controller/options.ts";
import { createStores } from "../../controller/rollout/facts/stores.ts";
import { loadCredentials } from "../../kube/client/credentials.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { ROLLOUTS, SERVICES } from "../../kube/client/resources.ts";
import { createClient } from "../../kube/client/transport.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import { runReflector } from "../../kube/runtime/watch.ts";
import { cachedRules } from "../../webhook/admission/cachedRules.ts";
import { loopbackCertificates } from "../../webhook/http/testing.ts";
import { createWebhook, type Webhook } from "../../webhook/http/webhook.ts";
import type { KubeObject } from "./harness/api.ts";
import { harness } from "./harness/harness.ts";

const current = await harness();
const { api } = current;
const id = crypto.randomUUID().slice(0, 6);
const namespace = `whole-${id}`;
const label = { "sluice-webhook-test": id };
const configuration = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations`;
const ending = new AbortController();
const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: console.warn, error: console.error };
const stores = createStores();
let webhook: Webhook | undefined;
let reviews = 0;

beforeAll(async () => {
  const parsed = parseControllerOptions(["--kubeconfig", current.kubeconfig], {});
  if (parsed.kind !== "run") throw new Error("The controller's flags have changed");
  const credentials = await loadCredentials(parsed.options.kube);
  const client = createClient({ credentials, version: "0.0.0-test", clock: systemClock });
  const ports = { client, clock: systemClock, signal: ending.signal };
  runReflector({ ...ports, path: collectionPath(ROLLOUTS, undefined), sink: stores.rollouts });
  runReflector({ ...ports, path: collectionPath(SERVICES, undefined), sink: stores.services });
  const { ca, first } = await loopbackCertificates();
  webhook = createWebhook({
    rules: cachedRules({ client, clock: systemClock, log, stores }, undefined, ending.signal),
    client,
    certificate: first,
    reviewed: () => (reviews += 1),
    log,
    clock: systemClock,
    port: 0,
    hostname: "127.0.0.1",
    overridden: quiet,
  });
  await api.create("/api/v1/namespaces", {
    metadata: { name: namespace, labels: { ...label, "pod-security.kubernetes.io/enforce": "restricted" } },
  });
  const caBundle = new TextEncoder().encode(ca).toBase64();
  await api.create(configuration, {
    metadata: { name: namespace },
    webhooks: [
      {
        name: "test.sluice.dev",
        clientConfig: { url: `https://127.0.0.1:${webhook.port}/validate`, caBundle },
        rules: [
          { apiGroups: ["argoproj.io"], apiVersions: ["v1alpha1"], operations: ["*"], resources: ["*"], scope: "*" },
        ],
        namespaceSelector: { matchLabels: label },
        failurePolicy: "Fail",
        sideEffects: "None",
        timeoutSeconds: 2,
        admissionReviewVersions: ["v1"],
      },
    ],
  });
  // The API server uses the configuration a moment later.
  const end = Date.now() + 30_000;
  while (reviews === 0) {
    if (Date.now() > end) throw new Error("The API server did not call the webhook within 30 s");
    await apply(rollout("probe"), "--dry-run=server");
    await Bun.sleep(100);
  }
}, 60_000);

afterAll(async () => {
  await api.delete(`${configuration}/${namespace}`);
  await api.delete(`/api/v1/namespaces/${namespace}`);
  ending.abort();
  await webhook?.stop(0);
});

const apply = (object: unknown, ...flags: string[]) =>
  current.kubectl(["apply", ...flags, "-n", namespace, "-f", "-"], JSON.stringify(object));

/** Caches follow a moment later. */
async function told(object: unknown, text: string, code: number): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    const answer = await apply(object, "--dry-run=server");
    if (answer.stderr.includes(text) || Date.now() > end) {
      expect(answer.stderr).toContain(text);
      expect({ code: answer.code, stderr: answer.stderr }).toMatchObject({ code });
      return;
    }
    await Bun.sleep(50);
  }
}

const template = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: "web", image: "web:1" }] },
});

function rollout(app: string, strategy: object = { canary: {} }, more: object = {}): KubeObject {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: app },
    spec: { replicas: 5, selector: { matchLabels: { app } }, template: template(app), strategy, ...more },
  };
}

const store = async (...objects: readonly object[]): Promise<void> => {
  for (const object of objects) {
    const { code, stderr } = await apply(object);
    if (code !== 0) throw new Error(stderr);
  }
};

describe("an apply is judged by what is there, and says so:", () => {
  test("a Deployment over the same pods, until it is scaled to 0", async () => {
    const deployment = (replicas: number) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "beside" },
      spec: { replicas, selector: { matchLabels: { app: "beside" } }, template: template("beside") },
    });
    await store(deployment(1));
    await told(rollout("beside"), 'Deployment "beside" has the same pods', 1);
    await store(deployment(0));
    await current.kubectl(["-n", namespace, "wait", "--for=jsonpath={.spec.replicas}=0", "deployment/beside"]);
    const end = Date.now() + 10_000;
    while ((await apply(rollout("beside"), "--dry-run=server")).code !== 0 && Date.now() < end) await Bun.sleep(50);
    expect((await apply(rollout("beside"), "--dry-run=server")).code).toBe(0);
  });

  test("another Rollout over the same pods, and a Service that both name", async () => {
    const named = (name: string, app: string) => ({
      ...rollout(app, { canary: { canaryService: "shared", stableService: "shared-stable" } }),
      metadata: { name },
    });
    await store(named("one", "one"));
    await told(named("two", "one"), 'Rollout "one" selects the same pods', 1);
    await told(named("two", "two"), 'Rollout "one" names this Service, too', 0);
  });

  test("autoscalers that pull at one Rollout", async () => {
    const autoscaler = (name: string) => ({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name },
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "scaled" },
      },
    });
    await store(autoscaler("a"), autoscaler("b"));
    await told(rollout("scaled"), 'HorizontalPodAutoscalers "a", "b" all scale this Rollout', 0);
  });

  test("an Ingress that leads elsewhere", async () => {
    const backend = { service: { name: "elsewhere", port: { number: 80 } } };
    await store({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "main" },
      spec: { rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
    });
    const canary = { stableService: "s", canaryService: "c", trafficRouting: { nginx: { stableIngress: "main" } } };
    await told(rollout("routed", { canary }), "ingress `main` has no rules using service s backend", 1);
  });

  test("an edit of a protected template that would hold a Rollout", async () => {
    const measuring = (name: string, metric: string, annotations: object = {}) => ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { name, annotations },
      spec: { metrics: [{ name: metric, provider: { prometheus: { address: "http://p", query: "1" } } }] },
    });
    await store(measuring("a", "m"), measuring("b", "n"));
    const templates = [{ templateName: "a" }, { templateName: "b" }];
    await store(rollout("measured", { canary: { steps: [{ setWeight: 20 }, { analysis: { templates } }] } }));
    const broken = `would hold Rollout "${namespace}/measured"`;
    await told(measuring("a", "n"), broken, 0);
    await told(measuring("a", "n", { "sluice.dev/protect": "true" }), broken, 1);
  });
});

describe("what others say of the pods", () => {
  test("comes back with whose it is", async () => {
    const warning = "spec.template: Pod Security admission warns: would violate PodSecurity";
    await told(rollout("loose"), warning, 0);
    await api.create(`/api/v1/namespaces/${namespace}/resourcequotas`, {
      metadata: { name: "none" },
      spec: { hard: { "count/replicasets.apps": "0" } },
    });
    await told(rollout("many"), 'spec.template: ResourceQuota "none" would refuse these pods now', 0);
  });
});

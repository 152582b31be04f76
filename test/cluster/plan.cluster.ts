/**
 * Deployments that are to become Rollouts, before anything is done to them: profiles are judged when they are written, and
 * `sluice convert --plan` says what would happen. On a real API server, with the kinds of KEDA, the autoscaler and Prometheus.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runConvert } from "../../cli/convert/command.ts";
import { parseControllerOptions } from "../../cli/controller/options.ts";
import { watchProfiles } from "../../controller/migration/facts/profiles.ts";
import { createStores } from "../../controller/rollout/facts/stores.ts";
import { loadCredentials } from "../../kube/client/credentials.ts";
import { createClient } from "../../kube/client/transport.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import { cachedRules } from "../../webhook/admission/cachedRules.ts";
import { configurationFor } from "../../webhook/configuration/configuration.ts";
import { loopbackCertificates } from "../../webhook/http/testing.ts";
import { createWebhook, type Webhook } from "../../webhook/http/webhook.ts";
import type { KubeObject } from "./harness/api.ts";
import { applyForeignKinds } from "./harness/foreignKinds.ts";
import { harness } from "./harness/harness.ts";
import { until } from "./harness/until.ts";

const current = await harness();
const { api } = current;
const id = crypto.randomUUID().slice(0, 6);
const namespace = `plan-${id}`;
const ownNamespace = `plan-own-${id}`;
const configurations = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations`;
const ending = new AbortController();
const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: console.warn, error: console.error };
let webhook: Webhook | undefined;
const reviews: string[] = [];

/** As Sluice writes it, but for the namespaces of this test. */
function configured(port: number, caBundle: string): object {
  const { webhooks = [], ...rest } = configurationFor({
    endpoint: { kind: "url", url: `https://127.0.0.1:${port}` },
    namespace: ownNamespace,
    instanceId: id,
    caBundle,
    failurePolicy: "Fail",
    conditions: true,
  });
  const ours = { key: "kubernetes.io/metadata.name", operator: "In", values: [namespace, ownNamespace] };
  const profiles = webhooks.find(({ name }) => name === "profiles.sluice.dev");
  const objectSelector = { matchLabels: { "sluice.dev/profiles": "true" } };
  const namespaceSelector = { matchExpressions: [ours] };
  return { ...rest, webhooks: [{ ...profiles, failurePolicy: "Fail", namespaceSelector, objectSelector }] };
}

beforeAll(async () => {
  await applyForeignKinds(current);
  for (const name of [namespace, ownNamespace]) await api.create("/api/v1/namespaces", { metadata: { name } });
  const parsed = parseControllerOptions(["--kubeconfig", current.kubeconfig], {});
  if (parsed.kind !== "run") throw new Error("The controller's flags have changed");
  const credentials = await loadCredentials(parsed.options.kube);
  const client = createClient({ credentials, version: "0.0.0-test", clock: systemClock });
  const ports = { client, clock: systemClock, log };
  const profiles = watchProfiles({ ...ports, watched: undefined, ownNamespace, signal: ending.signal });
  const { ca, first } = await loopbackCertificates();
  webhook = createWebhook({
    ...ports,
    rules: cachedRules({ ...ports, stores: createStores(), profiles }, undefined, ending.signal),
    certificate: first,
    reviewed: (kind, operation, verdict) => reviews.push(`${operation} ${kind} ${verdict}`),
    port: 0,
    hostname: "127.0.0.1",
    overridden: quiet,
  });
  await api.create(configurations, configured(webhook.port, ca));
  await until(
    "the API server calls the webhook",
    async () => {
      await apply(profilesOf({ a: "canary: {}" }), "--dry-run=server");
      return reviews.length > 0;
    },
    30_000,
  );
}, 60_000);

afterAll(async () => {
  await api.delete(`${configurations}/sluice-${id}`);
  for (const name of [namespace, ownNamespace]) await api.delete(`/api/v1/namespaces/${name}`);
  ending.abort();
  await webhook?.stop(0);
});

const apply = (object: unknown, ...flags: readonly string[]) =>
  current.kubectl(["apply", ...flags, "-f", "-"], JSON.stringify(object));

async function stored(...objects: readonly object[]): Promise<void> {
  for (const object of objects) {
    const { code, stderr } = await apply(object);
    if (code !== 0) throw new Error(stderr);
  }
}

const profilesOf = (data: object, where = namespace, name = "profiles"): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: where, labels: { "sluice.dev/profiles": "true" } },
  data,
});

const deployment = (name: string, annotations: object = {}, spec: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace, annotations: annotations as Readonly<Record<string, string>> },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "c:1" }] } },
    ...spec,
  },
});

const inTest = (apiVersion: string, kind: string, name: string, spec: object, labels: object = {}): object => ({
  apiVersion,
  kind,
  metadata: { name, namespace, labels },
  spec,
});

async function plan(...args: readonly string[]): Promise<{ code: number; text: string; report: string }> {
  let text = "";
  let report = "";
  const code = await runConvert(
    ["--plan", "-n", namespace, "--kubeconfig", current.kubeconfig, "--controller-namespace", ownNamespace, ...args],
    {
      stdin: () => Promise.resolve(""),
      out: (more) => void (text += more),
      err: (line) => void (report += `${line}\n`),
    },
  );
  return { code, text, report };
}

const isAvailable = async (name: string): Promise<boolean> => {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const { status } = await api.get<KubeObject & { status?: { availableReplicas?: number } }>(path);
  return status?.availableReplicas === 2;
};

describe("a ConfigMap of profiles", () => {
  test("is refused by kubectl apply for all that is wrong in it, with place and help", async () => {
    const wrong = { a: "canary: { steps: [{ setWeight: 200 }] }", b: "canary: [", c: "spec: {}", d: "canary: {}" };
    const { code, stderr } = await apply(profilesOf(wrong));
    expect(code).toBe(1);
    expect(stderr).toContain("data[a].canary.steps[0].setWeight: Invalid value: 200");
    expect(stderr).toContain('data[b]: Invalid value: "…": line 1, column');
    expect(stderr).toContain("data[c]: Required value: canary or blueGreen");
    expect(stderr).not.toContain("data[d]");
  });

  test("that names a Service which does not exist is admitted with a warning, in Sluice's own namespace without", async () => {
    const data = { preview: "blueGreen: { activeService: nowhere, previewService: $(name)-preview }" };
    const { code, stderr } = await apply(profilesOf(data), "--dry-run=server");
    expect(code).toBe(0);
    expect(stderr).toContain(
      'data[preview].blueGreen.activeService: Invalid value: "nowhere": service "nowhere" not found',
    );
    expect(stderr).not.toContain("$(name)-preview");
    expect(await apply(profilesOf(data, ownNamespace), "--dry-run=server")).toMatchObject({ code: 0, stderr: "" });
  });

  test("without the label is none of Sluice's", async () => {
    const { kind, apiVersion, data } = profilesOf({ a: "canary: 1" });
    const plain = { kind, apiVersion, data, metadata: { name: "plain", namespace } };
    expect(await apply(plain)).toMatchObject({ code: 0, stderr: "" });
    const labelled = await current.kubectl([
      "-n",
      namespace,
      "label",
      "configmap",
      "plain",
      "sluice.dev/profiles=true",
    ]);
    expect(labelled.stderr).toContain("data[a].canary: Invalid value: 1");
  });

  test("that loses a profile warns of the Deployments that name it, by each way to lose it", async () => {
    await stored(
      profilesOf({ careful: "canary: {}", other: "canary: {}" }),
      deployment("named", { "sluice.dev/migrate": "reference", "sluice.dev/profile": "careful" }, { replicas: 0 }),
    );
    const warning = `Deployment "${namespace}/named" names it, and it is gone with this`;
    const { code, stderr } = await apply(profilesOf({ other: "canary: {}" }), "--dry-run=server");
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(warning) as string });
    const on = ["-n", namespace, "--dry-run=server"];
    const unlabelled = await current.kubectl(["label", "configmap", "profiles", "sluice.dev/profiles-", ...on]);
    expect(unlabelled.stderr).toContain(warning);
    const deleted = await current.kubectl(["delete", "configmap", "profiles", ...on]);
    expect(deleted.stderr).toContain(warning);
    const kept = await apply(profilesOf({ careful: "canary: {}" }), "--dry-run=server");
    expect(kept).toMatchObject({ code: 0, stderr: "" });
    await current.kubectl(["-n", namespace, "delete", "deployment", "named"]);
  });
});

describe("a plan", () => {
  test("says what migrating would do, who goes on, and what is to be changed", async () => {
    const app = { matchLabels: { app: "web" } };
    const target = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
    await stored(
      profilesOf({ slow: "canary: { maxSurge: 2, steps: [{ setWeight: 50 }, { pause: {} }] }" }, ownNamespace),
      deployment("web", { "sluice.dev/profile": "slow" }, { minReadySeconds: 1 }),
      inTest("autoscaling/v2", "HorizontalPodAutoscaler", "web", {
        maxReplicas: 5,
        minReplicas: 2,
        scaleTargetRef: target,
      }),
      inTest("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", "web", { targetRef: target }),
      inTest("keda.sh/v1alpha1", "ScaledObject", "web", { scaleTargetRef: { name: "web" } }),
      inTest("policy/v1", "PodDisruptionBudget", "web", { selector: app, minAvailable: 1 }),
      inTest("monitoring.coreos.com/v1", "PodMonitor", "web", { selector: app }),
      inTest("v1", "Service", "web", { selector: { app: "web" }, ports: [{ port: 80 }] }, { team: "shop" }),
      inTest("monitoring.coreos.com/v1", "ServiceMonitor", "web", { selector: { matchLabels: { team: "shop" } } }),
    );
    await until("it is available", () => isAvailable("web"), 30_000);
    const { code, text, report } = await plan();
    expect({ code, report }).toEqual({ code: 0, report: "" });
    const flat = text.replaceAll(/\n {3,}/g, " ");
    expect(flat).toContain(`profile     slow, of ConfigMap "${ownNamespace}/profiles"`);
    expect(flat).toMatch(
      /2 pods more \(4 in all\) until the Rollout's are available: about \d+ s, as its pods show, 1 s/,
    );
    expect(flat).toContain(
      "adopt       No pod more than now, and no pod restarts. Later updates have up to 2 pods more.",
    );
    expect(flat).toContain(`rewritten   HorizontalPodAutoscaler "${namespace}/web"`);
    const line = "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web}";
    expect(text).toContain(`                spec.targetRef: ${line}\n`);
    expect(text).toContain(`                spec.scaleTargetRef: ${line}\n`);
    for (const kind of ["PodDisruptionBudget", "Service", "PodMonitor", "ServiceMonitor"])
      expect(flat).toMatch(new RegExp(`goes on .*${kind} "${namespace}/web"`));
    expect(text.split("\n").filter((each) => each.length > 80 && !each.includes(line))).toEqual([]);
  });

  test("says what stands in the way, and what does so no more", async () => {
    const labels = { selector: { matchLabels: { app: "web" } }, template: deployment("web").spec };
    const { template } = labels.template as { readonly template: object };
    await stored(
      inTest("v1", "ResourceQuota", "small", { hard: { pods: "3" } }),
      { ...deployment("twin"), spec: { replicas: 0, selector: labels.selector, template } },
      deployment("stopped", {}, { replicas: 0, paused: true, strategy: { type: "Recreate" } }),
    );
    await until(
      "the quota is counted",
      async () => {
        const path = `/api/v1/namespaces/${namespace}/resourcequotas/small`;
        const { status } = await api.get<KubeObject & { status?: { used?: { pods?: string } } }>(path);
        return status?.used?.pods === "2";
      },
      30_000,
    );
    const { code, text } = await plan();
    const flat = text.replaceAll(/\n {3,}/g, " ");
    expect(code).toBe(1);
    expect(flat).toContain(
      `In mode reference: ResourceQuota "${namespace}/small" is too small: pods: 2 more is needed, and 1 of 3 is left.`,
    );
    expect(flat).toContain(`Deployment "${namespace}/twin" may have the same pods`);
    expect(flat).toContain("Its strategy is Recreate");
    expect(flat).toContain("It is paused: kubectl rollout resume lets it be migrated.");
    for (const name of ["twin", "stopped"]) await current.kubectl(["-n", namespace, "delete", "deployment", name]);
    await current.kubectl(["-n", namespace, "delete", "resourcequota", "small"]);
    expect(await plan("-o", "json")).toMatchObject({ code: 0 });
  });

  test("changes nothing", async () => {
    const read = async (): Promise<string> => {
      const { stdout } = await current.kubectl([
        "-n",
        namespace,
        "get",
        "deployments,hpa,pdb,configmaps",
        "-o",
        "yaml",
      ]);
      return stdout;
    };
    const before = await read();
    await plan();
    expect(await read()).toBe(before);
  });
});

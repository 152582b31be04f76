/** `sluice doctor` on a real API server: of an install as it ships, and of one in which several things are broken. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { run } from "../../cli/doctor/command.ts";
import type { Told } from "../../controller/doctor/checks.ts";
import { clusterPorts } from "./harness/clusterPorts.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { healthy, newWorld } from "./harness/clusterWorld.ts";
import type { KubeObject } from "./harness/api.ts";
import { type Installation, installYaml, ownNamespace, policyOf, startInstallation } from "./harness/installation.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { type Pod, serveService } from "./harness/podProcess.ts";

const ours = test.skipIf(otherController() !== undefined);
let installation: Installation;
let pod: Pod;
let stopService = (): void => {};

beforeAll(async () => {
  if (otherController() !== undefined) return;
  installation = await startInstallation();
  const { api, kubectl, until } = installation;
  await kubectl("apply", "-f", installYaml);
  const path = `/api/v1/namespaces/${ownNamespace}/services/sluice-webhook`;
  const { spec } = await api.get<KubeObject & { spec: { clusterIP: string; ports: [{ port: number }] } }>(path);
  stopService = await serveService(spec.clusterIP, spec.ports[0].port, () => pod.webhookPort ?? 0);
  pod = await installation.startPod(ownNamespace, "sluice");
  await until("the webhook is in force", async () => (await policyOf(installation)) === "Ignore");
}, 120_000);

afterAll(async () => {
  stopService();
  await installation?.stop();
});

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function doctor(args: readonly string[]): Promise<Answer> {
  const ports = clusterPorts(installation.plane.kubeconfig, "default");
  const code = await run(args, ports);
  return { code, ...ports.told };
}

async function findings(args: readonly string[] = []): Promise<readonly Told[]> {
  const { out } = await doctor([...args, "-o", "json"]);
  return (JSON.parse(out) as { readonly findings: readonly Told[] }).findings;
}

const shown = (all: readonly Told[]): readonly string[] =>
  all.map(({ severity, about, what }) => `${severity}: ${about}: ${what}`);

ours(
  "a healthy install has no findings but who drives and that mistakes are refused, and nothing is stored",
  async () => {
    const world = await newWorld("cli-doctor", installation.cluster);
    await world.applyExample("rollout-canary.yaml");
    await world.settle("rollout-canary", "it is Healthy", healthy);
    const { code, out, err } = await doctor([]);
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^ok {7}Lease argo-rollouts\/argo-rollouts-controller-lock: Sluice \(\S+\) holds it, renewed \d+s ago\n {9}it drives the Rollouts$/m,
    );
    expect(out).toMatch(
      /^ok {7}ValidatingWebhookConfiguration sluice: a wrong Rollout is refused, with failurePolicy Ignore$/m,
    );
    expect(out).toMatch(/^no errors: 1 Rollout at https:\S+\n$/m);
    const stored = await installation.kubectl("get", "rollouts,configmaps,leases", "-A", "-o", "name");
    expect(stored.stdout).not.toContain("doctor");
    expect(stored.stdout).not.toContain("probe");
  },
);

ours("who may read nothing is told so, and nothing is claimed", async () => {
  const { code, out } = await doctor(["--as", "jane"]);
  expect(code, out).toBe(2);
  expect(out).toMatch(
    /^unknown {2}Rollouts: which Rollouts there are is not known\n {9}Cannot list rollouts.*forbidden/m,
  );
  expect(out).not.toMatch(/^(ok|warning|error)/m);
  expect(out).toMatch(/^no errors, \d+ things not known: Rollouts not read at https:/m);
});

const rollout = (namespace: string, name: string, canary: object, labels: object = {}) => ({
  ...rolloutOf(name, { canary }, { replicas: 1 }),
  metadata: { namespace, name, labels },
});

ours("what Rollouts name and is not there is told, each with the command that mends it", async () => {
  const { namespace, harness } = await newWorld("cli-doctor-names", installation.cluster);
  const services = { stableService: "stable", canaryService: "canary" };
  const objects = [
    rollout(namespace, "mesh", { ...services, trafficRouting: { smi: {} } }),
    rollout(namespace, "stray", {}, { "argo-rollouts.argoproj.io/controller-instance-id": "blue" }),
    rollout(namespace, "judged", {
      steps: [{ analysis: { templates: [{ templateName: "gone" }, { templateName: "asks" }] } }],
    }),
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { namespace, name: "asks" },
      spec: {
        metrics: [{ name: "m", successCondition: "true", provider: { web: { url: "http://nobody.invalid/" } } }],
      },
    },
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { namespace, name: "taken" },
      spec: { workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "gone" }, strategy: { canary: {} } },
    },
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { namespace, name: "own" },
      spec: {
        args: [{ name: "token", valueFrom: { secretKeyRef: { name: "absent", key: "k" } } }],
        metrics: [
          { name: "m", provider: { plugin: { "acme/metric": {} } } },
          { name: "pods", provider: { plugin: { "sluice.dev/pods": { rollout: "judged" } } } },
        ],
      },
    },
  ];
  const applied = await harness.kubectl(
    ["apply", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
  );
  expect(applied.code, applied.stderr).toBe(0);
  const all = (await findings(["-n", namespace])).filter(({ severity }) => severity !== "info");
  const steps = "spec.strategy.canary.steps[0].analysis.templates";
  expect(shown(all).toSorted()).toEqual([
    `error: AnalysisTemplate ${namespace}/own: Secret ${namespace}/absent does not exist`,
    `error: AnalysisTemplate ${namespace}/own: plugin acme/metric cannot be asked`,
    `error: Rollout ${namespace}/judged: ${steps}: Invalid value: "gone": AnalysisTemplate 'gone' not found`,
    `error: Rollout ${namespace}/mesh: spec.strategy.canary.canaryService: Invalid value: "canary": service "canary" not found`,
    `error: Rollout ${namespace}/mesh: spec.strategy.canary.stableService: Invalid value: "stable": service "stable" not found`,
    `error: Rollout ${namespace}/mesh: the SMI router works by trafficsplits.split.smi-spec.io, which the cluster does not have`,
    `error: Rollout ${namespace}/stray: no running controller has instance id "blue"`,
    `error: Rollout ${namespace}/taken: spec.workloadRef.name: Invalid value: "gone": Deployment "gone" not found`,
  ]);
  const asked = await findings(["-n", namespace, "--metrics"]);
  expect(shown(asked.filter(({ check }) => check === "metrics"))).toEqual([
    expect.stringMatching(
      /^warning: Rollout \S+\/judged: the metric "m" of AnalysisTemplate 'asks' asks http:\/\/nobody\.invalid, which does not answer from this machine \(.+\)$/,
    ) as string,
  ]);
  expect(all.filter(({ mend }) => mend === undefined)).toEqual([]);
});

const definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rollouts.argoproj.io";

ours("an older schema, rights that are gone and a controller that has ended are told", async () => {
  const { api, kubectl, plane } = installation;
  const found = await api.get(definition);
  const old = JSON.stringify(found, (key, value: unknown) => (key === "progressDeadlineAbort" ? undefined : value));
  const replaced = await plane.kubectl(["replace", "-f", "-"], { stdin: old });
  expect(replaced.code, replaced.stderr).toBe(0);
  await kubectl("delete", "clusterrolebinding", "sluice");
  await pod.child.stop("SIGTERM", 30_000);
  const { code, out } = await doctor(["-n", "default"]);
  expect(code).toBe(1);
  expect(out).toMatch(
    /^warning {2}CustomResourceDefinition rollouts.argoproj.io: its schema is older than this version of Sluice: it does not know spec.progressDeadlineAbort$/m,
  );
  expect(out).toMatch(
    /^error {4}Deployment argo-rollouts\/sluice: system:serviceaccount:argo-rollouts:sluice may not get, list, watch, patch rollouts.argoproj.io in all namespaces$/m,
  );
  expect(out).toMatch(
    /^error {4}Lease argo-rollouts\/argo-rollouts-controller-lock: it was given back, and nobody has taken it since$/m,
  );
  expect(out).toMatch(/^error {4}ValidatingWebhookConfiguration sluice: the API server does not reach the webhook$/m);
  expect(out).toMatch(/^error {4}ValidatingWebhookConfiguration sluice: a dry run of a wrong Rollout was admitted$/m);
});

ours("a cluster that does not answer is not examined", async () => {
  const { code, err } = await doctor(["--server", "https://127.0.0.1:1"]);
  expect(code).toBe(2);
  expect(err).toStartWith("Error: cannot examine the cluster: Cannot get /version: ");
});

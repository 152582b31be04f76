/**
 * The admission webhook as a real API server calls it and a stock kubectl shows it: the webhook in this process,
 * reached by its URL on loopback, for namespaces with a label of its own.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../kube/clock/clock.ts";
import { parseControllerOptions } from "../../cli/controller/options.ts";
import { admissionFindings, type References } from "../../controller/rules/admission/admissionFindings.ts";
import { rangeViolations } from "../../controller/rules/admission/ranges.ts";
import { newViolations } from "../../kube/validation/ratchet.ts";
import { loadCredentials } from "../../kube/client/credentials.ts";
import { createClient } from "../../kube/client/transport.ts";
import { loopbackCertificates } from "../../webhook/http/testing.ts";
import type { Override } from "../../webhook/review/validate.ts";
import { createWebhook, type Webhook } from "../../webhook/http/webhook.ts";
import type { KubeObject } from "./harness/api.ts";
import type { CommandResult } from "./harness/controlPlane.ts";
import { harness } from "./harness/harness.ts";
import { sharedDir } from "./harness/kubeBinary.ts";

const current = await harness();
const { api } = current;
const id = crypto.randomUUID().slice(0, 6);
const namespace = `webhook-${id}`;
const label = { "sluice-webhook-test": id };
const configuration = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations`;
const rollouts = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;

let webhook: Webhook | undefined;
/** The objects in the cluster that the rules can look up. */
let references: References = {};
const reviews: string[] = [];
const overrides: Override[] = [];
const quiet = (): void => undefined;

async function startWebhook(): Promise<{ port: number; ca: string }> {
  const parsed = parseControllerOptions(["--kubeconfig", current.kubeconfig], {});
  if (parsed.kind !== "run") throw new Error("The controller's flags have changed");
  const credentials = await loadCredentials(parsed.options.kube);
  const { ca, first } = await loopbackCertificates();
  webhook = createWebhook({
    rules: { findings: (object, kind) => admissionFindings(object, kind, { references }), newViolations },
    client: createClient({ credentials, version: "0.0.0-test", clock: systemClock }),
    certificate: first,
    reviewed: (kind, operation, verdict) => reviews.push(`${operation} ${kind} ${verdict}`),
    log: { debug: quiet, info: quiet, warn: console.warn, error: console.error },
    clock: systemClock,
    port: 0,
    hostname: "127.0.0.1",
    overridden: (override) => overrides.push(override),
  });
  return { port: webhook.port, ca };
}

beforeAll(async () => {
  const { port, ca } = await startWebhook();
  await api.create("/api/v1/namespaces", { metadata: { name: namespace, labels: label } });
  const caBundle = new TextEncoder().encode(ca).toBase64();
  const everything = {
    apiGroups: ["argoproj.io"],
    apiVersions: ["v1alpha1"],
    // Wider than Sluice's own configuration, so that the handler has to allow reviews which that does not send.
    operations: ["*"],
    resources: ["*/*"],
    scope: "*",
  };
  await api.create(configuration, {
    metadata: { name: namespace },
    webhooks: [
      {
        name: "test.sluice.dev",
        clientConfig: { url: `https://127.0.0.1:${port}/validate`, caBundle },
        rules: [everything],
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
  while (reviews.length === 0) {
    if (Date.now() > end) throw new Error("The API server did not call the webhook within 30 s");
    await kubectl(["apply", "--dry-run=server", "-f", "-"], rollout("probe"));
    await Bun.sleep(100);
  }
}, 60_000);

afterAll(async () => {
  await api.delete(`${configuration}/${namespace}`);
  await api.delete(`/api/v1/namespaces/${namespace}`);
  await webhook?.stop(0);
});

beforeEach(() => {
  references = {};
  reviews.length = 0;
  overrides.length = 0;
});

const kubectl = (args: readonly string[], object?: unknown): Promise<CommandResult> =>
  current.kubectl([...args, "-n", namespace], object === undefined ? undefined : JSON.stringify(object));
const apply = (object: unknown, ...flags: string[]): Promise<CommandResult> =>
  kubectl(["apply", ...flags, "-f", "-"], object);

const template = (container: object = {}, labels: object = { app: "web" }) => ({
  metadata: { labels },
  spec: { containers: [{ name: "web", image: "web:1", ...container }] },
});

function rollout(name: string, spec: object = {}, metadata: object = {}): KubeObject {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name, ...metadata },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: "web" } },
      template: template(),
      strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } },
      ...spec,
    },
  };
}

const breakGlass = { annotations: { "sluice.dev/admission": "warn" } };

/** Stores an invalid object, as if from before the rules. */
async function storeWrong(name: string, spec: object): Promise<void> {
  const { code, stderr } = await apply(rollout(name, spec, breakGlass));
  if (code !== 0) throw new Error(stderr);
  await kubectl(["annotate", "rollout", name, "sluice.dev/admission-"]);
  reviews.length = 0;
}

interface Bundle {
  readonly name: string;
  readonly documents: readonly (KubeObject & { readonly spec: { readonly selector?: Record<string, string> } })[];
  readonly valid: boolean;
}

const file = join(sharedDir(), "conformance/validation.jsonl");
const bundles = existsSync(file)
  ? (await Bun.file(file).text())
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Bundle)
  : [];

describe("the verdicts of the reference's linter", () => {
  if (bundles.length === 0) test.skip(`no ${file}`, () => {});
  const named = ({ documents }: Bundle, kind: string) =>
    new Map(
      documents.filter((document) => document.kind === kind).map((document) => [document.metadata.name, document]),
    );

  test.each(bundles)("agree on kubectl apply: $name", async (bundle) => {
    const services = new Map(
      [...named(bundle, "Service")].map(([name, { metadata, spec }]) => [
        name,
        { selector: spec.selector ?? {}, annotations: metadata.annotations ?? {} },
      ]),
    );
    const kinds: Readonly<Record<string, string>> = { ingresses: "Ingress", virtualservices: "VirtualService" };
    references = { services, routed: ({ plural }) => named(bundle, kinds[plural] ?? "") };
    for (const document of bundle.documents.filter(({ kind }) => kind === "Rollout")) {
      const { code, stderr } = await apply(document, "--dry-run=server");
      // Numbers that the reference lets through (docs/differences.md#numbers-and-durations-out-of-range).
      const accepted = bundle.valid && rangeViolations(document, "Rollout").length === 0;
      // With stderr, which shows why a command failed.
      expect({ accepted: code === 0, stderr }).toMatchObject({ accepted });
    }
  });
});

describe("kubectl shows", () => {
  test("all that is wrong at once, each with its path", async () => {
    const wrong = {
      revisionHistoryLimit: -1,
      minReadySeconds: 700,
      strategy: { canary: { steps: [{ setWeight: 101 }, { pause: { duration: "-5s" } }] } },
      template: template({ name: "BAD" }, { app: "other" }),
    };
    const { code, stderr } = await apply(rollout("wrong", wrong));
    expect(code).toBe(1);
    expect(stderr).toStartWith('The Rollout "wrong" is invalid: \n* ');
    for (const path of [
      "spec.revisionHistoryLimit: Invalid value: -1",
      "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
      "spec.strategy.canary.steps[0].setWeight: Invalid value: 101",
      "spec.strategy.canary.steps[1].pause.duration: Invalid value: -5",
      'spec.template.spec.containers[0].name: Invalid value: "BAD"',
      "spec.template.metadata.labels: Invalid value",
    ]) {
      expect(stderr).toContain(`\n* ${path}`);
    }
    expect(reviews).toEqual(["CREATE Rollout refused"]);
  });

  test("what to do, behind each mistake", async () => {
    const strategy = {
      canary: { stableService: "web", steps: [{ pause: { duration: "1d" } }, { setWeight: 1, pause: {} }] },
    };
    references = {
      services: new Map([
        ["web", { selector: { app: "web" }, annotations: { "argo-rollouts.argoproj.io/managed-by-rollouts": "shop" } }],
      ]),
    };
    const { code, stderr } = await apply(rollout("helped", { strategy, template: template({}, { app: "other" }) }));
    expect(code).toBe(1);
    for (const help of [
      'Duration needs to be greater than 0. "1d" is not a duration: write "24h". Allowed is',
      "This step has pause and setWeight: make a step of each",
      'is managed by another Rollout. That is Rollout "shop"',
      "The selector asks for app=web, and the labels have app=other",
    ]) {
      expect(stderr).toContain(help);
    }
  });

  test("help behind a warning, too", async () => {
    const canary = { stableService: "a", canaryService: "b", trafficRouting: { nginx: {} } };
    const { code, stderr } = await apply(rollout("warned-of", { strategy: { canary } }));
    expect(code).toBe(0);
    expect(stderr).toContain("Neither are configured. Write stableIngress with the name of an Ingress");
  });

  test("the same as other clients, which get a text and all causes", async () => {
    const wrong = rollout("wrong", { revisionHistoryLimit: -1, minReadySeconds: -1 });
    const refusal = await api.create(rollouts, wrong).then(() => "stored", String);
    expect(refusal).toContain(
      String.raw`admission webhook \"test.sluice.dev\" denied the request: Rollout.argoproj.io \"wrong\" is invalid: [`,
    );
    const causes = [...refusal.matchAll(/"field":\s*"([^"]+)"/g)].map(([, field]) => field);
    expect(causes).toEqual(["spec.minReadySeconds", "spec.revisionHistoryLimit"]);
  });

  test("warnings of what is risky, and stores it", async () => {
    const { code, stderr } = await apply(
      rollout("risky", { replicas: 3, progressDeadlineAbort: true }),
      "--dry-run=server",
    );
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: spec.strategy.canary.steps[0].setWeight: Invalid value: 20: without a router");
    expect(stderr).toContain("Warning: spec.strategy.canary.steps[1].pause: Invalid value: {}: has no duration");
  });

  test("a router that does not exist, which the API server keeps", async () => {
    const strategy = { canary: { trafficRouting: { gatewayAPI: { httpRoute: "web" } }, steps: [{ pause: {} }] } };
    const { code, stderr } = await apply(rollout("gateway", { strategy }));
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: spec.strategy.canary.trafficRouting.gatewayAPI: Forbidden: is no router");
    const stored = await api.get(`${rollouts}/gateway`);
    expect(stored["spec"]).toMatchObject({ strategy });
  });

  test("what only the API server finds in a pod template, with the Rollout's path", async () => {
    const bad = { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: "", whenUnsatisfiable: "Never" }] };
    const pod = template();
    const { code, stderr } = await apply(
      rollout("wrong", { template: { ...pod, spec: { ...pod.spec, ...bad, schedulerName: "a b" } } }),
    );
    expect(code).toBe(1);
    expect(stderr).toContain("spec.template.spec.");
  });

  test("an unknown field of the pod template as the writer wants it", async () => {
    const unknown = rollout("unknown", { template: template({ futureProbe: { every: "5s" } }) });
    const strict = await apply(unknown, "--dry-run=server");
    const warned = await apply(unknown, "--dry-run=server", "--validate=warn");
    const ignored = await apply(unknown, "--dry-run=server", "--validate=ignore");
    expect([strict.code, warned.code, ignored.code, ignored.stderr]).toEqual([1, 0, 0, ""]);
    expect(strict.stderr).toContain("futureProbe");
    expect(warned.stderr).toContain("futureProbe");
  });
});

describe("break-glass", () => {
  test("stores what is wrong, with warnings, and is told", async () => {
    const { code, stderr } = await apply(rollout("glass", { minReadySeconds: 700 }, breakGlass));
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: spec.progressDeadlineSeconds: Invalid value: 600");
    expect(overrides).toMatchObject([{ kind: "Rollout", namespace, name: "glass", user: "sluice-test" }]);
    const stored = await api.get(`${rollouts}/glass`);
    expect(overrides[0]?.uid).toBe(stored.metadata.uid ?? "none");
  });

  test("leaves no trace when it is only tried", async () => {
    expect((await apply(rollout("tried", { minReadySeconds: 700 }, breakGlass), "--dry-run=server")).code).toBe(0);
    expect(overrides).toEqual([]);
  });
});

describe("an object that is stored and wrong", () => {
  test("can be scaled, paused, labelled, undone and deleted, but gets no worse", async () => {
    await storeWrong("old", { minReadySeconds: 700 });
    const steps: [string, string[]][] = [
      ["scale", ["scale", "rollout", "old", "--replicas=1"]],
      ["label", ["label", "rollout", "old", "a=b"]],
      ["pause", ["patch", "rollout", "old", "--type=merge", "-p", '{"spec":{"paused":true}}']],
      [
        "new image",
        [
          "patch",
          "rollout",
          "old",
          "--type=json",
          "-p",
          '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"web:2"}]',
        ],
      ],
      [
        "status",
        ["patch", "rollout", "old", "--subresource=status", "--type=merge", "-p", '{"status":{"message":"m"}}'],
      ],
    ];
    for (const [what, command] of steps) expect([what, await kubectl(command)]).toMatchObject([what, { code: 0 }]);
    const worse = await kubectl([
      "patch",
      "rollout",
      "old",
      "--type=merge",
      "-p",
      '{"spec":{"revisionHistoryLimit":-1}}',
    ]);
    expect(worse.code).toBe(1);
    expect(worse.stderr).toContain("spec.revisionHistoryLimit");
    expect(worse.stderr).not.toContain("denied the request: spec.progressDeadlineSeconds");
    expect((await kubectl(["delete", "rollout", "old"])).code).toBe(0);
    expect(reviews.filter((review) => review.endsWith("refused"))).toEqual(["UPDATE Rollout refused"]);
  });

  test("loses its finalizers and goes", async () => {
    await storeWrong("held", { minReadySeconds: 700 });
    await kubectl([
      "patch",
      "rollout",
      "held",
      "--type=merge",
      "-p",
      '{"metadata":{"finalizers":["example.com/hold"]}}',
    ]);
    await kubectl(["delete", "rollout", "held", "--wait=false"]);
    const freed = await kubectl(["patch", "rollout", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}']);
    expect(freed.code).toBe(0);
    expect((await kubectl(["get", "rollout", "held"])).stderr).toContain("not found");
  });
});

test("a write of an AnalysisRun's status, which has no subresource, passes", async () => {
  const run = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: "run" },
    spec: { metrics: [{ name: "m", provider: { prometheus: { address: "http://localhost", query: "1" } } }] },
  };
  expect((await apply(run)).code).toBe(0);
  const patched = await kubectl([
    "patch",
    "analysisrun",
    "run",
    "--type=merge",
    "-p",
    '{"status":{"phase":"Running"}}',
  ]);
  expect(patched.code).toBe(0);
  const [created, ...written] = reviews.filter((review) => review.includes("AnalysisRun"));
  expect(created).toBe("CREATE AnalysisRun allowed");
  // The controller, which measures the run, writes its status as well.
  expect([...new Set(written)]).toEqual(["UPDATE AnalysisRun passed"]);
});

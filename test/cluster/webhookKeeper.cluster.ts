/**
 * The webhook's certificates and configuration on a real API server: keepers in this process, with the least RBAC,
 * behind a Service whose address is one of this machine. Their instance has names, a label and objects of its own.
 */
import { afterAll, expect, test } from "bun:test";
import { systemClock } from "../../kube/clock/clock.ts";
import { parseControllerOptions } from "../../cli/controller/options.ts";
import { loadCredentials } from "../../kube/client/credentials.ts";
import { createClient } from "../../kube/client/transport.ts";
import {
  type Configuration,
  configurationName,
  PROBE_PATH,
  secretName,
} from "../../webhook/configuration/configuration.ts";
import { decideCertificates, type Lifetimes, lifetimes } from "../../webhook/certificates/certificates.ts";
import { dataFor, type Secret } from "../../webhook/certificates/secret.ts";
import { answerProbe } from "../../webhook/http/probe.ts";
import { createKeeper, keeperRules, type KeeperOptions, type KeeperState } from "../../webhook/keeper/keeper.ts";
import type { KeptCertificate } from "../../webhook/keeper/certificateKeeper.ts";
import { serveTls, type TlsServer } from "../../webhook/http/server.ts";
import { ApiError, type KubeObject } from "./harness/api.ts";
import { harness } from "./harness/harness.ts";
import { freePort } from "./harness/ports.ts";
import { until as waitUntil } from "./harness/until.ts";

const current = await harness();
/** The Service's address has to be one of this machine. */
const needsPlane = test.skipIf(current.plane === undefined);

const instanceId = "keeper-test";
const id = crypto.randomUUID().slice(0, 6);
const namespace = `keeper-${id}`;
const objects = `objects-${id}`;
const service = "sluice-webhook";
const user = `keeper-${id}`;
const instanceLabel = { "argo-rollouts.argoproj.io/controller-instance-id": instanceId };
const port = freePort();
const configurationPath = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${configurationName(instanceId)}`;
const secretPath = `/api/v1/namespaces/${namespace}/secrets/${secretName(instanceId)}`;
const templates = `/apis/argoproj.io/v1alpha1/namespaces/${objects}/analysistemplates`;

/** @returns the Service's address */
async function setUp(): Promise<string> {
  const { api } = current;
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const rules = keeperRules(instanceId);
  for (const name of [namespace, objects]) await api.create("/api/v1/namespaces", { metadata: { name } });
  const subjects = [{ kind: "User", name: user, apiGroup: "rbac.authorization.k8s.io" }];
  const roleRef = (kind: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name: user });
  await api.create(`${rbac}/namespaces/${namespace}/roles`, { metadata: { name: user }, rules: rules.role });
  await api.create(`${rbac}/namespaces/${namespace}/rolebindings`, {
    metadata: { name: user },
    roleRef: roleRef("Role"),
    subjects,
  });
  await api.create(`${rbac}/clusterroles`, { metadata: { name: user }, rules: rules.clusterRole(namespace) });
  await api.create(`${rbac}/clusterrolebindings`, {
    metadata: { name: user },
    roleRef: roleRef("ClusterRole"),
    subjects,
  });
  const spec = { ports: [{ port, targetPort: port }] };
  const path = `/api/v1/namespaces/${namespace}/services`;
  const made = await api.create<{ spec: { clusterIP: string } }>(path, { metadata: { name: service }, spec });
  return made.spec.clusterIP;
}

/** Sets how many pods the Service has; their addresses do not matter, since nothing connects to them. */
async function readyPods(count: number): Promise<void> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const endpoints = Array.from({ length: count }, (_, index) => ({
    addresses: [`10.0.0.${index + 1}`],
    conditions: { ready: true },
    targetRef: { kind: "Pod", name: `pod-${index + 1}`, namespace },
  }));
  const labels = { "kubernetes.io/service-name": service };
  await current.api.patch(`${path}/pods`, "merge", { endpoints }).catch(() =>
    current.api.create(path, {
      metadata: { name: "pods", labels },
      addressType: "IPv4",
      ports: [{ port }],
      endpoints,
    }),
  );
}

interface Replica {
  readonly keeper: { state(): KeeperState };
  readonly certificates: KeptCertificate[];
  /** Reviews of kinds of argoproj.io: "CREATE AnalysisTemplate". */
  readonly reviews: string[];
  /** From now on every answer is 503. */
  block(yes: boolean): void;
  stop(): Promise<void>;
}

const quiet = () => {};
const log = Bun.env.SLUICE_KEEPER_LOG === "1" ? console : { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** A keeper and a server that allows every object except those named "refused". */
async function startReplica(address: string, more: Partial<KeeperOptions> = {}): Promise<Replica> {
  const parsed = parseControllerOptions(["--kubeconfig", current.kubeconfig, "--as", user], {});
  if (parsed.kind !== "run") throw new Error("The controller's flags have changed");
  const credentials = await loadCredentials(parsed.options.kube);
  const certificates: KeptCertificate[] = [];
  const reviews: string[] = [];
  let server: TlsServer | undefined;
  let blocked = false;
  const fetch = async (request: Request): Promise<Response> => {
    if (blocked) return new Response("blocked", { status: 503 });
    const review = (await request.json()) as {
      request: { uid: string; operation: string; kind: { kind: string }; name?: string };
    };
    if (new URL(request.url).pathname === PROBE_PATH) return Response.json(answerProbe(review));
    const { uid, operation, kind, name } = review.request;
    reviews.push(`${operation} ${kind.kind}`);
    const response = { uid, allowed: name !== "refused", status: { message: "refused by name" } };
    return Response.json({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response });
  };
  const keeper = createKeeper({
    client: createClient({ credentials, version: "0.0.0-test", clock: systemClock }),
    clock: systemClock,
    log,
    namespace,
    endpoint: { kind: "service", name: service, port },
    instanceId,
    isLeader: () => true,
    pod: "pod-1",
    onCertificate: async (certificate) => {
      if (server === undefined) {
        server = serveTls({ hostname: address, port, clock: systemClock, certificate, fetch });
      } else await server.swapCertificate(certificate);
      certificates.push(certificate);
    },
    ...more,
  });
  const ending = new AbortController();
  const done = keeper.run(ending.signal);
  await keeper.ready;
  const stop = async (): Promise<void> => {
    ending.abort();
    await done;
    await server?.stop();
    running.delete(replica);
  };
  const replica: Replica = { keeper, certificates, reviews, block: (yes) => void (blocked = yes), stop };
  running.add(replica);
  return replica;
}
const running = new Set<Replica>();

afterAll(async () => {
  for (const replica of running) await replica.stop();
  await current.api.delete(configurationPath).catch(() => undefined);
});

const until = async (what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<number> =>
  Math.round(await waitUntil(what, holds, timeoutMs));

const configuration = () => current.api.get<KubeObject & Configuration>(configurationPath);
const policy = async (): Promise<string | undefined> =>
  (await configuration().catch(() => undefined))?.webhooks?.find(({ name }) => name === "rollouts.sluice.dev")
    ?.failurePolicy;
const secret = () => current.api.get<KubeObject & Secret>(secretPath);
const bundleOf = (config: Configuration): string => config.webhooks?.[0]?.clientConfig.caBundle ?? "";

const trusted = async (): Promise<number> => atob(bundleOf(await configuration())).split("BEGIN").length - 1;

const template = (name: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata: { name, labels: instanceLabel },
  spec: { metrics: [{ name: "m", provider: { web: { url: "http://example.com" } } }] },
});

/** Whether the API server asks the webhook: it alone refuses this name. */
async function refuses(): Promise<boolean> {
  const error = await current.api
    .create(`${templates}?dryRun=All`, template("refused"))
    .catch((caught: unknown) => caught);
  if (error instanceof ApiError && !error.message.includes("refused by name")) throw error;
  return error instanceof ApiError;
}

const address = current.plane === undefined ? "" : await setUp();

needsPlane("a replica makes its certificates and configures itself once the API server reaches it", async () => {
  await readyPods(1);
  const tookMs = performance.now();
  const { keeper, certificates } = await startReplica(address);
  await until("it is configured", async () => (await policy()) === "Ignore");
  await until("and asked", refuses);
  console.log(`keeper: from nothing to the first refusal ${Math.round(performance.now() - tookMs)} ms`);
  expect(keeper.state()).toMatchObject({ reached: true, failurePolicy: "Ignore", readyReplicas: 1 });
  expect(certificates).toHaveLength(1);
  const { metadata } = await configuration();
  expect(metadata.ownerReferences).toMatchObject([{ kind: "Namespace", name: namespace }]);
});

needsPlane("nothing is written once all is in order", async () => {
  const versions = async () => [
    (await configuration()).metadata.resourceVersion,
    (await secret()).metadata.resourceVersion,
  ];
  const before = await versions();
  await Bun.sleep(3_000);
  expect(await versions()).toEqual(before);
});

needsPlane("a corrupted caBundle, an edited rule and a deleted configuration are put right within 10 s", async () => {
  const { api } = current;
  const whole = await configuration();
  const foreign = await dataFor(firstPlan(), undefined);
  const spoil = (path: string, value: unknown) =>
    api.patch(configurationPath, "json", [{ op: "replace", path, value }]);
  const tookMs: number[] = [];
  await spoil("/webhooks/0/clientConfig/caBundle", foreign["ca.crt"]);
  tookMs.push(await until("the caBundle is back", async () => bundleOf(await configuration()) === bundleOf(whole)));
  await spoil("/webhooks/0/rules/0/operations", ["CONNECT"]);
  tookMs.push(
    await until("the rule is back", async () => Bun.deepEquals((await configuration()).webhooks, whole.webhooks)),
  );
  await api.delete(configurationPath);
  tookMs.push(await until("the configuration is back", async () => (await policy()) === "Ignore"));
  await until("and works", refuses);
  console.log(`keeper: caBundle, rule, configuration put right in ${tookMs.join(", ")} ms`);
});

const firstPlan = (life: Lifetimes = lifetimes, nowMs = Date.now()) => {
  const plan = decideCertificates(undefined, nowMs, [`${service}.${namespace}.svc`], life);
  if (plan.kind === "keep") throw new Error("There is nothing to keep");
  return plan;
};

needsPlane(
  "a deleted Secret, a lost key and an expired certificate are put right within 10 s, and no review fails",
  async () => {
    const { api } = current;
    const [replica] = running;
    const tookMs: number[] = [];
    const failed: unknown[] = [];
    let busy = true;
    const load = (async () => {
      while (busy) {
        await refuses().then(
          (refused) => void (refused || failed.push("let through")),
          (error: unknown) => failed.push(error),
        );
        await Bun.sleep(20);
      }
    })();
    const { uid } = (await secret()).metadata;
    await api.delete(secretPath);
    tookMs.push(
      await until(
        "the Secret is back",
        async () => ((await secret().catch(() => undefined))?.metadata.uid ?? uid) !== uid,
      ),
    );
    await until("the new CA is announced beside the old one", async () => (await trusted()) === 2);
    const before = (await secret()).data;
    await api.patch(secretPath, "json", [{ op: "replace", path: "/data/tls.key", value: btoa("lost") }]);
    tookMs.push(await until("the key is back", async () => (await secret()).data?.["tls.crt"] !== before?.["tls.crt"]));
    tookMs.push(await until("and served", () => replica?.certificates.at(-1)?.pem !== atob(before?.["tls.crt"] ?? "")));
    await until("the new one works", refuses);
    busy = false;
    await load;
    expect(failed).toEqual([]);
    // All certificates have expired: none can be kept, and reviews fail until the API server has the new CA.
    const old = await dataFor(firstPlan(lifetimes, Date.now() - 2 * lifetimes.authorityMs), undefined);
    await api.patch(secretPath, "merge", { data: old });
    const renewedMs = await until(
      "they are renewed",
      async () => (await secret()).data?.["tls.crt"] !== old["tls.crt"],
    );
    tookMs.push(renewedMs + (await until("and work", () => refuses().catch(() => false))));
    console.log(`keeper: Secret, key, served key, all expired put right in ${tookMs.join(", ")} ms`);
  },
);

needsPlane(
  "certificates that live for seconds are replaced again and again, and no review fails",
  async () => {
    for (const replica of running) await replica.stop();
    await current.api.delete(secretPath).catch(() => undefined);
    await current.api.delete(configurationPath);
    const life: Lifetimes = { authorityMs: 15_000, servingMs: 6_000, settleMs: 1_500 };
    const { certificates } = await startReplica(address, { lifetimes: life, failurePolicy: "Fail" });
    await until("it is asked", refuses);
    let asked = 0;
    const end = Date.now() + 30_000;
    while (Date.now() < end) {
      expect(await refuses()).toBe(true);
      asked += 1;
      await Bun.sleep(20);
    }
    console.log(`keeper: ${certificates.length} certificates in 30 s, ${asked} reviews`);
    expect(certificates.length).toBeGreaterThan(5);
  },
  60_000,
);

needsPlane("two replicas that start at once agree on one CA and one certificate", async () => {
  for (const replica of running) await replica.stop();
  await current.api.delete(secretPath);
  const [a, b, c] = await Promise.all([
    startReplica(address),
    startReplica(address, { isLeader: () => false }),
    startReplica(address, { isLeader: () => false }),
  ]);
  const stored = atob((await secret()).data?.["tls.crt"] ?? "");
  await until("all serve what is stored", () =>
    [a, b, c].every(({ certificates }) => certificates.at(-1)?.pem === stored),
  );
  expect([a, b, c].map(({ certificates }) => certificates.length)).toEqual([1, 1, 1]);
  await until("and it works", () => refuses().catch(() => false));
});

needsPlane(
  "two ready replicas make it Fail, and the last but one to go makes it Ignore",
  async () => {
    expect(await policy()).toBe("Ignore");
    await readyPods(2);
    await until("it fails closed", async () => (await policy()) === "Fail", 25_000);
    await readyPods(1);
    const tookMs = await until("it fails open", async () => (await policy()) === "Ignore");
    await readyPods(2);
    await until("it fails closed", async () => (await policy()) === "Fail", 25_000);
    for (const replica of running) await replica.stop();
    expect(await policy()).toBe("Ignore");
    console.log(`keeper: Ignore ${tookMs} ms after the second replica went`);
  },
  90_000,
);

needsPlane(
  "a blocked way to the webhook makes it Ignore within 10 s, and a free one is found again",
  async () => {
    const replica = await startReplica(address, { probeEveryMs: 500 });
    await readyPods(2);
    await until("it fails closed", async () => (await policy()) === "Fail", 25_000);
    replica.block(true);
    const tookMs = await until("it fails open", async () => (await policy()) === "Ignore");
    // The API server's own cache may be a moment behind what it has stored.
    await until("nothing is refused", async () => !(await refuses().catch(() => true)));
    replica.block(false);
    await until("it fails closed again", async () => (await policy()) === "Fail", 30_000);
    console.log(`keeper: Ignore ${tookMs} ms after the way was blocked`);
  },
  90_000,
);

needsPlane("only what can break a rule is asked about", async () => {
  const [[replica], { api }] = [[...running], current];
  await readyPods(1);
  // The API server may ask once or twice: it tries again when its cache was out of date.
  const asked = async (what: () => Promise<unknown>): Promise<string[]> => {
    const from = replica?.reviews.length ?? 0;
    await what();
    return [...new Set(replica?.reviews.slice(from))];
  };
  const runs = `/apis/argoproj.io/v1alpha1/namespaces/${objects}/analysisruns`;
  const run = { ...template("run"), kind: "AnalysisRun" };
  const one = `${runs}/run`;
  const note = (annotations: object) => api.patch(one, "merge", { metadata: { annotations } });
  expect(await asked(() => api.create(runs, run))).toEqual(["CREATE AnalysisRun"]);
  expect(await asked(() => api.patch(one, "merge", { status: { phase: "Running" } }))).toEqual([]);
  expect(await asked(() => note({ a: "b" }))).toEqual([]);
  expect(await asked(() => note({ "sluice.dev/admission": "warn" }))).toEqual(["UPDATE AnalysisRun"]);
  expect(await asked(() => note({ c: "d" }))).toEqual([]);
  expect(await asked(() => api.patch(one, "merge", { spec: { terminate: true } }))).toEqual(["UPDATE AnalysisRun"]);
  await api.patch(one, "merge", { metadata: { finalizers: ["sluice.dev/hold"] } });
  await api.delete(one);
  expect(await asked(() => api.patch(one, "merge", { spec: { terminate: false } }))).toEqual([]);
  expect(await asked(() => api.patch(one, "merge", { metadata: { finalizers: null } }))).toEqual([]);
  const others = { ...template("others"), metadata: { name: "others" } };
  expect(await asked(() => api.create(templates, others))).toEqual([]);
  const own = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/analysistemplates`;
  expect(await asked(() => api.create(own, template("own")))).toEqual([]);
});

needsPlane("comparing the specs of an object as large as is admitted costs no refusal", async () => {
  const [replica] = running;
  // Just below 500 metrics, which is all that the CRD takes, and 512 KiB of text, which is all that the webhook takes.
  const metrics = Array.from({ length: 490 }, (_, index) => ({
    name: `metric-${index}`,
    successCondition: "result[0] > 0.95".padEnd(150, " "),
    provider: { web: { url: "http://example.com/".padEnd(750, "x") } },
  }));
  const large = { ...template("large"), spec: { metrics } };
  await current.api.create(templates, large);
  const from = replica?.reviews.length ?? 0;
  await current.api.patch(`${templates}/large`, "merge", { metadata: { labels: { a: "b" } } });
  expect(replica?.reviews.slice(from)).toEqual([]);
  await current.api.patch(`${templates}/large`, "json", [
    { op: "replace", path: "/spec/metrics/489/name", value: "x" },
  ]);
  expect(replica?.reviews.slice(from)).toContain("UPDATE AnalysisTemplate");
});

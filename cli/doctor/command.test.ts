import { describe, expect, test } from "bun:test";
import type { Told } from "../../controller/doctor/checks.ts";
import { refused, unanswered } from "../../kube/client/apiError.ts";
import { VERSION_PATH } from "../../kube/client/path.ts";
import { targetOf } from "../../kube/client/target.ts";
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import { makeAuthority } from "../../webhook/certificates/x509.ts";
import { configurationFor } from "../../webhook/configuration/configuration.ts";
import { refusal } from "../../test/apiServer.ts";
import { type Shop, shop } from "../get/testing.ts";
import type { CliPorts } from "../ports.ts";
import { run } from "./command.ts";

const NAMESPACE = "argo-rollouts";

/** Answers what the simulator's API server has no webhook for. */
type Answers = (request: KubeRequest) => unknown;

/** A cluster with a Sluice that works, as far as a cluster without a controller can look so. */
async function installed(
  more: { readonly args?: readonly string[]; readonly namespace?: string } = {},
): Promise<Shop & { readonly answers: Answers }> {
  const { namespace = NAMESPACE } = more;
  const world = shop();
  const { core, clock } = world.api;
  core.create("namespaces", { metadata: { name: namespace } });
  const labels = { "app.kubernetes.io/name": "sluice" };
  const container = { name: "sluice", image: "i", args: ["controller", "--webhook-port=8443", ...(more.args ?? [])] };
  world.make(
    "deployments.apps",
    {
      metadata: { namespace, name: "sluice", labels },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { serviceAccountName: "sluice", containers: [container] } },
      },
    },
    { readyReplicas: 1 },
  );
  const renewTime = new Date(clock.now()).toISOString().replace("Z", "000Z");
  core.create("leases.coordination.k8s.io", {
    metadata: { namespace, name: "argo-rollouts-controller-lock" },
    spec: { holderIdentity: "sluice_pod-1_a", leaseDurationSeconds: 15, renewTime },
  });
  const validity = { notBeforeMs: clock.now() - 3_600_000, notAfterMs: clock.now() + 300 * 86_400_000 };
  const configuration = configurationFor({
    endpoint: { kind: "service", name: "sluice-webhook" },
    namespace,
    instanceId: "",
    caBundle: (await makeAuthority(validity)).pem,
    failurePolicy: "Fail",
    conditions: true,
  });
  core.create("validatingwebhookconfigurations.admissionregistration.k8s.io", configuration as never);
  core.create("endpointslices.discovery.k8s.io", {
    metadata: { namespace, name: "s", labels: { "kubernetes.io/service-name": "sluice-webhook" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: true } }],
  });
  return { ...world, answers: webhookAnswers };
}

const denied = (request: KubeRequest, webhook: string, why: string) =>
  refused(
    targetOf(request.method, request.path),
    400,
    JSON.stringify({ kind: "Status", message: `admission webhook "${webhook}" denied the request: ${why}` }),
    null,
  );

/** As the API server answers whose webhook is in force. */
function webhookAnswers(request: KubeRequest): unknown {
  const { path, query, body } = request;
  if (path === VERSION_PATH) return { gitVersion: "v1.36.3" };
  if (query?.["dryRun"] !== "All") return undefined;
  const labels = (body as { metadata?: { labels?: Record<string, string> } }).metadata?.labels ?? {};
  const nonce = labels["sluice.dev/webhook-probe"];
  if (nonce !== undefined) throw denied(request, "probe.sluice.dev", `sluice webhook reached ${nonce}`);
  if (path.endsWith("/rollouts")) throw denied(request, "rollouts.sluice.dev", "SetWeight");
  return undefined;
}

async function doctor(
  world: Shop & { readonly answers: Answers },
  args: readonly string[] = [],
  more: Partial<CliPorts> = {},
) {
  const { client } = world.api;
  const answering: KubeClient = {
    ...client,
    request: async <T>(request: KubeRequest) => {
      world.api.hook.before(request);
      return (world.answers(request) ?? client.request(request)) as T;
    },
  };
  const connect: CliPorts["connect"] = async () => ({ client: answering, namespace: "shop", source: "test" });
  const ports = world.ports({ connect, ...more });
  const code = await run(args, ports);
  return { code, ...ports.told };
}

const whatIn = (out: string): readonly string[] =>
  (JSON.parse(out) as { readonly findings: readonly Told[] }).findings.map(
    ({ severity, about, what }) => `${severity}: ${about}: ${what}`,
  );

const isWrite = ({ method, query, path }: KubeRequest): boolean =>
  method !== "GET" && query?.["dryRun"] !== "All" && !path.endsWith("/subjectaccessreviews");

describe("doctor", () => {
  test("says of a healthy cluster who drives, and writes nothing", async () => {
    const world = await installed();
    expect(await doctor(world)).toEqual({
      code: 0,
      err: "",
      out: `ok       Lease argo-rollouts/argo-rollouts-controller-lock: Sluice (sluice_pod-1_a) holds it, renewed 0s ago
         it drives the Rollouts
ok       ValidatingWebhookConfiguration sluice: a wrong Rollout is refused, with failurePolicy Fail
         while it does not answer nothing of argoproj.io can be changed
no errors: 0 Rollouts at in-process
`,
    });
    expect(world.api.requests.filter(isWrite)).toEqual([]);
    expect(world.api.requests.filter(({ path }) => path.endsWith("/subjectaccessreviews")).length).toBeGreaterThan(50);
  });

  test("tells what is wrong with why and the command that mends it, the worst last", async () => {
    const world = await installed();
    world.canary("web", { labels: { "argo-rollouts.argoproj.io/controller-instance-id": "blue" } });
    const { code, out } = await doctor(world);
    expect(code).toBe(1);
    expect(out).toEndWith(`error    Rollout shop/web: no running controller has instance id "blue"
         nobody drives them; the instance ids of those that run: none
         $ kubectl label rollout -n shop web argo-rollouts.argoproj.io/controller-instance-id-   # or start a controller with --instance-id=blue
1 error: 1 Rollout at in-process
`);
  });

  test("looks at one namespace where it is told so", async () => {
    const world = await installed();
    world.canary("web", { namespace: "other", labels: { "argo-rollouts.argoproj.io/controller-instance-id": "blue" } });
    expect((await doctor(world, ["-n", "shop"])).code).toBe(0);
    expect((await doctor(world, ["-n", "other"])).code).toBe(1);
  });

  test("knows controllers by their flags: their instance and their namespace", async () => {
    const world = await installed({ args: ["--instance-id=blue"] });
    const { out } = await doctor(world, ["-o", "json"]);
    expect(whatIn(out)).toContain(
      'error: Deployment argo-rollouts/sluice: it serves the webhook, and there is no ValidatingWebhookConfiguration with instance id "blue"',
    );
    const reviewed = JSON.stringify(world.api.requests.map(({ body }) => body));
    expect(reviewed).toContain('"name":"argo-rollouts-controller-lock-blue"');
    expect(reviewed).toContain('"name":"argo-rollouts-config"');
  });

  test("asks for other rights of one that takes no Lease", async () => {
    const world = await installed({ args: ["--profile=edge"] });
    const { out } = await doctor(world, ["-o", "json"]);
    expect(whatIn(out)[0]).toBe(
      "info: Lease argo-rollouts/argo-rollouts-controller-lock: Sluice (sluice_pod-1_a) holds it, renewed 0s ago",
    );
    const leases = world.api.requests
      .map(({ body }) => JSON.stringify(body))
      .filter((body) => body?.includes('"name":"argo-rollouts-controller-lock"'));
    const verbs = leases.map((body) => /"verb":"(\w+)"/.exec(body)?.[1]);
    expect(new Set(verbs)).toEqual(new Set(["list", "watch", "update"]));
  });

  test("asks for what an instance has of its own by its names, and for its namespace by that of the namespace", async () => {
    const world = await installed({ args: ["--instance-id=blue"], namespace: "sluice" });
    await doctor(world);
    const reviewed = JSON.stringify(world.api.requests.map(({ body }) => body));
    for (const [resource, name] of [
      ["leases", "argo-rollouts-controller-lock-blue"],
      ["secrets", "sluice-webhook-certificates-blue"],
      ["validatingwebhookconfigurations", "sluice-blue"],
      ["namespaces", "sluice"],
    ])
      expect(reviewed).toContain(`"resource":"${resource}","verb":"get","name":"${name}"`);
  });

  test("tells which rights are lacking", async () => {
    const world = await installed();
    const answers: Answers = (request) => {
      const { resourceAttributes } =
        (request.body as { spec?: { resourceAttributes?: { resource: string } } })?.spec ?? {};
      return resourceAttributes?.resource === "pods" ? { status: { allowed: false } } : webhookAnswers(request);
    };
    const { code, out } = await doctor({ ...world, answers });
    expect(code).toBe(1);
    expect(out).toContain("system:serviceaccount:argo-rollouts:sluice may not list, patch pods in all namespaces\n");
  });

  test("tells that a webhook is not in force", async () => {
    const world = await installed();
    const answers: Answers = (request) =>
      request.path === VERSION_PATH || !request.path.endsWith("/rollouts") ? webhookAnswers(request) : undefined;
    expect(whatIn((await doctor({ ...world, answers }, ["-o", "json"])).out)).toContain(
      "error: ValidatingWebhookConfiguration sluice: a dry run of a wrong Rollout was admitted",
    );
  });

  test("tells of autoscalers that scale a Deployment whose place a Rollout takes or has taken", async () => {
    const world = await installed();
    const labels = { app: "web" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
    const scaling = (name: string, target: string): void => {
      const spec = { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: target }, maxReplicas: 5 };
      world.make("horizontalpodautoscalers.autoscaling", { metadata: { name }, spec });
    };
    world.make("deployments.apps", {
      metadata: { name: "web" },
      spec: { selector: { matchLabels: labels }, template },
    });
    const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web", scaleDown: "onsuccess" };
    world.make("rollouts.argoproj.io", {
      metadata: { name: "web" },
      spec: { workloadRef, strategy: { canary: {} } },
    });
    world.canary("api");
    scaling("of-web", "web");
    scaling("of-api", "api");
    const { code, out } = await doctor(world, ["-o", "json"]);
    expect(code).toBe(1);
    expect(whatIn(out).filter((line) => line.includes("Autoscaler"))).toEqual([
      expect.stringMatching(
        /^warning: Rollout shop\/web: .* HorizontalPodAutoscaler "of-web" scales Deployment "web"/,
      ) as string,
      "error: HorizontalPodAutoscaler shop/of-api: it scales Deployment api, which does not exist, and Rollout api does",
    ]);
  });

  test("finds Services, templates and Ingresses that are not there, and says nothing of those that are", async () => {
    const world = await installed();
    const labels = { app: "web" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
    const canary = {
      stableService: "stable",
      canaryService: "canary",
      trafficRouting: { nginx: { stableIngress: "main" } },
      steps: [{ analysis: { templates: [{ templateName: "t" }, { templateName: "c", clusterScope: true }] } }],
    };
    world.make("rollouts.argoproj.io", {
      metadata: { name: "web" },
      spec: { selector: { matchLabels: labels }, template, strategy: { canary } },
    });
    const missing = whatIn((await doctor(world, ["-o", "json"])).out).filter((line) =>
      line.startsWith("error: Rollout shop/web: spec"),
    );
    const names = missing.map((line) => /: (Invalid value: )?"?(\w+)"?: [^:]*$/.exec(line)?.[2] ?? line);
    expect(new Set(names)).toEqual(new Set(["c", "canary", "main", "stable", "t"]));
    for (const name of ["stable", "canary"])
      world.make("services", { metadata: { name }, spec: { selector: labels, ports: [{ port: 80 }] } });
    const spec = (name: string) => ({
      metrics: [{ name, provider: { web: { url: "http://x" } }, successCondition: "true" }],
    });
    world.make("analysistemplates.argoproj.io", { metadata: { name: "t" }, spec: spec("t") });
    world.api.core.create("clusteranalysistemplates.argoproj.io", {
      metadata: { name: "c" },
      spec: spec("c"),
    });
    const backend = { service: { name: "stable", port: { number: 80 } } };
    world.make("ingresses.networking.k8s.io", {
      metadata: { name: "main", annotations: { "kubernetes.io/ingress.class": "nginx" } },
      spec: { rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
    });
    const after = whatIn((await doctor(world, ["-o", "json"])).out);
    expect(after.filter((line) => /^(error|warning): Rollout shop\/web: spec/.test(line))).toEqual([]);
  });

  test("asks whether Secrets are there, and for no value of them", async () => {
    const world = await installed();
    const arg = (name: string) => ({ name, valueFrom: { secretKeyRef: { name, key: "k" } } });
    world.make("analysistemplates.argoproj.io", {
      metadata: { name: "t" },
      spec: { args: [arg("here"), arg("gone")], metrics: [{ name: "m", provider: { web: { url: "http://x" } } }] },
    });
    world.make("secrets", { metadata: { name: "here" }, data: { k: "c2VjcmV0" } });
    const { out } = await doctor(world, ["-o", "json"]);
    expect(whatIn(out).filter((line) => line.includes("Secret"))).toEqual([
      "error: AnalysisTemplate shop/t: Secret shop/gone does not exist",
    ]);
    const asked = world.api.requests.filter(({ path }) => path.includes("/secrets"));
    expect(asked.map(({ accept }) => accept?.includes("PartialObjectMetadata"))).toEqual(asked.map(() => true));
  });

  test.each([
    ["ahead of", 60_000],
    ["behind", -60_000],
  ])("looks at Leases by the API server's clock, which may be %s its own", async (how, aheadMs) => {
    const world = await installed();
    const clock = manualClock(world.clock.now() - aheadMs);
    const { code, out } = await doctor(world, ["-o", "json"], { clock });
    expect(code).toBe(0);
    const [first, second] = whatIn(out);
    expect(first).toMatch(new RegExp(`^warning: clocks: the API server's clock is (60|59)s ${how} this machine's$`));
    expect(second).toStartWith(
      "info: Lease argo-rollouts/argo-rollouts-controller-lock: Sluice (sluice_pod-1_a) holds it, renewed ",
    );
  });

  test("claims nothing of what it may not read, and ends with 2", async () => {
    const world = await installed();
    world.api.hook.before = (request) => {
      if (request.path !== VERSION_PATH) throw refusal(request, 403, "Forbidden");
    };
    const { code, out } = await doctor(world);
    expect(code).toBe(2);
    expect(out).not.toMatch(/^(ok|error|warning)/m);
    expect(out).toMatch(/^no errors, \d+ things not known: Rollouts not read at in-process$/m);
  });

  test("looks in one namespace for controllers where it may not look in all", async () => {
    const world = await installed();
    const everywhere = /^\/apis\/(apps|coordination\.k8s\.io)\/v1\/(deployments|leases)$/;
    world.api.hook.before = (request) => {
      if (everywhere.test(request.path)) throw refusal(request, 403, "Forbidden");
    };
    const { out } = await doctor(world, ["-o", "json"]);
    expect(whatIn(out)).toContain(
      "info: Lease argo-rollouts/argo-rollouts-controller-lock: Sluice (sluice_pod-1_a) holds it, renewed 0s ago",
    );
    expect(whatIn((await doctor(world, ["-o", "json", "--controller-namespace=other"])).out)).toContain(
      "error: controller: no controller has ever taken a Lease",
    );
  });

  test("lets no text of an object reach the terminal as an escape sequence", async () => {
    const world = await installed();
    const answers: Answers = (request) => {
      if (request.path.endsWith("/subjectaccessreviews")) throw refusal(request, 403, "Forbidden", "a\u001B[2Jb\nc");
      return webhookAnswers(request);
    };
    const { out } = await doctor({ ...world, answers });
    expect(out).toContain("a [2Jb c");
  });

  test("ends with 2 where there is no cluster, or where it is called wrongly", async () => {
    const world = await installed();
    const answers: Answers = ({ method, path }) => {
      throw unanswered(targetOf(method, path), "Unreachable", "connection refused", undefined);
    };
    expect(await doctor({ ...world, answers })).toEqual({
      code: 2,
      out: "",
      err: "Error: cannot examine the cluster: Cannot get /version: connection refused\n",
    });
    expect(await doctor(world, ["--metric"])).toMatchObject({ code: 2, out: "" });
    expect(await doctor(world, ["-n", "a/b"])).toMatchObject({ code: 2, out: "" });
    expect((await doctor(world, ["--help"])).code).toBe(0);
  });
});

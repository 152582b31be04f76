/**
 * What admission promises, sentence by sentence, of the controller with its own webhook on a cluster of its own: what it
 * says of a Rollout for what else the cluster holds, of what will happen, and of other people's policies; and that nothing
 * that somebody writes makes it fail or late.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { type Api, connect, type KubeObject } from "./harness/api.ts";
import { type CommandResult, type ControlPlane, startControlPlane } from "./harness/controlPlane.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { applyCrds } from "./harness/crds.ts";
import { freePort } from "./harness/ports.ts";
import { type Child, logTail, newNursery } from "./harness/processes.ts";

const repository = resolve(import.meta.dir, "../..");
const [webhookPort, metricsPort] = [freePort(), freePort()];
const nursery = newNursery();
const ours = test.skipIf(otherController() !== undefined);
const policies = "/apis/admissionregistration.k8s.io/v1";
let plane: ControlPlane;
let api: Api;
let pod: Child;
let namespace = "first";

beforeAll(async () => {
  if (otherController() !== undefined) return;
  plane = await startControlPlane({ audit: false });
  api = await connect(await plane.identity("sluice-test"), "sluice-test");
  await applyCrds((args) => plane.kubectl(args), api);
  await api.create("/api/v1/namespaces", { metadata: { name: "argo-rollouts" } });
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  const ports = ["--metricsPort", `${metricsPort}`, "--healthzPort", `${freePort()}`];
  const webhook = ["--webhook-port", `${webhookPort}`, "--webhook-url", `https://127.0.0.1:${webhookPort}`];
  const where = ["--kubeconfig", await plane.identity("sluice-controller")];
  const command = [process.execPath, "main.ts", "controller", ...where, ...ports, ...webhook];
  pod = nursery.spawn("sluice", command, { logFile: join(plane.dir, "sluice.log"), cwd: repository });
  await until("a wrong Rollout is refused", async () => {
    const wrong = rollout("probe", { canary: { steps: [{ setWeight: 101 }] } });
    return (await apply(wrong, "--dry-run=server")).code !== 0;
  });
}, 90_000);

afterAll(async () => {
  await nursery.release();
  await plane?.stop();
});

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Not within 30 s: ${what}\n${await logTail(pod.logFile)}`);
    await Bun.sleep(100);
  }
}

const apply = (object: unknown, ...flags: readonly string[]): Promise<CommandResult> =>
  plane.kubectl(["apply", ...flags, "-n", namespace, "-f", "-"], { stdin: JSON.stringify(object) });

async function store(...objects: readonly object[]): Promise<void> {
  for (const object of objects) {
    const { code, stderr } = await apply(object);
    if (code !== 0) throw new Error(stderr);
  }
}

type Verdict = "refused" | "warned";

/** Until the caches have what was stored a moment ago. */
async function told(verdict: Verdict, object: unknown, ...texts: readonly string[]): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    const { code, stderr } = await apply(object, "--dry-run=server");
    const isTold = texts.every((text) => stderr.includes(text)) && (code === 0) === (verdict === "warned");
    if (isTold) return;
    if (Date.now() > end) expect({ code, stderr }).toEqual({ verdict, texts } as never);
    await Bun.sleep(100);
  }
}

const labelled = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: "web", image: "web:1" }] },
});

const rollout = (app: string, strategy: object = { canary: {} }, more: object = {}): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: app },
  spec: { replicas: 5, selector: { matchLabels: { app } }, template: labelled(app), strategy, ...more },
});

const web = { web: { url: "http://10.255.255.1/x", jsonPath: "{$.ok}" } };
const template = (name: string, spec: object, more: object = {}): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata: { name },
  spec,
  ...more,
});
const clusterTemplate = (name: string, spec: object) => template(name, spec, { kind: "ClusterAnalysisTemplate" });
const metric = (name: string, more: object = {}) => ({ name, provider: web, ...more });
const analysing = (app: string, templates: readonly string[], args: readonly object[] = []) =>
  rollout(app, {
    canary: {
      steps: [
        { setWeight: 20 },
        { analysis: { templates: templates.map((templateName) => ({ templateName })), args } },
      ],
    },
  });

describe("references are resolved at apply:", () => {
  ours("metrics of one name and arguments of two values over merged templates refuse", async () => {
    const args = (value: string) => [{ name: "a", value }];
    await store(
      template("m1", { metrics: [metric("same")], args: args("1") }),
      template("m2", { metrics: [metric("same")], args: args("2") }),
    );
    await told("refused", analysing("merged", ["m1", "m2"]), "two metrics have the same name 'same'", "Argument `a`");
  });

  ours("an argument that nobody gives a value refuses", async () => {
    await store(template("needs", { metrics: [metric("m")], args: [{ name: "missing" }] }));
    await told("refused", analysing("unresolved", ["needs"]), "missing");
    await told("warned", analysing("unresolved", ["needs"], [{ name: "missing", value: "1" }]), "");
  });

  ours("a condition that does not parse refuses the template, and a circle the one that would close it", async () => {
    const wrong = template("wrong", { metrics: [metric("m", { successCondition: "result >" })] });
    await told("refused", wrong, "successCondition");
    const includes = (templateName: string) => ({ templates: [{ templateName, clusterScope: true }] });
    const { metrics } = { metrics: [metric("m")] };
    await store(
      clusterTemplate("loop-a", { metrics }),
      clusterTemplate("loop-b", { metrics, ...includes("loop-a") }),
      clusterTemplate("loop-c", { metrics, ...includes("loop-b") }),
    );
    await told(
      "refused",
      clusterTemplate("loop-a", { metrics, ...includes("loop-c") }),
      "a template cannot include itself: ClusterAnalysisTemplate 'loop-a'",
    );
  });

  ours("templates and Services that do not exist yet warn, and so does an Ingress", async () => {
    await told("warned", analysing("early", ["later"]), "AnalysisTemplate 'later' not found");
    const canary = {
      stableService: "early-stable",
      canaryService: "early-canary",
      trafficRouting: { nginx: { stableIngress: "early-ingress" } },
    };
    const missing = [
      'service "early-stable" not found',
      'service "early-canary" not found',
      '"early-ingress" not found',
    ];
    await told("warned", rollout("early", { canary }), ...missing);
  });

  ours("an Ingress of another class warns, and routers that disagree about one, too", async () => {
    const service = (name: string, app: string) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector: { app }, ports: [{ port: 80 }] },
    });
    const backend = { service: { name: "class-stable", port: { number: 80 } } };
    await store(service("class-stable", "class"), service("class-canary", "class"), {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "class" },
      spec: { ingressClassName: "traefik", rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
    });
    const trafficRouting = { nginx: { stableIngress: "class" }, alb: { ingress: "class", servicePort: 80 } };
    const canary = { stableService: "class-stable", canaryService: "class-canary", trafficRouting };
    await told(
      "warned",
      rollout("class", { canary }),
      `has the class "traefik", which is none of ALB's`,
      "too, and only one of the two serves it",
    );
    const { nginx } = trafficRouting;
    await told(
      "warned",
      rollout("class", { canary: { ...canary, trafficRouting: { nginx } } }),
      "none of NGINX's: nginx",
    );
  });

  ours(
    "another Rollout of the same workload warns, and so does an autoscaler of a Deployment that is scaled down",
    async () => {
      const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "shared", scaleDown: "onsuccess" };
      const of = (name: string, app = name) => ({
        ...rollout(name, { canary: {} }, { selector: undefined, template: undefined, workloadRef, replicas: 0 }),
        metadata: { name: app },
      });
      await store(
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "shared" },
          spec: { replicas: 1, selector: { matchLabels: { app: "shared" } }, template: labelled("shared") },
        },
        {
          apiVersion: "autoscaling/v2",
          kind: "HorizontalPodAutoscaler",
          metadata: { name: "scaler" },
          spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shared" } },
        },
        of("shared-one"),
      );
      await told(
        "warned",
        of("shared-two"),
        'Rollout "shared-one" has its pods from this Deployment',
        'HorizontalPodAutoscaler "scaler" scales Deployment "shared"',
      );
    },
  );

  ours("selectors that overlap refuse by expressions, too, and only when that is certain", async () => {
    const expression = (operator: string, key = "tier", values: readonly string[] = []) => ({
      matchLabels: { app: "overlap" },
      matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }],
    });
    const tiered = (name: string, tier: string, selector: object) => ({
      ...rollout("overlap", { canary: {} }, { selector }),
      metadata: { name },
      spec: {
        ...(rollout("overlap").spec as object),
        replicas: 1,
        selector,
        template: { ...labelled("overlap"), metadata: { labels: { app: "overlap", tier } } },
      },
    });
    await store(tiered("overlap-a", "a", expression("In", "tier", ["a", "b"])));
    await told(
      "refused",
      tiered("overlap-b", "b", expression("In", "tier", ["b"])),
      'Rollout "overlap-a" selects the same',
    );
    const apart = await apply(tiered("overlap-c", "c", expression("In", "tier", ["c"])), "--dry-run=server");
    expect(apart.code).toBe(0);
  });

  ours("the protection of a template holds for the edit that takes it away, not for taking it away alone", async () => {
    const protectedBy = (annotations: object, name: string) => ({
      ...template("guarded", { metrics: [metric(name)] }),
      metadata: { name: "guarded", annotations },
    });
    const guard = { "sluice.dev/protect": "true" };
    await store(
      protectedBy(guard, "m"),
      template("beside", { metrics: [metric("n")] }),
      analysing("guard", ["guarded", "beside"]),
    );
    await told("refused", protectedBy({}, "n"), `would hold Rollout "${namespace}/guard"`);
    await store(protectedBy({}, "m"));
    await told("warned", protectedBy({}, "n"), `would hold Rollout "${namespace}/guard"`);
  });
});

describe("what will happen is said beforehand:", () => {
  ours.each<[string, object, object, string]>([
    [
      "a weight that the pods cannot express",
      { steps: [{ setWeight: 20 }, { pause: {} }] },
      { replicas: 3 },
      "without a router that is 1 of 4 pods",
    ],
    [
      "a canary of one replica",
      { steps: [{ setWeight: 20 }, { pause: {} }] },
      { replicas: 1 },
      "without a router that is 1 of 2 pods",
    ],
    ["steps that nobody looks at", { steps: [{ setWeight: 20 }, { setWeight: 60 }] }, {}, "no step pauses or analyses"],
    [
      "an endless pause under a deadline",
      { steps: [{ setWeight: 20 }, { pause: {} }] },
      { progressDeadlineAbort: true },
      "progressDeadlineAbort does not end it",
    ],
    ["a share of more than all pods", { maxUnavailable: "200%" }, {}, "is more than all pods, and counts as 100%"],
    ["a router that does not exist", { trafficRouting: { gatewayAPI: {} } }, {}, "gatewayAPI: Forbidden: is no router"],
  ])("%s", async (_, canary, spec, text) => {
    await told("warned", rollout("soon", { canary }, spec), `Warning: spec.strategy.canary`, text);
  });
});

describe("what others say comes back with whose it is:", () => {
  ours("a ValidatingAdmissionPolicy that refuses, and one that warns", async () => {
    for (const [name, action] of [
      ["strict", "Deny"],
      ["soft", "Warn"],
    ] as const) {
      await api.create(`${policies}/validatingadmissionpolicies`, {
        metadata: { name },
        spec: {
          failurePolicy: "Ignore",
          matchConstraints: {
            resourceRules: [
              { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["replicasets"] },
            ],
          },
          validations: [
            {
              expression: `!object.spec.template.spec.containers.exists(c, c.image.startsWith("${name}"))`,
              message: `images of ${name} are not wanted here`,
            },
          ],
        },
      });
      await api.create(`${policies}/validatingadmissionpolicybindings`, {
        metadata: { name },
        spec: { policyName: name, validationActions: [action] },
      });
    }
    const image = (name: string) => {
      const { metadata } = labelled("policy");
      return rollout(
        "policy",
        { canary: {} },
        { template: { metadata, spec: { containers: [{ name: "c", image: name }] } } },
      );
    };
    await told(
      "warned",
      image("strict:1"),
      'spec.template: ValidatingAdmissionPolicy "strict" would refuse these pods now: images',
    );
    await told("warned", image("soft:1"), 'spec.template: ValidatingAdmissionPolicy "soft" warns: images');
  });

  ours("Pod Security admission, on lines that lose nothing", async () => {
    const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
    await api.create("/api/v1/namespaces", { metadata: { name: "restricted", labels: restricted } });
    namespace = "restricted";
    const { stderr } = await apply(rollout("loose"), "--dry-run=server");
    namespace = "first";
    const lines = stderr.split("\n").filter((line) => line.startsWith("Warning: spec.template: "));
    expect(lines.join(" ")).toContain("Pod Security admission warns: would violate PodSecurity");
    for (const part of ["allowPrivilegeEscalation", "capabilities", "runAsNonRoot", "seccompProfile"]) {
      expect(lines.join(" ")).toContain(part);
    }
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => line.length - "Warning: ".length))).toBeLessThanOrEqual(250);
  });
});

const reviews = async (): Promise<readonly string[]> =>
  (await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text())
    .split("\n")
    .filter((line) => line.startsWith("sluice_admission_review"));

const counted = (lines: readonly string[], holds: RegExp): number =>
  lines.filter((line) => holds.test(line)).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);

ours(
  "only what concerns us is reviewed: no scale, status, label, deletion, nor another instance's object",
  async () => {
    await store(rollout("quiet"));
    const total = async (): Promise<number> => counted(await reviews(), /^sluice_admission_reviews_total\{/);
    const before = await total();
    const patch = ["patch", "rollout", "quiet", "-n", namespace, "--type=merge", "-p"];
    for (const args of [
      ["scale", "rollout", "quiet", "-n", namespace, "--replicas=2"],
      ["label", "rollout", "quiet", "-n", namespace, "a=b"],
      [...patch, '{"status":{"message":"m"}}', "--subresource=status"],
      ["delete", "rollout", "quiet", "-n", namespace],
    ]) {
      expect(await plane.kubectl(args)).toMatchObject({ code: 0 });
    }
    const labels = { "argo-rollouts.argoproj.io/controller-instance-id": "other" };
    const foreign = rollout("foreign", { canary: { steps: [{ setWeight: 101 }] } });
    await store({ ...foreign, metadata: { name: "foreign", labels } });
    expect(await total()).toBe(before);
  },
);

ours("a review sends no request but the dry run of the pods, however much it knows", async () => {
  const requests = async (): Promise<number> => {
    const lines = (await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()).split("\n");
    const all = lines.filter((line) => line.startsWith("controller_clientset_k8s_request_total{"));
    return counted(all, /^(?!.*kind="(?:replicasets|leases|events)")/);
  };
  const object = rollout("asked", { canary: { stableService: "s", canaryService: "c", steps: [{ setWeight: 50 }] } });
  await apply(object, "--dry-run=server");
  const before = await requests();
  expect(before).toBeGreaterThan(0);
  for (let count = 0; count < 5; count += 1) await apply(object, "--dry-run=server");
  expect(await requests()).toBe(before);
});

ours("a review without a uid, as Karmada sends it, is answered with none", async () => {
  const kind = { group: "argoproj.io", version: "v1alpha1", kind: "Rollout" };
  const object = rollout("karmada", { canary: { steps: [{ setWeight: 101 }] } });
  const request = { uid: "", kind, operation: "CREATE", namespace, name: "karmada", object, userInfo: {} };
  const answer = await fetch(`https://127.0.0.1:${webhookPort}/validate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request }),
    tls: { rejectUnauthorized: false },
  });
  expect(await answer.json()).toMatchObject({ response: { uid: "", allowed: false } });
});

/** Nothing of this is sensible; each is judged in time, or refused as too costly. */
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const hostile: readonly (readonly [what: string, ...objects: object[]])[] = [
  [
    "3,000 metrics, and a Rollout that uses them in each of its steps",
    template("huge", { metrics: many(3_000, (i) => metric(`m${i}`, { successCondition: `result > ${i}` })) }),
    rollout("huge", { canary: { steps: many(500, () => ({ analysis: { templates: [{ templateName: "huge" }] } })) } }),
  ],
  [
    "templates that include each other in a dense net through the cluster",
    ...many(30, (i) =>
      clusterTemplate(`net-${i}`, {
        metrics: [metric(`n${i}`)],
        templates: many(i, (j) => ({ templateName: `net-${j}`, clusterScope: true })),
      }),
    ),
    rollout("net", { canary: { analysis: { templates: [{ templateName: "net-29", clusterScope: true }] } } }),
    clusterTemplate("net-0", { metrics: [metric("n0")], templates: [{ templateName: "net-29", clusterScope: true }] }),
  ],
  ["a name that is not ASCII", rollout("ünïcode-☃")],
  ["labels that are not ASCII", rollout("labels", { canary: {} }, { selector: { matchLabels: { ключ: "значение" } } })],
  [
    "metrics that are not ASCII",
    template("uni", { metrics: [metric("メトリック", { successCondition: "result == '✓'" })] }),
  ],
  ["no spec", { ...rollout("null"), spec: null }],
  ["an empty spec", { ...rollout("empty"), spec: {} }],
  ["a spec of nulls", rollout("nulls", { canary: { steps: [null] } }, { selector: null, template: null })],
  ["a template of nulls", template("nulls", { metrics: [null], args: [null], templates: [null] })],
  ["a strategy of both", rollout("both", { canary: {}, blueGreen: { activeService: "a" } })],
  [
    "half a megabyte of a condition",
    template("long", { metrics: [metric("m", { successCondition: "1 +".repeat(170_000) })] }),
  ],
  [
    "a megabyte of annotations in the pods",
    rollout(
      "fat",
      { canary: {} },
      {
        template: {
          ...labelled("fat"),
          metadata: { labels: { app: "fat" }, annotations: { a: "x".repeat(1_000_000) } },
        },
      },
    ),
  ],
  ["a thousand steps", rollout("steps", { canary: { steps: many(1_000, (i) => ({ setWeight: i % 101 })) } })],
  [
    "a thousand containers",
    rollout(
      "wide",
      { canary: {} },
      { template: { ...labelled("wide"), spec: { containers: many(1_000, (i) => ({ name: `c${i}`, image: "x" })) } } },
    ),
  ],
];

describe("whatever is written, it is judged in time:", () => {
  ours.each(hostile.map(([what, ...objects]) => ({ what, objects })))("$what", async ({ objects }) => {
    for (const object of objects) {
      const { stderr } = await apply(object, "--validate=ignore", "--server-side", "--force-conflicts");
      expect(stderr).not.toContain("failed calling webhook");
      expect(stderr).not.toContain("Sluice failed over this object");
    }
  });

  ours("none has failed or was late, and the process is the same one", async () => {
    const lines = await reviews();
    expect(counted(lines, /verdict="failed"/)).toBe(0);
    const within = counted(lines, /_duration_seconds_bucket\{.*le="1"/);
    expect(counted(lines, /_duration_seconds_count\{/) - within).toBe(0);
    expect(pod.running()).toBe(true);
    expect(await Bun.file(pod.logFile).text()).not.toMatch(/level=error/);
  });
});

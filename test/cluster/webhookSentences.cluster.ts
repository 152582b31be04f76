/**
 * What admission promises, sentence by sentence: what it says of a Rollout for what else the cluster holds, of what will
 * happen, and of other people's policies.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { definition } from "../../simulator/simulate/routed/madeUp.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { clusterTemplate, metric, type OwnWebhook, startOwnWebhook, template } from "./harness/ownWebhook.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";

const ours = test.skipIf(otherController() !== undefined);
const policies = "/apis/admissionregistration.k8s.io/v1";
const dryRun = ["--dry-run=server"];
let own: OwnWebhook;

beforeAll(async () => {
  if (otherController() === undefined) own = await startOwnWebhook();
}, 90_000);

afterAll(() => own?.stop());

type Verdict = "refused" | "warned";

/** Until the caches have what was stored a moment ago. */
async function told(verdict: Verdict, object: unknown, ...texts: readonly string[]): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    const { code, stderr } = await own.apply(object, dryRun);
    const isTold = texts.every((text) => stderr.includes(text)) && (code === 0) === (verdict === "warned");
    if (isTold) return;
    if (Date.now() > end) expect({ code, stderr }).toEqual({ verdict, texts } as never);
    await Bun.sleep(100);
  }
}

const analysing = (app: string, templates: readonly string[], args: readonly object[] = []) =>
  rolloutOf(app, {
    canary: {
      steps: [
        { setWeight: 20 },
        { analysis: { templates: templates.map((templateName) => ({ templateName })), args } },
      ],
    },
  });

const serviceOf = (name: string, app: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app }, ports: [{ port: 80 }] },
});

/** Resolves when the kind is served; the first version is stored. @param converter who makes the others of it */
async function define(group: string, kind: string, versions: readonly string[], converter?: string): Promise<void> {
  const plural = `${kind.toLowerCase()}s`;
  const webhook = { clientConfig: { url: converter }, conversionReviewVersions: ["v1"] };
  const made = definition(group, versions, kind, plural);
  const conversion = converter === undefined ? {} : { conversion: { strategy: "Webhook", webhook } };
  await own.store({ ...made, spec: { ...(made["spec"] as object), ...conversion } });
  while ((await own.api.list(`/apis/${group}/${versions[0]}/${plural}`).catch(() => undefined)) === undefined) {
    await Bun.sleep(100);
  }
}

describe("references are resolved at apply:", () => {
  ours("metrics of one name and arguments of two values over merged templates refuse", async () => {
    const args = (value: string) => [{ name: "a", value }];
    await own.store(
      template("m1", { metrics: [metric("same")], args: args("1") }),
      template("m2", { metrics: [metric("same")], args: args("2") }),
    );
    await told("refused", analysing("merged", ["m1", "m2"]), "two metrics have the same name 'same'", "Argument `a`");
  });

  ours("an argument that nobody gives a value refuses", async () => {
    await own.store(template("needs", { metrics: [metric("m")], args: [{ name: "missing" }] }));
    await told("refused", analysing("unresolved", ["needs"]), "missing");
    await told("warned", analysing("unresolved", ["needs"], [{ name: "missing", value: "1" }]), "");
  });

  ours("a condition that does not parse refuses the template, and a circle the one that would close it", async () => {
    const wrong = template("wrong", { metrics: [metric("m", { successCondition: "result >" })] });
    await told("refused", wrong, "successCondition");
    const includes = (templateName: string) => ({ templates: [{ templateName, clusterScope: true }] });
    const { metrics } = { metrics: [metric("m")] };
    await own.store(
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
    await told("warned", rolloutOf("early", { canary }), ...missing);
  });

  ours(
    "a kind that is not installed, a VirtualService that is missing or leads elsewhere warn until it is mended",
    async () => {
      const routed = {
        stableService: "mesh-stable",
        canaryService: "mesh-canary",
        trafficRouting: { istio: { virtualService: { name: "mesh" } } },
      };
      const mesh = rolloutOf("mesh", { canary: routed }, { replicas: 0 });
      const at = "Warning: spec.strategy.canary.trafficRouting.istio";
      const waits = "the Rollout waits for it, and goes on by itself once it is";
      await own.store(serviceOf("mesh-stable", "mesh"), serviceOf("mesh-canary", "mesh"));
      await told(
        "warned",
        mesh,
        `${at}: Not found: "VirtualService": this cluster does not serve virtualservices.networking.istio.io (v1alpha3)`,
        `${waits} served`,
      );
      await define("networking.istio.io", "VirtualService", ["v1alpha3"]);
      const missing = `${at}.virtualService.name: Invalid value: "mesh": virtualservices.networking.istio.io "mesh" not found`;
      await told("warned", mesh, missing, `${waits} there`);
      const leadingTo = (...names: readonly string[]) => ({
        apiVersion: "networking.istio.io/v1alpha3",
        kind: "VirtualService",
        metadata: { name: "mesh" },
        spec: { http: [{ route: names.map((host) => ({ destination: { host }, weight: 50 })) }] },
      });
      await own.store(leadingTo("mesh-stable"));
      await told("warned", mesh, "Canary Service 'mesh-canary' not found in route");
      await own.store(leadingTo("mesh-stable", "mesh-canary"));
      const { code, stderr } = await own.apply(mesh);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    },
  );

  ours("an API server that is slow with such an object does not hold up the review", async () => {
    // What converts the object takes the connection and never answers.
    let asked = 0;
    const socket = { open: () => void asked++, data: () => undefined };
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
    try {
      await define("getambassador.io", "Mapping", ["v3alpha1", "v2"], `https://127.0.0.1:${silent.port}/convert`);
      await own.store({
        apiVersion: "getambassador.io/v3alpha1",
        kind: "Mapping",
        metadata: { name: "slow" },
        spec: { service: "elsewhere" },
      });
      const canary = {
        stableService: "slow-stable",
        canaryService: "slow-canary",
        trafficRouting: { ambassador: { mappings: ["slow"] } },
      };
      // The API server gives up a review that takes two seconds, and then there is no warning at all.
      const { code, stderr } = await own.apply(rolloutOf("slow", { canary }), dryRun);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringContaining('service "slow-stable" not found') as string,
      });
      expect(stderr).not.toContain("ambassador");
      expect(asked).toBeGreaterThan(0);
    } finally {
      silent.stop(true);
    }
  });

  ours("an Ingress of another class warns, and routers that disagree about one, too", async () => {
    const backend = { service: { name: "class-stable", port: { number: 80 } } };
    await own.store(serviceOf("class-stable", "class"), serviceOf("class-canary", "class"), {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "class" },
      spec: { ingressClassName: "traefik", rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
    });
    const trafficRouting = { nginx: { stableIngress: "class" }, alb: { ingress: "class", servicePort: 80 } };
    const canary = { stableService: "class-stable", canaryService: "class-canary", trafficRouting };
    await told(
      "warned",
      rolloutOf("class", { canary }),
      `has the class "traefik", which is none of ALB's`,
      "too, and only one of the two serves it",
    );
    const { nginx } = trafficRouting;
    await told(
      "warned",
      rolloutOf("class", { canary: { ...canary, trafficRouting: { nginx } } }),
      "none of NGINX's: nginx",
    );
  });

  ours(
    "another Rollout of the same workload warns, and so does an autoscaler of a Deployment that is scaled down",
    async () => {
      const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "shared", scaleDown: "onsuccess" };
      const of = (name: string, app = name) => ({
        ...rolloutOf(name, { canary: {} }, { selector: undefined, template: undefined, workloadRef, replicas: 0 }),
        metadata: { name: app },
      });
      await own.store(
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "shared" },
          spec: { replicas: 1, selector: { matchLabels: { app: "shared" } }, template: podsOf("shared") },
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
      ...rolloutOf("overlap", { canary: {} }, { selector }),
      metadata: { name },
      spec: {
        ...(rolloutOf("overlap").spec as object),
        replicas: 1,
        selector,
        template: { ...podsOf("overlap"), metadata: { labels: { app: "overlap", tier } } },
      },
    });
    await own.store(tiered("overlap-a", "a", expression("In", "tier", ["a", "b"])));
    await told(
      "refused",
      tiered("overlap-b", "b", expression("In", "tier", ["b"])),
      'Rollout "overlap-a" selects the same',
    );
    const apart = await own.apply(tiered("overlap-c", "c", expression("In", "tier", ["c"])), dryRun);
    expect(apart.code).toBe(0);
  });

  ours("the protection of a template holds for the edit that takes it away, not for taking it away alone", async () => {
    const protectedBy = (annotations: object, name: string) => ({
      ...template("guarded", { metrics: [metric(name)] }),
      metadata: { name: "guarded", annotations },
    });
    const guard = { "sluice.dev/protect": "true" };
    await own.store(
      protectedBy(guard, "m"),
      template("beside", { metrics: [metric("n")] }),
      analysing("guard", ["guarded", "beside"]),
    );
    await told("refused", protectedBy({}, "n"), 'would hold Rollout "first/guard"');
    await own.store(protectedBy({}, "m"));
    await told("warned", protectedBy({}, "n"), 'would hold Rollout "first/guard"');
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
    await told("warned", rolloutOf("soon", { canary }, spec), `Warning: spec.strategy.canary`, text);
  });
});

describe("what others say comes back with whose it is:", () => {
  ours("a ValidatingAdmissionPolicy that refuses, and one that warns", async () => {
    for (const [name, action] of [
      ["strict", "Deny"],
      ["soft", "Warn"],
    ] as const) {
      await own.api.create(`${policies}/validatingadmissionpolicies`, {
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
      await own.api.create(`${policies}/validatingadmissionpolicybindings`, {
        metadata: { name },
        spec: { policyName: name, validationActions: [action] },
      });
    }
    const image = (name: string) => {
      const { metadata } = podsOf("policy");
      return rolloutOf(
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
    await own.api.create("/api/v1/namespaces", { metadata: { name: "restricted", labels: restricted } });
    const { stderr } = await own.apply(rolloutOf("loose"), dryRun, "restricted");
    const lines = stderr.split("\n").filter((line) => line.startsWith("Warning: spec.template: "));
    expect(lines.join(" ")).toContain("Pod Security admission warns: would violate PodSecurity");
    for (const part of ["allowPrivilegeEscalation", "capabilities", "runAsNonRoot", "seccompProfile"]) {
      expect(lines.join(" ")).toContain(part);
    }
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => line.length - "Warning: ".length))).toBeLessThanOrEqual(250);
  });
});

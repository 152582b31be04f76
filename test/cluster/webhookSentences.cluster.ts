/**
 * What admission promises, sentence by sentence: what it says of a Rollout for what else the cluster holds, of what will
 * happen, and of other people's policies.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
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

  ours("an Ingress of another class warns, and routers that disagree about one, too", async () => {
    const service = (name: string, app: string) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector: { app }, ports: [{ port: 80 }] },
    });
    const backend = { service: { name: "class-stable", port: { number: 80 } } };
    await own.store(service("class-stable", "class"), service("class-canary", "class"), {
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

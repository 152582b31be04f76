import { describe, expect, test } from "bun:test";
import { isList, isObject } from "../../kube/object/json.ts";
import { crds } from "../../schema/crd.ts";
import { ROUTERS } from "../../providers/traffic/routers.ts";
import { ROUTED_KINDS } from "./bundle.ts";
import { findingsIn, lint, places, rollout, template } from "./testing.ts";

const canary = "  strategy: { canary: {} }\n";
const documents = (...texts: readonly string[]): string => texts.join("---\n");
const found = async (...texts: readonly string[]): Promise<readonly string[]> =>
  places(await findingsIn(documents(...texts)));

describe("what the API server refuses by the schema", () => {
  test.each([
    [
      "a step list that is a map",
      "  strategy: { canary: { steps: { setWeight: 20 } } }\n",
      "15:25 error schema-type spec.strategy.canary.steps",
    ],
    ["a time that is none", `  restartAt: yesterday\n${canary}`, "15:14 error schema-type spec.restartAt"],
    ["a text where a number belongs", `  replicas: three\n${canary}`, "15:13 error schema-type spec.replicas"],
    ["a fraction", `  replicas: 1.5\n${canary}`, "15:13 error schema-type spec.replicas"],
    ["a number that is too large", `  replicas: 3000000000\n${canary}`, "15:13 error schema-value spec.replicas"],
    ["a list where a map belongs", "  strategy: []\n", "15:3 error schema-type spec.strategy"],
    [
      "a word that is none of the known ones",
      `  workloadRef: { kind: Deployment, name: web, apiVersion: apps/v1, scaleDown: now }\n${canary}`,
      undefined,
    ],
    [
      "a number as an annotation",
      `  strategy: { canary: { stableMetadata: { annotations: { a: 1 } } } }\n`,
      "15:61 error schema-type spec.strategy.canary.stableMetadata.annotations.a",
    ],
  ])("%s", async (_, spec, place) => {
    const rows = await found(rollout(spec));
    if (place === undefined) expect(rows).not.toEqual([]);
    else expect(rows).toEqual([place]);
  });

  test("in metadata, too", async () => {
    expect(await found(rollout(canary, "name: web\n  labels: [a]"))).toEqual(["5:3 error schema-type metadata.labels"]);
    expect(await found(rollout(canary, "labels: { a b: c }"))).toEqual([
      "3:1 error schema-required metadata.name",
      "4:3 error schema-value metadata.labels",
    ]);
    expect(await found(rollout(canary).replace("v1alpha1", "v1"))).toEqual(["1:13 error api-version apiVersion"]);
  });

  test("in every kind of ours, and in a List", async () => {
    const kinds = ["Rollout", "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun", "Experiment"];
    const each = (kind: string, indent = ""): string =>
      [`apiVersion: argoproj.io/v1alpha1`, `kind: ${kind}`, `metadata: { name: x }`, `spec: []`].join(`\n${indent}`);
    for (const kind of kinds) expect(await found(`${each(kind)}\n`)).toEqual(["4:1 error schema-type spec"]);
    const list = `apiVersion: v1\nkind: List\nitems:\n${kinds.map((kind) => `- ${each(kind, "  ")}\n`).join("")}`;
    expect(await found(list)).toEqual(kinds.map((_, index) => `${7 + 4 * index}:3 error schema-type spec`));
    expect(
      await found(
        'apiVersion: argoproj.io/v1alpha1\nkind: RolloutList\nitems: [{ metadata: { name: x }, spec: "" }]\n',
      ),
    ).toEqual(["3:40 error schema-type spec"]);
  });

  test("of what nothing follows: rules do not miss what is only of a wrong type", async () => {
    expect(await found(rollout(canary).replace("matchLabels: { app: web }", "matchLabels: [app]"))).toEqual([
      "7:5 error schema-type spec.selector.matchLabels",
    ]);
    expect(await found(rollout(canary).replaceAll("app: web", "app: 1"))).toEqual([
      "7:25 error schema-type spec.selector.matchLabels.app",
      "10:22 error schema-type spec.template.metadata.labels.app",
    ]);
  });

  test("by CEL: each rule of the CRDs has a rule that finds it", async () => {
    const rules: string[] = [];
    const collect = (node: unknown): void => {
      if (isList(node)) for (const item of node) collect(item);
      if (!isObject(node)) return;
      for (const { rule } of (node["x-kubernetes-validations"] ?? []) as readonly { readonly rule: string }[])
        rules.push(rule);
      for (const value of Object.values(node)) collect(value);
    };
    collect(crds);
    // A rule with oldSelf is about an edit: only the API server knows what is stored.
    expect(rules.toSorted()).toEqual(["has(self.canary) != has(self.blueGreen)", "self == oldSelf"]);
    expect(await found(rollout("  strategy: { canary: {}, blueGreen: { activeService: a } }\n"))).not.toEqual([]);
    expect(await found(rollout("  strategy: {}\n"))).not.toEqual([]);
    // Null is as good as absent.
    expect(await found(rollout("  strategy: { canary: {}, blueGreen: null }\n"))).toEqual([]);
  });
});

describe("what the rules of admission find", () => {
  test("is found all at once, with members that the API does not know and pod templates", async () => {
    const spec =
      "  revisionHistoryLimit: -1\n  replica: 3\n  strategy: { canary: { steps: [{ setWeight: 101 }, {}] } }\n";
    expect(await found(rollout(spec).replace("image: nginx:1.28", "imagee: nginx"))).toEqual([
      "13:11 error container-image spec.template.spec.containers[0].image",
      "14:11 error unknown-pod-field spec.template.spec.containers[0].imagee",
      "15:25 error revision-history-limit spec.revisionHistoryLimit",
      "16:3 error unknown-field spec.replica",
      "17:46 error step-weight spec.strategy.canary.steps[0].setWeight",
      "17:53 error step-no-member spec.strategy.canary.steps[1]",
    ]);
  });

  test("only warns where the object has the annotation for emergencies", async () => {
    const metadata = "name: web\n  annotations: { sluice.dev/admission: warn }";
    expect(await found(rollout("  strategy: { canary: { steps: [{}] } }\n", metadata))).toEqual([
      "16:33 warning step-no-member spec.strategy.canary.steps[0]",
    ]);
  });

  test("keeps silent about kinds of others, but for Services and Ingresses that cannot be decoded", async () => {
    const service = (spec: string): string => `apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: ${spec}\n`;
    expect(await found(service("{ ports: [{ port: http }], selektor: {} }"))).toEqual([
      "4:25 error schema-type spec.ports[0].port",
      "4:34 error unknown-field spec.selektor",
    ]);
    expect(await found("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {}\nspec: 1\n")).toEqual([]);
  });
});

const service = (name: string, selector: string, namespace = ""): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}${namespace === "" ? "" : `, namespace: ${namespace}`} }\nspec: { selector: ${selector} }\n`;
const active = "  strategy: { blueGreen: { activeService: web } }\n";
const analysed = (name: string, scope = ""): string =>
  `  strategy: { canary: { analysis: { templates: [{ templateName: ${name}${scope} }] } } }\n`;

describe("an object that is none of ours by a slip", () => {
  test.each([
    ["argoproj.io/v1alpha1", "rollout", ["2:7 error unknown-kind kind"]],
    ["argoproj.io/v1alpha1", "AnalysisTemplates", ["2:7 error unknown-kind kind"]],
    ["apps/v1", "Rollout", ["1:13 error api-version apiVersion"]],
    ["argoprj.io/v1alpha1", "Rollout", ["1:13 error api-version apiVersion"]],
    ["rollouts.kruise.io/v1beta1", "Rollout", []],
    ["argoproj.io/v1alpha1", "Workflow", []],
    ["argoproj.io/v1alpha1", "WorkflowTemplate", []],
    ["argoproj.io/v1alpha1", "ClusterWorkflowTemplate", []],
    ["argoproj.io/v1alpha1", "AppProject", []],
  ])("%s %s", async (apiVersion, kind, wanted) => {
    expect(await found(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: web }\nspec: {}\n`)).toEqual(
      wanted,
    );
  });
});

describe("what a Rollout names", () => {
  test("is looked up among what is given, whatever its order", async () => {
    const wrong = "15:43 error service-selector spec.strategy.blueGreen.activeService";
    expect(await found(rollout(active), service("web", "{ app: other }"))).toEqual([wrong]);
    expect(await found(service("web", "{ app: web }"), rollout(active))).toEqual([]);
    expect(await found(rollout(active))).toEqual([]);
  });

  test("and is not there warns only where others of its kind are, with the name that was meant", async () => {
    const [row, ...more] = await findingsIn(
      documents(rollout(active.replace("web", "shop-active")), service("shop-activ", "{ app: web }")),
    );
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      severity: "warning",
      rule: "service-missing",
      help: expect.stringContaining('"shop-activ"') as string,
    });
    expect(await found(rollout(analysed("ok")))).toEqual([]);
    expect(await found(rollout(analysed("okay")), template("", "ok"))).toEqual([
      expect.stringMatching(/^15:\d+ warning template-missing /) as string,
    ]);
    // Templates of the cluster are mostly installed by others.
    expect(await found(rollout(analysed("all", ", clusterScope: true")), template("", "ok"))).toEqual([]);
  });

  test("is what stands in its namespace; a manifest without one fits all", async () => {
    const inShop = rollout(active, "name: web\n  namespace: shop");
    expect(await found(inShop, service("web", "{ app: other }", "other"))).toEqual([]);
    expect(await found(inShop, service("web", "{ app: other }"))).toHaveLength(1);
    expect(
      await found(inShop, service("web", "{ app: other }", "other"), service("web", "{ app: web }", "shop")),
    ).toEqual([]);
    // Nobody can tell which is meant.
    expect(
      await found(rollout(active), service("web", "{ app: other }", "a"), service("web", "{ app: x }", "b")),
    ).toEqual([]);
  });

  test("is the workload whose pods it takes, with which it is judged whole", async () => {
    const ref = `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: web }\nspec:\n  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: old }\n${active}`;
    const deployment = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: old }\nspec:\n  selector: { matchLabels: { app: web } }\n  template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: c, image: c }] } }\n`;
    expect(await found(ref, deployment)).toEqual([]);
    expect(await found(ref, deployment, service("web", "{ app: other }"))).toEqual([
      "6:43 error service-selector spec.strategy.blueGreen.activeService",
    ]);
    expect(await found(ref, deployment.replace("name: old", "name: older"))).toEqual([
      "5:63 warning workload-missing spec.workloadRef.name",
    ]);
  });

  test("is the route of its router; of every kind that a router names", async () => {
    const unknown = ROUTERS.filter(({ named }) => named !== undefined && !(named.resource.plural in ROUTED_KINDS));
    expect(unknown).toEqual([]);
    const routed =
      "  strategy: { canary: { stableService: s, canaryService: c, trafficRouting: { nginx: { stableIngress: web } } } }\n";
    const ingress = (to: string): string =>
      `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web }\nspec: { rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: ${to}, port: { number: 80 } } } }] } }] }\n`;
    expect(await found(rollout(routed), ingress("other"))).toEqual([
      "15:103 error ingress-service spec.strategy.canary.trafficRouting.nginx.stableIngress",
    ]);
    expect(await found(rollout(routed), ingress("s"))).toEqual([]);
  });
});

describe("of what routers read", () => {
  const routedBy = (routing: string): string =>
    rollout(`  strategy: { canary: { stableService: s, canaryService: c, trafficRouting: { ${routing} } } }\n`);
  const object = (apiVersion: string, kind: string, name: string, spec: string): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
  const path = "spec.strategy.canary.trafficRouting";
  const mapping = routedBy("ambassador: { mappings: [shop] }");
  const traefik = routedBy("traefik: { weightedTraefikServiceName: shop }");
  const istio = routedBy(
    "istio: { virtualService: { name: shop }, destinationRule: { name: dr, canarySubsetName: c, stableSubsetName: s } }",
  );
  const virtualService = (...subsets: readonly string[]): string =>
    object(
      "networking.istio.io/v1",
      "VirtualService",
      "shop",
      `{ http: [{ route: [${subsets.map((subset) => `{ destination: { host: s, subset: ${subset} } }`).join(", ")}] }] }`,
    );
  const destinationRule = (name: string): string =>
    object("networking.istio.io/v1", "DestinationRule", name, "{ host: s, subsets: [{ name: s }, { name: c }] }");

  test.each([
    ["nothing of a kind of which nothing is given", [mapping], []],
    [
      "an object that is missing",
      [mapping, object("getambassador.io/v2", "Mapping", "shoe", "{ service: s }")],
      [`routed-object-missing ${path}.ambassador.mappings[0]`],
    ],
    [
      "one that leads elsewhere",
      [mapping, object("getambassador.io/v2", "Mapping", "shop", "{ service: x }")],
      [`routed-object-unfit ${path}.ambassador.mappings[0]`],
    ],
    ["nothing of one that is right", [mapping, object("getambassador.io/v2", "Mapping", "shop", "{ service: s }")], []],
    [
      "nothing of one in the older of two groups",
      [
        traefik,
        object(
          "traefik.containo.us/v1alpha1",
          "TraefikService",
          "shop",
          "{ weighted: { services: [{ name: s }, { name: c }] } }",
        ),
      ],
      [],
    ],
    [
      "one that neither of two groups has",
      [traefik, object("traefik.io/v1alpha1", "TraefikService", "shoe", "{}")],
      [`routed-object-missing ${path}.traefik.weightedTraefikServiceName`],
    ],
    [
      "a missing DestinationRule",
      [istio, virtualService("s", "c"), destinationRule("other")],
      [`routed-object-missing ${path}.istio.destinationRule.name`],
    ],
    ["nothing where both are right", [istio, virtualService("s", "c"), destinationRule("dr")], []],
  ])("it says %s", async (_, texts, wanted) => {
    const rows = await findingsIn(documents(...texts));
    expect(rows.map(({ severity, rule, path: where }) => `${severity} ${rule} ${where}`)).toEqual(
      wanted.map((each) => `warning ${each}`),
    );
  });

  test("it says of a VirtualService once, in the words of the reference", async () => {
    const refused = await findingsIn(documents(istio, virtualService("s"), destinationRule("other")));
    expect(refused.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(["error virtual-service-routes"]);
    const missing = await findingsIn(documents(istio, virtualService("s").replace("name: shop", "name: shoe")));
    expect(missing.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(["warning virtual-service-missing"]);
  });
});

describe("what stands beside it in the same file", () => {
  test("may not have the same pods", async () => {
    expect(await found(rollout(canary), rollout(canary, "name: other"))).toEqual([
      "6:3 error pods-of-another spec.selector",
      "22:3 error pods-of-another spec.selector",
    ]);
  });

  test("may not scale the same Deployment down; a reference alone does not, as admission sees it", async () => {
    const ref = (name: string, scaleDown: string): string =>
      `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: ${name} }\nspec:\n  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: old${scaleDown} }\n${canary}`;
    const deployment = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: old }\nspec:\n  selector: { matchLabels: { app: web } }\n  template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: c, image: c }] } }\n`;
    const scaled = ref("a", ", scaleDown: onsuccess");
    const shared = async (other: string): Promise<readonly string[]> =>
      (await found(scaled, other, deployment)).filter((line) => line.includes("workload-shared"));
    expect(await shared(ref("b", ", scaleDown: progressively"))).toHaveLength(2);
    expect(await shared(ref("b", ""))).toEqual([]);
    expect(await shared(ref("b", ", scaleDown: never"))).toEqual([]);
  });

  test("may not be the same object", async () => {
    expect(await found(rollout(canary), rollout(canary))).toEqual(["20:9 warning repeated-object metadata.name"]);
  });
});

describe("an error in one document", () => {
  test("does not hide what is wrong in the others", async () => {
    const { out, code } = await lint(documents("a: [\n", rollout("  strategy: {}\n")), ["-f", "-"]);
    expect(code).toBe(1);
    expect(out).toContain("[not-yaml]");
    expect(out).toContain("spec.strategy");
  });
});

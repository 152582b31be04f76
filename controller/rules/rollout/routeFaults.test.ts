import { describe, expect, test } from "bun:test";
import { textWithHelp, violationText } from "../../../kube/validation/violation.ts";
import type { ObjectRef, RoutedObject } from "../../../providers/traffic/router.ts";
import { byDefault, routedBy } from "../../../test/golden/routingStories.ts";
import { type RoutedAnswer, type RoutedAnswers, refsToJudge, routeFaults } from "./routeFaults.ts";

type Routing = Parameters<typeof routedBy>[0];

/** By `Kind name` or `Kind.group name`; what is not listed is as `others`. */
type Objects = Readonly<Record<string, RoutedAnswer | object | undefined>>;

const absent: RoutedAnswer = { kind: "absent" };
const unserved: RoutedAnswer = { kind: "unserved" };

function answersOf(objects: Objects, others: RoutedAnswer | undefined = absent): RoutedAnswers {
  const answer = ({ resource: { kind, group }, namespace, name }: ObjectRef): RoutedAnswer | undefined => {
    const key = [`${kind}.${group} ${name}`, `${kind} ${name}`].find((one) => Object.hasOwn(objects, one));
    if (key === undefined) return others;
    const given = objects[key];
    if (given === undefined || given === absent || given === unserved) return given as RoutedAnswer | undefined;
    const { metadata = {}, ...rest } = given as { metadata?: object };
    return {
      kind: "found",
      object: { metadata: { name, namespace, ...metadata }, ...rest } as unknown as RoutedObject,
    };
  };
  return { settings: byDefault, answer };
}

const told = (routing: Routing, objects: Objects, others?: RoutedAnswer): readonly string[] =>
  routeFaults(routedBy(routing), answersOf(objects, others)).map(violationText);

const splitOf = (...names: readonly string[]) => names.map((name) => ({ name, port: 80 }));
const hosts = (...names: readonly string[]) => ({
  spec: { http: [{ route: names.map((host) => ({ destination: { host }, weight: 50 })) }] },
});
const backends = (...names: readonly string[]) => names.map((serviceName) => ({ serviceName, servicePort: 80 }));
const refs = (...names: readonly string[]) => ({ spec: { rules: [{ backendRefs: splitOf(...names) }] } });
const targets = (...names: readonly string[]) => ({
  spec: {
    routes: [
      {
        name: "r",
        httpRoute: { action: { weightedTargets: names.map((name) => ({ virtualNodeRef: { name }, weight: 1 })) } },
      },
    ],
  },
});
const ofRouter = { spec: { provider: { virtualRouter: { virtualRouterRef: { name: "vr" } } } } };

interface Row {
  readonly routing: Routing;
  readonly right: Objects;
  readonly wrong?: Objects;
  readonly missing?: string;
  readonly unfit?: string;
  readonly kind: string;
}

const at = "spec.strategy.canary.trafficRouting";
const rows: Readonly<Record<string, Row>> = {
  Istio: {
    routing: { istio: { virtualService: { name: "vs" } } },
    right: { "VirtualService vs": hosts("web", "web-next") },
    wrong: { "VirtualService vs": hosts("web") },
    missing: `${at}.istio.virtualService.name: Invalid value: "vs": virtualservices.networking.istio.io "vs" not found`,
    unfit: `${at}.istio.virtualService.name: Invalid value: "vs": Istio VirtualService has invalid HTTP routes. Error: Canary Service 'web-next' not found in route`,
    kind: `${at}.istio: Not found: "VirtualService": this cluster does not serve virtualservices.networking.istio.io (v1alpha3)`,
  },
  SMI: {
    routing: { smi: {} },
    right: {},
    kind: `${at}.smi: Not found: "TrafficSplit": this cluster does not serve trafficsplits.split.smi-spec.io (v1alpha1)`,
  },
  Ambassador: {
    routing: { ambassador: { mappings: ["shop"] } },
    right: { "Mapping shop": { spec: { service: "web:80" } } },
    wrong: { "Mapping shop": { spec: { service: "other:80" } } },
    missing: `${at}.ambassador.mappings[0]: Invalid value: "shop": Ambassador mapping "shop" not found`,
    unfit: `${at}.ambassador.mappings[0]: Invalid value: "shop": Ambassador mapping "shop" does not lead to web`,
    kind: `${at}.ambassador: Not found: "Mapping": this cluster does not serve mappings.getambassador.io (v2)`,
  },
  "App Mesh": {
    routing: {
      appMesh: {
        virtualService: { name: "vs" },
        virtualNodeGroup: { stableVirtualNodeRef: { name: "old" }, canaryVirtualNodeRef: { name: "new" } },
      },
    },
    right: {
      "VirtualService vs": ofRouter,
      "VirtualRouter vr": targets("old", "new"),
      "VirtualNode old": { spec: {} },
      "VirtualNode new": { spec: {} },
    },
    wrong: { "VirtualRouter vr": targets("old") },
    missing: `${at}.appMesh.virtualNodeGroup.stableVirtualNodeRef.name: Invalid value: "old": Virtual-node is missing: VirtualNode \`old\` not found in namespace \`default\``,
    unfit: `${at}.appMesh: Invalid value: "vr": no route of VirtualRouter "vr" has both VirtualNodes old and new as targets`,
    kind: `${at}.appMesh: Not found: "VirtualService": this cluster does not serve virtualservices.appmesh.k8s.aws (v1beta2)`,
  },
  "Traefik, by a TraefikService,": {
    routing: { traefik: { weightedTraefikServiceName: "shop" } },
    right: { "TraefikService.traefik.io shop": { spec: { weighted: { services: splitOf("web", "web-next") } } } },
    wrong: { "TraefikService.traefik.io shop": { spec: { weighted: { services: splitOf("web") } } } },
    missing: `${at}.traefik.weightedTraefikServiceName: Invalid value: "shop": traefikservices.traefik.io "shop" not found`,
    unfit: `${at}.traefik.weightedTraefikServiceName: Invalid value: "shop": `,
    kind: `${at}.traefik: Not found: "TraefikService": this cluster does not serve traefikservices.traefik.io (v1alpha1) or traefikservices.traefik.containo.us (v1alpha1)`,
  },
  "Traefik, by an IngressRoute,": {
    routing: { traefik: { weightedTraefikServiceName: "ingressroute/shop" } },
    right: { "IngressRoute shop": { spec: { routes: [{ services: splitOf("web", "web-next") }] } } },
    wrong: { "IngressRoute shop": { spec: { routes: [{ services: splitOf("web") }] } } },
    missing: `${at}.traefik.weightedTraefikServiceName: Invalid value: "ingressroute/shop": ingressroutes.traefik.io "shop" not found`,
    unfit: `${at}.traefik.weightedTraefikServiceName: Invalid value: "ingressroute/shop": `,
    kind: `${at}.traefik: Not found: "IngressRoute": this cluster does not serve ingressroutes.traefik.io (v1alpha1) or ingressroutes.traefik.containo.us (v1alpha1)`,
  },
  APISIX: {
    routing: { apisix: { route: { name: "shop" } } },
    right: { "ApisixRoute shop": { spec: { http: [{ name: "shop", backends: backends("web", "web-next") }] } } },
    wrong: { "ApisixRoute shop": { spec: { http: [{ name: "shop", backends: backends("web") }] } } },
    missing: `${at}.apisix.route.name: Invalid value: "shop": apisixroutes.apisix.apache.org "shop" not found`,
    unfit: `${at}.apisix.route.name: Invalid value: "shop": apisix route web-next backend was not found: rule shop in ApisixRoute "shop"`,
    kind: `${at}.apisix: Not found: "ApisixRoute": this cluster does not serve apisixroutes.apisix.apache.org (v2)`,
  },
  "The Gateway API": {
    routing: { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: "shop" } } },
    right: { "HTTPRoute shop": refs("web", "web-next") },
    wrong: { "HTTPRoute shop": refs("web") },
    missing: `${at}.plugins.argoproj-labs/gatewayAPI.httpRoute: Invalid value: "shop": httproutes.gateway.networking.k8s.io "shop" not found`,
    unfit: `${at}.plugins.argoproj-labs/gatewayAPI.httpRoute: Invalid value: "shop": backendRef was not found in httpRoute`,
    kind: `${at}.plugins: Not found: "HTTPRoute": this cluster does not serve httproutes.gateway.networking.k8s.io (v1)`,
  },
};

describe.each(Object.entries(rows))("%s", (_, { routing, right, wrong, missing, unfit, kind }) => {
  test("says nothing where all is there", () => {
    expect(told(routing, right)).toEqual([]);
  });

  test("says what is missing, and where it is named", () => {
    expect(told(routing, {})).toEqual(missing === undefined ? [] : [missing]);
  });

  test("says what does not lead to the Services", () => {
    const found = told(routing, { ...right, ...wrong });
    expect(found).toEqual(unfit === undefined ? [] : [expect.stringContaining(unfit) as unknown as string]);
  });

  test("says that its kind is not served", () => {
    expect(told(routing, {}, unserved)).toEqual([kind]);
  });

  test("says nothing of what is not known", () => {
    const unknown = Object.fromEntries(Object.keys(right).map((key) => [key, undefined]));
    const settings = byDefault;
    expect(routeFaults(routedBy(routing), { settings, answer: () => undefined })).toEqual([]);
    if (missing !== undefined) expect(told(routing, unknown)).toEqual([]);
  });
});

test("a DestinationRule that is missing, or has no such subset, is named where it is named", () => {
  const destinationRule = { name: "dr", canarySubsetName: "new", stableSubsetName: "old" };
  const routing = { istio: { virtualService: { name: "vs.apart" }, destinationRule } };
  const subset = (name: string) => ({ destination: { host: "web", subset: name } });
  const service = { spec: { http: [{ route: [subset("new"), subset("old")] }] } };
  const path = `${at}.istio.destinationRule.name: Invalid value: "dr": `;
  expect(told(routing, { "VirtualService vs": service })).toEqual([
    `${path}destinationrules.networking.istio.io "dr" not found`,
  ]);
  const lacking = { spec: { host: "web", subsets: [{ name: "old" }] } };
  expect(told(routing, { "VirtualService vs": service, "DestinationRule dr": lacking })).toEqual([
    `${path}DestinationRule \`dr\` has no subset \`new\`: add it to spec.subsets, or correct the name in the Rollout`,
  ]);
  expect(told(routing, {})).toEqual([
    `${at}.istio.virtualService.name: Invalid value: "vs": virtualservices.networking.istio.io "vs" not found`,
  ]);
});

test("of a kind in two groups one suffices", () => {
  const routing = { traefik: { weightedTraefikServiceName: "shop" } };
  const spec = { weighted: { services: splitOf("web", "web-next") } };
  expect(told(routing, { "TraefikService.traefik.containo.us shop": { spec } }, unserved)).toEqual([]);
  expect(
    routeFaults(routedBy(routing), {
      settings: byDefault,
      answer: (ref) => (ref.resource.group === "traefik.io" ? absent : undefined),
    }),
  ).toEqual([]);
  expect(told(routing, { "TraefikService.traefik.io shop": absent }, unserved)).toEqual([
    expect.stringContaining('"shop" not found') as unknown as string,
  ]);
});

test("an object of an earlier Rollout of the same name may be on its way out", () => {
  const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "other", uid: "before", controller: true };
  const split = { metadata: { ownerReferences: [owner] }, spec: { service: "else", backends: [] } };
  expect(told({ smi: {} }, { "TrafficSplit web": split })).toEqual([]);
  const foreign = { spec: { service: "else", backends: [{ service: "x", weight: "1" }] } };
  expect(told({ smi: { trafficSplitName: "taken" } }, { "TrafficSplit taken": foreign })).toEqual([
    expect.stringContaining(
      `${at}.smi.trafficSplitName: Invalid value: "taken": Rollout does not own`,
    ) as unknown as string,
  ]);
});

test("each finding says that the Rollout goes on by itself", () => {
  const { routing } = rows["APISIX"] as Row;
  for (const answer of [absent, unserved]) {
    const [found] = routeFaults(routedBy(routing), answersOf({}, answer));
    expect(found && textWithHelp(found)).toContain("the Rollout waits for it, and goes on by itself once it is");
  }
});

test("Ingresses are judged elsewhere, and whatever is no Rollout has no objects", () => {
  const routing = { nginx: { stableIngress: "a" }, alb: { ingress: "b", servicePort: 80 } };
  expect(refsToJudge(routedBy(routing), byDefault)).toEqual([]);
  const asked = (trafficRouting: unknown) => ({ spec: { strategy: { canary: { trafficRouting } } } });
  const strange = [
    null,
    7,
    asked(7),
    asked({ ambassador: { mappings: 7 } }),
    asked({ istio: 7, smi: "x", appMesh: [] }),
    asked({ traefik: { weightedTraefikServiceName: {} }, apisix: { route: { name: {}, rules: 7 } } }),
    asked({ plugins: { "argoproj-labs/gatewayAPI": { httpRoutes: 7 } } }),
  ];
  for (const one of strange) {
    refsToJudge(one, byDefault);
    routeFaults(one, answersOf({}));
  }
});

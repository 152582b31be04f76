/** Canaries whose traffic APISIX, Traefik, Ambassador or SMI split, and header routes on an Ingress of ALB. */
import { canary, pause, setWeight } from "../../golden/edits.ts";
import type { KubeObject } from "../../cluster/harness/api.ts";
import type { CanaryStep, CanaryStrategy } from "../../../schema/rollout.ts";
import { rollout, service, besideExperiment, experimentBeside } from "../manifests.ts";
import type { Scenario } from "../scenario.ts";

type Routing = NonNullable<CanaryStrategy["trafficRouting"]>;

const services = [service("stable"), service("canary")];
const halves = [setWeight(20), pause(), setWeight(50), pause()];

const routed = (
  trafficRouting: Routing,
  objects: readonly KubeObject[],
  steps: readonly CanaryStep[] = halves,
  rest: CanaryStrategy = {},
) => ({
  tellsCourse: true,
  objects: [...services, ...objects],
  rollout: rollout({
    strategy: canary(steps, {
      stableService: "stable",
      canaryService: "canary",
      scaleDownDelaySeconds: 5,
      trafficRouting,
      ...rest,
    }),
  }),
});
const aborted = { abortScaleDownDelaySeconds: 6 };

const toTheEnd: Scenario["story"] = [
  [{ image: "web:2" }, "Paused step 1"],
  ["promote", "Paused step 3"],
  ["promote", "Healthy sizes 0 3"],
];
const toAnAbort: Scenario["story"] = [
  [{ image: "web:2" }, "Paused step 1"],
  ["abort", "Degraded sizes 3 0"],
];
/** With the steps of `headers`. */
const headersToTheEnd: Scenario["story"] = [
  [{ image: "web:2" }, "Paused step 2"],
  ["promote", "Paused step 4"],
  ["promote", "Healthy sizes 0 3"],
];
const headersToAnAbort: Scenario["story"] = [
  [{ image: "web:2" }, "Paused step 2"],
  ["abort", "Degraded sizes 3 0"],
];

type Matching = NonNullable<NonNullable<CanaryStep["setHeaderRoute"]>["match"]>;
const exactly = (headerName: string, exact: string): Matching[number] => ({ headerName, headerValue: { exact } });
const headers = (match: Matching): CanaryStep[] => [
  setWeight(20),
  { setHeaderRoute: { name: "beta", match } },
  pause(),
  { setHeaderRoute: { name: "beta" } },
  pause(),
];
const managed = { managedRoutes: [{ name: "beta" }] };

const apisixRoute = (...rules: readonly string[]): KubeObject => ({
  apiVersion: "apisix.apache.org/v2",
  kind: "ApisixRoute",
  metadata: { name: "shop" },
  spec: {
    http: rules.map((name) => ({
      name,
      match: { hosts: ["web.example"], paths: [`/${name}/*`], methods: ["GET", "POST"] },
      backends: [
        { serviceName: "stable", servicePort: 80, weight: 100 },
        { serviceName: "canary", servicePort: 80, weight: 0 },
      ],
    })),
  },
});
const apisix: Routing = { apisix: { route: { name: "shop", rules: ["main"] } } };

const traefikService = (...names: readonly string[]): KubeObject => ({
  apiVersion: "traefik.io/v1alpha1",
  kind: "TraefikService",
  metadata: { name: "shop" },
  spec: { weighted: { services: names.map((name) => ({ name, port: 80 })) } },
});
const traefik: Routing = { traefik: { weightedTraefikServiceName: "shop" } };

const mapping = (name: string): KubeObject => ({
  apiVersion: "getambassador.io/v2",
  kind: "Mapping",
  metadata: { name },
  spec: { prefix: `/${name}/`, host: "web.example", rewrite: "/", service: "stable:80", timeout_ms: 4000 },
});
const ambassador = (...mappings: readonly string[]): Routing => ({ ambassador: { mappings: [...mappings] } });

const ingress = (backend: string, name = "front"): KubeObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name, annotations: { "kubernetes.io/ingress.class": "alb" } },
  spec: {
    rules: [
      {
        host: "web.example",
        http: {
          paths: [
            {
              path: "/*",
              pathType: "ImplementationSpecific",
              backend: { service: { name: backend, port: { name: "use-annotation" } } },
            },
          ],
        },
      },
    ],
  },
});
const alb: Routing = { alb: { ingress: "front", rootService: "root", servicePort: 80 } };
const albObjects = [service("root"), ingress("root")];

const meshObject = (kind: string, name: string, spec: object): KubeObject => ({
  apiVersion: "appmesh.k8s.aws/v1beta2",
  kind,
  metadata: { name },
  spec,
});
const portMapping = { port: 80, protocol: "http" };
const virtualNode = (name: string): KubeObject =>
  meshObject("VirtualNode", name, {
    podSelector: { matchLabels: { app: "web" } },
    listeners: [{ portMapping }],
    serviceDiscovery: { dns: { hostname: "web.example" } },
  });
const meshObjects = [
  meshObject("VirtualService", "web", { provider: { virtualRouter: { virtualRouterRef: { name: "web" } } } }),
  meshObject("VirtualRouter", "web", {
    listeners: [{ portMapping }],
    routes: [
      {
        name: "main",
        httpRoute: {
          match: { prefix: "/" },
          action: {
            weightedTargets: [
              { virtualNodeRef: { name: "node-canary" }, weight: 0 },
              { virtualNodeRef: { name: "node-stable" }, weight: 100 },
            ],
          },
        },
      },
    ],
  }),
  virtualNode("node-canary"),
  virtualNode("node-stable"),
];
const appMesh: Routing = {
  appMesh: {
    virtualService: { name: "web" },
    virtualNodeGroup: { canaryVirtualNodeRef: { name: "node-canary" }, stableVirtualNodeRef: { name: "node-stable" } },
  },
};

export const routers: readonly Scenario[] = [
  { name: "apisix-steps", ...routed(apisix, [apisixRoute("main", "other")]), story: toTheEnd },
  { name: "apisix-abort", ...routed(apisix, [apisixRoute("main")], halves, aborted), story: toAnAbort },
  {
    name: "apisix-without-rules",
    ...routed({ apisix: { route: { name: "shop" } } }, [apisixRoute("shop")]),
    story: toTheEnd.slice(0, 1),
  },
  {
    name: "apisix-header-route",
    ...routed({ ...apisix, ...managed }, [apisixRoute("main")], headers([exactly("x-beta", "yes")])),
    story: headersToTheEnd,
  },
  {
    name: "apisix-header-route-abort",
    ...routed({ ...apisix, ...managed }, [apisixRoute("main")], headers([exactly("x-beta", "yes")]), aborted),
    story: headersToAnAbort,
  },
  {
    name: "apisix-header-route-of-forms",
    ...routed(
      { ...apisix, ...managed },
      [apisixRoute("main")],
      headers([
        exactly("x-beta", "yes"),
        { headerName: "x-team", headerValue: { regex: "qa.*" } },
        { headerName: "x-user", headerValue: { prefix: "test-" } },
      ]),
    ),
    story: headersToTheEnd.slice(0, 1),
  },
  {
    name: "apisix-several-in-one-step",
    ...routed(
      { ...apisix, ...managed },
      [apisixRoute("main")],
      [
        {
          setCanaryScale: { replicas: 1 },
          setHeaderRoute: { name: "beta", match: [exactly("x-beta", "yes")] },
          pause: { duration: 5 },
        },
        pause(),
        setWeight(50),
        pause(),
      ],
    ),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  { name: "traefik-steps", ...routed(traefik, [traefikService("stable", "canary")]), story: toTheEnd },
  {
    name: "traefik-abort",
    ...routed(traefik, [traefikService("canary", "other", "stable")], halves, aborted),
    story: toAnAbort,
  },
  { name: "ambassador-steps", ...routed(ambassador("shop"), [mapping("shop")]), story: toTheEnd },
  { name: "ambassador-abort", ...routed(ambassador("shop"), [mapping("shop")], halves, aborted), story: toAnAbort },
  {
    name: "ambassador-several-mappings",
    ...routed(ambassador("shop", "cart"), [mapping("shop"), mapping("cart")]),
    story: toTheEnd.slice(0, 1),
  },
  { name: "smi-steps", ...routed({ smi: {} }, []), story: toTheEnd },
  { name: "app-mesh-steps", ...routed(appMesh, meshObjects), story: toTheEnd },
  { name: "app-mesh-abort", ...routed(appMesh, meshObjects, halves, aborted), story: toAnAbort },
  { name: "smi-experiment", ...besideExperiment(routed({ smi: {} }, [], experimentBeside)) },
  { name: "alb-experiment", ...besideExperiment(routed(alb, albObjects, experimentBeside)) },
  { name: "smi-abort", ...routed({ smi: {} }, [], halves, aborted), story: toAnAbort },
  {
    name: "smi-root-service",
    ...routed({ smi: { rootService: "root", trafficSplitName: "shop" } }, [service("root")]),
    story: toTheEnd.slice(0, 1),
  },
  {
    name: "alb-header-route",
    ...routed({ ...alb, ...managed }, albObjects, headers([exactly("x-beta", "yes")])),
    story: headersToTheEnd,
  },
  {
    name: "alb-header-route-abort",
    ...routed({ ...alb, ...managed }, albObjects, headers([exactly("x-beta", "yes")]), aborted),
    story: headersToAnAbort,
  },
  {
    name: "alb-header-route-of-several-values",
    ...routed(
      { ...alb, ...managed },
      albObjects,
      headers([exactly("x-beta", "yes"), exactly("x-beta", "on"), exactly("x-team", "qa")]),
    ),
    story: headersToTheEnd.slice(0, 1),
  },
  {
    name: "alb-header-route-on-several-ingresses",
    ...routed(
      { alb: { ingresses: ["front", "back"], rootService: "root", servicePort: 80 }, ...managed },
      [...albObjects, ingress("root", "back")],
      headers([exactly("x-beta", "yes")]),
    ),
    story: headersToTheEnd.slice(0, 2),
  },
  {
    name: "alb-stickiness",
    ...routed(
      {
        alb: {
          ingress: "front",
          servicePort: 80,
          rootService: "root",
          stickinessConfig: { enabled: true, durationSeconds: 300 },
        },
      },
      albObjects,
    ),
    story: toTheEnd.slice(0, 1),
  },
  {
    name: "alb-and-istio",
    ...routed({ ...alb, istio: { virtualService: { name: "shop", routes: ["primary"] } } }, [
      ...albObjects,
      {
        apiVersion: "networking.istio.io/v1alpha3",
        kind: "VirtualService",
        metadata: { name: "shop" },
        spec: {
          hosts: ["web.example"],
          http: [
            {
              name: "primary",
              route: [
                { destination: { host: "stable" }, weight: 100 },
                { destination: { host: "canary" }, weight: 0 },
              ],
            },
          ],
        },
      },
    ]),
    story: toTheEnd,
  },
];

/** Routers with objects of their own kinds, for the stories of routers.cluster.ts. Those of the Gateway API: gatewayRows.ts. */
import { HASH_LABEL, MANAGED_BY, TRAFFIC_SPLIT } from "../../../schema/labels.ts";
import type { KubeObject } from "./api.ts";
import { allOf, managedIn, object, type RoutedRow, specOf, weightsIn, withoutAnnotations } from "./routedRow.ts";

const none = (): readonly string[] => [];

const NGINX_WEIGHT = "nginx.ingress.kubernetes.io/canary-weight";
const ALB = "alb.ingress.kubernetes.io";
const ACTION = `${ALB}/actions.web-stable`;

const path = (at: string, service: string, port: object = { number: 80 }) => ({
  path: at,
  pathType: "Prefix",
  backend: { service: { name: service, port } },
});
const ingress = (ingressClassName: string, port?: object) =>
  object("networking.k8s.io/v1", "Ingress", "web", {
    ingressClassName,
    rules: [
      { host: "docs.example", http: { paths: [path("/", "docs")] } },
      { host: "web.example", http: { paths: [path("/docs", "docs"), path("/", "web-stable", port)] } },
    ],
  });

const nginx: RoutedRow = {
  title: "NGINX",
  git: [ingress("nginx")],
  routing: { nginx: { stableIngress: "web" } },
  absent: { condition: "InvalidSpec", says: 'ingress.networking.k8s.io "web" not found' },
  weights: (live) => {
    const weight = live.get("Ingress/web-web-canary")?.metadata.annotations?.[NGINX_WEIGHT];
    return weight === undefined ? "none" : `${100 - Number(weight)}/${weight}`;
  },
  managed: none,
  foreign: { of: "Ingress/web", patch: { spec: { tls: [{ hosts: ["web.example"], secretName: "web" }] } } },
  wrong: {
    of: "Ingress/web-web-canary",
    at: `/metadata/annotations/${NGINX_WEIGHT.replace("/", "~1")}`,
    value: "70",
  },
};

const action = (stable: number, canary: number): string =>
  JSON.stringify({
    Type: "forward",
    ForwardConfig: {
      TargetGroups: [
        { ServiceName: "web-canary", ServicePort: "80", Weight: canary },
        { ServiceName: "web-stable", ServicePort: "80", Weight: stable },
      ],
    },
  });

const alb: RoutedRow = {
  title: "ALB",
  git: [ingress("alb", { name: "use-annotation" })],
  routing: { alb: { ingress: "web", servicePort: 80 } },
  routes: { header: true },
  absent: { condition: "InvalidSpec", says: 'ingress.networking.k8s.io "web" not found' },
  weights: (live) => {
    const text = live.get("Ingress/web")?.metadata.annotations?.[ACTION] ?? "{}";
    return weightsIn(JSON.parse(text.replaceAll('"Weight"', '"weight"')));
  },
  managed: (live) => {
    const one = live.get("Ingress/web");
    const places = [
      one?.metadata.annotations?.[`${ALB}/actions.beta`],
      one?.metadata.annotations?.[`${ALB}/conditions.beta`],
    ];
    const paths = JSON.stringify(one?.["spec"] ?? {}).includes('"beta"');
    return [...places.filter((text) => text !== undefined), ...(paths ? ["path"] : [])].length === 3 ? ["beta"] : [];
  },
  foreign: { of: "Ingress/web", patch: { metadata: { annotations: { [`${ALB}/scheme`]: "internal" } } } },
  wrong: { of: "Ingress/web", at: `/metadata/annotations/${ACTION.replace("/", "~1")}`, value: action(30, 70) },
  ignored: (one) => withoutAnnotations(one, ACTION, "rollouts.argoproj.io/managed-alb-annotations"),
};

const SPLITS = "split.smi-spec.io/v1alpha4";

const smi: RoutedRow = {
  title: "SMI",
  git: [],
  made: [SPLITS, "TrafficSplit"],
  routing: { smi: {} },
  absent: { condition: "TrafficRoutingFailure", says: "Rollout does not own TrafficSplit" },
  obstacle: object(SPLITS, "TrafficSplit", "web", { service: "docs", backends: [{ service: "docs", weight: 1 }] }),
  weights: (live) => weightsIn(live.get("TrafficSplit/web")?.["spec"]),
  managed: none,
  foreign: {
    of: "TrafficSplit/web",
    patch: { spec: { matches: [{ kind: "HTTPRouteGroup", name: "web" }] } },
  },
  wrong: { of: "TrafficSplit/web", at: "/spec/backends/0/weight", value: 70 },
};

const ISTIO = "networking.istio.io/v1alpha3";
const toHost = (host: string, weight?: number) => ({
  destination: { host, port: { number: 80 } },
  ...(weight === undefined ? {} : { weight }),
});
const byHost = [toHost("web-stable", 100), toHost("web-canary", 0)];
const docs = { name: "docs", match: [{ uri: { prefix: "/docs" } }], route: [toHost("docs")] };
const toSubset = (subset: string, weight: number) => ({ destination: { host: "web", subset }, weight });
const httpOf = (one: KubeObject | undefined): unknown => specOf(one, "http");

const MIRROR = [{ method: { exact: "GET" }, headers: { "x-tier": { exact: "free" } } }];
const VIRTUAL_SERVICE = "VirtualService/web";

const istioByHost = (apiVersion = ISTIO): RoutedRow => ({
  title: `Istio by hosts, ${apiVersion}`,
  git: [
    object(apiVersion, "VirtualService", "web", {
      hosts: ["web.example"],
      gateways: ["gateway"],
      http: [docs, { name: "main", timeout: "5s", headers: { request: { set: { "x-by": "git" } } }, route: byHost }],
    }),
  ],
  routing: { istio: { virtualService: { name: "web", routes: ["main"] } } },
  routes: { header: true, mirror: MIRROR },
  absent: { condition: "InvalidSpec", says: 'virtualservices.networking.istio.io "web" not found' },
  weights: (live) => weightsIn(httpOf(live.get(VIRTUAL_SERVICE))),
  managed: (live) => managedIn(httpOf(live.get(VIRTUAL_SERVICE))),
  foreign: { of: VIRTUAL_SERVICE, patch: { spec: { exportTo: ["."] } } },
  wrong: { of: VIRTUAL_SERVICE, at: "/spec/http/3/route/1/weight", value: 70 },
});

const withoutHash = (subset: unknown): unknown => {
  const { labels = {}, ...rest } = subset as { readonly labels?: Readonly<Record<string, string>> };
  return { ...rest, labels: Object.fromEntries(Object.entries(labels).filter(([name]) => name !== HASH_LABEL)) };
};

const istioBySubset: RoutedRow = {
  title: "Istio by subsets of a DestinationRule",
  git: [
    object(ISTIO, "VirtualService", "web", {
      hosts: ["web"],
      http: [docs, { name: "main", route: [toSubset("stable", 100), toSubset("canary", 0)] }],
    }),
    object(ISTIO, "DestinationRule", "web", {
      host: "web",
      trafficPolicy: { loadBalancer: { simple: "RANDOM" } },
      subsets: [
        { name: "stable", labels: { app: "web" } },
        { name: "canary", labels: { app: "web" }, trafficPolicy: { loadBalancer: { simple: "ROUND_ROBIN" } } },
        { name: "other", labels: { app: "other" } },
      ],
    }),
  ],
  routing: {
    istio: {
      virtualService: { name: "web", routes: ["main"] },
      destinationRule: { name: "web", stableSubsetName: "stable", canarySubsetName: "canary" },
    },
  },
  hasNoServices: true,
  routes: { header: true, mirror: MIRROR },
  absent: { condition: "InvalidSpec", says: 'virtualservices.networking.istio.io "web" not found' },
  weights: (live) => weightsIn(httpOf(live.get(VIRTUAL_SERVICE)), '"stable"', '"canary"'),
  managed: (live) => managedIn(httpOf(live.get(VIRTUAL_SERVICE))),
  foreign: { of: "DestinationRule/web", patch: { spec: { exportTo: ["."] } } },
  wrong: { of: VIRTUAL_SERVICE, at: "/spec/http/3/route/1/weight", value: 70 },
  ignored: (one) =>
    one.kind === "DestinationRule"
      ? {
          ...withoutAnnotations(one, MANAGED_BY),
          spec: {
            ...(one["spec"] as object),
            subsets: (specOf(one, "subsets") as readonly unknown[]).map(withoutHash),
          },
        }
      : one,
};

const istioTlsAndTcp: RoutedRow = {
  title: "Istio with TLS and TCP routes",
  git: [
    object(ISTIO, "VirtualService", "web", {
      hosts: ["web.example"],
      gateways: ["gateway"],
      tls: [
        { match: [{ port: 443, sniHosts: ["docs.example"] }], route: [toHost("docs")] },
        { match: [{ port: 443, sniHosts: ["web.example"] }], route: byHost },
      ],
      tcp: [
        { match: [{ port: 3306 }], route: byHost },
        { match: [{ port: 3307 }], route: [toHost("docs")] },
      ],
    }),
  ],
  routing: {
    istio: {
      virtualService: {
        name: "web",
        tlsRoutes: [{ port: 443, sniHosts: ["web.example"] }],
        tcpRoutes: [{ port: 3306 }],
      },
    },
  },
  absent: { condition: "InvalidSpec", says: 'virtualservices.networking.istio.io "web" not found' },
  weights: (live) => weightsIn(live.get(VIRTUAL_SERVICE)?.["spec"]),
  managed: none,
  foreign: { of: VIRTUAL_SERVICE, patch: { spec: { exportTo: ["."] } } },
  wrong: { of: VIRTUAL_SERVICE, at: "/spec/tcp/0/route/1/weight", value: 70 },
};

const ambassador = (version: string, spec: object): RoutedRow => ({
  title: `Ambassador, ${version}`,
  git: [object(`getambassador.io/${version}`, "Mapping", "web", { prefix: "/web", service: "web-stable:80", ...spec })],
  routing: { ambassador: { mappings: ["web"] } },
  absent: { condition: "TrafficRoutingFailure", says: "Ambassador mapping" },
  weights: (live) => {
    const made = live.get("Mapping/web-canary");
    const weight = made === undefined ? 0 : Number(specOf(made, "weight"));
    return `${100 - weight}/${weight}`;
  },
  managed: none,
  foreign: { of: "Mapping/web", patch: { spec: { timeout_ms: 4000 } } },
  wrong: { of: "Mapping/web-canary", at: "/spec/weight", value: 70 },
});

const MESH = "appmesh.k8s.aws/v1beta2";
const virtualNode = (name: string): KubeObject =>
  object(MESH, "VirtualNode", name, {
    podSelector: { matchLabels: { app: "web" } },
    listeners: [{ portMapping: { port: 8080, protocol: "http" } }],
    serviceDiscovery: { dns: { hostname: `${name}.example` } },
  });
const meshRoute = (name: string, type: string, match: object, targets: readonly (readonly [string, number])[]) => ({
  name,
  [type]: {
    match,
    action: { weightedTargets: targets.map(([to, weight]) => ({ virtualNodeRef: { name: to }, weight })) },
  },
});
const both = [
  ["web-canary", 0],
  ["web-stable", 100],
] as const;

const appMesh: RoutedRow = {
  title: "App Mesh",
  git: [
    object(MESH, "VirtualNode", "docs", { serviceDiscovery: { dns: { hostname: "docs.example" } } }),
    virtualNode("web-stable"),
    virtualNode("web-canary"),
    object(MESH, "VirtualRouter", "web", {
      listeners: [{ portMapping: { port: 80, protocol: "http" } }],
      routes: [
        meshRoute("docs", "httpRoute", { prefix: "/docs" }, [["docs", 1]]),
        meshRoute("main", "httpRoute", { prefix: "/" }, both),
        meshRoute("calls", "grpcRoute", { serviceName: "web" }, [...both, ["docs", 0]]),
      ],
    }),
    object(MESH, "VirtualService", "mesh", { provider: { virtualRouter: { virtualRouterRef: { name: "web" } } } }),
  ],
  routing: {
    appMesh: {
      virtualService: { name: "mesh" },
      virtualNodeGroup: {
        stableVirtualNodeRef: { name: "web-stable" },
        canaryVirtualNodeRef: { name: "web-canary" },
      },
    },
  },
  absent: { condition: "TrafficRoutingFailure", says: "Virtual-node is missing" },
  weights: (live) => weightsIn(live.get("VirtualRouter/web")?.["spec"]),
  managed: none,
  foreign: { of: "VirtualRouter/web", patch: { spec: { awsName: "web" } } },
  wrong: { of: "VirtualRouter/web", at: "/spec/routes/1/httpRoute/action/weightedTargets/0/weight", value: 70 },
  ignored: (one) => {
    if (one.kind !== "VirtualNode") return one;
    const { matchLabels } = (specOf(one, "podSelector") ?? {}) as { readonly matchLabels?: object };
    if (matchLabels === undefined) return one;
    const { labels } = withoutHash({ labels: matchLabels }) as { readonly labels: object };
    const spec = { ...(one["spec"] as object), podSelector: { matchLabels: labels } };
    return { ...withoutAnnotations(one, TRAFFIC_SPLIT), spec };
  },
};

const TRAEFIK = "traefik.io/v1alpha1";
const service = (name: string, weight?: number) => ({ name, port: 80, ...(weight === undefined ? {} : { weight }) });
const bothServices = [service("docs", 0), service("web-stable", 100), service("web-canary", 0)];

const traefikService: RoutedRow = {
  title: "Traefik by a TraefikService",
  git: [object(TRAEFIK, "TraefikService", "web", { weighted: { services: bothServices } })],
  routing: { traefik: { weightedTraefikServiceName: "web" } },
  absent: { condition: "TrafficRoutingFailure", says: 'traefikservices.traefik.io "web" not found' },
  weights: (live) => weightsIn(live.get("TraefikService/web")?.["spec"]),
  managed: none,
  foreign: { of: "TraefikService/web", patch: { spec: { weighted: { sticky: { cookie: { name: "web" } } } } } },
  wrong: { of: "TraefikService/web", at: "/spec/weighted/services/2/weight", value: 70 },
};

const ingressRoute: RoutedRow = {
  title: "Traefik by an IngressRoute",
  git: [
    object(TRAEFIK, "IngressRoute", "web", {
      entryPoints: ["web"],
      routes: [
        { kind: "Rule", match: "Host(`web.example`) && PathPrefix(`/docs`)", services: [service("docs")] },
        { kind: "Rule", match: "Host(`web.example`)", priority: 3, services: bothServices },
        { kind: "Rule", match: "Host(`www.example`)", services: bothServices, middlewares: [{ name: "www" }] },
      ],
    }),
  ],
  routing: { traefik: { weightedTraefikServiceName: "ingressroute/web" } },
  absent: { condition: "TrafficRoutingFailure", says: 'ingressroutes.traefik.io "web" not found' },
  weights: (live) => weightsIn(live.get("IngressRoute/web")?.["spec"]),
  managed: none,
  foreign: { of: "IngressRoute/web", patch: { spec: { tls: { secretName: "web" } } } },
  wrong: { of: "IngressRoute/web", at: "/spec/routes/2/services/2/weight", value: 70 },
};

const backend = (serviceName: string, weight?: number) => ({
  serviceName,
  servicePort: 80,
  ...(weight === undefined ? {} : { weight }),
});

const STREAM = {
  name: "stream",
  protocol: "TCP",
  match: { ingressPort: 9100 },
  backend: { serviceName: "docs", servicePort: 80 },
};

const apisix: RoutedRow = {
  title: "APISIX",
  git: [
    object("apisix.apache.org/v2", "ApisixRoute", "web", {
      http: [
        { name: "docs", match: { hosts: ["web.example"], paths: ["/docs"] }, backends: [backend("docs")] },
        {
          name: "main",
          priority: 2,
          match: { hosts: ["web.example"], paths: ["/*"], methods: ["GET", "POST"] },
          backends: [backend("web-stable", 100), backend("web-canary", 0)],
          plugins: [{ name: "cors", enable: true }],
        },
      ],
    }),
  ],
  routing: { apisix: { route: { name: "web", rules: ["main"] } } },
  routes: { header: true },
  absent: { condition: "TrafficRoutingFailure", says: 'apisixroutes.apisix.apache.org "web" not found' },
  weights: (live) => weightsIn(live.get("ApisixRoute/web")?.["spec"]),
  managed: (live) => allOf(live, "ApisixRoute").flatMap(({ metadata: { name } }) => (name === "web" ? [] : [name])),
  foreign: { of: "ApisixRoute/web", patch: { spec: { stream: [STREAM] } } },
  wrong: { of: "ApisixRoute/web", at: "/spec/http/1/backends/1/weight", value: 70 },
};

export const OWN_KINDS: readonly RoutedRow[] = [
  nginx,
  alb,
  smi,
  istioByHost(),
  { ...istioByHost("networking.istio.io/v1beta1"), second: true },
  istioBySubset,
  istioTlsAndTcp,
  ambassador("v2", { rewrite: "/", resolver: "endpoint" }),
  { ...ambassador("v3alpha1", { hostname: "*", rewrite: "/" }), second: true },
  appMesh,
  traefikService,
  ingressRoute,
  apisix,
];

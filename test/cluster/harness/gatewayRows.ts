/** Routes of the Gateway API, for the stories of routers.cluster.ts. */
import type { KubeObject } from "./api.ts";
import { allOf, managedIn, object, type RoutedRow, specOf, weightsIn } from "./routedRow.ts";

const GATEWAY = "gateway.networking.k8s.io";

const to = (name: string, weight?: number) => ({ name, port: 80, ...(weight === undefined ? {} : { weight }) });
const both = (stable = 100) => [to("web-stable", stable), to("web-canary", 0)];
const rulesOf = (one: KubeObject | undefined): unknown => specOf(one, "rules");

/** @param rules of which the second one is divided */
function row(
  title: string,
  [version, kindName, member]: readonly [version: string, kind: string, member: string],
  rules: readonly object[],
  more: Partial<RoutedRow> = {},
): RoutedRow {
  const key = `${kindName}/web`;
  return {
    title,
    git: [object(`${GATEWAY}/${version}`, kindName, "web", { parentRefs: [{ name: "gateway" }], rules })],
    routing: { plugins: { "argoproj-labs/gatewayAPI": { [member]: "web" } } },
    absent: { condition: "TrafficRoutingFailure", says: `${kindName.toLowerCase()}s.${GATEWAY} "web" not found` },
    weights: (live) => weightsIn(rulesOf(live.get(key))),
    managed: (live) => managedIn(rulesOf(live.get(key))),
    foreign: { of: key, patch: { spec: { hostnames: ["web.example"] } } },
    wrong: { of: key, at: "/spec/rules/1/backendRefs/1/weight", value: 70 },
    ...more,
  };
}

const setHeader = { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-by", value: "git" }] } };

const http = row(
  "Gateway API, an HTTPRoute",
  ["v1", "HTTPRoute", "httpRoute"],
  [
    { matches: [{ path: { type: "PathPrefix", value: "/docs" } }], backendRefs: [to("docs")] },
    { filters: [setHeader], timeouts: { request: "5s" }, backendRefs: [...both(), to("docs", 0)] },
  ],
  {
    routes: { header: true, mirror: [{ method: { exact: "GET" }, headers: { "x-tier": { exact: "free" } } }] },
    wrong: { of: "HTTPRoute/web", at: "/spec/rules/2/backendRefs/1/weight", value: 70 },
  },
);

const grpc = row(
  "Gateway API, a GRPCRoute",
  ["v1", "GRPCRoute", "grpcRoute"],
  [
    { matches: [{ method: { service: "docs.Docs" } }], backendRefs: [to("docs")] },
    { matches: [{ method: { service: "web.Web", method: "Get" } }], backendRefs: both() },
  ],
  {
    routes: { header: true, mirror: [{ headers: { "x-tier": { exact: "free" } } }] },
    wrong: { of: "GRPCRoute/web", at: "/spec/rules/2/backendRefs/1/weight", value: 70 },
  },
);

const tcp = row(
  "Gateway API, a TCPRoute",
  ["v1alpha2", "TCPRoute", "tcpRoute"],
  [{ backendRefs: [to("docs")] }, { backendRefs: both() }],
);

const tls = row(
  "Gateway API, a TLSRoute",
  ["v1alpha2", "TLSRoute", "tlsRoute"],
  [{ backendRefs: [to("docs")] }, { backendRefs: both() }],
);

const labelled = (name: string, hostname: string): KubeObject => {
  const rules = [{ backendRefs: both(1) }];
  const one = object(`${GATEWAY}/v1`, "HTTPRoute", name, {
    parentRefs: [{ name: "gateway" }],
    hostnames: [hostname],
    rules,
  });
  return { ...one, metadata: { ...one.metadata, labels: { app: "web" } } };
};

const selected: RoutedRow = {
  title: "Gateway API, routes by their labels",
  git: [labelled("web", "web.example"), labelled("www", "www.example")],
  routing: {
    plugins: { "argoproj-labs/gatewayAPI": { httpRouteSelector: { matchLabels: { app: "web" } } } },
  },
  absent: { condition: "TrafficRoutingFailure", says: "No routes configured" },
  weights: (live) => weightsIn(allOf(live, "HTTPRoute").map(rulesOf)),
  managed: () => [],
  foreign: { of: "HTTPRoute/www", patch: { spec: { hostnames: ["www.example", "old.example"] } } },
  wrong: { of: "HTTPRoute/www", at: "/spec/rules/0/backendRefs/1/weight", value: 70 },
};

export const GATEWAY_ROUTES: readonly RoutedRow[] = [http, grpc, tcp, tls, selected];

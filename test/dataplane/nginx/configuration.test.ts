import { describe, expect, test } from "bun:test";
import { type Cluster, configurationOf, type Ingress, routesOf, type Slice } from "./configuration.ts";

const PREFIX = "nginx.ingress.kubernetes.io/canary";

const ingress = (name: string, service: string, annotations: Readonly<Record<string, string>> = {}): Ingress => ({
  metadata: { name, annotations },
  spec: {
    rules: [
      {
        host: "a.example",
        http: { paths: [{ path: "/", backend: { service: { name: service, port: { number: 80 } } } }] },
      },
    ],
  },
});

const slice = (service: string, ...addresses: readonly string[]): Slice => ({
  metadata: { name: `${service}-x`, labels: { "kubernetes.io/service-name": service } },
  endpoints: [
    ...addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
    { addresses: ["10.0.9.9"], conditions: { ready: false } },
  ],
  ports: [{ name: "http", port: 8080 }],
});

const cluster = (annotations: Readonly<Record<string, string>>, slices: readonly Slice[]): Cluster => ({
  ingresses: [
    ingress("web", "stable"),
    ingress("web-canary", "canary", {
      [PREFIX]: "true",
      ...Object.fromEntries(Object.entries(annotations).map(([suffix, value]) => [`${PREFIX}-${suffix}`, value])),
    }),
  ],
  services: ["stable", "canary"].map((name) => ({ metadata: { name }, spec: { ports: [{ name: "http", port: 80 }] } })),
  slices,
});

const both = [slice("stable", "10.0.0.1"), slice("canary", "10.0.0.2")];
const configured = (annotations: Readonly<Record<string, string>>, slices = both): string[] =>
  configurationOf(routesOf(cluster(annotations, slices)), "127.0.0.1:8000")
    .split("\n")
    .map((line) => line.trim());

describe("a canary Ingress", () => {
  test.each([
    ["0", {}, ["* stable_0;"]],
    ["20", {}, ["20.00% canary_0;", "* stable_0;"]],
    ["100", {}, ["* canary_0;"]],
    ["1", { "weight-total": "1000" }, ["0.10% canary_0;", "* stable_0;"]],
    ["20", { "weight-total": "50" }, ["20.00% canary_0;", "* stable_0;"]],
  ])("gets its weight, %s, of its total %j", (weight, more, lines) => {
    const all = configured({ weight, ...more });
    const begin = all.findIndex((line) => line.startsWith("split_clients"));
    expect(all.slice(begin + 1, all.indexOf("}", begin))).toEqual(lines);
  });

  test("is chosen by a header before a cookie, and by a cookie before the weight", () => {
    const all = configured({ weight: "20", "by-header": "X-Canary", "by-cookie": "canary" });
    expect(all.slice(all.indexOf("map $cookie_canary $by_cookie_0 {"), all.indexOf("server {"))).toEqual([
      "map $cookie_canary $by_cookie_0 {",
      '"always" canary_0;',
      '"never" stable_0;',
      "default $by_weight_0;",
      "}",
      "map $http_x_canary $upstream_0 {",
      '"always" canary_0;',
      '"never" stable_0;',
      "default $by_cookie_0;",
      "}",
    ]);
  });

  test("is chosen by its header's value alone where it has one", () => {
    const all = configured({ "by-header": "X-Canary", "by-header-value": "insider" });
    const begin = all.indexOf("map $http_x_canary $upstream_0 {");
    expect(all.slice(begin + 1, begin + 3)).toEqual(['"insider" canary_0;', "default $by_cookie_0;"]);
  });

  test("is passed over while it has no ready pod, and 503 is the answer while the main Ingress has none", () => {
    const stableOnly = configured({ weight: "50" }, [slice("stable", "10.0.0.1"), slice("canary")]);
    expect(stableOnly.filter((line) => line.includes("canary"))).toEqual([]);
    expect(stableOnly).toContain("proxy_pass http://$upstream_0;");
    expect(configured({ weight: "50" }, [slice("canary", "10.0.0.2")])).toContain("return 503;");
  });
});

test("an Ingress without a canary leads to its ready pods", () => {
  const { ingresses, services } = cluster({}, both);
  const [route] = routesOf({ ingresses: ingresses.slice(0, 1), services, slices: both });
  expect(route).toEqual({ host: "a.example", path: "/", stable: ["10.0.0.1:8080"], canary: undefined });
});

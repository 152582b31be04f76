/** Canaries whose traffic Istio splits: by the hosts of two Services, and by the subsets of a DestinationRule. */
import { canary, pause, setWeight } from "../../golden/edits.ts";
import type { KubeObject } from "../../cluster/harness/api.ts";
import type { CanaryStep, CanaryStrategy } from "../../../schema/rollout.ts";
import { broken, rollout, service, besideExperiment, experimentBeside } from "../manifests.ts";
import type { Scenario } from "../scenario.ts";

type Routing = NonNullable<CanaryStrategy["trafficRouting"]>;
type Destination = { readonly host: string; readonly subset?: string };

const services = [service("stable"), service("canary")];
const pair = { stableService: "stable", canaryService: "canary" };

const split = (stable: Destination, other: Destination): object[] => [
  { destination: stable, weight: 100 },
  { destination: other, weight: 0 },
];
const byHost = split({ host: "stable" }, { host: "canary" });
const bySubset = split({ host: "web", subset: "old" }, { host: "web", subset: "new" });

const virtualService = (spec: object, name = "shop"): KubeObject => ({
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "VirtualService",
  metadata: { name },
  spec: { hosts: ["web.example"], gateways: ["front"], ...spec },
});
const primary = (route: readonly object[]): object => ({ http: [{ name: "primary", route }] });

const destinationRule: KubeObject = {
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "DestinationRule",
  metadata: { name: "web" },
  spec: {
    host: "web",
    subsets: [
      { name: "old", labels: { app: "web" } },
      { name: "new", labels: { app: "web" } },
    ],
  },
};

const named: Routing = { istio: { virtualService: { name: "shop", routes: ["primary"] } } };
const subsets: Routing = {
  istio: {
    virtualService: { name: "shop", routes: ["primary"] },
    destinationRule: { name: "web", stableSubsetName: "old", canarySubsetName: "new" },
  },
};

const routed = (
  steps: readonly CanaryStep[],
  rest: CanaryStrategy = {},
  objects: readonly KubeObject[] = [virtualService(primary(byHost))],
) => ({
  tellsCourse: true,
  objects: [...services, ...objects],
  rollout: rollout({
    strategy: canary(steps, {
      ...pair,
      // The two fields exclude each other.
      ...(rest.dynamicStableScale === true ? {} : { scaleDownDelaySeconds: 5 }),
      trafficRouting: named,
      ...rest,
    }),
  }),
});
const bySubsets = (steps: readonly CanaryStep[], rest: CanaryStrategy = {}) =>
  routed(steps, { trafficRouting: subsets, ...rest }, [virtualService(primary(bySubset)), destinationRule]);

const halves = [setWeight(20), pause(), setWeight(50), pause()];
const headerRoute = (name: string, ...values: readonly (readonly [header: string, exact: string])[]): CanaryStep => ({
  setHeaderRoute: {
    name,
    ...(values.length === 0
      ? {}
      : { match: values.map(([headerName, exact]) => ({ headerName, headerValue: { exact } })) }),
  },
});
const mirrorRoute = (name: string, percentage?: number): CanaryStep => ({
  setMirrorRoute: {
    name,
    ...(percentage === undefined
      ? {}
      : { percentage, match: [{ method: { exact: "GET" }, path: { prefix: "/api" } }] }),
  },
});
const managed = (...names: readonly string[]): Routing => ({
  ...named,
  managedRoutes: names.map((name) => ({ name })),
});
const headers = [setWeight(20), headerRoute("beta", ["x-beta", "yes"]), pause(), headerRoute("beta"), pause()];
const mirrors = [setWeight(20), mirrorRoute("copy", 35), pause(), setWeight(40), pause(), mirrorRoute("copy"), pause()];

export const istio: readonly Scenario[] = [
  {
    name: "istio-steps",
    ...routed(halves),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-abort",
    ...routed(halves, { abortScaleDownDelaySeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded sizes 3 0"],
      ["retry", "Paused step 1"],
    ],
  },
  {
    name: "istio-undo-in-the-middle",
    ...routed(halves),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["undo", "Healthy sizes 3 0"],
    ],
  },
  {
    name: "istio-third-image",
    ...routed(halves),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      [{ image: "web:3" }, "Paused step 1"],
    ],
  },
  {
    name: "istio-broken-image",
    ...routed(halves),
    story: [
      [broken, "Progressing step 0 sizes 3 1"],
      ["abort", "Degraded after 3s"],
    ],
  },
  {
    name: "istio-dynamic-stable-scale",
    ...routed(halves, { dynamicStableScale: true }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-tls-and-tcp",
    ...routed(
      halves,
      {
        trafficRouting: {
          istio: {
            virtualService: {
              name: "shop",
              routes: ["primary"],
              tlsRoutes: [{ port: 8443, sniHosts: ["a.example"] }],
              tcpRoutes: [{ port: 5432 }],
            },
          },
        },
      },
      [
        virtualService({
          http: [
            { name: "primary", route: byHost },
            { name: "other", route: [{ destination: { host: "legacy" } }] },
          ],
          tls: [
            { match: [{ port: 8443, sniHosts: ["a.example"] }], route: byHost },
            { match: [{ port: 3000, sniHosts: ["b.example"] }], route: byHost },
          ],
          tcp: [
            { match: [{ port: 5432 }], route: byHost },
            { match: [{ port: 5433 }], route: byHost },
          ],
        }),
      ],
    ),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote --full", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-several-virtual-services",
    ...routed(
      halves,
      {
        trafficRouting: { istio: { virtualServices: [{ name: "shop", routes: ["primary"] }, { name: "side" }] } },
      },
      [virtualService(primary(byHost)), virtualService({ http: [{ route: byHost }] }, "side")],
    ),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote --full", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-other-destinations",
    ...routed(halves, {}, [
      virtualService(
        primary([
          { destination: { host: "canary.trace.svc.cluster.local", port: { number: 80 } }, weight: 0 },
          { destination: { host: "stable" }, weight: 70 },
          { destination: { host: "legacy" }, weight: 30 },
          { destination: { host: "idle" } },
        ]),
      ),
    ]),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote --full", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-subsets-to-the-end",
    ...bySubsets(halves),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Healthy sizes 0 3"],
      [{ spec: { strategy: { canary: { trafficRouting: null, scaleDownDelaySeconds: null } } } }, "Healthy after 3s"],
    ],
  },
  {
    name: "istio-subsets-without-services",
    ...bySubsets(halves, { stableService: "", canaryService: "" }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Paused step 3"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-subsets-abort",
    ...bySubsets(halves, { abortScaleDownDelaySeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["abort", "Degraded sizes 3 0"],
    ],
  },
  {
    name: "istio-subsets-header-route",
    ...bySubsets(headers, { trafficRouting: { ...subsets, managedRoutes: [{ name: "beta" }] } }),
    story: [
      [{ image: "web:2" }, "Paused step 2"],
      ["promote", "Paused step 4"],
    ],
  },
  {
    name: "istio-header-route",
    ...routed(headers, { trafficRouting: managed("beta") }),
    story: [
      [{ image: "web:2" }, "Paused step 2"],
      ["promote", "Paused step 4"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-header-route-abort",
    ...routed(headers, { trafficRouting: managed("beta"), abortScaleDownDelaySeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused step 2"],
      ["abort", "Degraded sizes 3 0"],
    ],
  },
  {
    name: "istio-header-route-promote-full",
    ...routed(headers, { trafficRouting: managed("beta") }),
    story: [
      [{ image: "web:2" }, "Paused step 2"],
      ["promote --full", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-header-routes-in-order",
    ...routed(
      [
        setWeight(20),
        headerRoute("beta", ["x-beta", "yes"], ["x-team", "qa"]),
        headerRoute("first", ["x-first", "1"]),
        pause(),
        headerRoute("beta", ["x-beta", "no"]),
        pause(),
      ],
      { trafficRouting: managed("first", "beta") },
      [
        virtualService({
          http: [
            { name: "fixed", match: [{ uri: { prefix: "/fixed" } }], route: [{ destination: { host: "stable" } }] },
            { name: "primary", route: byHost },
          ],
        }),
      ],
    ),
    story: [
      [{ image: "web:2" }, "Paused step 3"],
      ["promote", "Paused step 5"],
    ],
  },
  {
    name: "istio-mirror-route",
    ...routed(mirrors, { trafficRouting: managed("copy") }),
    story: [
      [{ image: "web:2" }, "Paused step 2"],
      ["promote", "Paused step 4"],
      ["promote", "Paused step 6"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-mirror-route-abort",
    ...routed(mirrors, { trafficRouting: managed("copy"), abortScaleDownDelaySeconds: 6 }),
    story: [
      [{ image: "web:2" }, "Paused step 2"],
      ["abort", "Degraded sizes 3 0"],
    ],
  },
  {
    name: "istio-header-and-mirror-route",
    ...routed([setWeight(20), mirrorRoute("copy", 100), headerRoute("beta", ["x-beta", "yes"]), pause()], {
      trafficRouting: managed("beta", "copy"),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 3"],
      ["promote", "Healthy sizes 0 3"],
    ],
  },
  {
    name: "istio-ping-pong",
    tellsCourse: true,
    objects: [service("ping"), service("pong"), virtualService(primary(split({ host: "ping" }, { host: "pong" })))],
    rollout: rollout({
      strategy: canary([setWeight(50), pause()], {
        scaleDownDelaySeconds: 5,
        pingPong: { pingService: "ping", pongService: "pong" },
        trafficRouting: named,
      }),
    }),
    story: [
      [{ image: "web:2" }, "Paused step 1"],
      ["promote", "Healthy sizes 0 3"],
      [{ image: "web:3" }, "Paused step 1"],
      ["abort", "Degraded after 3s"],
    ],
  },
  {
    name: "istio-experiment",
    ...besideExperiment(routed(experimentBeside)),
  },
  {
    name: "istio-subsets-experiment",
    ...besideExperiment(bySubsets(experimentBeside)),
  },
  {
    name: "istio-virtual-service-missing",
    ...routed(halves, {}, []),
    first: "Degraded",
    story: [[{ create: virtualService(primary(byHost)) }, "Healthy"]],
  },
  {
    name: "istio-route-missing",
    ...routed(halves, {}, [virtualService({ http: [{ name: "another", route: byHost }] })]),
    first: "Degraded",
    story: [[{ patch: virtualService(primary(byHost)), of: "VirtualService/shop" }, "Healthy"]],
  },
];

import { describe, expect, test } from "bun:test";
import { namedObjectFindings } from "./namedObjects.ts";
import { routerViolations } from "./trafficRouters.ts";
import { violationText } from "../../../kube/validation/violation.ts";
import { virtualServiceFindings } from "../../../providers/traffic/virtualService.ts";

const rollout = (trafficRouting: object, canary: object = {}) => ({
  spec: { strategy: { canary: { stableService: "s", canaryService: "c", trafficRouting, ...canary } } },
});
const routing = "spec.strategy.canary.trafficRouting";

describe("settings of a router", () => {
  const table: readonly (readonly [sentence: string, trafficRouting: object, ...texts: string[]])[] = [
    ["one name is fine", { nginx: { stableIngress: "i" }, istio: { virtualService: { name: "v" } } }],
    [
      "a name and a list",
      { nginx: { stableIngress: "i", stableIngresses: ["j"] } },
      `${routing}.nginx: Internal error: Either StableIngress or StableIngresses must be configured. Both are configured.`,
    ],
    [
      "neither",
      { alb: { servicePort: 80 } },
      `${routing}.alb: Internal error: Either Ingress or Ingresses must be configured. Neither are configured.`,
    ],
    [
      "no VirtualService",
      { istio: {} },
      `${routing}.istio: Internal error: either VirtualService or VirtualServices must be configured`,
    ],
    [
      "no mapping",
      { ambassador: { mappings: [] } },
      `${routing}.ambassador.mappings: Invalid value: []: must provide at least one mapping`,
    ],
    [
      "no service of the mesh",
      { appMesh: {} },
      `${routing}.appMesh.virtualService: Required value: must provide virtual-service`,
    ],
    [
      "no VirtualNodes",
      { appMesh: { virtualService: { name: "v" }, virtualNodeGroup: { stableVirtualNodeRef: { name: "s" } } } },
      `${routing}.appMesh.virtualNodeGroup: Required value: must name the VirtualNodes of stable and canary`,
    ],
  ];
  test.each(table.map(([sentence, given, ...texts]) => ({ sentence, given, texts })))(
    "$sentence",
    ({ given, texts }) => {
      expect(routerViolations(rollout(given)).map(violationText)).toEqual(texts);
    },
  );
});

describe("an Ingress", () => {
  const leading = (backend: object) => ({ spec: { rules: [{}, { http: { paths: [{ backend }] } }] } });
  const check = (trafficRouting: object, ingresses: object, settings?: Record<string, readonly string[]>) => {
    const known = new Map(Object.entries(ingresses));
    const objectsOf = ({ plural }: { readonly plural: string }) => (plural === "ingresses" ? known : undefined);
    const found = namedObjectFindings(rollout(trafficRouting), objectsOf, undefined, settings);
    return {
      refuse: found.flatMap(({ refuse }) => refuse).map(violationText),
      warn: found.flatMap(({ warn }) => warn).map(violationText),
    };
  };
  const none = { refuse: [], warn: [] };

  test("that leads to the stable Service is fine, in either form", () => {
    const nginx = { stableIngresses: ["i", "j"] };
    expect(check({ nginx }, { i: leading({ service: { name: "s" } }), j: leading({ serviceName: "s" }) })).toEqual(
      none,
    );
  });

  test("that leads elsewhere refuses", () => {
    const nginx = { stableIngresses: ["i"] };
    expect(check({ nginx }, { i: leading({ resource: {} }) }).refuse).toEqual([
      `${routing}.nginx.stableIngresses: Invalid value: "i": ingress \`i\` has no rules using service s backend`,
    ]);
  });

  test("of an ALB leads to the root Service", () => {
    const alb = { ingress: "i", rootService: "r" };
    expect(check({ alb }, { i: leading({ service: { name: "r" } }) })).toEqual(none);
    expect(check({ alb }, { i: leading({ service: { name: "s" } }) }).refuse).toHaveLength(1);
  });

  test.each(["nginx", "alb"])("of another class than those of the router is warned of: %s", (kind) => {
    const member = kind === "alb" ? "ingress" : "stableIngress";
    const of = (spec: object, annotations: object = {}) => ({
      metadata: { annotations },
      spec: { ...leading({ service: { name: "s" } }).spec, ...spec },
    });
    const asked = (ingress: object, settings?: Record<string, readonly string[]>) =>
      check({ [kind]: { [member]: "i" } }, { i: ingress }, settings);
    const traefik = of({ ingressClassName: "traefik" });
    expect(asked(traefik, {}).warn).toEqual([
      `${routing}.${kind}.${member}: Invalid value: "i": ingress \`i\` has the class "traefik", which is none of ${kind.toUpperCase()}'s: ${kind}`,
    ]);
    expect(asked(of({ ingressClassName: kind }, { "kubernetes.io/ingress.class": "traefik" }), {}).warn).toHaveLength(
      1,
    );
    expect(asked(traefik, { [`${kind}IngressClasses`]: [kind, "traefik"] })).toEqual(none);
    for (const fine of [of({}), of({ ingressClassName: kind }), of({}, { "kubernetes.io/ingress.class": kind })]) {
      expect(asked(fine, {})).toEqual(none);
    }
    // The linter does not know the controller's settings.
    expect(asked(traefik)).toEqual(none);
  });

  test("that is missing may be on its way", () => {
    expect(check({ nginx: { stableIngress: "i" } }, {}).warn).toEqual([
      `${routing}.nginx.stableIngress: Invalid value: "i": ingress.networking.k8s.io "i" not found`,
    ]);
  });
});

describe("a VirtualService", () => {
  const to = (...hosts: readonly string[]) => ({ route: hosts.map((host) => ({ destination: { host } })) });
  const both = to("s", "c.prod.svc.cluster.local");
  const subsets = {
    route: [{ destination: { host: "x", subset: "old" } }, { destination: { host: "x", subset: "new" } }],
  };
  const single = (more: object = {}, istio: object = {}) => ({
    istio: { virtualService: { name: "v", ...more }, ...istio },
  });
  const destinationRule = { name: "d", canarySubsetName: "new", stableSubsetName: "old" };
  const several =
    "spec.http[] should be set in VirtualService and it must have exactly one route when omitting spec.strategy.canary.trafficRouting.istio.virtualService.routes";

  interface Row {
    readonly sentence: string;
    readonly routing?: object;
    readonly canary?: object;
    readonly spec: object;
    readonly detail?: string;
  }
  const http = (problem: string) => `Istio VirtualService has invalid HTTP routes. Error: ${problem}`;
  const table: readonly Row[] = [
    { sentence: "one route to both is fine", spec: { http: [both] } },
    {
      sentence: "the named route counts",
      routing: single({ routes: ["b"] }),
      spec: { http: [to("x"), { name: "b", ...both }] },
    },
    {
      sentence: "no routes at all",
      spec: {},
      detail: "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService",
    },
    {
      sentence: "routes that are none",
      spec: { http: ["x"] },
      detail: "Unable to get HTTP routes for Istio VirtualService",
    },
    { sentence: "no canary", spec: { http: [to("s")] }, detail: http("Canary Service 'c' not found in route") },
    { sentence: "no stable", spec: { http: [to("c")] }, detail: http("Stable Service 's' not found in route") },
    {
      sentence: "a name that is not there",
      routing: single({ routes: ["b"] }),
      spec: { http: [both] },
      detail: http("HTTP Route 'b' is not found in the defined Virtual Service."),
    },
    { sentence: "several routes and no name", spec: { http: [both, { name: "b", ...both }] }, detail: http(several) },
    {
      sentence: "managed routes do not count",
      routing: { ...single(), managedRoutes: [{ name: "b" }] },
      spec: { http: [both, { name: "b", ...to("x") }] },
    },
    { sentence: "subsets are fine", routing: single({}, { destinationRule }), spec: { http: [subsets] } },
    {
      sentence: "a missing subset",
      routing: single({}, { destinationRule: { ...destinationRule, canarySubsetName: "next" } }),
      spec: { http: [subsets] },
      detail: http("Canary DestinationRule subset 'next' not found in route"),
    },
    {
      sentence: "every protocol must lead to both",
      spec: { http: [both], tcp: [to("s")] },
      detail: "Istio VirtualService has invalid TCP routes. Error: Canary Service 'c' not found in route",
    },
    {
      sentence: "TLS routes are found by port and hosts, in any order",
      routing: single({ tlsRoutes: [{ port: 443, sniHosts: ["a", "b"] }] }),
      spec: {
        tls: [
          to("x"),
          {
            match: [
              { port: 443, sniHosts: ["b"] },
              { port: 443, sniHosts: ["a"] },
            ],
            ...both,
          },
        ],
      },
    },
    {
      sentence: "no such TLS route",
      routing: single({ tlsRoutes: [{ port: 443, sniHosts: ["a"] }] }),
      spec: { tls: [{ match: [{ port: 443, sniHosts: ["a", "b"] }], ...both }] },
      detail:
        "Istio VirtualService has invalid TLS routes. Error: No matching TLS routes found in the defined Virtual Service.",
    },
    {
      sentence: "a TCP route with two ports is none",
      routing: single({ tcpRoutes: [{ port: 1 }] }),
      spec: { tcp: [{ match: [{ port: 1 }, { port: 2 }], ...both }] },
      detail:
        "Istio VirtualService has invalid TCP routes. Error: No matching TCP routes found in the defined Virtual Service.",
    },
    {
      sentence: "without Services ping and pong count; pong is stable at first",
      canary: { stableService: "", canaryService: "", pingPong: { pingService: "pi", pongService: "po" } },
      spec: { http: [to("po")] },
      detail: http("Canary Service 'pi' not found in route"),
    },
  ];

  test.each([...table])("$sentence", ({ routing: given = single(), canary = {}, spec, detail }) => {
    const { refuse } = virtualServiceFindings(rollout(given, canary), new Map([["v", { spec }]]));
    expect(refuse.map((violation) => violation.detail)).toEqual(detail === undefined ? [] : [detail]);
    expect(refuse.map(({ path }) => path)).toEqual(refuse.map(() => `${routing}.istio.virtualService.name`));
  });

  test("a route that the Rollout has made itself does not count", () => {
    const spec = { http: [{ name: "beta", ...to("c") }, both] };
    const own = { ...rollout(single()), metadata: { namespace: "shop", name: "web" } };
    const marked = (holder: string) => ({
      metadata: {
        annotations: { "sluice.dev/split-by-rollouts": JSON.stringify({ [holder]: { managed: ["beta"] } }) },
      },
      spec,
    });
    expect(virtualServiceFindings(own, new Map([["v", marked("shop/web")]])).refuse).toEqual([]);
    expect(virtualServiceFindings(own, new Map([["v", marked("shop/other")]])).refuse).toHaveLength(1);
  });

  test("of another namespace, missing, with its true path in a list", () => {
    const istio = { virtualServices: [{ name: "v" }, { name: "w.prod.cluster.local" }] };
    const { refuse, warn } = virtualServiceFindings(rollout({ istio }), new Map([["v", { spec: { http: [both] } }]]));
    expect(refuse).toEqual([]);
    expect(warn.map(violationText)).toEqual([
      `${routing}.istio.virtualServices.name: Invalid value: "w": virtualservices.networking.istio.io "w" not found`,
    ]);
    expect(warn[0]?.exactPath).toBe(`${routing}.istio.virtualServices[1].name`);
  });
});

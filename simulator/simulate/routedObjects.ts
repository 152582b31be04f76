/** What traffic routers find in a cluster, made up where it is not given (docs/cli/simulate.md#what-is-made-up). Pure. */
import { isList, type Json } from "../../kube/object/json.ts";
import { type NamedRoute, ROUTE_KINDS, stanzaOf } from "../../providers/traffic/gatewayStanza.ts";
import { TRAFFIC_SPLIT_VERSIONS } from "../../providers/traffic/smi.ts";
import { servicesOf } from "../../providers/traffic/stableAndCanary.ts";
import { virtualServicePlace } from "../../providers/traffic/virtualService.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Manifest } from "./bundle.ts";

export interface Routed {
  readonly services: readonly string[];
  readonly objects: readonly Manifest[];
}

/** By kind of router; a router that this version does not drive is refused by admission. */
export function routed(rollout: Rollout): Routed {
  const { stableService = "", canaryService = "", trafficRouting } = rollout.spec?.strategy?.canary ?? {};
  const { nginx, alb, smi, ...others } = (trafficRouting ?? {}) as Readonly<Record<string, Json | undefined>>;
  const services = [smi?.["rootService"], alb?.["rootService"]].filter(isName);
  const entrance = isName(alb?.["rootService"]) ? alb["rootService"] : stableService;
  return {
    services,
    objects: [
      ...names(nginx, "stableIngress", "stableIngresses").map((name) =>
        ingress(name, "nginx", stableService, { number: 80 }),
      ),
      ...names(alb, "ingress", "ingresses").map((name) => ingress(name, "alb", entrance, { name: "use-annotation" })),
      ...istioObjects(rollout),
      ...routes(rollout),
      ...listing(others, stableService, canaryService),
    ],
  };
}

/** Each leads to both Services, all to stable. One of a kind that is selected has the labels of the selector. */
function routes(rollout: Rollout): readonly Manifest[] {
  const stanza = stanzaOf(rollout);
  if (stanza === undefined) return [];
  const { stableService = "", canaryService = "" } = rollout.spec?.strategy?.canary ?? {};
  const backendRefs = [
    { name: stableService, port: 80, weight: 1 },
    { name: canaryService, port: 80, weight: 0 },
  ];
  const route = ({ kind: { resource }, name }: Pick<NamedRoute, "kind" | "name">, labels: Json = {}): Manifest => ({
    apiVersion: `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: { name, namespace: stanza.namespace, labels },
    spec: { rules: [{ backendRefs }] },
  });
  return [
    ...stanza.named.map((named) => route(named)),
    ...stanza.selected.map(({ kind, selector }) => route({ kind, name: "selected" }, selector.matchLabels)),
  ];
}

const isName = (value: unknown): value is string => typeof value === "string" && value !== "";

function names(router: Json | undefined, one: string, several: string): readonly string[] {
  const more = router?.[several];
  return [...new Set([router?.[one], ...(isList(more) ? more : [])].filter(isName))];
}

const ingress = (name: string, ingressClassName: string, service: string, port: Json): Manifest => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name },
  spec: {
    ingressClassName,
    rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: service, port } } }] } }],
  },
});

/** VirtualServices with the routes that it selects, all requests at stable, and its DestinationRule. */
function istioObjects(rollout: Rollout): readonly Manifest[] {
  const { istio } = rollout.spec?.strategy?.canary?.trafficRouting ?? {};
  if (istio === undefined) return [];
  const {
    virtualService,
    virtualServices = virtualService === undefined ? [] : [virtualService],
    destinationRule,
  } = istio;
  const { namespace, name } = rollout.metadata;
  const { stable, canary } = servicesOf(rollout, "instead");
  const to = (host: string, subset: string | undefined, weight: number): Json => ({
    destination: { host, ...(subset === undefined ? {} : { subset }) },
    weight,
  });
  const { stableSubsetName, canarySubsetName } = destinationRule ?? {};
  const route = [to(stable || name, stableSubsetName, 100), to(canary || name, canarySubsetName, 0)];
  const subsets = [stableSubsetName, canarySubsetName].map((subset) => ({ name: subset }));
  return [
    ...virtualServices.map(({ routes = [], tlsRoutes = [], tcpRoutes = [], name: reference }) => {
      const place = virtualServicePlace(reference, namespace);
      const http = routes.length > 0 ? routes.map((one) => ({ name: one, route })) : [{ route }];
      return istioManifest("VirtualService", place, {
        ...(routes.length > 0 || tlsRoutes.length + tcpRoutes.length === 0 ? { http } : {}),
        ...(tlsRoutes.length > 0 ? { tls: tlsRoutes.map((match) => ({ match: [match], route })) } : {}),
        ...(tcpRoutes.length > 0 ? { tcp: tcpRoutes.map((match) => ({ match: [match], route })) } : {}),
      });
    }),
    ...(destinationRule === undefined
      ? []
      : [istioManifest("DestinationRule", { namespace, name: destinationRule.name }, { host: name, subsets })]),
  ];
}

const istioManifest = (
  kind: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  spec: Json,
): Manifest => ({
  apiVersion: "networking.istio.io/v1alpha3",
  kind,
  metadata: { name, ...(namespace === "" ? {} : { namespace }) },
  spec,
});

/** Objects that list both targets of the traffic. */
function listing(
  { traefik, apisix, ambassador, appMesh }: Readonly<Record<string, Json | undefined>>,
  stable: string,
  canary: string,
): readonly Manifest[] {
  const services = [
    { name: stable, port: 80, weight: 100 },
    { name: canary, port: 80, weight: 0 },
  ];
  return [
    ...names(traefik, "weightedTraefikServiceName", "").map((given) => traefikObject(given, services)),
    ...names(apisix?.["route"] as Json | undefined, "name", "").map((name) => {
      const rules = names(apisix?.["route"] as Json | undefined, "", "rules");
      const backends = services.map((one) => ({ serviceName: one.name, servicePort: 80, weight: one.weight }));
      const http = (rules.length === 0 ? [name] : rules).map((rule) => ({ name: rule, backends }));
      return custom("apisix.apache.org/v2", "ApisixRoute", name, { http });
    }),
    ...names(ambassador, "", "mappings").map((name) =>
      custom("getambassador.io/v2", "Mapping", name, { prefix: "/", service: stable }),
    ),
    ...meshObjects(appMesh),
  ];
}

const ROUTE = "ingressroute/";

function traefikObject(given: string, services: readonly Json[]): Manifest {
  const api = "traefik.io/v1alpha1";
  return given.toLowerCase().startsWith(ROUTE)
    ? custom(api, "IngressRoute", given.slice(ROUTE.length), { routes: [{ kind: "Rule", match: "", services }] })
    : custom(api, "TraefikService", given, { weighted: { services } });
}

function meshObjects(mesh: Json | undefined): readonly Manifest[] {
  const [service] = names(mesh?.["virtualService"] as Json | undefined, "name", "");
  if (service === undefined) return [];
  const group = (mesh?.["virtualNodeGroup"] ?? {}) as Readonly<Record<string, Json | undefined>>;
  const nodes = ["stableVirtualNodeRef", "canaryVirtualNodeRef"].flatMap((role) => names(group[role], "name", ""));
  const weightedTargets = nodes.map((name, index) => ({ virtualNodeRef: { name }, weight: index === 0 ? 100 : 0 }));
  const api = "appmesh.k8s.aws/v1beta2";
  const routes = names(mesh?.["virtualService"] as Json | undefined, "", "routes");
  return [
    custom(api, "VirtualService", service, { provider: { virtualRouter: { virtualRouterRef: { name: service } } } }),
    custom(api, "VirtualRouter", service, {
      routes: (routes.length === 0 ? [service] : routes).map((name) => ({
        name,
        httpRoute: { action: { weightedTargets } },
      })),
    }),
    ...nodes.map((name) => custom(api, "VirtualNode", name, {})),
  ];
}

const custom = (apiVersion: string, kind: string, name: string, spec: Json): Manifest => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
});

const ISTIO_VERSIONS = ["v1alpha3", "v1beta1", "v1"];

/** A kind of a router's: no server knows it by itself. */
const definition = (group: string, versions: readonly string[], kind: string, plural: string): Manifest => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
    versions: versions.map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    })),
  },
});

/** Of all routers that are driven; their versions are the controller's by default. */
export const ROUTER_KINDS: readonly Manifest[] = [
  definition("split.smi-spec.io", TRAFFIC_SPLIT_VERSIONS, "TrafficSplit", "trafficsplits"),
  definition("networking.istio.io", ISTIO_VERSIONS, "VirtualService", "virtualservices"),
  definition("networking.istio.io", ISTIO_VERSIONS, "DestinationRule", "destinationrules"),
  definition("traefik.io", ["v1alpha1"], "TraefikService", "traefikservices"),
  definition("traefik.io", ["v1alpha1"], "IngressRoute", "ingressroutes"),
  definition("apisix.apache.org", ["v2"], "ApisixRoute", "apisixroutes"),
  definition("getambassador.io", ["v2", "v3alpha1"], "Mapping", "mappings"),
  definition("appmesh.k8s.aws", ["v1beta2"], "VirtualService", "virtualservices"),
  definition("appmesh.k8s.aws", ["v1beta2"], "VirtualRouter", "virtualrouters"),
  definition("appmesh.k8s.aws", ["v1beta2"], "VirtualNode", "virtualnodes"),
  ...ROUTE_KINDS.map(({ resource: { group, version, kind, plural } }) => definition(group, [version], kind, plural)),
];

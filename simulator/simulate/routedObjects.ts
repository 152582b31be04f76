/** What traffic routers find in a cluster, made up where it is not given (docs/cli/simulate.md#what-is-made-up). Pure. */
import { isList, type Json } from "../../kube/object/json.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Manifest } from "./bundle.ts";

export interface Routed {
  readonly services: readonly string[];
  readonly objects: readonly Manifest[];
}

/** By kind of router; a router that this version does not drive is refused by admission. */
export function routed({ spec }: Rollout): Routed {
  const { stableService = "", canaryService = "", trafficRouting } = spec?.strategy?.canary ?? {};
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
      ...listing(others, stableService, canaryService),
    ],
  };
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

const SPLIT_VERSIONS = ["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"];

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
  definition("split.smi-spec.io", SPLIT_VERSIONS, "TrafficSplit", "trafficsplits"),
  definition("traefik.io", ["v1alpha1"], "TraefikService", "traefikservices"),
  definition("traefik.io", ["v1alpha1"], "IngressRoute", "ingressroutes"),
  definition("apisix.apache.org", ["v2"], "ApisixRoute", "apisixroutes"),
  definition("getambassador.io", ["v2", "v3alpha1"], "Mapping", "mappings"),
  definition("appmesh.k8s.aws", ["v1beta2"], "VirtualService", "virtualservices"),
  definition("appmesh.k8s.aws", ["v1beta2"], "VirtualRouter", "virtualrouters"),
  definition("appmesh.k8s.aws", ["v1beta2"], "VirtualNode", "virtualnodes"),
];

/** What traffic routers find in a cluster, made up where it is not given (docs/cli/simulate.md#what-is-made-up). Pure. */
import { isList, type Json } from "../../kube/object/json.ts";
import { type NamedRoute, ROUTE_KINDS, stanzaOf } from "../../providers/traffic/gatewayStanza.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Manifest } from "./bundle.ts";

export interface Routed {
  readonly services: readonly string[];
  readonly objects: readonly Manifest[];
}

/** By kind of router; a router that this version does not drive is refused by admission. */
export function routed(rollout: Rollout): Routed {
  const { spec } = rollout;
  const { stableService = "", trafficRouting } = spec?.strategy?.canary ?? {};
  const { nginx, alb, smi } = (trafficRouting ?? {}) as Readonly<Record<string, Json | undefined>>;
  const services = [smi?.["rootService"], alb?.["rootService"]].filter(isName);
  const entrance = isName(alb?.["rootService"]) ? alb["rootService"] : stableService;
  return {
    services,
    objects: [
      ...names(nginx, "stableIngress", "stableIngresses").map((name) =>
        ingress(name, "nginx", stableService, { number: 80 }),
      ),
      ...names(alb, "ingress", "ingresses").map((name) => ingress(name, "alb", entrance, { name: "use-annotation" })),
      ...routes(rollout),
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

const VERSIONS = ["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"];

const definition = (group: string, plural: string, kind: string, versions: readonly string[]): Manifest => ({
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

/** Kinds that no server knows by itself: of meshes of the Service Mesh Interface, and of the Gateway API. */
export const ROUTED_DEFINITIONS: readonly Manifest[] = [
  definition("split.smi-spec.io", "trafficsplits", "TrafficSplit", VERSIONS),
  ...ROUTE_KINDS.map(({ resource: { group, plural, kind, version } }) => definition(group, plural, kind, [version])),
];

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

const VERSIONS = ["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"];

/** Of meshes of the Service Mesh Interface: no server knows the kind by itself. */
export const TRAFFIC_SPLITS: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "trafficsplits.split.smi-spec.io" },
  spec: {
    group: "split.smi-spec.io",
    scope: "Namespaced",
    names: { kind: "TrafficSplit", listKind: "TrafficSplitList", plural: "trafficsplits", singular: "trafficsplit" },
    versions: VERSIONS.map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    })),
  },
};

/** What traffic routers find in a cluster, made up where it is not given (docs/cli/simulate.md#what-is-made-up). Pure. */
import type { Json } from "../../kube/object/json.ts";
import { text } from "../../kube/validation/place.ts";
import { alb } from "../../providers/traffic/alb.ts";
import { nginx } from "../../providers/traffic/nginx.ts";
import type { Router } from "../../providers/traffic/router.ts";
import { TRAFFIC_SPLIT_VERSIONS } from "../../providers/traffic/smi.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Manifest } from "./bundle.ts";

export interface Routed {
  readonly services: readonly string[];
  readonly objects: readonly Manifest[];
}

/** By kind of router; a router that this version does not drive is refused by admission. */
export function routed(rollout: Rollout): Routed {
  const { stableService = "", trafficRouting } = rollout.spec?.strategy?.canary ?? {};
  const [ofSmi, ofAlb] = [trafficRouting?.smi, trafficRouting?.alb].map((router): unknown => router?.rootService);
  return {
    services: [ofSmi, ofAlb].filter(isName),
    objects: [
      ...namesOf(nginx, rollout).map((name) => ingress(name, "nginx", stableService, { number: 80 })),
      ...namesOf(alb, rollout).map((name) =>
        ingress(name, "alb", isName(ofAlb) ? ofAlb : stableService, { name: "use-annotation" }),
      ),
    ],
  };
}

const isName = (value: unknown): value is string => typeof value === "string" && value !== "";

const namesOf = ({ named }: Router, rollout: Rollout): readonly string[] => [
  ...new Set(named?.owned?.(rollout).map(text)),
];

const ingress = (name: string, ingressClassName: string, service: string, port: Json): Manifest => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name },
  spec: {
    ingressClassName,
    rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: service, port } } }] } }],
  },
});

/** Of meshes of the Service Mesh Interface: no server knows the kind by itself. */
export const TRAFFIC_SPLITS: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "trafficsplits.split.smi-spec.io" },
  spec: {
    group: "split.smi-spec.io",
    scope: "Namespaced",
    names: { kind: "TrafficSplit", listKind: "TrafficSplitList", plural: "trafficsplits", singular: "trafficsplit" },
    versions: TRAFFIC_SPLIT_VERSIONS.map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    })),
  },
};

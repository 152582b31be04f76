/** Kinds of routers whose schemas the folder of the routers' CRDs lacks: they take anything. */
import type { KubeObject } from "./api.ts";

const kind = (group: string, version: string, name: string): KubeObject => {
  const singular = name.toLowerCase();
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${singular}s.${group}`,
      // Groups of Kubernetes are kept from others.
      annotations: { "api-approved.kubernetes.io": "unapproved, for a test" },
    },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind: name, listKind: `${name}List`, plural: `${singular}s`, singular },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          subresources: { status: {} },
        },
      ],
    },
  };
};

export const LOOSE_KINDS: readonly KubeObject[] = [
  // The standard channel of the Gateway API serves no such routes.
  kind("gateway.networking.k8s.io", "v1alpha2", "TCPRoute"),
  kind("gateway.networking.k8s.io", "v1alpha2", "TLSRoute"),
  // No router's row writes these, but examples bring them along.
  kind("networking.istio.io", "v1alpha3", "Gateway"),
  kind("getambassador.io", "v2", "KubernetesEndpointResolver"),
];

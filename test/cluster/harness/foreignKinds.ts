/** Kinds of KEDA, the vertical autoscaler and Prometheus, as far as migrating looks at them. */
import type { KubeObject } from "./api.ts";
import type { Harness } from "./harness.ts";

const definition = (group: string, version: string, kind: string): KubeObject => {
  const plural = `${kind.toLowerCase()}s`;
  const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      // Groups of Kubernetes are kept from others.
      annotations: { "api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/63797" },
    },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec: anything } } },
        },
      ],
    },
  };
};

const definitions: readonly KubeObject[] = [
  definition("autoscaling.k8s.io", "v1", "VerticalPodAutoscaler"),
  definition("keda.sh", "v1alpha1", "ScaledObject"),
  definition("monitoring.coreos.com", "v1", "PodMonitor"),
  definition("monitoring.coreos.com", "v1", "ServiceMonitor"),
];

/** Resolves when they are served. */
export async function applyForeignKinds({ kubectl }: Pick<Harness, "kubectl">): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: definitions };
  const names = definitions.map(({ metadata }) => `crd/${metadata.name}`);
  for (const [args, stdin] of [
    [["apply", "-f", "-"], JSON.stringify(list)],
    [["wait", "--for=condition=Established", "--timeout=30s", ...names], undefined],
  ] as const) {
    const { code, stderr } = await kubectl([...args], stdin);
    if (code !== 0) throw new Error(stderr);
  }
}

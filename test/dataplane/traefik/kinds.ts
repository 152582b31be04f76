/** The kinds that Traefik watches. It starts with none of its routes until the API server serves all of them. */
import { join } from "node:path";
import type { Harness } from "../../cluster/harness/harness.ts";
import { sharedDir } from "../../cluster/harness/kubeBinary.ts";
import { until } from "../../cluster/harness/until.ts";

const GATEWAY = "gateway.networking.k8s.io";

/** Those of which no story has an object: their schemas do not matter. */
const unused: readonly (readonly [group: string, version: string, kind: string, plural: string])[] = [
  ...[
    ["IngressRouteTCP", "ingressroutetcps"],
    ["IngressRouteUDP", "ingressrouteudps"],
    ["Middleware", "middlewares"],
    ["MiddlewareTCP", "middlewaretcps"],
    ["ServersTransport", "serverstransports"],
    ["ServersTransportTCP", "serverstransporttcps"],
    ["TLSOption", "tlsoptions"],
    ["TLSStore", "tlsstores"],
  ].map(([kind = "", plural = ""]) => ["traefik.io", "v1alpha1", kind, plural] as const),
  [GATEWAY, "v1beta1", "ReferenceGrant", "referencegrants"],
  [GATEWAY, "v1", "BackendTLSPolicy", "backendtlspolicies"],
  [GATEWAY, "v1", "TLSRoute", "tlsroutes"],
];

const definitionOf = ([group, version, kind, plural]: (typeof unused)[number]) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: `${plural}.${group}`,
    ...(group === GATEWAY ? { annotations: { "api-approved.kubernetes.io": "unapproved, of a test" } } : {}),
  },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
});

/** The projects' own definitions where a story has objects of the kind. Waits until all are served. */
export async function defineKinds({ api, kubectl }: Harness): Promise<void> {
  for (const file of ["traefik.yaml", "gateway-api.yaml"]) {
    const path = join(sharedDir(), "crds", file);
    const { code, stderr } = await kubectl(["apply", "--server-side", "-f", path]);
    if (code !== 0) throw new Error(`Cannot apply the kinds in ${path} (set SLUICE_SHARED): ${stderr}`);
  }
  const list = { apiVersion: "v1", kind: "List", items: unused.map(definitionOf) };
  const { code, stderr } = await kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(list));
  if (code !== 0) throw new Error(`Cannot apply the kinds that Traefik watches: ${stderr}`);
  const paths = [
    ...unused.map(([group, version, , plural]) => `/apis/${group}/${version}/${plural}`),
    ...["ingressroutes", "traefikservices"].map((plural) => `/apis/traefik.io/v1alpha1/${plural}`),
    ...["gatewayclasses", "gateways", "httproutes", "grpcroutes"].map((plural) => `/apis/${GATEWAY}/v1/${plural}`),
  ];
  for (const path of paths) {
    const isServed = async (): Promise<boolean> => (await api.answer("GET", path)).status === 200;
    await until(`${path} is served`, isServed, 30_000);
  }
}

/**
 * A metrics adapter in miniature, as KEDA brings one: an API service that answers external.metrics.k8s.io, so that the
 * real autoscaler of the controller manager has something to go by.
 */
import type { Authority } from "./certificates.ts";
import type { Harness } from "./harness.ts";

const group = "external.metrics.k8s.io";
const version = "v1beta1";
const port = 6443;

export interface ExternalMetrics {
  /** Sets the value of the metric of this name. */
  set(name: string, value: number): void;
  /** How often it was requested. */
  asked(name: string): number;
  stop(): Promise<void>;
}

const metricOf = (path: string): string => path.split("/").at(-1) ?? "";

function answer(request: Request, values: ReadonlyMap<string, number>, asked: (name: string) => void): Response {
  const { pathname } = new URL(request.url);
  const root = `/apis/${group}/${version}`;
  if (pathname === root) {
    const resource = { singularName: "", namespaced: true, kind: "ExternalMetricValueList", verbs: ["get"] };
    const resources = [...values.keys()].map((name) => ({ name, ...resource }));
    return Response.json({ kind: "APIResourceList", apiVersion: "v1", groupVersion: `${group}/${version}`, resources });
  }
  const metricName = metricOf(pathname);
  const value = values.get(metricName);
  if (!pathname.startsWith(root) || value === undefined) return new Response("not found", { status: 404 });
  asked(metricName);
  const timestamp = new Date().toISOString();
  const items = [{ metricName, metricLabels: {}, timestamp, value: String(value) }];
  return Response.json({ apiVersion: `${group}/${version}`, kind: "ExternalMetricValueList", metadata: {}, items });
}

/** Registers the API service in a cluster of ours and serves it until it is stopped. */
export async function serveExternalMetrics({ api }: Harness, authority: Authority): Promise<ExternalMetrics> {
  const namespace = `metrics-${crypto.randomUUID().slice(0, 6)}`;
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  const service = await api.create<{ spec: { clusterIP: string } }>(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name: "adapter" },
    spec: { ports: [{ port, targetPort: port }] },
  });
  // The API server requires an endpoint, but connects to the Service's own address.
  await api.create(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
    metadata: { name: "adapter", labels: { "kubernetes.io/service-name": "adapter" } },
    addressType: "IPv4",
    ports: [{ port }],
    endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: true } }],
  });
  const values = new Map<string, number>();
  const hostname = service.spec.clusterIP;
  const tls = await authority.server({ dns: [`adapter.${namespace}.svc`], ip: [hostname] });
  const counts = new Map<string, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  const server = Bun.serve({ hostname, port, tls, fetch: (request) => answer(request, values, count) });
  const path = "/apis/apiregistration.k8s.io/v1/apiservices";
  await api.create(path, {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: `${version}.${group}` },
    spec: {
      group,
      version,
      groupPriorityMinimum: 100,
      versionPriority: 100,
      service: { name: "adapter", namespace, port },
      caBundle: Buffer.from(authority.ca).toString("base64"),
    },
  });
  return {
    asked: (name) => counts.get(name) ?? 0,
    set: (name, value) => void values.set(name, value),
    stop: async () => {
      await api.delete(`${path}/${version}.${group}`);
      await server.stop(true);
    },
  };
}

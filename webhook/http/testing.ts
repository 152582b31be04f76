/** For the tests here and the bench: reviews as the API server writes them, and certificates for loopback. */
import { type KeyedCertificate, makeAuthority, makeServing } from "../certificates/x509.ts";

export interface LoopbackCertificates {
  /** The CA, PEM. */
  readonly ca: string;
  readonly first: KeyedCertificate;
  readonly second: KeyedCertificate;
}

/** Two serving certificates for 127.0.0.1 by one CA, valid for an hour. */
export async function loopbackCertificates(): Promise<LoopbackCertificates> {
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  const authority = await makeAuthority(validity);
  const make = (): Promise<KeyedCertificate> => makeServing(authority, ["localhost", "127.0.0.1"], validity);
  return { ca: authority.pem, first: await make(), second: await make() };
}

/** A typical Rollout of about 3 kB; `spec` replaces members of its spec. */
export function rolloutObject(
  spec: Readonly<Record<string, unknown>> = {},
  metadata: object = {},
): Record<string, unknown> {
  const container = {
    name: "web",
    image: "registry.example.com/team/web:1.2.3",
    args: ["--port=8080", "--log=info"],
    ports: [
      { name: "http", containerPort: 8080, protocol: "TCP" },
      { name: "metrics", containerPort: 9090, protocol: "TCP" },
    ],
    env: Array.from({ length: 12 }, (_, index) => ({ name: `SETTING_${index}`, value: `value of setting ${index}` })),
    resources: { requests: { cpu: "250m", memory: "256Mi" }, limits: { cpu: "1", memory: "512Mi" } },
    readinessProbe: { httpGet: { path: "/ready", port: "http", scheme: "HTTP" }, periodSeconds: 5, timeoutSeconds: 1 },
    livenessProbe: { httpGet: { path: "/live", port: "http", scheme: "HTTP" }, periodSeconds: 10, timeoutSeconds: 1 },
    volumeMounts: [
      { name: "config", mountPath: "/etc/web" },
      { name: "cache", mountPath: "/var/cache/web" },
    ],
    securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true },
  };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: {
      name: "web",
      namespace: "team-a",
      uid: "5f1c0a52-7d5e-4a4d-9f1e-2f6b8a3f0001",
      labels: { app: "web" },
      ...metadata,
    },
    spec: {
      replicas: 5,
      revisionHistoryLimit: 3,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web", team: "a" }, annotations: { "prometheus.io/scrape": "true" } },
        spec: {
          containers: [container],
          volumes: [
            { name: "config", configMap: { name: "web" } },
            { name: "cache", emptyDir: { sizeLimit: "1Gi" } },
          ],
          terminationGracePeriodSeconds: 30,
        },
      },
      strategy: {
        canary: {
          maxSurge: "25%",
          steps: [{ setWeight: 20 }, { pause: { duration: "1m" } }, { setWeight: 50 }, { pause: {} }],
        },
      },
      ...spec,
    },
  };
}

/** Members of an AdmissionRequest that replace those of a Rollout's CREATE. */
export type RequestMembers = Readonly<Record<string, unknown>>;

/** An AdmissionReview with its members in the API server's order. */
export function reviewOf(object: unknown, members: RequestMembers = {}): Record<string, unknown> {
  const { kind = "Rollout" } = (object ?? members["oldObject"] ?? {}) as { kind?: string };
  const { operation = "CREATE", options, userInfo, ...others } = members;
  return {
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: "0a5cbc5e-96c8-4bbd-8bb2-a2a3a1f2b3c4",
      kind: { group: "argoproj.io", version: "v1alpha1", kind },
      resource: { group: "argoproj.io", version: "v1alpha1", resource: `${kind.toLowerCase()}s` },
      requestKind: { group: "argoproj.io", version: "v1alpha1", kind },
      name: "web",
      namespace: "team-a",
      operation,
      userInfo: userInfo ?? { username: "jane", groups: ["system:authenticated"] },
      object,
      oldObject: null,
      dryRun: false,
      options: options ?? { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", fieldManager: "kubectl" },
      ...others,
    },
  };
}

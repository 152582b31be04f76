/** For the tests here: an API server that calls the webhook as its configuration says. */
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";
import type { ApiObject } from "../../simulator/model/model.ts";
import type { Admission, AdmissionResponse } from "../../simulator/server/objects/admissionPort.ts";
import { testApi } from "../../test/apiServer.ts";
import { type Configuration, PROBING, unconditional } from "../configuration/configuration.ts";
import { answerProbe } from "../http/probe.ts";

const CONFIGURATION = {
  resource: "validatingwebhookconfigurations.admissionregistration.k8s.io",
  name: "sluice",
} as const;
const MUTATING = { ...CONFIGURATION, resource: "mutatingwebhookconfigurations.admissionregistration.k8s.io" } as const;
const SECRET = { resource: "secrets", namespace: "ns", name: "sluice-webhook-certificates" } as const;
const SLICE = { resource: "endpointslices.discovery.k8s.io", namespace: "ns", name: "pods" } as const;

/**
 * `blocked.why` keeps the API server from calling the webhook; `old.dropsConditions`: it is older than Kubernetes 1.28.
 */
export const webhookCluster = () => {
  const blocked: { why: string | undefined } = { why: undefined };
  const old = { dropsConditions: false };
  const configuration = (): Configuration | undefined => core.get(CONFIGURATION) as Configuration | undefined;
  const admit: Admission = {
    webhook: PROBING,
    applies: ({ name }) => name === "leases",
    review: (request) => {
      if (configuration()?.webhooks?.some(({ name }) => name === PROBING) !== true) return undefined;
      if (blocked.why !== undefined) return Promise.reject(new Error(blocked.why));
      return Promise.resolve((answerProbe({ request }) as { readonly response: AdmissionResponse }).response);
    },
  };
  const api = testApi({ namespaces: ["ns"], admit });
  const { core, hook } = api;
  const writes: string[] = [];
  hook.before = (request) => {
    const verb = verbs[request.method];
    if (verb !== undefined && request.query?.["dryRun"] === undefined)
      writes.push(`${verb} ${request.path.split("/").at(-1)}`);
  };
  const client: KubeClient = {
    ...api.client,
    request: (request) => api.client.request(old.dropsConditions ? withoutConditions(request) : request),
  };
  /** Another client changes the configuration. */
  const edit = (webhooks: (old: readonly unknown[]) => readonly unknown[]): void =>
    void core.modify(CONFIGURATION, (stored) => ({
      ...stored,
      webhooks: webhooks(stored["webhooks"] as readonly unknown[]),
    }));
  const secret = (): ApiObject | undefined => core.get(SECRET);
  return {
    ...api,
    client,
    writes,
    blocked,
    old,
    configuration,
    edit,
    mutating: (): Configuration | undefined => core.get(MUTATING) as Configuration | undefined,
    editMutating: (webhooks: readonly unknown[]): void =>
      void core.modify(MUTATING, (stored) => ({ ...stored, webhooks })),
    removeMutating: () => core.delete(MUTATING),
    removeConfiguration: () => core.delete(CONFIGURATION),
    secret,
    removeSecret: () => core.delete(SECRET),
    /** So many replicas of ours are ready. */
    pods(count: number): void {
      const endpoints = Array.from({ length: count }, (_, i) => ({
        addresses: [`10.0.0.${i + 1}`],
        conditions: { ready: true },
        targetRef: { kind: "Pod", uid: `${i}`, name: `pod-${i}` },
      }));
      const labels = { "kubernetes.io/service-name": "sluice-webhook" };
      const slice = { addressType: "IPv4", endpoints };
      if (core.get(SLICE) !== undefined) core.modify(SLICE, (stored) => ({ ...stored, ...slice }));
      else
        core.create(SLICE.resource, { metadata: { name: SLICE.name, namespace: SLICE.namespace, labels }, ...slice });
    },
  };
};

/** What is created is applied: then its name is in the path, and RBAC can allow this name alone. */
const verbs: Partial<Record<KubeRequest["method"], string>> = { PATCH: "create", PUT: "update", DELETE: "delete" };

/** The request as an API server reads it that does not know match conditions. */
function withoutConditions(request: KubeRequest): KubeRequest {
  const { webhooks } = (request.body ?? {}) as Partial<Configuration>;
  if (webhooks === undefined) return request;
  return { ...request, body: { ...(request.body as object), webhooks: webhooks.map(unconditional) } };
}

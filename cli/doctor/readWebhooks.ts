/** Sluice's webhook configurations, and what becomes of a probe and of a wrong Rollout. Dry runs alone: nothing is stored. */
import type { Reached, WebhookFacts, WrongRollout } from "../../controller/doctor/facts/facts.ts";
import { known, mapRead, type Read } from "../../controller/doctor/facts/finding.ts";
import { listObjects } from "../../controller/migration/facts/beside.ts";
import { ApiError } from "../../kube/client/apiError.ts";
import { collectionPath } from "../../kube/client/path.ts";
import {
  ENDPOINT_SLICES,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  ROLLOUTS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Json } from "../../kube/object/json.ts";
import { at, items, type Place, present, root, text } from "../../kube/validation/place.ts";
import { INSTANCE_LABEL } from "../../schema/labels.ts";
import { readCertificates } from "../../webhook/certificates/x509.ts";
import { configurationName, policyIn, PROBING, VALIDATING } from "../../webhook/configuration/configuration.ts";
import { probe } from "../../webhook/http/probe.ts";
import { nameOf, tried } from "./reading.ts";

export interface Where {
  readonly controllerNamespace: string;
  /** Where a Rollout could stand, the likeliest first. */
  readonly namespaces: readonly string[];
}

export async function readWebhooks(client: KubeClient, where: Where): Promise<Read<readonly WebhookFacts[]>> {
  const kind = ["ValidatingWebhookConfiguration", VALIDATING_WEBHOOK_CONFIGURATIONS] as const;
  const found = await tried(listObjects(client, kind, undefined));
  if (found.kind === "unknown") return found;
  const ours = found.value.filter((each) => items(at(root(each), "webhooks")).some(isOurs));
  return known(await Promise.all(ours.map((each) => factsOf(client, each, where))));
}

/** Instance ids of the configurations for Deployments that migrate. */
export async function readMutating(client: KubeClient): Promise<Read<readonly string[]>> {
  const kind = ["MutatingWebhookConfiguration", MUTATING_WEBHOOK_CONFIGURATIONS] as const;
  const own = configurationName("");
  return mapRead(await tried(listObjects(client, kind, undefined)), (found) =>
    found
      .map(nameOf)
      .filter((name) => name === own || name.startsWith(`${own}-`))
      .map((name) => name.slice(own.length + 1)),
  );
}

const isOurs = (webhook: Place): boolean => [VALIDATING, PROBING].includes(text(at(webhook, "name")));

async function factsOf(client: KubeClient, object: Json, where: Where): Promise<WebhookFacts> {
  const place = root(object);
  const configuration = text(at(place, "metadata", "name"));
  const instanceId = configuration.slice(configurationName("").length + 1);
  const webhooks = items(at(place, "webhooks"));
  const validating = webhooks.find((each) => text(at(each, "name")) === VALIDATING);
  const probing = webhooks.find((each) => text(at(each, "name")) === PROBING);
  const config = at(validating ?? probing ?? root({}), "clientConfig");
  const service = serviceIn(config);
  const probed = namespacesIn(probing)?.[0] ?? service?.namespace ?? where.controllerNamespace;
  const [readyEndpoints, reached, wrongRollout] = await Promise.all([
    readyBehind(client, service),
    reach(client, probed, instanceId),
    tryWrong(client, namespaceFor(validating, probed, where), instanceId),
  ]);
  return {
    configuration,
    instanceId,
    failurePolicy: policyIn(object as never),
    service,
    readyEndpoints,
    authorities: readCertificates(decoded(text(at(config, "caBundle")))),
    reached,
    wrongRollout,
  };
}

function serviceIn(config: Place): WebhookFacts["service"] {
  const service = at(config, "service");
  return present(service) ? { namespace: text(at(service, "namespace")), name: text(at(service, "name")) } : undefined;
}

function decoded(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(base64));
  } catch {
    return "";
  }
}

/** The namespaces that a webhook is limited to; undefined: it is not. */
function namespacesIn(webhook: Place | undefined): readonly string[] | undefined {
  if (webhook === undefined) return undefined;
  const only = items(at(webhook, "namespaceSelector", "matchExpressions")).find(
    (each) => text(at(each, "operator")) === "In",
  );
  return only === undefined ? undefined : items(at(only, "values")).map(text);
}

const namespaceFor = (webhook: Place | undefined, own: string, { namespaces }: Where): string =>
  namespacesIn(webhook)?.[0] ?? namespaces.find((each) => each !== own && each !== "kube-system") ?? "default";

async function readyBehind(client: KubeClient, service: WebhookFacts["service"]): Promise<Read<number>> {
  if (service === undefined) return known(0);
  const query = { labelSelector: `kubernetes.io/service-name=${service.name}` };
  const found = await tried(listObjects(client, ["EndpointSlice", ENDPOINT_SLICES], service.namespace, { query }));
  return mapRead(found, (slices) => {
    const endpoints = slices.flatMap((slice) => items(at(root(slice), "endpoints")));
    return endpoints.filter((each) => at(each, "conditions", "ready").value !== false).length;
  });
}

async function reach(client: KubeClient, namespace: string, instanceId: string): Promise<Read<Reached>> {
  const answer = await probe(client, { namespace, instanceId }, crypto.randomUUID());
  switch (answer.kind) {
    case "reached":
      return known({ kind: "reached" });
    case "unreached":
      return known({ kind: "unreached", why: answer.why });
    case "unaware":
      return { kind: "unknown", why: "the API server sent it no probe: it may not know the configuration yet" };
    case "unknown":
      return { kind: "unknown", why: answer.error instanceof Error ? answer.error.message : String(answer.error) };
    default:
      return answer satisfies never;
  }
}

const LABELS = { app: "sluice-doctor" };

/** Right by the schema, and wrong by a rule: no canary has more than all of the requests. */
const wrongRollout = (namespace: string, instanceId: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: {
    generateName: "sluice-doctor-",
    namespace,
    ...(instanceId === "" ? {} : { labels: { [INSTANCE_LABEL]: instanceId } }),
  },
  spec: {
    replicas: 0,
    selector: { matchLabels: LABELS },
    template: { metadata: { labels: LABELS }, spec: { containers: [{ name: "c", image: "none" }] } },
    strategy: { canary: { steps: [{ setWeight: 101 }] } },
  },
});

/** Longer than the webhook's own 2 s. */
const TIMEOUT_MS = 5_000;

async function tryWrong(client: KubeClient, namespace: string, instanceId: string): Promise<Read<WrongRollout>> {
  try {
    await client.request({
      method: "POST",
      path: collectionPath(ROLLOUTS, namespace),
      query: { dryRun: "All" },
      body: wrongRollout(namespace, instanceId),
      timeoutMs: TIMEOUT_MS,
      retry: false,
    });
    return known({ kind: "admitted" });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.message.includes(`admission webhook "${VALIDATING}" denied`)) return known({ kind: "refused" });
    if (error.message.includes(`failed calling webhook "${VALIDATING}"`))
      return known({ kind: "unanswered", why: error.message });
    return { kind: "unknown", why: error.message };
  }
}

/**
 * The ValidatingWebhookConfiguration that Sluice writes for itself, as a pure function of its desired contents.
 *
 * Why a cluster that starts cold cannot lock itself out, in whatever state it was stopped:
 * - Only kinds of argoproj.io are matched, and ConfigMaps of profiles, always with `Ignore`. Pods, nodes, Leases,
 *   Secrets, Services, EndpointSlices, webhook configurations: everything that is needed to start Sluice is not. Nor is
 *   a Sluice, or a part of the control plane, that is itself run by a Rollout, since kube-system and the controller's own
 *   namespace are excluded for Rollouts.
 * - Status and scale are subresources and not matched; for the kinds without a status subresource (AnalysisRun,
 *   Experiment) a write that does not change the spec is not matched. Nor is one on an object that is being deleted, so
 *   finalizers can be removed and namespaces emptied while no replica answers. DELETE is matched for
 *   ConfigMaps of profiles alone.
 * - So with `Fail` and no replica left, only creating argoproj.io objects and changing their specs is refused, with the
 *   reason, until a replica is ready; starting one needs none of these writes. It then writes `Ignore` until there are
 *   two.
 * - `Fail` is set only while the API server reaches us (see http/probe.ts), and the last replica that ends sets
 *   `Ignore`.
 * - The Namespace owns the configuration: deleting the namespace does not leave behind a webhook that never answers.
 */
import { BREAK_GLASS, INSTANCE_LABEL, PROFILES } from "../../schema/labels.ts";

export type FailurePolicy = "Fail" | "Ignore";

/** The address at which the API server calls us. */
export type WebhookEndpoint =
  /** The Service in the controller's namespace; `port` 443 by default. */
  | { readonly kind: "service"; readonly name: string; readonly port?: number }
  /** For a controller outside the cluster: "https://host:8443", to which the paths are appended. */
  | { readonly kind: "url"; readonly url: string };

/** Where the server answers reviews, and the probes that test whether the API server reaches it. */
export const VALIDATE_PATH = "/validate";
export const PROBE_PATH = "/probe";

/** An object with this label is a probe (http/probe.ts). */
export const PROBE_LABEL = "sluice.dev/webhook-probe";

const OUR_LABELS = { "app.kubernetes.io/managed-by": "sluice" };

export const VALIDATED = ["rollouts", "analysistemplates", "clusteranalysistemplates", "analysisruns", "experiments"];

const suffixed = (name: string, instanceId: string): string => (instanceId === "" ? name : `${name}-${instanceId}`);

/** Names of the cluster's objects that belong to this instance. */
export const configurationName = (instanceId: string): string => suffixed("sluice", instanceId);
export const secretName = (instanceId: string): string => suffixed("sluice-webhook-certificates", instanceId);

/** The names that the serving certificate must have so that the API server accepts it. */
export function servingNames(endpoint: WebhookEndpoint, namespace: string): readonly string[] {
  if (endpoint.kind === "url") return [new URL(endpoint.url).hostname];
  const host = `${endpoint.name}.${namespace}.svc`;
  return [host, `${host}.cluster.local`];
}

export interface DesiredConfiguration {
  readonly endpoint: WebhookEndpoint;
  /** The controller's. */
  readonly namespace: string;
  /** "" for the instance that drives objects without the label. */
  readonly instanceId: string;
  /** The only namespace that the controller watches; undefined: all. */
  readonly watchedNamespace?: string | undefined;
  /** PEM. */
  readonly caBundle: string;
  /** Undefined: no object is validated yet; only probes are sent to us. */
  readonly failurePolicy: FailurePolicy | undefined;
  /** Whether the API server keeps match conditions; see `keepsConditions`. */
  readonly conditions: boolean;
  /** The Namespace object of the controller. */
  readonly owner?: { readonly name: string; readonly uid: string } | undefined;
}

export interface Webhook {
  readonly name: string;
  readonly failurePolicy: FailurePolicy;
  readonly clientConfig: { readonly caBundle: string; readonly [other: string]: unknown };
  readonly [other: string]: unknown;
}

export interface Configuration {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string; readonly [other: string]: unknown }[];
    readonly [other: string]: unknown;
  };
  readonly webhooks?: readonly Webhook[];
}

/**
 * Names of webhooks must be qualified. Users read them in a refusal:
 * `admission webhook "rollouts.sluice.dev" denied …`.
 */
export const VALIDATING = "rollouts.sluice.dev";
export const PROFILING = "profiles.sluice.dev";
export const PROBING = "probe.sluice.dev";

/** Every field is written, the API server's defaults too, so that the stored object can be compared with it. */
export function configurationFor(desired: DesiredConfiguration): Configuration {
  const { conditions, failurePolicy } = desired;
  const reviewing = failurePolicy === undefined ? [] : [validating(desired, failurePolicy), profiling(desired)];
  const webhooks = [...reviewing, probing(desired)];
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: metadataFor(desired),
    webhooks: conditions ? webhooks : webhooks.map(unconditional),
  };
}

export const metadataFor = ({ instanceId, owner }: DesiredConfiguration): Configuration["metadata"] => ({
  name: configurationName(instanceId),
  labels: OUR_LABELS,
  ...(owner === undefined
    ? {}
    : { ownerReferences: [{ apiVersion: "v1", kind: "Namespace", name: owner.name, uid: owner.uid }] }),
});

export function unconditional(webhook: Webhook): Webhook {
  const { matchConditions: _, ...rest } = webhook;
  return rest;
}

/**
 * Whether the configuration that an API server stored still has its match conditions. They exist since Kubernetes 1.28;
 * where they are switched off, the API server drops them without an error. (We then let pass the reviews that they
 * would have kept away: validate.ts.)
 */
export const keepsConditions = ({ webhooks = [] }: Configuration): boolean =>
  webhooks.every(({ matchConditions }) => matchConditions !== undefined);

function validating(desired: DesiredConfiguration, failurePolicy: FailurePolicy): Webhook {
  const { instanceId, namespace, watchedNamespace } = desired;
  return {
    name: VALIDATING,
    clientConfig: clientConfig(desired, VALIDATE_PATH),
    rules: [
      {
        apiGroups: ["argoproj.io"],
        apiVersions: ["v1alpha1"],
        operations: ["CREATE", "UPDATE"],
        resources: VALIDATED,
        scope: "*",
      },
    ],
    failurePolicy,
    matchPolicy: "Equivalent",
    sideEffects: "None",
    timeoutSeconds: 2,
    admissionReviewVersions: ["v1"],
    matchConditions: [
      { name: "not-being-deleted", expression: "!has(object.metadata.deletionTimestamp)" },
      { name: "spec-or-verdict-changed", expression: specOrVerdictChanged },
    ],
    namespaceSelector: {
      matchExpressions: [
        watchedNamespace === undefined
          ? { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system", namespace] }
          : { key: "kubernetes.io/metadata.name", operator: "In", values: [watchedNamespace] },
      ],
    },
    // The same selector as the loop's own watch: what Sluice does not drive it does not refuse.
    objectSelector: { matchExpressions: [ofInstance(instanceId)] },
  };
}

/**
 * ConfigMaps of profiles, also where the write takes the label away, or the ConfigMap (which is then only told who names
 * its profiles). The loop judges a profile again when it uses it, so nothing has to wait for us.
 */
function profiling(desired: DesiredConfiguration): Webhook {
  const { instanceId, namespace, watchedNamespace } = desired;
  return {
    name: PROFILING,
    clientConfig: clientConfig(desired, VALIDATE_PATH),
    rules: [
      {
        apiGroups: [""],
        apiVersions: ["v1"],
        operations: ["CREATE", "UPDATE", "DELETE"],
        resources: ["configmaps"],
        scope: "Namespaced",
      },
    ],
    failurePolicy: "Ignore",
    matchPolicy: "Equivalent",
    sideEffects: "None",
    timeoutSeconds: 2,
    admissionReviewVersions: ["v1"],
    matchConditions: [{ name: "profiles-changed", expression: profilesChanged }],
    namespaceSelector: {
      matchExpressions: [
        watchedNamespace === undefined
          ? { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system"] }
          : { key: "kubernetes.io/metadata.name", operator: "In", values: [...new Set([watchedNamespace, namespace])] },
      ],
    },
    objectSelector: { matchExpressions: [{ key: PROFILES, operator: "In", values: ["true"] }, ofInstance(instanceId)] },
  };
}

const dataOf = (object: "object" | "oldObject"): string => `(has(${object}.data) ? ${object}.data : dyn({}))`;
const labelsOf = (object: "object" | "oldObject"): string =>
  `(has(${object}.metadata.labels) ? ${object}.metadata.labels : dyn({}))`;

const profilesChanged = [
  "oldObject == null",
  "object == null",
  `${dataOf("object")} != ${dataOf("oldObject")}`,
  `${labelsOf("object")} != ${labelsOf("oldObject")}`,
].join(" || ");

export const ofInstance = (instanceId: string): object =>
  instanceId === ""
    ? { key: INSTANCE_LABEL, operator: "DoesNotExist" }
    : { key: INSTANCE_LABEL, operator: "In", values: [instanceId] };

/** Labels of a probe, which match only this instance's configuration. */
export const probeLabels = (instanceId: string, nonce: string): Readonly<Record<string, string>> => ({
  [PROBE_LABEL]: nonce,
  ...(instanceId === "" ? {} : { [INSTANCE_LABEL]: instanceId }),
});

const annotation = (object: "object" | "oldObject"): string =>
  `(has(${object}.metadata.annotations) && "${BREAK_GLASS}" in ${object}.metadata.annotations ` +
  `? ${object}.metadata.annotations["${BREAK_GLASS}"] : "")`;

const specOf = (object: "object" | "oldObject"): string => `(has(${object}.spec) ? ${object}.spec : dyn({}))`;

/**
 * Metadata and status alone cannot break a rule. An absent member must not be an error: with `Fail` that would refuse.
 */
const specOrVerdictChanged = [
  "oldObject == null",
  `${specOf("object")} != ${specOf("oldObject")}`,
  `${annotation("object")} != ${annotation("oldObject")}`,
].join(" || ");

/**
 * Matches only the probe: dry-run creations of Leases with its label, in the controller's namespace.
 * `Fail`, so that when the API server does not reach us, the prober gets the API server's own error message.
 */
function probing(desired: DesiredConfiguration): Webhook {
  return {
    name: PROBING,
    clientConfig: clientConfig(desired, PROBE_PATH),
    rules: [
      {
        apiGroups: ["coordination.k8s.io"],
        apiVersions: ["v1"],
        operations: ["CREATE"],
        resources: ["leases"],
        scope: "Namespaced",
      },
    ],
    failurePolicy: "Fail",
    matchPolicy: "Equivalent",
    sideEffects: "None",
    timeoutSeconds: 2,
    admissionReviewVersions: ["v1"],
    matchConditions: [{ name: "dry-run", expression: "request.dryRun" }],
    namespaceSelector: {
      matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [desired.namespace] }],
    },
    objectSelector: { matchExpressions: [{ key: PROBE_LABEL, operator: "Exists" }, ofInstance(desired.instanceId)] },
  };
}

export function clientConfig(
  { endpoint, namespace, caBundle }: DesiredConfiguration,
  path: string,
): Webhook["clientConfig"] {
  const bundle = new TextEncoder().encode(caBundle).toBase64();
  return endpoint.kind === "url"
    ? { url: `${endpoint.url.replace(/\/$/, "")}${path}`, caBundle: bundle }
    : { service: { name: endpoint.name, namespace, path, port: endpoint.port ?? 443 }, caBundle: bundle };
}

/** Whether each of its webhooks has our address. */
export const leadsTo = ({ webhooks = [] }: Configuration, endpoint: WebhookEndpoint): boolean =>
  endpoint.kind === "url" &&
  webhooks.every(({ clientConfig }) => String(clientConfig["url"]).startsWith(`${endpoint.url.replace(/\/$/, "")}/`));

/** The policy that is in force for the kinds of argoproj.io; undefined: no policy is. */
export const policyIn = (stored: Configuration | undefined): FailurePolicy | undefined =>
  stored?.webhooks?.find(({ name }) => name === VALIDATING)?.failurePolicy;

/** What to write where `stored` differs from `desired`; undefined where it does not. Labels of others stay. */
export function correction(stored: Configuration | undefined, desired: Configuration): Configuration | undefined {
  if (stored === undefined) return desired;
  const labels = { ...stored.metadata.labels, ...desired.metadata.labels };
  const ownerReferences = desired.metadata.ownerReferences ?? stored.metadata.ownerReferences;
  const next: Configuration = {
    ...desired,
    metadata: { ...stored.metadata, labels, ...(ownerReferences === undefined ? {} : { ownerReferences }) },
  };
  const same = Bun.deepEquals(
    [stored.webhooks ?? [], stored.metadata.labels ?? {}, owners(stored)],
    [next.webhooks, labels, owners(next)],
  );
  return same ? undefined : next;
}

const owners = ({ metadata }: Configuration): string[] => (metadata.ownerReferences ?? []).map(({ uid }) => uid);

/** What the policy depends on. Times in milliseconds. */
export interface PolicyFacts {
  /** The flag; undefined: the number of replicas decides. */
  readonly override: FailurePolicy | undefined;
  /** In force now; undefined: no object is validated. */
  readonly stored: FailurePolicy | undefined;
  /** As `DesiredConfiguration`. */
  readonly conditions: boolean;
  /** Whether the API server reached us with the present certificates at the last probe; undefined: not probed yet. */
  readonly reached: boolean | undefined;
  /** For how long it has not reached us, without a break. */
  readonly unreachedForMs: number;
  readonly readyReplicas: number;
  /** For how long there have been at least two ready replicas. */
  readonly redundantForMs: number;
}

/** A probe may fail while certificates change; if probes fail for longer, the API server really does not reach us. */
const forgivenMs = 5_000;
/** Longer than the two pods of a single replica run side by side during an update. */
const redundantMs = 15_000;

/**
 * - No object is validated before the API server has reached us once.
 * - `Fail` with two ready replicas, so that one may go; `Ignore` at once with fewer, and when we cannot be reached.
 * - Without match conditions `Fail` would keep deleted objects in place while no replica answers, so it is not chosen.
 * - Until we know better, the policy in force stays: a new leader changes nothing by taking over.
 */
export function decidePolicy(facts: PolicyFacts): FailurePolicy | undefined {
  const { override, stored, conditions, reached, unreachedForMs, readyReplicas, redundantForMs } = facts;
  if (reached !== true && stored === undefined) return undefined;
  if (override !== undefined) return override;
  if (reached === false && unreachedForMs >= forgivenMs) return "Ignore";
  if (readyReplicas < 2 || !conditions) return "Ignore";
  if (reached !== true) return stored;
  return stored === "Fail" || redundantForMs >= redundantMs ? "Fail" : "Ignore";
}

/** In how many milliseconds time alone changes the answer of `decidePolicy`; undefined: never. */
export function policyWakeInMs(facts: PolicyFacts): number | undefined {
  if (facts.override !== undefined) return undefined;
  if (facts.reached === false && facts.stored === "Fail") return Math.max(0, forgivenMs - facts.unreachedForMs);
  const redundant = facts.reached === true && facts.conditions && facts.readyReplicas >= 2 && facts.stored !== "Fail";
  return redundant ? Math.max(0, redundantMs - facts.redundantForMs) : undefined;
}

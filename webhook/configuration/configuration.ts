/**
 * The ValidatingWebhookConfiguration that Sluice writes for itself, as a pure function of what it should say.
 *
 * Why a cluster that starts cold cannot lock itself out, whatever state it was stopped in:
 * - Only kinds of argoproj.io are matched. Pods, nodes, Leases, Secrets, Services, EndpointSlices, webhook
 *   configurations: all that it takes to get a Sluice running passes by us. So does a Sluice or a part of the control
 *   plane that is itself run by a Rollout, since kube-system and the controller's own namespace are excluded.
 * - Status and scale are subresources and not matched; where status has none (AnalysisRun, Experiment) a write that
 *   leaves the spec alone does not match. Nor does one on an object that is being deleted, so finalizers go and
 *   namespaces empty while nobody answers. DELETE is not matched at all.
 * - So with `Fail` and no replica left, only creating argoproj.io objects and changing their specs waits, with the
 *   reason, until a replica is ready; that needs none of these writes. It then writes `Ignore` until there are two.
 * - `Fail` stands only while the API server reaches us (see configurationProbe.ts), and the last replica to go sets `Ignore`.
 * - The Namespace owns the configuration: who deletes the namespace does not leave a webhook behind that nobody answers.
 */
import { BREAK_GLASS, INSTANCE_LABEL } from "../../schema/labels.ts";

export type FailurePolicy = "Fail" | "Ignore";

/** How the API server gets to us. */
export type WebhookEndpoint =
  /** The Service in the controller's namespace; `port` 443 by default. */
  | { readonly kind: "service"; readonly name: string; readonly port?: number }
  /** For a controller outside of the cluster: "https://host:8443", to which the paths are added. */
  | { readonly kind: "url"; readonly url: string };

/** Where the server answers reviews, and probes of the way to it. */
export const VALIDATE_PATH = "/validate";
export const PROBE_PATH = "/probe";

/** An object with this label is a probe (configurationProbe.ts). */
export const PROBE_LABEL = "sluice.dev/webhook-probe";

const OUR_LABELS = { "app.kubernetes.io/managed-by": "sluice" };

export const VALIDATED = ["rollouts", "analysistemplates", "clusteranalysistemplates", "analysisruns", "experiments"];

const suffixed = (name: string, instanceId: string): string => (instanceId === "" ? name : `${name}-${instanceId}`);

/** Names of the cluster's objects that belong to this instance. */
export const configurationName = (instanceId: string): string => suffixed("sluice", instanceId);
export const secretName = (instanceId: string): string => suffixed("sluice-webhook-certificates", instanceId);

/** What the serving certificate must name so that the API server accepts it. */
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
  /** The only namespace that the controller looks at; undefined: all. */
  readonly watchedNamespace?: string | undefined;
  /** PEM. */
  readonly caBundle: string;
  /** Undefined: nobody is validated yet; only probes are sent to us. */
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

/** Names of webhooks must be qualified, and are what users read in a refusal: `admission webhook "rollouts.sluice.dev" denied …`. */
export const VALIDATING = "rollouts.sluice.dev";
export const PROBING = "probe.sluice.dev";

/** Every field is spelled out, the API server's defaults too, so that what is stored can be compared with it. */
export function configurationFor(desired: DesiredConfiguration): Configuration {
  const { conditions, failurePolicy, instanceId, owner } = desired;
  const webhooks = [...(failurePolicy === undefined ? [] : [validating(desired, failurePolicy)]), probing(desired)];
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: {
      name: configurationName(instanceId),
      labels: OUR_LABELS,
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: "v1", kind: "Namespace", name: owner.name, uid: owner.uid }] }),
    },
    webhooks: conditions ? webhooks : webhooks.map(unconditional),
  };
}

export function unconditional(webhook: Webhook): Webhook {
  const { matchConditions: _, ...rest } = webhook;
  return rest;
}

/**
 * Whether what an API server stored of `configurationFor` still has its match conditions. They are there since Kubernetes
 * 1.28, and where somebody switched them off, the API server drops them without a word. (Reviews that they would have kept
 * away are then let pass by us: validate.ts.)
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
    // As the loop's own watch: what it does not drive is not its to refuse.
    objectSelector: { matchExpressions: [ofInstance(instanceId)] },
  };
}

const ofInstance = (instanceId: string): object =>
  instanceId === ""
    ? { key: INSTANCE_LABEL, operator: "DoesNotExist" }
    : { key: INSTANCE_LABEL, operator: "In", values: [instanceId] };

/** Labels of a probe that this instance's configuration matches, and no other's. */
export const probeLabels = (instanceId: string, nonce: string): Readonly<Record<string, string>> => ({
  [PROBE_LABEL]: nonce,
  ...(instanceId === "" ? {} : { [INSTANCE_LABEL]: instanceId }),
});

const annotation = (object: "object" | "oldObject"): string =>
  `(has(${object}.metadata.annotations) && "${BREAK_GLASS}" in ${object}.metadata.annotations ` +
  `? ${object}.metadata.annotations["${BREAK_GLASS}"] : "")`;

const specOf = (object: "object" | "oldObject"): string => `(has(${object}.spec) ? ${object}.spec : dyn({}))`;

/** Metadata and status alone cannot break a rule. Members that are absent must not be an error: with `Fail` that refuses. */
const specOrVerdictChanged = [
  "oldObject == null",
  `${specOf("object")} != ${specOf("oldObject")}`,
  `${annotation("object")} != ${annotation("oldObject")}`,
].join(" || ");

/**
 * Matches nothing but the probe: creations of Leases that carry its label, in the controller's namespace, on a dry run.
 * `Fail`, so that a way that is blocked is told to the prober as the API server's own words.
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

function clientConfig({ endpoint, namespace, caBundle }: DesiredConfiguration, path: string): Webhook["clientConfig"] {
  const bundle = new TextEncoder().encode(caBundle).toBase64();
  return endpoint.kind === "url"
    ? { url: `${endpoint.url.replace(/\/$/, "")}${path}`, caBundle: bundle }
    : { service: { name: endpoint.name, namespace, path, port: endpoint.port ?? 443 }, caBundle: bundle };
}

/** Whether each webhook of it is at this address of ours. */
export const leadsTo = ({ webhooks = [] }: Configuration, endpoint: WebhookEndpoint): boolean =>
  endpoint.kind === "url" &&
  webhooks.every(({ clientConfig }) => String(clientConfig["url"]).startsWith(`${endpoint.url.replace(/\/$/, "")}/`));

/** The policy that is in force for the kinds of argoproj.io; undefined where none is. */
export const policyIn = (stored: Configuration | undefined): FailurePolicy | undefined =>
  stored?.webhooks?.find(({ name }) => name === VALIDATING)?.failurePolicy;

/** What to write where `stored` does not say what is `desired`; undefined where it does. Labels of others stay. */
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

/** What the policy follows from. Times in milliseconds. */
export interface PolicyFacts {
  /** The flag; undefined: as many replicas as there are decide. */
  readonly override: FailurePolicy | undefined;
  /** In force now; undefined: nobody is validated. */
  readonly stored: FailurePolicy | undefined;
  /** As `DesiredConfiguration`. */
  readonly conditions: boolean;
  /** Whether the API server reached us with the present certificates, last time it was asked; undefined: not asked yet. */
  readonly reached: boolean | undefined;
  /** Since when it has not been reached, without a break. */
  readonly unreachedForMs: number;
  readonly readyReplicas: number;
  /** How long there have been at least two. */
  readonly redundantForMs: number;
}

/** A probe may fail while certificates change hands; a way that is blocked for so long is. */
const forgivenMs = 5_000;
/** Longer than the two pods of a single replica's update live side by side. */
const redundantMs = 15_000;

/**
 * - Nobody is validated before the API server has reached us once.
 * - `Fail` with two ready replicas, so that one may go; `Ignore` at once with fewer, and when we cannot be reached.
 * - Without match conditions `Fail` would keep what is deleted from going while nobody answers, so it is not chosen.
 * - Until we know better, what is in force stays: a new leader changes nothing by taking over.
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

/** When time alone changes the answer of `decidePolicy`: in so many milliseconds; undefined: never. */
export function policyWakeInMs(facts: PolicyFacts): number | undefined {
  if (facts.override !== undefined) return undefined;
  if (facts.reached === false && facts.stored === "Fail") return Math.max(0, forgivenMs - facts.unreachedForMs);
  const redundant = facts.reached === true && facts.conditions && facts.readyReplicas >= 2 && facts.stored !== "Fail";
  return redundant ? Math.max(0, redundantMs - facts.redundantForMs) : undefined;
}

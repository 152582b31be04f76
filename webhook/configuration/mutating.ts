/**
 * The MutatingWebhookConfiguration that Sluice writes for itself, beside the validating one (configuration.ts), for
 * Deployments that migrate (docs/behaviour/admission.md#deployments-that-migrate). Always `Ignore`: Deployments are written
 * whether we answer or not, and the loop does later what the webhook has missed.
 */
import { MANAGED_BY_ROLLOUT, MIGRATE, PROFILE, REPLICAS_WANTED, SCALE_TARGET_BEFORE } from "../../schema/labels.ts";
import type { NamespaceMode } from "../migration/migrations.ts";
import { SYSTEM_NAMESPACES } from "../../controller/migration/facts/optIn.ts";
import {
  clientConfig,
  type Configuration,
  type DesiredConfiguration,
  metadataFor,
  ofInstance,
  type Webhook,
} from "./configuration.ts";

const MUTATE_PATH = "/mutate";

/** What the Namespace says comes with the path: a review does not carry its labels. */
export const mutatePath = (mode: NamespaceMode | undefined): string =>
  mode === undefined ? MUTATE_PATH : `${MUTATE_PATH}/${mode}`;

/** Every field is written, as in the validating one. It needs match conditions: without, each Deployment would be sent. */
export const mutatingFor = (desired: DesiredConfiguration): Configuration => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingWebhookConfiguration",
  metadata: metadataFor(desired),
  webhooks: [
    created(desired, "reference", [{ key: MIGRATE, operator: "In", values: ["reference"] }]),
    created(desired, "adopt", [{ key: MIGRATE, operator: "In", values: ["adopt"] }]),
    created(desired, "other", [
      { key: MIGRATE, operator: "Exists" },
      { key: MIGRATE, operator: "NotIn", values: ["reference", "adopt"] },
    ]),
    marked(desired),
    scaled(desired),
    autoscaled(desired),
  ],
});

const DEPLOYMENTS = { apiGroups: ["apps"], apiVersions: ["v1"], scope: "Namespaced" };

/** New Deployments of a Namespace that has opted in; an annotation of their own wins, and leads to `marked`. */
const created = (desired: DesiredConfiguration, mode: NamespaceMode, selector: readonly object[]): Webhook =>
  webhook(desired, {
    name: `${mode}.migrate.sluice.dev`,
    path: mutatePath(mode),
    isLabelled: true,
    rule: { ...DEPLOYMENTS, operations: ["CREATE"], resources: ["deployments"] },
    matchConditions: [
      { name: "not-owned", expression: NOT_OWNED },
      { name: "says-nothing-itself", expression: `!${has("object", MIGRATE)}` },
    ],
    selector,
  });

/** Deployments that carry a mark of the migration, wherever they are. */
const marked = (desired: DesiredConfiguration): Webhook =>
  webhook(desired, {
    name: "marked.migrate.sluice.dev",
    path: mutatePath(undefined),
    isLabelled: true,
    rule: { ...DEPLOYMENTS, operations: ["CREATE", "UPDATE"], resources: ["deployments"] },
    matchConditions: [
      { name: "not-owned", expression: NOT_OWNED },
      { name: "has-migrated-or-opts-in", expression: `oldObject == null ? ${optsIn} : (${held} || ${changesOptIn})` },
    ],
  });

/** A Scale has no labels and no annotations: any Deployment's may be meant. */
const scaled = (desired: DesiredConfiguration): Webhook =>
  webhook(desired, {
    name: "scale.migrate.sluice.dev",
    path: mutatePath(undefined),
    rule: { ...DEPLOYMENTS, operations: ["UPDATE"], resources: ["deployments/scale"] },
    matchConditions: [{ name: "count-changes", expression: `${countOf("object")} != ${countOf("oldObject")}` }],
  });

/** Their status, which their controller writes every 15 s, is a subresource and not matched. */
const autoscaled = (desired: DesiredConfiguration): Webhook =>
  webhook(desired, {
    name: "autoscaler.migrate.sluice.dev",
    path: mutatePath(undefined),
    rule: {
      apiGroups: ["autoscaling"],
      apiVersions: ["v2"],
      scope: "Namespaced",
      operations: ["CREATE", "UPDATE"],
      resources: ["horizontalpodautoscalers"],
    },
    matchConditions: [
      {
        name: "scales-a-deployment-or-did",
        expression: `object.spec.scaleTargetRef.kind == "Deployment" || ${has("object", SCALE_TARGET_BEFORE)}`,
      },
    ],
  });

const has = (object: "object" | "oldObject", annotation: string): string =>
  `(has(${object}.metadata.annotations) && "${annotation}" in ${object}.metadata.annotations)`;

const valueOf = (object: "object" | "oldObject", annotation: string): string =>
  `(${has(object, annotation)} ? ${object}.metadata.annotations["${annotation}"] : "")`;

const countOf = (object: "object" | "oldObject"): string =>
  `(has(${object}.spec.replicas) ? ${object}.spec.replicas : 0)`;

const NOT_OWNED =
  "!(has(object.metadata.ownerReferences) && object.metadata.ownerReferences.exists(o, has(o.controller) && o.controller))";

const optsIn = `(${has("object", MIGRATE)} && object.metadata.annotations["${MIGRATE}"] != "none")`;
const held = `${has("oldObject", MANAGED_BY_ROLLOUT)} || ${has("oldObject", REPLICAS_WANTED)}`;
/** Their values are checked where they are written. */
const changesOptIn = [MIGRATE, PROFILE]
  .map((name) => `${valueOf("object", name)} != ${valueOf("oldObject", name)}`)
  .join(" || ");

interface Row {
  readonly name: string;
  readonly path: string;
  readonly rule: object;
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
  /** It has the labels of the Deployment, by which several installations share the Deployments of a cluster. */
  readonly isLabelled?: true;
  /** Of the Namespace's labels. */
  readonly selector?: readonly object[];
}

function webhook(desired: DesiredConfiguration, row: Row): Webhook {
  const { namespace, watchedNamespace } = desired;
  const key = "kubernetes.io/metadata.name";
  const watched = watchedNamespace === undefined ? [] : [{ key, operator: "In", values: [watchedNamespace] }];
  return {
    name: row.name,
    clientConfig: clientConfig(desired, row.path),
    rules: [row.rule],
    failurePolicy: "Ignore",
    matchPolicy: "Equivalent",
    sideEffects: "None",
    timeoutSeconds: 1,
    admissionReviewVersions: ["v1"],
    // A count that we have written must not be read as one that the client has.
    reinvocationPolicy: "Never",
    matchConditions: row.matchConditions,
    namespaceSelector: {
      matchExpressions: [
        { key, operator: "NotIn", values: [...SYSTEM_NAMESPACES, namespace] },
        ...watched,
        ...(row.selector ?? []),
      ],
    },
    objectSelector: row.isLabelled ? { matchExpressions: [ofInstance(desired.instanceId)] } : {},
  };
}

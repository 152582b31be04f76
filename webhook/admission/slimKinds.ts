/**
 * What the webhook keeps in memory of objects beside Rollouts: who selects which pods, what an autoscaler scales, which
 * Services an Ingress leads to, and nothing else, at most 2 KiB an object.
 */
import { CLASS_ANNOTATION, INGRESSES, type IngressSpec } from "../../providers/traffic/ingress.ts";
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS } from "../../kube/client/resources.ts";
import type { Stored } from "../../kube/runtime/cache.ts";
import type { PodOwner } from "../../controller/rules/rollout/neighbours.ts";
import { groupOf } from "../../controller/rules/rollout/workloadRef.ts";
import type { LabelSelector, Resource, Workload } from "../../schema/kube.ts";
import { MIGRATE } from "../../schema/labels.ts";
import { rolloutOfDeployment } from "../migration/objects.ts";

/** A row for each kind. */
export interface SlimKind<T extends Stored, Raw extends Stored> {
  readonly api: Resource;
  /** Undefined: of no interest. Never mutates `raw`. */
  readonly slim: (raw: Raw) => T | undefined;
}

const identity = ({ metadata: { name, namespace, uid, resourceVersion } }: Stored): Stored["metadata"] => ({
  name,
  namespace,
  uid,
  resourceVersion,
});

export interface SlimDeployment extends Stored {
  /** Only of those that have pods and are to keep them. */
  readonly owner?: PodOwner;
  /** The Rollout that has, or is about to have, its pods. */
  readonly rollout?: string;
}

export const deploymentKind: SlimKind<SlimDeployment, Workload> = {
  api: DEPLOYMENTS,
  slim(raw) {
    const { metadata, spec } = raw;
    const { annotations = {}, deletionTimestamp } = metadata;
    const rollout = rolloutOfDeployment(raw);
    if (rollout !== undefined) return { metadata: identity(raw), rollout };
    const isMigrating = annotations[MIGRATE] !== undefined && annotations[MIGRATE] !== "none";
    if (isMigrating || deletionTimestamp !== undefined || spec?.replicas === 0) return undefined;
    const labels = spec?.template?.metadata?.labels ?? {};
    const selector = spec?.selector === undefined ? undefined : sharing(spec.selector, labels);
    return { metadata: identity(raw), owner: { kind: "Deployment", name: metadata.name, selector, labels } };
  },
};

/** The selector with the texts of the labels, which it mostly repeats: in memory each is there once. */
function sharing(selector: LabelSelector, labels: Readonly<Record<string, string>>): LabelSelector {
  const { matchLabels } = selector;
  if (matchLabels === undefined) return selector;
  const isPart = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  if (!isPart) return selector;
  const isWhole = Object.keys(matchLabels).length === Object.keys(labels).length;
  const shared = isWhole ? labels : Object.fromEntries(Object.keys(matchLabels).map((key) => [key, labels[key] ?? ""]));
  return { ...selector, matchLabels: shared };
}

interface Autoscaler extends Stored {
  readonly spec?: {
    readonly scaleTargetRef?: { readonly apiVersion?: string; readonly kind?: string; readonly name?: string };
  };
}

export interface SlimAutoscaler extends Stored {
  readonly target: string;
}

/** "namespace/kind/name" */
export const targetKey = (namespace: string, kind: string, name: string): string => `${namespace}/${kind}/${name}`;

const SCALED: Readonly<Record<string, string>> = { Rollout: "argoproj.io", Deployment: "apps" };

export const autoscalerKind: SlimKind<SlimAutoscaler, Autoscaler> = {
  api: HORIZONTAL_POD_AUTOSCALERS,
  slim(raw) {
    const { apiVersion = "", kind = "", name = "" } = raw.spec?.scaleTargetRef ?? {};
    if (SCALED[kind] !== groupOf(apiVersion)) return undefined;
    return { metadata: identity(raw), target: targetKey(raw.metadata.namespace ?? "", kind, name) };
  },
};

export interface SlimIngress extends Stored {
  readonly spec: IngressSpec;
}

interface Ingress extends Stored {
  readonly metadata: Stored["metadata"] & { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: IngressSpec;
}

/** As much as the rules of routers read (providers/traffic/ingress.ts): each Service once, and the class. */
export const ingressKind: SlimKind<SlimIngress, Ingress> = {
  api: INGRESSES,
  slim(raw) {
    const paths = (raw.spec?.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
    const names = new Set(paths.flatMap(({ backend }) => backend.service?.name ?? []));
    const slim = [...names].map((name) => ({ backend: { service: { name } } }));
    const { [CLASS_ANNOTATION]: annotated } = raw.metadata.annotations ?? {};
    const ingressClassName = annotated || raw.spec?.ingressClassName;
    const rules = slim.length === 0 ? [] : [{ http: { paths: slim } }];
    return { metadata: identity(raw), spec: { ...(ingressClassName && { ingressClassName }), rules } };
  },
};

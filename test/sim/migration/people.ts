/**
 * What people and the autoscaler write in a world of migrations: with the mutating webhook between them and the API server
 * while it is there, as failurePolicy Ignore has it.
 */
import { ADOPTING, INSTANCE_LABEL, MIGRATE, MIGRATED, SCALE_TARGET_BEFORE } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { applyJsonPatch } from "../../../simulator/patch/jsonPatch.ts";
import type { ApiCore, ApiObject, Draft } from "../../../simulator/model/model.ts";
import { migrating } from "../../../webhook/admission/migrating.ts";
import { reviewOf } from "../../../webhook/http/testing.ts";
import type { NamespaceMode } from "../../../webhook/migration/migrations.ts";
import { annotationIn, rolloutOfDeployment } from "../../../webhook/migration/objects.ts";
import { parseReview } from "../../../webhook/review/review.ts";
import type { Deed, Mode } from "./script.ts";

const PLACE = { namespace: "default", name: "web" } as const;
export const DEPLOYMENT = { resource: "deployments.apps", ...PLACE } as const;
export const ROLLOUT = { resource: "rollouts.argoproj.io", ...PLACE } as const;
export const AUTOSCALER = { resource: "horizontalpodautoscalers.autoscaling", ...PLACE } as const;
const NAMESPACE = { resource: "namespaces", name: "default" } as const;
export const SELECTOR = { app: "web" };

/** What the world should come to, as far as deeds say so. */
export interface Meant {
  image: string;
  /** The sizes that are right in the end: where the webhook was away, one that was applied may be lost. */
  sizes: Set<number>;
  /** What asks, and by which; undefined: nothing. */
  mode: Mode | undefined;
  by: "annotation" | "label";
  /** Somebody made a Deployment beside an adopted Rollout while no webhook refused it. */
  doubled: boolean;
  /** Somebody has deleted it, and not applied it again. */
  isGone: boolean;
  /** Pods that unreviewed writes may have started beside those that are wanted. */
  extra: number;
}

export interface People {
  readonly core: ApiCore;
  readonly meant: Meant;
  readonly readyMs: number;
  isWebhookThere: boolean;
}

interface Shape {
  readonly metadata: ApiObject["metadata"];
  readonly spec: { readonly replicas: number; readonly template: object; readonly scaleTargetRef?: { kind: string } };
}

const shape = (object: ApiObject): Shape => object as unknown as Shape;

/** The pod template of an image; its annotation says how long its pods take. */
const template = (image: string, readyMs: number) => ({
  metadata: { labels: SELECTOR, annotations: { "sim.sluice.dev/ready-after": `${readyMs}ms` } },
  spec: { containers: [{ name: "web", image }] },
});

interface Write {
  readonly kind: "Deployment" | "HorizontalPodAutoscaler" | "Scale";
  readonly object: object;
  readonly old: object | undefined;
}

const GROUPS = { Deployment: "apps", HorizontalPodAutoscaler: "autoscaling", Scale: "autoscaling" } as const;

/** Calls `store` with what is to be stored, in the same instant; not at all where the webhook refuses. */
function reviewed(
  { core, isWebhookThere }: People,
  { kind, object, old }: Write,
  store: (object: Draft) => void,
): void {
  if (!isWebhookThere) return store(object as Draft);
  const parsed = parseReview(
    reviewOf(object, {
      kind: { group: GROUPS[kind], version: kind === "Deployment" ? "v1" : "v2", kind },
      namespace: PLACE.namespace,
      name: PLACE.name,
      ...(kind === "Scale" ? { subResource: "scale" } : {}),
      ...(old === undefined ? {} : { operation: "UPDATE", oldObject: old }),
    }),
  );
  if (parsed.kind !== "review") throw new Error(parsed.reason);
  const review = migrating({
    stores: { rollouts: { get: () => core.get(ROLLOUT) as unknown as Rollout | undefined } },
    deployments: { rolloutOf: () => rolloutOfDeployment(core.get(DEPLOYMENT)), soon: () => undefined },
    namespace: "sluice",
    user: () => "system:serviceaccount:sluice:sluice",
  } as unknown as Parameters<typeof migrating>[0]);
  // Only of a new Deployment that says nothing itself it is asked what its Namespace says.
  const isOpen = kind === "Deployment" && old === undefined && annotationIn(object, MIGRATE) === undefined;
  void review(parsed.review, isOpen ? modeOfNamespace(core) : undefined).then((answer) => {
    if (answer.verdict !== "refused") store(applyJsonPatch(object, answer.patch ?? []) as Draft);
  });
}

const modeOfNamespace = (core: ApiCore): NamespaceMode | undefined =>
  core.get(NAMESPACE)?.metadata.labels?.[MIGRATE] as NamespaceMode | undefined;

export const isAdopted = (rollout: ApiObject | undefined): rollout is ApiObject =>
  rollout?.metadata.annotations?.[MIGRATED] === "adopt" && rollout.metadata.deletionTimestamp === undefined;

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const isHeldIn = (core: ApiCore): boolean => core.get(ROLLOUT)?.metadata.labels?.[INSTANCE_LABEL] === ADOPTING;

/** What its manifest has; annotations of others are kept by who applies it. */
function manifest({ meant, readyMs }: People, replicas: number): Draft {
  const annotations: Record<string, string> =
    meant.mode !== undefined && meant.by === "annotation" ? { [MIGRATE]: meant.mode } : {};
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...PLACE, annotations },
    spec: { replicas, selector: { matchLabels: SELECTOR }, template: template(meant.image, readyMs) },
  };
}

export function createDeployment(people: People, replicas: number): void {
  const { core, meant } = people;
  const object = manifest(people, replicas);
  const isBeside = isAdopted(core.get(ROLLOUT));
  // What asks for nothing is not reviewed.
  const isRefused = isBeside && people.isWebhookThere && meant.mode !== undefined;
  meant.doubled ||= isBeside && !isRefused;
  means(people, replicas, people.isWebhookThere || core.get(ROLLOUT) === undefined);
  reviewed(people, { kind: "Deployment", object, old: undefined }, (draft) => core.create(DEPLOYMENT.resource, draft));
  // As the refusal says.
  if (isRefused) core.modify(ROLLOUT, (old) => withSpec(old, { replicas, template: templateOf(people) }));
}

const templateOf = ({ meant, readyMs }: People): object => template(meant.image, readyMs);

const withSpec = (object: ApiObject, spec: object): Draft => ({
  ...object,
  spec: { ...(object["spec"] as object), ...spec },
});

export function createAutoscaler(people: People): void {
  const object = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { ...PLACE },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: PLACE.name }, maxReplicas: 9 },
  };
  people.core.create(AUTOSCALER.resource, object);
}

/** A size that somebody has asked for; `certain`: nothing may lose it. */
function means({ core, meant }: People, replicas: number, certain: boolean): void {
  meant.isGone = false;
  if (meant.doubled) {
    // Beside a Rollout it means nothing, unless it gets the ReplicaSet before the Rollout has it.
    if (isHeldIn(core)) meant.sizes.add(replicas);
    return;
  }
  if (certain) meant.sizes.clear();
  else meant.extra += replicas;
  meant.sizes.add(replicas);
}

function apply(people: People, image: string | undefined, replicas: number | undefined): void {
  const { core, meant } = people;
  if (image !== undefined) meant.image = image;
  const live = core.get(DEPLOYMENT);
  const isHeld = rolloutOfDeployment(live) !== undefined;
  if (live === undefined) return createDeployment(people, replicas ?? Math.max(...meant.sizes));
  if (replicas !== undefined) means(people, replicas, people.isWebhookThere || !isHeld);
  const spec = { ...(replicas === undefined ? {} : { replicas }), template: templateOf(people) };
  const annotations = { ...live.metadata.annotations, [LAST_APPLIED]: JSON.stringify({ spec }) };
  const object = { ...withSpec(live, spec), metadata: { ...live.metadata, annotations } };
  reviewed(people, { kind: "Deployment", object, old: live }, (draft) => core.update(DEPLOYMENT.resource, draft));
}

function replace(people: People, replicas: number): void {
  const { core } = people;
  const live = core.get(DEPLOYMENT);
  if (live === undefined) return apply(people, undefined, replicas);
  means(people, replicas, people.isWebhookThere || rolloutOfDeployment(live) === undefined);
  const next = manifest(people, replicas);
  const metadata = { ...live.metadata, annotations: next.metadata?.annotations ?? {} };
  const object = { ...live, metadata, spec: next["spec"] };
  reviewed(people, { kind: "Deployment", object, old: live }, (draft) => core.update(DEPLOYMENT.resource, draft));
}

/** Through the scale of its target; a target of size 0 is not scaled. */
function autoscale(people: People, replicas: number): void {
  const { core } = people;
  const autoscaler = core.get(AUTOSCALER);
  if (autoscaler === undefined) return;
  const isRollout = shape(autoscaler).spec.scaleTargetRef?.kind === "Rollout";
  const target = isRollout ? ROLLOUT : DEPLOYMENT;
  const live = core.get(target);
  if (live === undefined || shape(live).spec.replicas === 0) return;
  const scaled = withSpec(live, { replicas });
  if (isRollout) {
    means(people, replicas, live.metadata.deletionTimestamp === undefined);
    return void core.update(target.resource, scaled);
  }
  const scale = (count: number) => ({ kind: "Scale", metadata: { ...PLACE }, spec: { replicas: count } });
  const write: Write = { kind: "Scale", object: scale(replicas), old: scale(shape(live).spec.replicas) };
  reviewed(people, write, () => {
    means(people, replicas, rolloutOfDeployment(live) === undefined);
    core.update(target.resource, scaled);
  });
}

/** The annotation of the Deployment, where there is one, and the label of the Namespace. */
function ask(people: People, mode: Mode | undefined, by: Meant["by"]): void {
  const { core, meant } = people;
  Object.assign(meant, { mode, by });
  const label = mode !== undefined && by === "label" ? { [MIGRATE]: mode } : {};
  core.modify(NAMESPACE, (old) => ({ ...old, metadata: { ...old.metadata, labels: label } }));
  const live = core.get(DEPLOYMENT);
  if (live === undefined) return;
  const { [MIGRATE]: _, ...others } = live.metadata.annotations ?? {};
  const annotations = { ...others, ...(mode !== undefined && by === "annotation" ? { [MIGRATE]: mode } : {}) };
  const object = { ...live, metadata: { ...live.metadata, annotations } };
  reviewed(people, { kind: "Deployment", object, old: live }, (draft) => core.update(DEPLOYMENT.resource, draft));
}

export function perform(people: People, deed: Deed): void {
  const { core, meant } = people;
  switch (deed.kind) {
    case "ask":
      return ask(people, deed.mode, deed.by);
    case "retract":
      return ask(people, undefined, meant.by);
    case "apply":
      return apply(people, deed.image, deed.replicas);
    case "replace":
      return replace(people, deed.replicas);
    case "autoscale":
      return autoscale(people, deed.replicas);
    case "deleteRollout":
      if (core.get(ROLLOUT) !== undefined) core.delete(ROLLOUT, { propagationPolicy: "Background" });
      return;
    case "deleteDeployment":
      if (core.get(DEPLOYMENT) === undefined) return;
      meant.isGone = !isAdopted(core.get(ROLLOUT));
      return void core.delete(DEPLOYMENT, { propagationPolicy: "Background" });
    case "webhook":
      people.isWebhookThere = deed.there;
      return;
    default:
      return deed satisfies never;
  }
}

/** The kind that it scales, and whether we know what it scaled before. */
export function targetOf(core: ApiCore): string | undefined {
  const autoscaler = core.get(AUTOSCALER);
  if (autoscaler === undefined) return undefined;
  const noted = autoscaler.metadata.annotations?.[SCALE_TARGET_BEFORE] === undefined ? "" : ", noted";
  return `${shape(autoscaler).spec.scaleTargetRef?.kind}${noted}`;
}

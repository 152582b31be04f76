import { HASH_LABEL, REVISION } from "../../../schema/labels.ts";
import type { KubeObject } from "./api.ts";

/** The members of a Rollout and of the objects around it that tests read. As in the API; everything may be absent. */
export interface RolloutView extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly restartAt?: string;
    readonly template: PodTemplateView;
    readonly strategy: { readonly canary?: { readonly steps?: readonly unknown[] }; readonly blueGreen?: unknown };
  };
  readonly status?: RolloutStatusView;
}

export interface PodTemplateView {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
}

export interface RolloutStatusView {
  readonly phase?: string;
  readonly message?: string;
  readonly abort?: boolean;
  readonly abortedAt?: string;
  readonly restartedAt?: string;
  readonly currentStepIndex?: number;
  readonly currentPodHash?: string;
  readonly stableRS?: string;
  readonly observedGeneration?: string;
  readonly controllerPause?: boolean;
  readonly promoteFull?: boolean;
  readonly selector?: string;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly HPAReplicas?: number;
  readonly blueGreen?: { readonly activeSelector?: string; readonly previewSelector?: string };
  readonly pauseConditions?: readonly { readonly reason: string; readonly startTime: string }[];
  readonly conditions?: readonly ConditionView[];
}

export interface ConditionView {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface ReplicaSetView extends KubeObject {
  readonly spec: { readonly replicas: number; readonly template: PodTemplateView; readonly selector: unknown };
  readonly status: {
    readonly replicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export interface ServiceView extends KubeObject {
  readonly spec: { readonly selector?: Readonly<Record<string, string>> };
}

export interface EventView extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count?: number;
  readonly involvedObject: { readonly kind: string; readonly name: string; readonly uid?: string };
}

/** A Rollout and the objects that belong to it, read at one moment. */
export interface Scene {
  readonly rollout: RolloutView;
  /** The ReplicaSets that the Rollout controls, oldest revision first. */
  readonly replicaSets: readonly ReplicaSetView[];
  readonly services: readonly ServiceView[];
}

export const revisionOf = (object: KubeObject): number => Number(object.metadata.annotations?.[REVISION] ?? 0);
const hashOf = (set: ReplicaSetView): string => set.metadata.labels?.[HASH_LABEL] ?? "";

/**
 * Replaces the hashes of the scene's ReplicaSets by `<1>`, `<2>` …, their revisions, so that a reader sees which one is
 * meant.
 */
function naming(scene: Scene): (text: string) => string {
  const sets = scene.replicaSets.filter((set) => hashOf(set) !== "");
  return (text) => sets.reduce((named, set) => named.replaceAll(hashOf(set), `<${revisionOf(set)}>`), text);
}

function replicaSetLine(set: ReplicaSetView): string {
  const { annotations = {} } = set.metadata;
  const deadline = annotations["scale-down-deadline"] === undefined ? "" : " scale-down-deadline";
  const history = annotations["rollout.argoproj.io/revision-history"];
  const sizes = `${set.spec.replicas}/${set.status.replicas ?? 0}/${set.status.availableReplicas ?? 0}`;
  const desired = annotations["rollout.argoproj.io/desired-replicas"];
  const consistent = set.spec.template.metadata?.labels?.[HASH_LABEL] === hashOf(set) ? "" : " TEMPLATE WITHOUT HASH";
  const earlier = history === undefined ? "" : ` revision-history=${history}`;
  return `rs <${revisionOf(set)}> ${sizes} desired=${desired}${earlier}${deadline}${consistent}`;
}

/**
 * What users and tools see of a Rollout at a settled point, one line for each fact, without times and uids. ReplicaSets
 * read spec/status/available replicas. Two controllers behave the same when their keyframes are equal.
 */
export function keyframe(scene: Scene): string[] {
  const { rollout, replicaSets, services } = scene;
  const { status = {}, spec } = rollout;
  const named = naming(scene);
  const steps = spec.strategy.canary?.steps?.length;
  const counts = [
    status.replicas,
    status.updatedReplicas,
    status.readyReplicas,
    status.availableReplicas,
    status.HPAReplicas,
  ];
  const flags = [
    ...(spec.paused === true ? ["spec.paused"] : []),
    ...(status.abort === true ? [`abort${status.abortedAt === undefined ? "" : "+abortedAt"}`] : []),
    ...(status.controllerPause === true ? ["controllerPause"] : []),
    ...(status.promoteFull === true ? ["promoteFull"] : []),
    ...(status.pauseConditions ?? []).map(({ reason }) => `pause:${reason}`),
  ];
  const conditions = (status.conditions ?? []).toSorted((a, b) => a.type.localeCompare(b.type));
  const { activeSelector, previewSelector } = status.blueGreen ?? {};
  const lines = [
    `${status.phase}${status.message === undefined || status.message === "" ? "" : `: ${status.message}`}`,
    ...(steps === undefined ? [] : [`step ${status.currentStepIndex ?? "none"}/${steps}`]),
    ...(flags.length === 0 ? [] : [`flags ${flags.join(" ")}`]),
    `counts ${counts.map((value) => value ?? 0).join("/")}`,
    `current ${status.currentPodHash} stable ${status.stableRS}`,
    ...(activeSelector === undefined ? [] : [`active ${activeSelector} preview ${previewSelector ?? "none"}`]),
    `selector ${status.selector}`,
    ...conditions.map(({ type, status: value, reason, message }) => `${type}=${value} ${reason}: ${message}`),
    ...replicaSets.map(replicaSetLine),
    ...services.map(
      ({ metadata, spec: { selector } }) => `service ${metadata.name} -> ${selector?.[HASH_LABEL] ?? "no hash"}`,
    ),
  ];
  return lines.map(named);
}

/** The events on the Rollout as `3x Reason: message`, sorted, since times in whole seconds do not order them. */
export function eventLines(scene: Scene, events: readonly EventView[]): string[] {
  const named = naming(scene);
  const counts = new Map<string, number>();
  for (const { involvedObject, reason, message, type, count } of events) {
    // This one shows when the controller was started, not what it did.
    if (involvedObject.uid !== scene.rollout.metadata.uid || reason === "RolloutAddedToInformer") continue;
    const line = `${type === "Normal" ? "" : `${type} `}${reason}: ${named(message)}`;
    counts.set(line, (counts.get(line) ?? 0) + (count ?? 1));
  }
  return Array.from(counts, ([line, count]) => (count === 1 ? line : `${count}x ${line}`)).toSorted();
}

/** The state of a Rollout at one moment, read from the server: its phase, its steps, its pods and where requests go. */
import { ADOPTING, INSTANCE_LABEL, REVISION } from "../../schema/labels.ts";
import type { CanaryStep, Rollout } from "../../schema/rollout.ts";
import type { ApiCore, ApiObject } from "../model/model.ts";
import type { Condition, Pod, ReplicaSet } from "../controllers/loop/objects.ts";
import { failingShare } from "./manifests.ts";
import { stepText } from "./stepText.ts";

export type PodState = "starting" | "ready" | "ending";

export interface PodPicture {
  readonly name: string;
  readonly state: PodState;
}

/** One ReplicaSet of the Rollout. */
export interface VersionPicture {
  /** "shop:1.0". */
  readonly image: string;
  readonly revision: number;
  /** Oldest first. */
  readonly pods: readonly PodPicture[];
  /** Share of its answers that are errors: 0 to 1. Requests are simulated. */
  readonly failing: number;
}

export interface StepPicture {
  /** As in the manifest: "setWeight 20", "pause 10s". */
  readonly text: string;
  readonly state: "done" | "now" | "todo";
}

/** Where the requests to a Service go. */
export interface ServicePicture {
  readonly name: string;
  /** Revision → ready pods behind it. */
  readonly behind: ReadonlyMap<number, number>;
  /** Share of the requests to it that fail: 0 to 1. */
  readonly failing: number;
}

export interface EventPicture {
  readonly atMs: number;
  readonly reason: string;
  readonly message: string;
}

export interface Picture {
  readonly name: string;
  readonly replicas: number;
  /** "Healthy", "Progressing", "Paused", "Degraded"; "" before the controller has seen it; "Deployment", "Adopting". */
  readonly phase: string;
  readonly message: string;
  /** An update is under way, and nobody has aborted it: it can be promoted and aborted. */
  readonly isUpdating: boolean;
  /** The update to the present template was aborted. */
  readonly isAborted: boolean;
  readonly isPausedByUser: boolean;
  /** Oldest revision first; those without pods are left out, except for the present one. */
  readonly versions: readonly VersionPicture[];
  /** Empty when the strategy has no steps. */
  readonly steps: readonly StepPicture[];
  readonly services: readonly ServicePicture[];
  /** Of the Rollout, oldest first. */
  readonly events: readonly EventPicture[];
}

const namespace = "default";
const DEPLOYMENT_REVISION = "deployment.kubernetes.io/revision";

/** Of the Rollout of this name, or of the Deployment that it is still; undefined when there is neither. */
export function pictureOf(core: ApiCore, name: string): Picture | undefined {
  const rollout = core.get({ resource: "rollouts.argoproj.io", namespace, name });
  const object = rollout ?? core.get({ resource: "deployments.apps", namespace, name });
  if (object === undefined) return undefined;
  const { metadata, spec, status } = object as unknown as Rollout;
  const isOwned = ({ metadata }: ApiObject, { metadata: { uid } }: ApiObject): boolean =>
    metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
  // While a Rollout takes them over they have no owner.
  const sets = core.list("replicasets.apps", { namespace, labelSelector: `app=${name}` }) as ReplicaSet[];
  const all = core.list("pods", { namespace }) as Pod[];
  const versions = sets
    .map((set) =>
      versionOf(
        set,
        all.filter((pod) => isOwned(pod, set)),
      ),
    )
    .toSorted((a, b) => a.revision - b.revision);
  const latest = versions.at(-1)?.revision;
  if (rollout === undefined || metadata.labels?.[INSTANCE_LABEL] === ADOPTING)
    return {
      ...still,
      name,
      replicas: spec.replicas ?? 1,
      phase: rollout === undefined ? "Deployment" : "Adopting",
      versions,
      services: servicesOf(core, { metadata, spec }, versions),
    };
  const { stableRS = "", currentPodHash } = status ?? {};
  // Otherwise the status is about the template before.
  const isObserved = status?.observedGeneration === String(metadata.generation);
  const isBetween = isObserved && stableRS !== "" && stableRS !== currentPodHash;
  const isAborted = isBetween && status?.abort === true;
  return {
    name,
    replicas: spec.replicas ?? 1,
    phase: status?.phase ?? "",
    message: status?.message ?? "",
    isUpdating: isBetween && !isAborted,
    isAborted,
    isPausedByUser: spec.paused === true,
    versions: versions.filter(({ pods, revision }) => pods.length > 0 || revision === latest),
    steps: stepsOf(spec.strategy?.canary?.steps ?? [], isAborted ? -1 : (status?.currentStepIndex ?? -1)),
    services: servicesOf(core, { metadata, spec }, versions),
    events: eventsOf(core, rollout),
  };
}

/** Nothing of it is updated. */
const still = { message: "", isUpdating: false, isAborted: false, isPausedByUser: false, steps: [], events: [] };

function versionOf(set: ReplicaSet, pods: readonly Pod[]): VersionPicture {
  const [container] = (set.spec.template.spec as unknown as Pod["spec"]).containers;
  const image = container?.image ?? "";
  return {
    image,
    failing: failingShare(image),
    revision: Number(set.metadata.annotations?.[REVISION] ?? set.metadata.annotations?.[DEPLOYMENT_REVISION] ?? 0),
    pods: pods.toSorted(byAge).map((pod) => ({ name: pod.metadata.name, state: stateOf(pod) })),
  };
}

/** Times are whole seconds: pods of the same second are ordered by name. */
const byAge = (a: Pod, b: Pod): number =>
  a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
  a.metadata.name.localeCompare(b.metadata.name);

const isReady = ({ type, status }: Condition): boolean => type === "Ready" && status === "True";

function stateOf({ metadata, status }: Pod): PodState {
  if (metadata.deletionTimestamp !== undefined) return "ending";
  return status?.conditions?.some(isReady) === true ? "ready" : "starting";
}

/** @param index of the present step; -1 before the controller has begun, and for an update that was aborted */
function stepsOf(steps: readonly CanaryStep[], index: number): StepPicture[] {
  return steps.map((step, at) => ({
    text: stepText(step),
    state: at < index ? "done" : at === index ? "now" : "todo",
  }));
}

/** The Services that the strategy names, or the one with the Rollout's name. */
function servicesOf(
  core: ApiCore,
  { metadata, spec }: Pick<Rollout, "metadata" | "spec">,
  versions: readonly VersionPicture[],
): ServicePicture[] {
  const { blueGreen } = spec.strategy ?? {};
  const names = blueGreen === undefined ? [metadata.name] : [blueGreen.activeService, blueGreen.previewService];
  const revisionOf = new Map(
    versions.flatMap(({ pods, revision }) => pods.map((pod) => [pod.name, revision] as const)),
  );
  return names.flatMap((name): ServicePicture[] => {
    const endpoints = name === undefined ? undefined : core.get({ resource: "endpoints", namespace, name });
    if (name === undefined || endpoints === undefined) return [];
    const behind = new Map<number, number>();
    for (const pod of addressed(endpoints)) {
      const revision = revisionOf.get(pod) ?? 0;
      behind.set(revision, (behind.get(revision) ?? 0) + 1);
    }
    return [{ name, behind, failing: failingOf(behind, versions) }];
  });
}

function failingOf(behind: ReadonlyMap<number, number>, versions: readonly VersionPicture[]): number {
  const answers = versions.map(({ revision, failing }) => ({ failing, pods: behind.get(revision) ?? 0 }));
  const total = answers.reduce((sum, { pods }) => sum + pods, 0);
  return total === 0 ? 0 : answers.reduce((sum, { failing, pods }) => sum + failing * pods, 0) / total;
}

interface Subset {
  readonly addresses?: readonly { readonly targetRef?: { readonly name?: string } }[];
}

const addressed = ({ subsets }: ApiObject): string[] =>
  ((subsets as readonly Subset[] | undefined) ?? []).flatMap(({ addresses = [] }) =>
    addresses.map(({ targetRef }) => targetRef?.name ?? ""),
  );

function eventsOf(core: ApiCore, { metadata: { uid } }: ApiObject): EventPicture[] {
  return core
    .list("events", { namespace, fieldSelector: `involvedObject.uid=${uid}` })
    .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
    .map(({ metadata, reason, message, lastTimestamp }) => ({
      atMs: Date.parse(typeof lastTimestamp === "string" ? lastTimestamp : metadata.creationTimestamp),
      reason: String(reason),
      message: String(message),
    }));
}

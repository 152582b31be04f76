/** How an update stands at one moment of a simulation: its pods, its share of the requests, its stage. */
import {
  fullWeight,
  blueGreenOf,
  desiredReplicas,
  stepsOf,
  trafficRoutingOf,
} from "../../controller/rollout/model/defaults.ts";
import { isCompleted, wasObserved } from "../../controller/rollout/model/rolloutConditions.ts";
import { HASH_LABEL } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import {
  controllerOf,
  isActive,
  isReady,
  type Pod,
  type ReplicaSet,
  type Service,
} from "../controllers/loop/objects.ts";
import { stepText } from "../demo/stepText.ts";
import type { ApiCore } from "../model/model.ts";

/** Of one revision; a pod that is ending counts no longer. */
export interface Pods {
  readonly ready: number;
  /** Not ready (yet). */
  readonly starting: number;
}

export interface Moment {
  /** ms since the update began. */
  readonly atMs: number;
  readonly stage: Stage;
  /** "Healthy", "Progressing", "Paused", "Degraded". */
  readonly phase: string;
  readonly old: Pods;
  readonly new: Pods;
  /** Of Experiments. */
  readonly others: Pods;
  /** The share of the requests that the new version gets: 0 to 1. */
  readonly share: number;
  /** Ready pods for each pod that the requests need, where they are fewest: 1 is as before the update, 0 an outage. */
  readonly capacity: number;
}

export interface Stage {
  /** In words: "2/5 pause 10m". */
  readonly text: string;
  /** Index of the canary step. */
  readonly step?: number;
  /** The update has come to its end; what is left are pods that go. */
  readonly isOver?: true;
}

/** The revisions of an update, by their pod template hashes. */
export interface Revisions {
  readonly old: string;
  /** "" while the controller has not seen it. */
  readonly new: string;
}

/** What there is of a Rollout in the cluster. */
export interface Seen {
  readonly rollout: Rollout;
  readonly sets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly active: Service | undefined;
}

export function seenIn(core: ApiCore, namespace: string, name: string): Seen {
  const rollout = core.get({ resource: "rollouts.argoproj.io", namespace, name }) as unknown as Rollout;
  const service = blueGreenOf(rollout)?.activeService;
  return {
    rollout,
    sets: core.list("replicasets.apps", { namespace }) as readonly ReplicaSet[],
    pods: core.list("pods", { namespace }) as readonly Pod[],
    active:
      service === undefined
        ? undefined
        : (core.get({ resource: "services", namespace, name: service }) as Service | undefined),
  };
}

/** The status is about the present template. */
export const isObserved = (rollout: Rollout): boolean => wasObserved(rollout, rollout.status ?? {});

export function momentOf(seen: Seen, revisions: Revisions, atMs: number): Moment {
  const { rollout } = seen;
  const pods = podsByHash(seen);
  const shares = sharesOf(seen, pods);
  const none: Pods = { ready: 0, starting: 0 };
  const others = [...pods].filter(([hash]) => hash !== revisions.old && hash !== revisions.new).map(([, each]) => each);
  return {
    atMs,
    stage: stageOf(rollout, revisions),
    phase: rollout.status?.phase ?? "",
    old: pods.get(revisions.old) ?? none,
    new: pods.get(revisions.new) ?? none,
    others: others.reduce(
      (all, { ready, starting }) => ({ ready: all.ready + ready, starting: all.starting + starting }),
      none,
    ),
    share: rounded(shares.get(revisions.new) ?? 0),
    capacity: rounded(capacityOf(shares, pods, desiredReplicas(rollout))),
  };
}

const rounded = (share: number): number => Math.round(share * 10_000) / 10_000;

function podsByHash({ rollout, sets, pods }: Seen): Map<string, Pods> {
  const isOwn = (set: ReplicaSet): boolean => controllerOf(set)?.uid === rollout.metadata.uid;
  const hashes = new Map(sets.map((set) => [set.metadata.uid, hashOf(set, isOwn(set))] as const));
  const found = new Map<string, { ready: number; starting: number }>();
  for (const pod of pods) {
    const hash = hashes.get(controllerOf(pod)?.uid ?? "");
    if (hash === undefined || !isActive(pod)) continue;
    const counts = found.get(hash) ?? { ready: 0, starting: 0 };
    found.set(hash, counts);
    if (isReady(pod)) counts.ready += 1;
    else counts.starting += 1;
  }
  return found;
}

/** Of the Rollout, or of an Experiment; the pods of a Deployment that it refers to are scaled down before. */
const hashOf = ({ metadata }: ReplicaSet, isOwn: boolean): string | undefined => {
  const isOfExperiment = metadata.ownerReferences?.some(({ kind }) => kind === "Experiment") === true;
  return isOwn ? (metadata.labels?.[HASH_LABEL] ?? "") : isOfExperiment ? `experiment ${metadata.name}` : undefined;
};

/** Which share of the requests each revision gets: by the weights of a router, by a Service's selector, or by the pods. */
function sharesOf({ rollout, active }: Seen, pods: ReadonlyMap<string, Pods>): Map<string, number> {
  const { weights } = rollout.status?.canary ?? {};
  if (trafficRoutingOf(rollout) !== undefined && weights !== undefined) {
    const shares = new Map<string, number>();
    for (const { podTemplateHash = "", weight } of [weights.canary, weights.stable, ...(weights.additional ?? [])])
      shares.set(podTemplateHash, (shares.get(podTemplateHash) ?? 0) + weight / fullWeight(rollout));
    return shares;
  }
  const selected = active?.spec?.selector?.[HASH_LABEL];
  if (selected !== undefined) return new Map([[selected, 1]]);
  const all = [...pods].filter(([hash]) => !hash.startsWith("experiment "));
  const total = all.reduce((sum, [, { ready }]) => sum + ready, 0);
  return new Map(all.map(([hash, { ready }]) => [hash, total === 0 ? 0 : ready / total]));
}

function capacityOf(shares: ReadonlyMap<string, number>, pods: ReadonlyMap<string, Pods>, replicas: number): number {
  const served = [...shares].filter(([, share]) => share > 0);
  if (replicas === 0) return 1;
  if (served.length === 0) return 0;
  return Math.min(...served.map(([hash, share]) => (pods.get(hash)?.ready ?? 0) / (share * replicas)));
}

const ARRIVES: Stage = { text: "the new version arrives" };

/** Which part of the update it is in. */
function stageOf(rollout: Rollout, revisions: Revisions): Stage {
  const { status = {} } = rollout;
  if (!isObserved(rollout) || status.currentPodHash === revisions.old || revisions.new === "") return ARRIVES;
  if (status.abort === true) return { text: "aborted: back to the old version", isOver: true };
  if (isCompleted(status)) return { text: "done: the old pods end", isOver: true };
  return blueGreenOf(rollout) === undefined ? canaryStage(rollout) : blueGreenStage(rollout);
}

function canaryStage(rollout: Rollout): Stage {
  const steps = stepsOf(rollout);
  const index = rollout.status?.currentStepIndex ?? 0;
  const step = steps[index];
  if (steps.length === 0) return { text: "pods are replaced" };
  if (step === undefined) return { text: "after the steps: all pods" };
  return { text: `${index + 1}/${steps.length} ${stepText(step)}`, step: index };
}

function blueGreenStage({ status = {} }: Rollout): Stage {
  const {
    activeSelector,
    prePromotionAnalysisRunStatus: before,
    postPromotionAnalysisRunStatus: after,
  } = status.blueGreen ?? {};
  if (activeSelector === status.currentPodHash)
    return { text: after === undefined ? "switched to the new version" : "switched: analysis after the promotion" };
  if ((status.pauseConditions ?? []).length > 0) return { text: "new pods ready: waits for the promotion" };
  if (before?.status === "Running") return { text: "new pods ready: analysis before the promotion" };
  return { text: "the new pods start" };
}

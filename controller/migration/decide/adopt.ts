/**
 * The next writes of a takeover in mode adopt (docs/migration.md#mode-adopt). Decided from what is stored alone, so a crash
 * after any write goes on where it was.
 *
 *     stamp → Rollout, held → Deployment deleted, orphaning → ReplicaSets → pods → autoscalers, and Rollout driven
 */
import { equal } from "../../../kube/object/equality.ts";
import type { Json } from "../../../kube/object/json.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import type { ObjectMeta } from "../../../schema/kube.ts";
import {
  ADOPTING,
  ADOPTS,
  HASH_LABEL,
  INSTANCE_LABEL,
  MANAGED_BY_ROLLOUT,
  MIGRATED,
  REFERENCE_MARKS,
  REPLICAS_WANTED,
  REVISION,
} from "../../../schema/labels.ts";
import { podTemplateHash } from "../../rollout/hash/podHash.ts";
import type { AdoptionAction } from "../actions/adoption.ts";
import { objectAt, without } from "../convert/objects.ts";
import type { Profile } from "../convert/profile.ts";
import { toRollout } from "../convert/toRollout.ts";
import type { Obstacle } from "../plan/obstacles.ts";

export interface Stored {
  readonly metadata: ObjectMeta;
  readonly [member: string]: unknown;
}

/** Everything as the API server has it. */
export interface AdoptionFacts {
  readonly deployment: Stored | undefined;
  /** Whether it asks for mode adopt. */
  readonly asks: boolean;
  /** All its pods are there, available, and of the present template. */
  readonly settled: boolean;
  readonly profile: Profile;
  readonly rollout: Stored | undefined;
  /** What stands in the way, looked for where it is about to begin. */
  readonly obstacles: readonly Obstacle[];
  /** Those that the selector of the Rollout, or of the Deployment where there is no Rollout yet, matches. */
  readonly replicaSets: readonly Stored[];
  readonly pods: readonly Stored[];
  /** Those that target the Deployment. */
  readonly autoscalers: readonly Stored[];
  /** The instance that drives the Rollout afterwards; "": the one without a name. */
  readonly instance: string;
}

/** Which ReplicaSets a Deployment has: uids, in an order of their own. */
const setsOf = ({ replicaSets }: AdoptionFacts, { metadata }: Stored): string =>
  replicaSets
    .filter((rs) => controllerOf(rs)?.uid === metadata.uid)
    .map((rs) => rs.metadata.uid ?? "")
    .toSorted()
    .join();

/**
 * Whether the Deployment had it: that was noted while it had, or its Deployment made it in the moment before it went, as
 * the name and the marks say that only a Deployment of this name gives. Others with such labels are not ours to take.
 */
export function wasItsOwn({ metadata: { uid, name, labels, annotations } }: Stored, rollout: Stored): boolean {
  const noted = rollout.metadata.annotations?.[ADOPTS]?.split(",") ?? [];
  if (uid !== undefined && noted.includes(uid)) return true;
  const hash = labels?.["pod-template-hash"];
  const isNamed = hash !== undefined && name === `${rollout.metadata.name}-${hash}`;
  return isNamed && annotations?.["deployment.kubernetes.io/revision"] !== undefined;
}

export const isHeld = ({ metadata }: Stored): boolean => metadata.labels?.[INSTANCE_LABEL] === ADOPTING;

export function decideAdoption(facts: AdoptionFacts): readonly AdoptionAction[] {
  const { deployment, rollout } = facts;
  if (rollout !== undefined && (!isHeld(rollout) || rollout.metadata.deletionTimestamp !== undefined)) return [];
  const owned = facts.replicaSets.some((rs) => controllerOf(rs)?.uid === rollout?.metadata.uid);
  // A Deployment that comes back in between is one beside the Rollout, like any that comes later.
  if (rollout !== undefined && (deployment === undefined || owned)) return takeOver(facts, rollout);
  return deployment === undefined || deployment.metadata.deletionTimestamp !== undefined
    ? []
    : leave(facts, deployment);
}

/** While the Deployment still has the pods. */
function leave(facts: AdoptionFacts, deployment: Stored): readonly AdoptionAction[] {
  const { rollout, asks, settled } = facts;
  const seen = deployment.metadata;
  // One that comes from mode reference has its size and its pods back first.
  const isMarked = REFERENCE_MARKS.some((mark) => seen.annotations?.[mark] !== undefined);
  const object = asks && settled && !isMarked ? heldRollout(facts, deployment) : undefined;
  if (rollout !== undefined) {
    const isCurrent = object !== undefined && equal(comparable(object), comparable(rollout));
    // While the Rollout is held it brings us here again: its end is the last write.
    if (!asks && seen.annotations?.[MANAGED_BY_ROLLOUT] !== undefined)
      return [{ kind: "unstampDeployment", seen, replicas: wantedIn(deployment) }];
    return isCurrent ? [{ kind: "orphanDeployment", seen }] : [{ kind: "deleteHeldRollout", seen: rollout.metadata }];
  }
  if (object === undefined || controllerOf(deployment) !== undefined || facts.obstacles.length > 0) return [];
  if (seen.annotations?.[MANAGED_BY_ROLLOUT] === undefined) return [{ kind: "stampDeployment", seen }];
  // One without a ReplicaSet has nothing to hand over, and would only go.
  return setsOf(facts, deployment) === "" ? [] : [{ kind: "createHeldRollout", namespace: seen.namespace, object }];
}

/** What a Rollout has to have in common with its Deployment when the Deployment goes. */
const comparable = (rollout: unknown): unknown[] => [
  ...["replicas", "selector", "template"].map((key) => objectAt(rollout, "spec")[key]),
  objectAt(rollout, "metadata", "annotations")[ADOPTS],
];

function heldRollout(facts: AdoptionFacts, deployment: Stored): Json | undefined {
  if (objectAt(deployment, "spec")["paused"] === true) return undefined;
  const typed = { ...deployment, apiVersion: "apps/v1", kind: "Deployment" };
  const made = toRollout(typed, facts.profile, "adopt");
  if (made.kind === "refused") return undefined;
  const { name, namespace, labels = {} } = deployment.metadata;
  const annotations = without(objectAt(made.object, "metadata", "annotations"), [MANAGED_BY_ROLLOUT, REPLICAS_WANTED]);
  const metadata = {
    name,
    namespace,
    labels: { ...labels, [INSTANCE_LABEL]: ADOPTING },
    annotations: { ...annotations, [MIGRATED]: "adopt", [ADOPTS]: setsOf(facts, deployment) },
  };
  // What is applied once it is stamped is noted by the webhook, as in mode reference.
  const wanted = wantedIn(deployment);
  const size = wanted === undefined ? {} : { replicas: wanted };
  return { ...made.object, metadata, spec: { ...objectAt(made.object, "spec"), ...size } };
}

function wantedIn({ metadata }: Stored): number | undefined {
  const text = metadata.annotations?.[REPLICAS_WANTED] ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** When the Deployment is gone: the Rollout holds all facts. */
function takeOver(facts: AdoptionFacts, rollout: Stored): readonly AdoptionAction[] {
  const { pods, autoscalers, instance } = facts;
  const replicaSets = facts.replicaSets.filter((rs) => wasItsOwn(rs, rollout));
  const free = replicaSets.filter(
    (rs) => controllerOf(rs) === undefined && rs.metadata.deletionTimestamp === undefined,
  );
  if (free.length > 0) return free.map((rs) => take(rs, rollout));
  const hashes = new Map(
    replicaSets
      .filter((rs) => controllerOf(rs)?.uid === rollout.metadata.uid)
      .map((rs) => [rs.metadata.uid, rs.metadata.labels?.[HASH_LABEL] ?? ""]),
  );
  const unlabelled = pods.flatMap((pod): AdoptionAction[] => {
    const hash = hashes.get(controllerOf(pod)?.uid);
    if (hash === undefined || pod.metadata.labels?.[HASH_LABEL] === hash) return [];
    return [{ kind: "labelPod", seen: pod.metadata, hash }];
  });
  if (unlabelled.length > 0) return unlabelled;
  const targets = autoscalers.map((hpa): AdoptionAction => {
    const before = objectAt(hpa, "spec", "scaleTargetRef");
    return { kind: "retargetAutoscaler", seen: hpa.metadata, before, rollout: rollout.metadata.name, instance };
  });
  // Driven without the pods, it would make others beside them, or bring back what somebody has deleted on purpose.
  if (hashes.size > 0) return [...targets, { kind: "handOver", seen: rollout.metadata, instance }];
  return replicaSets.length === 0 ? [{ kind: "deleteHeldRollout", seen: rollout.metadata }] : [];
}

function take(rs: Stored, rollout: Stored): AdoptionAction {
  const template = objectAt(rs, "spec", "template");
  const metadata = objectAt(template, "metadata");
  const labels = without(objectAt(metadata, "labels"), ["pod-template-hash", HASH_LABEL]);
  const plain = { ...template, metadata: { ...without(metadata, ["creationTimestamp"]), labels } };
  const stored = objectAt(rollout, "spec", "template");
  const wanted = { ...stored, metadata: without(objectAt(stored, "metadata"), ["creationTimestamp"]) };
  // The hash of the Rollout's template is that of its stored form.
  const hash = podTemplateHash(equal(plain, wanted) ? stored : plain, undefined);
  const revision = rs.metadata.annotations?.["deployment.kubernetes.io/revision"];
  const owners = rs.metadata.ownerReferences ?? [];
  return {
    kind: "takeReplicaSet",
    seen: rs.metadata,
    owners,
    rollout: rollout.metadata,
    hash,
    revision: rs.metadata.annotations?.[REVISION] ?? revision,
  };
}

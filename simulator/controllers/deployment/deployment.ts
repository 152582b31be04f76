/** The Deployment controller: rolling updates, recreation, pausing, resizing and history, as Kubernetes does them. */
import { equal } from "../../../kube/object/equality.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import { claim } from "../pods/claim.ts";
import { type Decision, refOf, type Remark, statusWrite, type Write } from "../loop/decision.ts";
import {
  findNewSet,
  newSet,
  newSetAnnotations,
  newSetName,
  nextRevision,
  outOfHistory,
  revisionAnnotation,
  sizeAnnotations,
  templateHash,
} from "./deploymentRevision.ts";
import { newSetSize, oldSetSizes, replicasOf, resized, type Size, total, wasResized } from "./deploymentSizes.ts";
import {
  countedStatus,
  deadlineCheck,
  hasDeadline,
  isComplete,
  progressingOf,
  rolloutStatus,
  withCondition,
} from "./deploymentStatus.ts";
import {
  type Deployment,
  type DeploymentCondition,
  type DeploymentStatus,
  hasEnded,
  type Pod,
  type ReplicaSet,
} from "../loop/objects.ts";

export interface DeploymentFacts {
  readonly d: Deployment;
  /** Those that it controls. */
  readonly own: readonly ReplicaSet[];
  /** Those of its namespace that have no controller. */
  readonly orphans: readonly ReplicaSet[];
  /** Whether its namespace has a ReplicaSet of this name, with whatever owner. */
  readonly isTaken: (name: string) => boolean;
  readonly podsOf: (rs: ReplicaSet) => readonly Pod[];
}

/** The input of a decision: the Deployment, its ReplicaSets as new and old ones, and its present conditions. */
interface Pass {
  readonly facts: DeploymentFacts;
  readonly d: Deployment;
  readonly newRS: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  readonly all: readonly ReplicaSet[];
  readonly conditions: readonly DeploymentCondition[];
  readonly nowMs: number;
}

const remark = (d: Deployment, type: Remark["type"], reason: string, message: string): Remark => ({
  about: d,
  type,
  reason,
  message,
});

const scaledRemark = (d: Deployment, name: string, from: number, to: number): Remark =>
  remark(
    d,
    "Normal",
    "ScalingReplicaSet",
    `Scaled ${to > from ? "up" : "down"} replica set ${name} from ${from} to ${to}`,
  );

/** Sets a ReplicaSet's size and the annotations with the Deployment's size; no write when neither changes. */
function resize(d: Deployment, { rs, replicas }: Size, forced: boolean): Write[] {
  const from = replicasOf(rs);
  const annotations = { ...rs.metadata.annotations, ...sizeAnnotations(d) };
  const isAnnotated = equal(annotations, rs.metadata.annotations);
  if (from === replicas && (!forced || isAnnotated)) return [];
  const write: Write = {
    kind: "change",
    ref: refOf("replicasets.apps", rs),
    change: (stored) => ({
      ...stored,
      metadata: { ...stored.metadata, annotations: { ...stored.metadata.annotations, ...sizeAnnotations(d) } },
      spec: { ...(stored as ReplicaSet).spec, replicas },
    }),
  };
  return [from === replicas ? write : { ...write, remark: scaledRemark(d, rs.metadata.name, from, replicas) }];
}

const writeStatus = (d: Deployment, status: DeploymentStatus): Write[] =>
  equal(d.status, status) ? [] : [statusWrite("deployments.apps", d, status)];

function writeRevision(d: Deployment, revision: string): Write[] {
  if (d.metadata.annotations?.[revisionAnnotation] === revision) return [];
  return [
    {
      kind: "change",
      ref: refOf("deployments.apps", d),
      change: (stored) => ({
        ...stored,
        metadata: {
          ...stored.metadata,
          annotations: { ...stored.metadata.annotations, [revisionAnnotation]: revision },
        },
      }),
    },
  ];
}

const progressing = (status: DeploymentCondition["status"], reason: string, message: string) => ({
  type: "Progressing",
  status,
  reason,
  message,
});

/** While paused the deadline does not count; a rollout that has timed out stays so. */
function pauseConditions(d: Deployment, nowMs: number): readonly DeploymentCondition[] {
  const conditions = d.status?.conditions ?? [];
  const reason = progressingOf(conditions)?.reason;
  if (!hasDeadline(d) || reason === "ProgressDeadlineExceeded") return conditions;
  const wasPaused = reason === "DeploymentPaused";
  if (wasPaused === (d.spec.paused === true)) return conditions;
  const next = wasPaused
    ? progressing("Unknown", "DeploymentResumed", "Deployment is resumed")
    : progressing("Unknown", "DeploymentPaused", "Deployment is paused");
  return withCondition(conditions, next, nowMs);
}

/** Only where it differs: writing the default explicitly would make a new generation. */
const withMinReady = (spec: ReplicaSet["spec"], minReadySeconds: number): ReplicaSet["spec"] =>
  (spec.minReadySeconds ?? 0) === minReadySeconds ? spec : { ...spec, minReadySeconds };

/** Updates annotations and minReadySeconds of the new ReplicaSet or, if they are right, the Deployment's revision. */
function syncNewSet(pass: Pass): { readonly writes: readonly Write[]; readonly pass: Pass } {
  const { d, newRS, old, nowMs } = pass;
  if (newRS === undefined) return { writes: [], pass };
  const known = newRS.metadata.annotations;
  const annotations = newSetAnnotations(d, known, nextRevision(old));
  const minReadySeconds = d.spec.minReadySeconds ?? 0;
  if (!equal(known ?? {}, annotations) || (newRS.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    const write: Write = {
      kind: "change",
      ref: refOf("replicasets.apps", newRS),
      change: (stored) => ({
        ...stored,
        metadata: { ...stored.metadata, annotations: { ...stored.metadata.annotations, ...annotations } },
        spec: withMinReady((stored as ReplicaSet).spec, minReadySeconds),
      }),
    };
    return { writes: [write], pass };
  }
  const writes = writeRevision(d, known?.[revisionAnnotation] ?? "");
  if (!hasDeadline(d) || progressingOf(pass.conditions) !== undefined) return { writes, pass };
  const found = progressing("True", "FoundNewReplicaSet", `Found new replica set "${newRS.metadata.name}"`);
  return { writes, pass: { ...pass, conditions: withCondition(pass.conditions, found, nowMs) } };
}

const finish = ({ d, newRS, all, conditions, nowMs }: Pass, writes: readonly Write[]): Decision => {
  const status = rolloutStatus(d, newRS, all, conditions, nowMs);
  return { writes: [...writes, ...writeStatus(d, status)], wakeAtMs: deadlineCheck(d, status, nowMs) };
};

/** The new ReplicaSet; when its name is taken by another one, the next attempt hashes to another name. */
function create(pass: Pass, replicas: number): Decision {
  const { d, old, facts, nowMs } = pass;
  const name = newSetName(d, templateHash(d));
  if (facts.isTaken(name)) {
    const collisionCount = (d.status?.collisionCount ?? 0) + 1;
    return { writes: writeStatus(d, { ...d.status, collisionCount }) };
  }
  const revision = nextRevision(old);
  const made = progressing("True", "NewReplicaSetCreated", `Created new replica set "${name}"`);
  const conditions = hasDeadline(d) ? withCondition(pass.conditions, made, nowMs) : pass.conditions;
  const draft = newSet(d, replicas, revision);
  const created = replicas === 0 ? {} : { remark: () => scaledRemark(d, name, 0, replicas) };
  return {
    ...finish({ ...pass, conditions }, [
      { kind: "create", resource: "replicasets.apps", draft, ...created },
      ...writeRevision(d, `${revision}`),
    ]),
    ifRefused(_, message) {
      const text = `Failed to create new replica set "${name}": ${message}`;
      const failed = progressing("False", "ReplicaSetCreateError", text);
      const known = d.status?.conditions ?? [];
      const conditions = hasDeadline(d) ? withCondition(known, failed, nowMs) : known;
      return [
        ...writeStatus(d, { ...d.status, conditions }),
        { kind: "remark", remark: remark(d, "Warning", "ReplicaSetCreateError", text) },
      ];
    },
  };
}

const cleanup = ({ d, old }: Pass): Write[] =>
  outOfHistory(d, old).map((rs) => ({ kind: "delete", ref: refOf("replicasets.apps", rs) }));

const finishAndClean = (pass: Pass): Decision =>
  finish(pass, isComplete(pass.d, pass.d.status ?? {}) ? cleanup(pass) : []);

/** One step: the new ReplicaSet up as far as the surge allows, else the old ones down as far as availability allows. */
function rollingUpdate(pass: Pass): Decision {
  const { d, newRS, old } = pass;
  const others = total(old, replicasOf);
  if (newRS === undefined) return create(pass, newSetSize(d, 0, others));
  const up = resize(d, { rs: newRS, replicas: newSetSize(d, replicasOf(newRS), others) }, false);
  if (up.length > 0) return finish(pass, up);
  const down = oldSetSizes(d, newRS, old).flatMap((size) => resize(d, size, false));
  return down.length > 0 ? finish(pass, down) : finishAndClean(pass);
}

/** All old pods are deleted, and gone, before a new one is created. */
function recreate(pass: Pass): Decision {
  const { d, newRS, old, facts } = pass;
  const down = old.flatMap((rs) => resize(d, { rs, replicas: 0 }, false));
  if (down.length > 0) return finish(pass, down);
  const running = old.some((rs) => (rs.status?.replicas ?? 0) > 0 || facts.podsOf(rs).some((pod) => !hasEnded(pod)));
  if (running) return finish(pass, []);
  if (newRS === undefined) return create(pass, replicasOf(d));
  const up = resize(d, { rs: newRS, replicas: replicasOf(d) }, false);
  return up.length > 0 ? finish(pass, up) : finishAndClean(pass);
}

/** Resizes without moving the rollout on; leaves the condition Progressing as it is. */
function resizeAll(pass: Pass): Decision {
  const { d, newRS, old, all, conditions, nowMs } = pass;
  const { sizes, forced } = resized(d, newRS, old);
  const status = countedStatus(d, newRS, all, conditions, nowMs);
  return {
    writes: [
      ...sizes.flatMap((size) => resize(d, size, forced)),
      ...(d.spec.paused === true ? cleanup(pass) : []),
      ...writeStatus(d, status),
    ],
  };
}

export function decideDeployment(facts: DeploymentFacts, nowMs: number): Decision {
  const { d } = facts;
  const matches = ({ metadata }: ReplicaSet): boolean => matchesSelector(d.spec.selector, metadata.labels ?? {});
  const { claimed: all, writes: claims } = claim("replicasets.apps", d, facts.own, facts.orphans, matches);
  const newRS = findNewSet(d, all);
  const old = all.filter((rs) => rs !== newRS);
  const deleting = d.metadata.deletionTimestamp !== undefined;
  const conditions = deleting ? (d.status?.conditions ?? []) : pauseConditions(d, nowMs);
  const begun: Pass = { facts, d, newRS, old, all, conditions, nowMs };
  if (deleting) return { writes: [...claims, ...writeStatus(d, countedStatus(d, newRS, all, conditions, nowMs))] };
  const { writes: synced, pass } = syncNewSet(begun);
  const step = (): Decision => {
    if (d.spec.paused === true || wasResized(d, all)) return resizeAll(pass);
    return d.spec.strategy?.type === "Recreate" ? recreate(pass) : rollingUpdate(pass);
  };
  const decision = step();
  return { ...decision, writes: [...claims, ...synced, ...decision.writes] };
}

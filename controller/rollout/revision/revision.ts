/**
 * The ReplicaSet of the desired template: creating it, and keeping its revision and annotations up to date
 * (docs/behaviour/revisions.md).
 */
import {
  DESIRED_REPLICAS,
  EPHEMERAL_METADATA,
  HASH_LABEL,
  REVISION,
  REVISION_HISTORY,
  TEMPLATE_ANNOTATIONS,
  WORKLOAD_GENERATION,
} from "../../../schema/labels.ts";
import type { ConditionReason } from "../../../schema/reasons.ts";
import type { LabelsAndAnnotations, ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { spend } from "../../../kube/object/budget.ts";
import { replicaSetName } from "../hash/replicaSetName.ts";
import { affinityPatch, avoidedHash, replicaSetAffinity } from "../model/antiAffinity.ts";
import { newCondition, withCondition, findCondition } from "../model/rolloutConditions.ts";
import { desiredReplicas } from "../model/defaults.ts";
import { controllerReference } from "../../../kube/object/ownerReference.ts";
import { ROLLOUT_KIND } from "../../../schema/kinds.ts";
import { firstPodMetadata, keptRecord, metadataRecord } from "./podMetadata.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { act, emit, roles, setRolloutRevision, statusOf, updateReplicaSet, type Pass } from "../actions/pass.ts";
import { hashOf, maxRevision, revisionOf } from "../model/replicaSets.ts";

const NOT_COPIED: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  "notified.notifications.argoproj.io",
]);

function copiedAnnotations(rollout: Rollout): Record<string, string> {
  const annotations = Object.entries(rollout.metadata.annotations ?? {});
  spend(4 * annotations.length, "copying annotations");
  return Object.fromEntries(annotations.filter(([key]) => !NOT_COPIED.has(key)));
}

/**
 * The object to create: no pods yet, labelled and selected by its hash (docs/behaviour/revisions.md#a-new-replicaset).
 */
function newReplicaSet(rollout: Rollout, hash: string, revision: number, hasStable: boolean): ReplicaSet {
  const { metadata, spec } = rollout;
  const template = spec.template;
  const labels = { ...template?.metadata?.labels, [HASH_LABEL]: hash };
  const injected = firstPodMetadata(rollout, hasStable);
  const affinity = replicaSetAffinity(rollout, avoidedHash(rollout, hash));
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: replicaSetName(rollout.metadata.name, hash),
      namespace: metadata.namespace ?? "default",
      labels,
      annotations: {
        ...copiedAnnotations(rollout),
        [REVISION]: String(revision),
        [DESIRED_REPLICAS]: String(desiredReplicas(rollout)),
        ...injectedRecords(rollout, injected),
      },
      ownerReferences: [controllerReference(ROLLOUT_KIND, rollout)],
    },
    spec: {
      replicas: 0,
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, [HASH_LABEL]: hash } },
      template: {
        ...template,
        ...(affinity === undefined ? {} : { spec: { ...template?.spec, affinity } }),
        metadata: {
          ...template?.metadata,
          labels: { ...labels, ...injected?.labels },
          ...(injected?.annotations === undefined
            ? {}
            : { annotations: { ...template?.metadata?.annotations, ...injected.annotations } }),
        },
      },
    },
  };
}

function injectedRecords(rollout: Rollout, injected: LabelsAndAnnotations | undefined): Record<string, string> {
  if (injected === undefined) return {};
  const kept = keptRecord(rollout.spec.template?.metadata?.annotations, injected);
  return {
    [EPHEMERAL_METADATA]: metadataRecord(injected),
    ...(kept === undefined ? {} : { [TEMPLATE_ANNOTATIONS]: kept }),
  };
}

/** Creates the ReplicaSet of a template that has none yet and gives the Rollout its revision. */
export function createNewReplicaSet(p: Pass): void {
  const { rollout } = p.world;
  const revision = maxRevision(p.world.replicaSets) + 1;
  const manifest = newReplicaSet(rollout, p.snapshot.podHash, revision, roles(p).stableRS !== undefined);
  const { name } = manifest.metadata;
  act(p, { kind: "createReplicaSet", name, manifest });
  const created = p.actions.length;
  setRolloutRevision(p, revision);
  // Emitted after the event about the revision, but true even if that write fails.
  emit(p, created, "NewReplicaSetCreated", `Created ReplicaSet ${name} (revision ${revision})`);
  setProgressing(p, "NewReplicaSetCreated", `Created new replica set "${name}"`);
}

function setProgressing(p: Pass, reason: ConditionReason, message: string): void {
  const status = statusOf(p);
  const conditions = withCondition(
    status.conditions ?? [],
    newCondition("Progressing", "True", reason, message, p.now),
  );
  p.world = { ...p.world, rollout: { ...p.world.rollout, status: { ...status, conditions } } };
}

/**
 * Keeps the found ReplicaSet's annotations, revision and minReadySeconds equal to the Rollout's, and the Rollout's
 * revision equal to the ReplicaSet's. The anti-affinity is compared when something is written anyway, or when it names
 * the wrong hash. Returns false when the ReplicaSet had to be changed: the pass starts over then
 * (docs/behaviour/revisions.md#keeping-up).
 */
export function syncRevision(p: Pass): boolean {
  const { newRS, older } = roles(p);
  if (newRS === undefined) return true;
  const annotations = syncedAnnotations(p, newRS, maxRevision(older) + 1);
  const minReadySeconds = p.world.rollout.spec.minReadySeconds ?? 0;
  const { rollout } = p.world;
  // Not the hash of the template as written now: after an undo it can differ from the ReplicaSet's own.
  const avoided = avoidedHash(rollout, hashOf(newRS));
  const outdated = newRS.antiAffinity !== undefined && avoided !== undefined && newRS.antiAffinity !== avoided;
  if (Object.keys(annotations).length > 0 || newRS.minReadySeconds !== minReadySeconds || outdated) {
    const isKept = newRS.antiAffinity === avoided;
    updateReplicaSet(p, newRS, {
      annotations,
      ...(newRS.minReadySeconds === minReadySeconds ? {} : { minReadySeconds }),
      ...(isKept ? {} : { antiAffinity: { avoided, affinity: affinityPatch(rollout, avoided) } }),
    });
    return false;
  }
  const revision = revisionOf(newRS);
  if (revision !== undefined) setRolloutRevision(p, revision);
  if (findCondition(statusOf(p).conditions, "Progressing") === undefined) {
    setProgressing(p, "FoundNewReplicaSet", `Found new replica set "${newRS.name}"`);
  }
  return true;
}

function syncedAnnotations(p: Pass, rs: ReplicaSetFacts, atLeast: number): Record<string, string> {
  const changed: Record<string, string> = {};
  for (const [key, value] of Object.entries(copiedAnnotations(p.world.rollout))) {
    if (rs.annotations[key] !== value) changed[key] = value;
  }
  const before = rs.annotations[REVISION];
  if (before !== undefined && revisionOf(rs) === undefined) return {};
  if ((revisionOf(rs) ?? 0) < atLeast) changed[REVISION] = String(atLeast);
  // Each change adds to the history, and a Deployment that is scaled up again and again has many generations.
  if (Object.keys(changed).every((key) => key === WORKLOAD_GENERATION)) return {};
  if (before !== undefined && Object.keys(changed).length > 0) {
    const history = rs.annotations[REVISION_HISTORY] ?? "";
    changed[REVISION_HISTORY] = history === "" ? before : `${history},${before}`;
  }
  return changed;
}

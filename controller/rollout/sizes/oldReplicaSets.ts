/**
 * ReplicaSets of past revisions: removing their pods safely, and deleting them (docs/behaviour/scale-down.md,
 * docs/behaviour/revisions.md#history).
 */
import { spend } from "../../../kube/object/budget.ts";
import { isCompleted } from "../model/rolloutConditions.ts";
import {
  blueGreenOf,
  canaryOf,
  desiredReplicas,
  maxUnavailable,
  revisionHistoryLimit,
  scaleDownDelayRevisionLimit,
  scaleDownDelaySeconds,
  trafficRoutingOf,
} from "../model/defaults.ts";
import type { ReplicaSetFacts, ServiceFacts } from "../model/model.ts";
import { servicesOfUsers } from "../model/served.ts";
import { isRegistered } from "../balancers/inquiries.ts";
import { HASH_LABEL, SCALE_DOWN_DEADLINE } from "../../../schema/labels.ts";
import {
  deleteReplicaSet,
  roles,
  scaleReplicaSet,
  statusOf,
  updateReplicaSet,
  wake,
  type Pass,
} from "../actions/pass.ts";
import {
  availablePods,
  byRevisionDescending,
  deadlineOf,
  hasDeadline,
  hashOf,
  lastingPods,
  sum,
} from "../model/replicaSets.ts";
import { timestamp } from "../../../kube/object/time.ts";

/** The ReplicaSet as this pass has changed it. */
function currentOf(p: Pass, rs: ReplicaSetFacts): ReplicaSetFacts {
  spend(p.world.replicaSets.length / 8, "following its ReplicaSets");
  return p.world.replicaSets.find((other) => other.name === rs.name) ?? rs;
}

const NOW = { keepDeadline: false } as const;

const activeOthers = (p: Pass): ReplicaSetFacts[] => roles(p).others.filter((rs) => rs.replicas > 0);

/** Pods that never became available serve no traffic: they are removed first and count against no limit. */
function dropUnavailable(p: Pass): boolean {
  const unhealthy = activeOthers(p).filter((rs) => availablePods(rs) < rs.replicas);
  return unhealthy.map((rs) => scaleReplicaSet(p, rs, availablePods(rs), NOW)).some(Boolean);
}

/**
 * Scales past canaries down, newest revision first, as far as the available pods allow. Without a router they serve
 * traffic, so all must be removed; with one, those of the last stable wait out their delay. Returns whether a size
 * changed.
 */
export function scaleDownForCanary(p: Pass): boolean {
  const dropped = dropUnavailable(p);
  const { rollout } = p.world;
  const routed = trafficRoutingOf(rollout) !== undefined;
  if (routed && !mayEnd(p)) return dropped;
  let spare = sum(p.world.replicaSets, lastingPods) - (desiredReplicas(rollout) - maxUnavailable(rollout));
  let held = 0;
  let scaled = false;
  for (const rs of activeOthers(p).toSorted(byRevisionDescending)) {
    if (spare <= 0) break;
    if (routed && isReferenced(p, rs)) continue;
    const size = routed ? pastCanarySize(p, rs, held) : Math.max(0, rs.replicas - spare);
    if (size > 0) held += 1;
    spare -= rs.replicas - size;
    const current = currentOf(p, rs);
    scaled = (current.replicas !== size && scaleReplicaSet(p, current, size, NOW)) || scaled;
  }
  return dropped || scaled;
}

/**
 * After a promotion, load balancers that send requests to pods directly must know the new ones before the first of the
 * old ones is to end. Once one of those has its deadline, that was so.
 */
function mayEnd(p: Pass): boolean {
  if (p.snapshot.balancers === undefined || !isCompleted(statusOf(p))) return true;
  if (activeOthers(p).every(hasDeadline)) return true;
  return isRegistered(p, p.snapshot.balancers.registered(p.world.rollout));
}

/**
 * A past canary gets no traffic, so its pods are removed at once; a rollback to the last stable stays possible for a
 * while.
 */
function pastCanarySize(p: Pass, rs: ReplicaSetFacts, held: number): number {
  // While no version is known to be stable, any of them may have been.
  const wasStable = isCompleted(statusOf(p)) || hasDeadline(rs) || (statusOf(p).stableRS ?? "") === "";
  if (!wasStable || canaryOf(p.world.rollout)?.dynamicStableScale === true) return 0;
  return delayedSize(p, rs, held, rs.replicas);
}

/**
 * A ReplicaSet that a status field or a Service selector still names may be serving, and so may all while a Service that
 * users come by selects no revision yet. Of a ping-pong's Services the idle one still names the last stable until the
 * next update: there the weights show what is served, once they are known.
 */
function isReferenced(p: Pass, rs: ReplicaSetFacts): boolean {
  const status = statusOf(p);
  const hash = hashOf(rs);
  const named = [
    status.stableRS,
    status.currentPodHash,
    status.blueGreen?.activeSelector,
    status.blueGreen?.previewSelector,
    status.canary?.weights?.canary.podTemplateHash,
    status.canary?.weights?.stable.podTemplateHash,
  ];
  return (
    named.includes(hash) ||
    [...p.world.services.values()].some((service) =>
      service.selector[HASH_LABEL] === undefined
        ? isCome(p, service) && lastingPods(rs) > 0
        : service.selector[HASH_LABEL] === hash && !isIdle(p, service),
    )
  );
}

function isIdle(p: Pass, { name }: ServiceFacts): boolean {
  const { pingService, pongService } = canaryOf(p.world.rollout)?.pingPong ?? {};
  return statusOf(p).canary?.weights !== undefined && (name === pingService || name === pongService);
}

/** Whether users may come by this Service: as long as no weights are recorded, by any. */
function isCome(p: Pass, { name }: ServiceFacts): boolean {
  const { rollout } = p.world;
  if (servicesOfUsers(rollout).includes(name)) return true;
  if (blueGreenOf(rollout) !== undefined) return false;
  const { weights } = statusOf(p).canary ?? {};
  if (weights === undefined) return true;
  return [weights.canary, weights.stable].some(({ serviceName, weight }) => serviceName === name && weight > 0);
}

/**
 * Size of an old ReplicaSet that waits out the scale-down delay with `size` pods; `held` ones came before it. The
 * deadline is written when first needed. A delay of 0 seconds scales down at once.
 */
function delayedSize(p: Pass, rs: ReplicaSetFacts, held: number, size: number): number {
  const withinLimit = held < scaleDownDelayRevisionLimit(p.world.rollout);
  const delaySeconds = scaleDownDelaySeconds(p.world.rollout);
  if (!withinLimit || (delaySeconds <= 0 && !hasDeadline(rs))) return 0;
  if (!hasDeadline(rs)) {
    const deadline = timestamp(p.now + delaySeconds * 1000);
    updateReplicaSet(p, rs, { annotations: { [SCALE_DOWN_DEADLINE]: deadline } });
    wake(p, Date.parse(deadline));
    return rs.replicas;
  }
  const deadline = deadlineOf(rs);
  if (deadline === undefined || deadline <= p.now) return 0;
  wake(p, deadline);
  return size;
}

/** Keeps past blue-green ReplicaSets for their delay, then removes their pods. */
export function scaleDownForBlueGreen(p: Pass): void {
  let held = 0;
  for (const rs of activeOthers(p).toSorted(byRevisionDescending)) {
    if (isReferenced(p, rs)) continue;
    const size = delayedSize(p, rs, held, desiredReplicas(p.world.rollout));
    if (size > 0) held += 1;
    const current = currentOf(p, rs);
    if (current.replicas !== size) scaleReplicaSet(p, current, size, NOW);
  }
}

/** Deletes the oldest ReplicaSets beyond revisionHistoryLimit, if they have no pods left. */
export function pruneHistory(p: Pass): void {
  const others = roles(p).others.filter((rs) => !rs.deleting);
  const surplus = others.length - revisionHistoryLimit(p.world.rollout);
  if (surplus <= 0) return;
  const oldest = others.toSorted((a, b) => a.createdAt - b.createdAt).slice(0, surplus);
  for (const rs of oldest) {
    if (rs.status.replicas === 0 && rs.replicas === 0 && rs.observed) deleteReplicaSet(p, rs);
  }
}

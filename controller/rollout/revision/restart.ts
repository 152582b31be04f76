/** Replacing all pods that were created before spec.restartAt, a few at a time (docs/behaviour/restart.md). */
import { findCondition, progressDeadline } from "../model/rolloutConditions.ts";
import { desiredReplicas, maxUnavailable } from "../model/defaults.ts";
import type { PodFacts, ReplicaSetFacts } from "../model/model.ts";
import { act, roles, wake, type Pass } from "../actions/pass.ts";
import { sizeOf, sum } from "../model/replicaSets.ts";
import { instant } from "../../../kube/object/time.ts";
import type { Rollout } from "../../../schema/rollout.ts";

/** A disruption budget or capacity may become free without any change that we watch. */
export const RESTART_RETRY_MS = 30_000;

/** The instant before which pods are to be replaced now; undefined when nothing is due. */
export function restartDue(rollout: Rollout, now: number): number | undefined {
  const at = instant(rollout.spec.restartAt);
  return at === undefined || at === instant(rollout.status?.restartedAt) || now <= at ? undefined : at;
}

const isAvailable = (pod: PodFacts, minReadyMs: number, now: number): boolean =>
  !pod.deleting && pod.readySince !== undefined && pod.readySince + minReadyMs <= now;

/**
 * Evicts as many old pods as availability allows. `"evicted"`: counts are about to change, so nothing else in this pass
 * may rely on them; `"done"`: no old pod is left.
 */
export function restartPods(p: Pass): "idle" | "waiting" | "evicted" | "done" {
  const { rollout, replicaSets } = p.world;
  const due = restartDue(rollout, p.now);
  if (due === undefined) {
    const at = instant(rollout.spec.restartAt);
    wake(p, at === undefined ? undefined : at + 1);
    return "idle";
  }
  const pods = p.snapshot.pods;
  if (pods === undefined) {
    // Pods were not read: evictions were refused a moment ago, or the time came after the facts had been gathered.
    wake(p, p.now + 1_000);
    return "waiting";
  }
  const old = pods.filter((pod) => pod.createdAt < due);
  if (old.length === 0) return "done";
  const minReadyMs = (rollout.spec.minReadySeconds ?? 0) * 1000;
  const available = pods.filter((pod) => isAvailable(pod, minReadyMs, p.now)).length;
  const minAvailable =
    Math.max(desiredReplicas(rollout), sum(replicaSets, sizeOf)) - Math.max(1, maxUnavailable(rollout));
  const alreadyAsked = p.actions.some((action) => action.kind === "evictPods");
  const most = available - minAvailable;
  const names = byRole(
    p,
    old.filter((pod) => !pod.deleting),
  ).map((pod) => pod.name);
  wake(p, p.now + RESTART_RETRY_MS);
  if (alreadyAsked) return "evicted";
  if (most <= 0 || names.length === 0) return "waiting";
  act(p, { kind: "evictPods", names, most });
  return "evicted";
}

/**
 * During a restart each new pod is progress. It may not show in the counts: the next pod may be evicted before a status
 * that counts this one as ready.
 */
export function restartAdvanced(p: Pass): boolean {
  const { pods } = p.snapshot;
  const { rollout } = p.world;
  const status = rollout.status ?? {};
  const since = instant(findCondition(status.conditions, "Progressing")?.lastUpdateTime);
  const timed = restartDue(rollout, p.now) !== undefined && progressDeadline(rollout, status) !== undefined;
  if (pods === undefined || since === undefined || !timed) return false;
  return pods.some((pod) => pod.createdAt > since);
}

/** Pods of stable first, then of the new ReplicaSet, then the oldest. */
function byRole(p: Pass, pods: readonly PodFacts[]): PodFacts[] {
  const { newRS, stableRS, others } = roles(p);
  const order = [stableRS, newRS, ...others]
    .filter((rs): rs is ReplicaSetFacts => rs !== undefined)
    .map((rs) => rs.uid);
  return [...pods].toSorted((a, b) => order.indexOf(a.setUid) - order.indexOf(b.setUid));
}

/** Replacing all pods that were created before spec.restartAt, a few at a time (controller.md §9). */
import { desiredReplicas, maxUnavailable } from "./defaults.ts";
import type { PodFacts, ReplicaSetFacts } from "./model.ts";
import { roles, wake, type Pass } from "./pass.ts";
import { sizeOf, sum } from "./replicaSets.ts";
import { instant } from "./time.ts";
import type { Rollout } from "../../schema/rollout.ts";

/** A disruption budget or missing capacity may free up without any event that we would see. */
const RETRY_MS = 30_000;

/** The instant before which pods are to be replaced now; undefined when nothing is due. */
export function restartDue(rollout: Rollout, now: number): number | undefined {
  const at = instant(rollout.spec.restartAt);
  return at === undefined || at === instant(rollout.status?.restartedAt) || now <= at ? undefined : at;
}

const isAvailable = (pod: PodFacts, minReadyMs: number, now: number): boolean =>
  !pod.deleting && pod.readySince !== undefined && pod.readySince + minReadyMs <= now;

/**
 * Evicts as many old pods as availability allows. `"evicted"`: counts are about to change, so nothing else may rely on
 * them in this pass; `"done"`: no old pod is left.
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
  if (pods === undefined) return "waiting";
  const old = pods.filter((pod) => pod.createdAt < due);
  if (old.length === 0) return "done";
  const minReadyMs = (rollout.spec.minReadySeconds ?? 0) * 1000;
  const available = pods.filter((pod) => isAvailable(pod, minReadyMs, p.now)).length;
  const minAvailable =
    Math.max(desiredReplicas(rollout), sum(replicaSets, sizeOf)) - Math.max(1, maxUnavailable(rollout));
  const alreadyAsked = p.actions.filter((action) => action.kind === "evictPod").length;
  const budget = alreadyAsked > 0 ? 0 : Math.max(0, available - minAvailable);
  const victims = byRole(
    p,
    old.filter((pod) => !pod.deleting),
  ).slice(0, budget);
  for (const pod of victims) p.actions.push({ kind: "evictPod", name: pod.name });
  wake(p, p.now + RETRY_MS);
  return victims.length + alreadyAsked > 0 ? "evicted" : "waiting";
}

/** Pods of stable first, then of the new ReplicaSet, then the oldest. */
function byRole(p: Pass, pods: readonly PodFacts[]): PodFacts[] {
  const { newRS, stableRS, others } = roles(p);
  const order = [stableRS, newRS, ...others]
    .filter((rs): rs is ReplicaSetFacts => rs !== undefined)
    .map((rs) => rs.uid);
  return [...pods].toSorted((a, b) => order.indexOf(a.setUid) - order.indexOf(b.setUid));
}

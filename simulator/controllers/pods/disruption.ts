/** The PodDisruptionBudget controller: how many healthy pods there are, should be, and may be evicted. */
import { equal } from "../../../kube/object/equality.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import { rfc3339 } from "../../kubelet/podStatus.ts";
import { type Decision, statusWrite } from "../loop/decision.ts";
import type { Controller } from "../loop/driver.ts";
import {
  conditionOf,
  controllerOf,
  isReady,
  keyOf,
  type Pod,
  type PodDisruptionBudget,
  scaled,
} from "../loop/objects.ts";
import type { World } from "../loop/objectIndex.ts";

export interface DisruptionFacts {
  readonly pdb: PodDisruptionBudget;
  /** All pods that it selects. */
  readonly pods: readonly Pod[];
  /** Replicas asked for by the controller of a pod, undefined when they are not known. */
  readonly scaleOf: (pod: Pod) => number | undefined;
}

/** For how long a pod whose eviction was granted counts as one that is going. */
const evictionMs = 120_000;
const resource = "poddisruptionbudgets.policy";

/** Replicas of all controllers of these pods together; pods without one do not count. */
function expectedScale({ pods, scaleOf }: DisruptionFacts): number | undefined {
  const byOwner = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner === undefined || byOwner.has(owner.uid)) continue;
    const scale = scaleOf(pod);
    if (scale === undefined) return undefined;
    byOwner.set(owner.uid, scale);
  }
  return [...byOwner.values()].reduce((sum, scale) => sum + scale, 0);
}

function wanted(
  facts: DisruptionFacts,
): { readonly expectedPods: number; readonly desiredHealthy: number } | undefined {
  const { minAvailable, maxUnavailable } = facts.pdb.spec;
  if (maxUnavailable === undefined && typeof minAvailable === "number") {
    return { expectedPods: facts.pods.length, desiredHealthy: minAvailable };
  }
  const expectedPods = expectedScale(facts);
  if (expectedPods === undefined) return undefined;
  const desiredHealthy =
    maxUnavailable === undefined
      ? scaled(minAvailable, expectedPods, Math.ceil)
      : Math.max(0, expectedPods - scaled(maxUnavailable, expectedPods, Math.ceil));
  return { expectedPods, desiredHealthy };
}

/** Evictions that were granted but not carried out yet, by name of pod. */
function goingPods({ pdb, pods }: DisruptionFacts, nowMs: number): Record<string, string> {
  const granted = pdb.status?.disruptedPods ?? {};
  const waiting = pods.filter(({ metadata }) => {
    const since = granted[metadata.name];
    return since !== undefined && metadata.deletionTimestamp === undefined && Date.parse(since) + evictionMs > nowMs;
  });
  return Object.fromEntries(waiting.map(({ metadata }) => [metadata.name, granted[metadata.name] ?? ""]));
}

export function decideDisruption(facts: DisruptionFacts, nowMs: number): Decision {
  const { pdb, pods } = facts;
  const observedGeneration = pdb.metadata.generation ?? 0;
  const target = wanted(facts);
  const going = goingPods(facts, nowMs);
  const currentHealthy = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && going[pod.metadata.name] === undefined && isReady(pod),
  ).length;
  const spare = target === undefined || target.expectedPods <= 0 ? 0 : currentHealthy - target.desiredHealthy;
  const disruptionsAllowed = Math.max(0, spare);
  const [status, reason] =
    target === undefined
      ? (["False", "SyncFailed"] as const)
      : disruptionsAllowed > 0
        ? (["True", "SufficientPods"] as const)
        : (["False", "InsufficientPods"] as const);
  const known = conditionOf(pdb.status?.conditions, "DisruptionAllowed");
  const since = known?.status === status ? known.lastTransitionTime : undefined;
  const condition = {
    type: "DisruptionAllowed",
    status,
    reason,
    message: target === undefined ? "found no controllers for some of the pods" : "",
    observedGeneration,
    lastTransitionTime: since ?? rfc3339(nowMs),
  };
  const counts = target === undefined ? {} : { ...target, currentHealthy, observedGeneration };
  const next = {
    ...pdb.status,
    ...counts,
    disruptionsAllowed,
    disruptedPods: going,
    conditions: [...(pdb.status?.conditions ?? []).filter(({ type }) => type !== "DisruptionAllowed"), condition],
  };
  const { disruptedPods, ...rest } = next;
  const compact = Object.keys(disruptedPods).length === 0 ? rest : next;
  const times = Object.values(going).map((since) => Date.parse(since) + evictionMs);
  const remark = { about: pdb, type: "Normal", reason: "NoPods", message: "No matching pods found" } as const;
  return {
    writes: [
      ...(pods.length === 0 ? [{ kind: "remark", remark } as const] : []),
      ...(equal(pdb.status, compact) ? [] : [statusWrite(resource, pdb, compact)]),
    ],
    wakeAtMs: times.length === 0 ? undefined : Math.min(...times),
  };
}

/** Here an empty selector selects all pods of the namespace; without a selector no pod is selected. */
function selects({ metadata, spec: { selector } }: PodDisruptionBudget, pod: Pod): boolean {
  if (metadata.namespace !== pod.metadata.namespace || selector === undefined) return false;
  const size = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length;
  return size === 0 || matchesSelector(selector, pod.metadata.labels ?? {});
}

function scaleOf(pod: Pod, world: World): number | undefined {
  const owner = controllerOf(pod);
  if (owner?.kind !== "ReplicaSet") return undefined;
  return world.get("replicasets.apps", `${pod.metadata.namespace ?? ""}/${owner.name}`)?.spec.replicas ?? 1;
}

export const disruptionController: Controller = {
  name: "controllermanager",
  watches: {
    [resource]: ({ object, type }, _, add) => {
      if (type !== "DELETED") add(keyOf(object));
    },
    pods: ({ object, old }, world, add) => {
      for (const pdb of world.all(resource)) {
        if (selects(pdb, object as Pod) || (old !== undefined && selects(pdb, old as Pod))) add(keyOf(pdb));
      }
    },
  },
  decide(key, world, nowMs) {
    const pdb = world.get(resource, key);
    if (pdb === undefined) return undefined;
    const pods = world.podsIn(pdb.metadata.namespace ?? "").filter((pod) => selects(pdb, pod));
    return decideDisruption({ pdb, pods, scaleOf: (pod) => scaleOf(pod, world) }, nowMs);
  },
};

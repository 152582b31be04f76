/** The ReplicaSet controller: as many pods as asked for, and a status that counts them. */
import { equal } from "../../../kube/object/equality.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import { rfc3339 } from "../../kubelet/podStatus.ts";
import { claim } from "./claim.ts";
import { type Decision, nothing, statusWrite, type Write } from "../loop/decision.ts";
import type { Controller } from "../loop/driver.ts";
import {
  conditionOf,
  controllerOf,
  isActive,
  isTerminating,
  keyOf,
  type Pod,
  readySince,
  type ReplicaSet,
  type ReplicaSetStatus,
} from "../loop/objects.ts";
import { createPod, deletePod, podFailure } from "./podDraft.ts";
import { firstToGo } from "./podOrder.ts";
import { carries, type World } from "../loop/objectIndex.ts";

export interface ReplicaSetFacts {
  readonly rs: ReplicaSet;
  /** Those that it controls. */
  readonly own: readonly Pod[];
  /** Those of its namespace that have no controller. */
  readonly orphans: readonly Pod[];
  /** Pods of all ReplicaSets with the same owner; called only when some of several pods have to go. */
  readonly related: () => readonly Pod[];
}

/** At most so many pods are created or deleted at once. */
const burst = 500;

interface Counts {
  readonly active: readonly Pod[];
  readonly terminating: number;
}

/** The moment from which a ready pod counts as available. */
const availableFrom = (rs: ReplicaSet, readyMs: number): number => readyMs + (rs.spec.minReadySeconds ?? 0) * 1000;

function readyTimes(pods: readonly Pod[]): number[] {
  const times: number[] = [];
  for (const pod of pods) {
    const since = readySince(pod);
    if (since !== undefined) times.push(since);
  }
  return times;
}

const count = (name: string, n: number) => (n === 0 ? {} : { [name]: n });

/** `failure`: the server's message when it refused a pod, "" when it refused none. */
function statusOf(rs: ReplicaSet, { active, terminating }: Counts, failure: string, nowMs: number): ReplicaSetStatus {
  const labels = rs.spec.template.metadata?.labels ?? {};
  const ready = readyTimes(active);
  const before = rs.status?.conditions ?? [];
  const others = before.filter(({ type }) => type !== "ReplicaFailure");
  const known = conditionOf(before, "ReplicaFailure");
  const failing = known ?? {
    type: "ReplicaFailure",
    status: "True" as const,
    lastTransitionTime: rfc3339(nowMs),
    reason: active.length < (rs.spec.replicas ?? 1) ? "FailedCreate" : "FailedDelete",
    message: failure,
  };
  const conditions = failure === "" ? others : [...others, failing];
  return {
    ...(conditions.length === 0 ? {} : { conditions }),
    replicas: active.length,
    ...count("fullyLabeledReplicas", active.filter(({ metadata }) => carries(metadata.labels, labels)).length),
    ...count("readyReplicas", ready.length),
    ...count("availableReplicas", ready.filter((since) => availableFrom(rs, since) <= nowMs).length),
    terminatingReplicas: terminating,
    observedGeneration: rs.metadata.generation ?? 0,
  };
}

/** When the next ready pod becomes available. */
function nextAvailable(rs: ReplicaSet, active: readonly Pod[], nowMs: number): number | undefined {
  if ((rs.spec.minReadySeconds ?? 0) === 0) return undefined;
  const times = readyTimes(active)
    .map((since) => availableFrom(rs, since))
    .filter((atMs) => atMs > nowMs);
  return times.length === 0 ? undefined : Math.min(...times);
}

function scaling(facts: ReplicaSetFacts, active: readonly Pod[], nowMs: number): Write[] {
  const { rs } = facts;
  if (rs.metadata.deletionTimestamp !== undefined) return [];
  const missing = (rs.spec.replicas ?? 1) - active.length;
  if (missing > 0) {
    return Array.from({ length: Math.min(missing, burst) }, () => createPod(rs, rs.spec.template));
  }
  const surplus = Math.min(-missing, burst);
  if (surplus === 0) return [];
  const related = surplus < active.length ? facts.related() : [];
  return firstToGo(active, surplus, related, nowMs).map((pod) => deletePod(rs, pod));
}

export function decideReplicaSet(facts: ReplicaSetFacts, nowMs: number): Decision {
  const { rs } = facts;
  const matches = ({ metadata }: Pod): boolean => matchesSelector(rs.spec.selector, metadata.labels ?? {});
  const { claimed: active, writes } = claim(
    "pods",
    rs,
    facts.own.filter(isActive),
    facts.orphans.filter(isActive),
    matches,
  );
  const counts = { active, terminating: facts.own.filter((pod) => isTerminating(pod) && matches(pod)).length };
  const status = (failure: string): Write[] => {
    const next = statusOf(rs, counts, failure, nowMs);
    return equal(rs.status, next) ? [] : [statusWrite("replicasets.apps", rs, next)];
  };
  return {
    writes: [...writes, ...scaling(facts, active, nowMs), ...status("")],
    ifRefused: (refused, message) => {
      const remark = podFailure(rs, refused, message);
      return remark === undefined ? [] : [{ kind: "remark", remark }, ...status(message)];
    },
    wakeAtMs: nextAvailable(rs, active, nowMs),
  };
}

function siblingsPods(rs: ReplicaSet, world: World): readonly Pod[] {
  const owner = controllerOf(rs);
  const sets = owner === undefined ? [] : world.owned("replicasets.apps", owner.uid);
  return sets.flatMap(({ metadata }) => world.owned("pods", metadata.uid));
}

/** The key of the ReplicaSet that controls an object, if one does. */
function ownerKey(pod: Pod, world: World): string | undefined {
  const owner = controllerOf(pod);
  if (owner?.kind !== "ReplicaSet") return undefined;
  const key = `${pod.metadata.namespace ?? ""}/${owner.name}`;
  return world.get("replicasets.apps", key)?.metadata.uid === owner.uid ? key : undefined;
}

function concerned(pod: Pod, world: World, add: (key: string) => void): void {
  if (controllerOf(pod) !== undefined) {
    const key = ownerKey(pod, world);
    if (key !== undefined) add(key);
    return;
  }
  for (const rs of world.all("replicasets.apps")) {
    const near = rs.metadata.namespace === pod.metadata.namespace;
    if (near && matchesSelector(rs.spec.selector, pod.metadata.labels ?? {})) add(keyOf(rs));
  }
}

export const replicaSetController: Controller = {
  name: "replicaset-controller",
  watches: {
    "replicasets.apps": ({ object, type }, _, add) => {
      if (type !== "DELETED") add(keyOf(object));
    },
    pods: ({ object, old }, world, add) => {
      concerned(object as Pod, world, add);
      const owned = old !== undefined && old.metadata.ownerReferences !== object.metadata.ownerReferences;
      if (owned && controllerOf(old) !== undefined) concerned(old as Pod, world, add);
    },
  },
  decide(key, world, nowMs) {
    const rs = world.get("replicasets.apps", key);
    if (rs === undefined) return undefined;
    const { uid, namespace = "" } = rs.metadata;
    const decision = decideReplicaSet(
      {
        rs,
        own: world.owned("pods", uid),
        orphans: world.orphans("pods", namespace),
        related: () => siblingsPods(rs, world),
      },
      nowMs,
    );
    return decision.writes.length === 0 && decision.wakeAtMs === undefined ? nothing : decision;
  },
};

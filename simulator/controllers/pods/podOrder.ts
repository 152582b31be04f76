/** Which pods go first when there are too many: Kubernetes' order for ReplicaSets and Jobs. Pure. */
import { isActive, isReady, type Pod, readySince } from "../loop/objects.ts";

const costAnnotation = "controller.kubernetes.io/pod-deletion-cost";
const phases = ["Pending", "Unknown", "Running"];

/** The values that decide the order, read once. */
interface Rank {
  readonly pod: Pod;
  readonly assigned: boolean;
  readonly phase: number;
  readonly ready: boolean;
  readonly cost: number;
  /** Active pods of the same owner on the same node. */
  readonly neighbours: number;
  readonly readySinceMs: number | undefined;
  readonly restarts: number;
  readonly sidecarRestarts: number;
  readonly createdMs: number;
}

const most = (counts: readonly number[]): number => Math.max(0, ...counts);

const deletionCost = (pod: Pod): number => {
  const text = pod.metadata.annotations?.[costAnnotation] ?? "";
  return /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
};

function rankOf(pod: Pod, onNode: ReadonlyMap<string, number>): Rank {
  const { spec, status, metadata } = pod;
  const sidecars = new Set(
    (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always").map(({ name }) => name),
  );
  const inits = (status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name));
  return {
    pod,
    assigned: (spec.nodeName ?? "") !== "",
    phase: Math.max(0, phases.indexOf(status?.phase ?? "")),
    ready: isReady(pod),
    cost: deletionCost(pod),
    neighbours: onNode.get(spec.nodeName ?? "") ?? 0,
    readySinceMs: readySince(pod),
    restarts: most((status?.containerStatuses ?? []).map(({ restartCount = 0 }) => restartCount)),
    sidecarRestarts: most(inits.map(({ restartCount = 0 }) => restartCount)),
    createdMs: Date.parse(metadata.creationTimestamp),
  };
}

const nsPerMs = 1_000_000;
/** Ages are compared by their power of two: pods of about the same age go in the (random) order of their uids. */
const magnitude = (ageMs: number): number => (ageMs > 0 ? Math.floor(Math.log2(ageMs * nsPerMs)) : -1);

function younger(a: Rank, b: Rank, aMs: number, bMs: number, nowMs: number): number {
  const difference = magnitude(nowMs - aMs) - magnitude(nowMs - bMs);
  if (difference !== 0) return difference;
  return a.pod.metadata.uid < b.pod.metadata.uid ? -1 : 1;
}

const compare = (a: Rank, b: Rank, nowMs: number): number => {
  if (a.assigned !== b.assigned) return a.assigned ? 1 : -1;
  if (a.phase !== b.phase) return a.phase - b.phase;
  if (a.ready !== b.ready) return a.ready ? 1 : -1;
  if (a.cost !== b.cost) return a.cost - b.cost;
  if (a.neighbours !== b.neighbours) return b.neighbours - a.neighbours;
  const [aReady, bReady] = [a.readySinceMs, b.readySinceMs];
  if (aReady !== undefined && bReady !== undefined && aReady !== bReady) return younger(a, b, aReady, bReady, nowMs);
  if (a.restarts !== b.restarts) return b.restarts - a.restarts;
  if (a.sidecarRestarts !== b.sidecarRestarts) return b.sidecarRestarts - a.sidecarRestarts;
  return a.createdMs === b.createdMs ? 0 : younger(a, b, a.createdMs, b.createdMs, nowMs);
};

/** The first `count` pods to go. `related`: the pods of ReplicaSets with the same owner, counted for each node. */
export function firstToGo(pods: readonly Pod[], count: number, related: readonly Pod[], nowMs: number): readonly Pod[] {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec.nodeName ?? "";
    if (isActive(pod)) onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  return pods
    .map((pod) => rankOf(pod, onNode))
    .toSorted((a, b) => compare(a, b, nowMs))
    .slice(0, count)
    .map(({ pod }) => pod);
}

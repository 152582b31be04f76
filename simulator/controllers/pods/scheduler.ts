/**
 * A scheduler for the fake nodes: the node with the fewest pods among those that have room and the labels asked for. A
 * pod that fits nowhere stays Pending, with the reason in its condition, until a node or another pod makes room.
 * Affinity, taints and spreading are ignored, nothing is preempted.
 */
import { parseQuantity } from "../../../kube/validation/resourceQuantity.ts";
import { rfc3339 } from "../../kubelet/podStatus.ts";
import { type Decision, nothing, refOf, statusWrite, type Write } from "../loop/decision.ts";
import type { Controller } from "../loop/driver.ts";
import { conditionOf, hasEnded, keyOf, type Node, type Pod } from "../loop/objects.ts";
import { carries } from "../loop/objectIndex.ts";

/** CPU in cores, memory in bytes, pods as a number. */
export interface Room {
  readonly cpu: number;
  readonly memory: number;
  readonly pods: number;
}

const empty: Room = { cpu: 0, memory: 0, pods: 0 };

const amounts = new Map<string | number, number>();

/** An amount, 0 for an absent one; the same texts recur, so that results are cached. */
function amount(text: string | number | undefined): number {
  if (text === undefined) return 0;
  const known = amounts.get(text);
  if (known !== undefined) return known;
  const read = Number(parseQuantity(text)?.milli ?? 0n) / 1000;
  amounts.set(text, read);
  return read;
}

const requestOf = (containers: Pod["spec"]["containers"], name: string): number[] =>
  containers.map(({ resources }) => amount(resources?.requests?.[name]));

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Init containers run one after another and before the others, sidecars beside them. */
function asked(pod: Pod, name: string): number {
  const inits = pod.spec.initContainers ?? [];
  const sidecars = inits.filter(({ restartPolicy }) => restartPolicy === "Always");
  const once = inits.filter(({ restartPolicy }) => restartPolicy !== "Always");
  const lasting = sum(requestOf([...pod.spec.containers, ...sidecars], name));
  return Math.max(lasting, ...requestOf(once, name));
}

const requests = new WeakMap<Pod["spec"], Room>();

export function requestsOf({ spec, ...rest }: Pod): Room {
  const known = requests.get(spec);
  if (known !== undefined) return known;
  const pod = { ...rest, spec };
  const room = { cpu: asked(pod, "cpu"), memory: asked(pod, "memory"), pods: 1 };
  requests.set(spec, room);
  return room;
}

const plus = (a: Room, b: Room, sign: 1 | -1): Room => ({
  cpu: a.cpu + sign * b.cpu,
  memory: a.memory + sign * b.memory,
  pods: a.pods + sign * b.pods,
});

/** Why a pod does not fit on a node; several reasons at once for resources. */
function hindrances(pod: Pod, node: Node, used: Room): readonly string[] {
  if (node.spec?.unschedulable === true) return ["node(s) were unschedulable"];
  if (!carries(node.metadata.labels, pod.spec.nodeSelector ?? {})) {
    return ["node(s) didn't match Pod's node affinity/selector"];
  }
  const { cpu, memory, pods } = node.status?.allocatable ?? {};
  const need = plus(used, requestsOf(pod), 1);
  return [
    ...(need.pods > amount(pods) ? ["Too many pods"] : []),
    ...(need.cpu > amount(cpu) ? ["Insufficient cpu"] : []),
    ...(need.memory > amount(memory) ? ["Insufficient memory"] : []),
  ];
}

export interface ScheduleFacts {
  readonly pod: Pod;
  readonly nodes: readonly Node[];
  readonly usedOn: (node: string) => Room;
}

/** In the words of a real scheduler that tried to preempt in vain. */
function refusal(hindered: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>();
  for (const reason of hindered.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].map(([reason, n]) => `${n} ${reason}`).toSorted();
  const none = `0/${hindered.length} nodes are available`;
  if (hindered.length === 0) return "no nodes available to schedule pods";
  return `${none}: ${reasons.join(", ")}. no new claims to deallocate, preemption: ${none}: ${hindered.length} Preemption is not helpful for scheduling.`;
}

function statusWith(pod: Pod, condition: { readonly status: "True" | "False" }, nowMs: number): Pod["status"] {
  const scheduled = { type: "PodScheduled", ...condition, lastTransitionTime: rfc3339(nowMs) };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  return { phase: "Pending", ...pod.status, conditions: [...others, scheduled] };
}

/** The labels of a node that its pods get, too. */
const topologyLabels = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

function bind(pod: Pod, node: Node, nowMs: number): readonly Write[] {
  const nodeName = node.metadata.name;
  const topology = Object.fromEntries(
    topologyLabels.flatMap((label) => {
      const value = node.metadata.labels?.[label];
      return value === undefined ? [] : [[label, value]];
    }),
  );
  const assignment: Write = {
    kind: "change",
    ref: refOf("pods", pod),
    // One write of spec and status, as the server takes it for a binding.
    change: (stored) => ({
      ...stored,
      metadata: { ...stored.metadata, labels: { ...stored.metadata.labels, ...topology } },
      spec: { ...(stored as Pod).spec, nodeName },
      status: statusWith(stored as Pod, { status: "True" }, nowMs),
    }),
    remark: {
      about: pod,
      type: "Normal",
      reason: "Scheduled",
      message: `Successfully assigned ${pod.metadata.namespace ?? ""}/${pod.metadata.name} to ${nodeName}`,
    },
  };
  return [assignment];
}

export function schedule({ pod, nodes, usedOn }: ScheduleFacts, nowMs: number): Decision {
  let best: { readonly node: Node; readonly pods: number } | undefined;
  const hindered: (readonly string[])[] = [];
  for (const node of nodes) {
    const used = usedOn(node.metadata.name);
    const reasons = hindrances(pod, node, used);
    if (reasons.length > 0) hindered.push(reasons);
    else if (best === undefined || used.pods < best.pods) best = { node, pods: used.pods };
  }
  if (best !== undefined) return { writes: bind(pod, best.node, nowMs) };
  const message = refusal(hindered);
  const known = conditionOf(pod.status?.conditions, "PodScheduled");
  if (known?.status === "False" && known.message === message) return nothing;
  const condition = { status: "False", reason: "Unschedulable", message } as const;
  const remark = { about: pod, type: "Warning", reason: "FailedScheduling", message } as const;
  return { writes: [statusWrite("pods", pod, statusWith(pod, condition, nowMs)), { kind: "remark", remark }] };
}

const waits = (pod: Pod): boolean =>
  (pod.spec.nodeName ?? "") === "" &&
  pod.metadata.deletionTimestamp === undefined &&
  !hasEnded(pod) &&
  ["", "default-scheduler"].includes(pod.spec.schedulerName ?? "") &&
  (pod.spec.schedulingGates ?? []).length === 0;

/** Keeps the sum of what the pods of each node request, so that no decision has to add it up. */
function ledger() {
  const byNode = new Map<string, Room>();
  const entries = new Map<string, { readonly node: string; readonly room: Room }>();
  const add = (node: string, room: Room, sign: 1 | -1): void =>
    void byNode.set(node, plus(byNode.get(node) ?? empty, room, sign));
  return {
    usedOn: (node: string): Room => byNode.get(node) ?? empty,
    /** @returns true when room was made. */
    take(pod: Pod, gone: boolean): boolean {
      const { uid } = pod.metadata;
      const node = pod.spec.nodeName ?? "";
      const entry = entries.get(uid);
      const counts = !gone && node !== "" && !hasEnded(pod);
      if (counts && entry === undefined) {
        const room = requestsOf(pod);
        entries.set(uid, { node, room });
        add(node, room, 1);
      }
      if (counts || entry === undefined) return false;
      entries.delete(uid);
      add(entry.node, entry.room, -1);
      return true;
    },
  };
}

export function createScheduler(): Controller {
  const books = ledger();
  const waiting = new Set<string>();
  const again = (add: (key: string) => void): void => {
    for (const key of waiting) add(key);
  };
  return {
    name: "default-scheduler",
    watches: {
      pods: ({ object, type }, _, add) => {
        const pod = object as Pod;
        const gone = type === "DELETED";
        const key = keyOf(pod);
        if (books.take(pod, gone)) again(add);
        if (gone || !waits(pod)) waiting.delete(key);
        else if (type === "ADDED" || !waiting.has(key)) {
          waiting.add(key);
          add(key);
        }
      },
      nodes: (_, __, add) => again(add),
    },
    decide(key, world, nowMs) {
      const pod = world.get("pods", key);
      if (pod === undefined || !waits(pod)) return undefined;
      return schedule({ pod, nodes: [...world.all("nodes")], usedOn: books.usedOn }, nowMs);
    },
  };
}

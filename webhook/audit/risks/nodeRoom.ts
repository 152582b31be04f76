/**
 * How many more pods of a template the nodes have room for (docs/behaviour/admission.md#what-the-audit-looks-for). Pure. What is
 * not looked at (affinity, ports, volumes) would only leave less room: so a lack of it is certain.
 */
import { at, entries, isTrue, items, type Place, present, root, text } from "../../../kube/validation/place.ts";
import { amountsOf, type Amounts, ONE, type PodNeeds } from "./podNeeds.ts";

interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

/** What is kept of a node. */
export interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly allocatable: Amounts;
}

/** Never throws, whatever it is given. */
export function nodeFacts(node: unknown): NodeFacts {
  const place = root(node);
  const taints = items(at(place, "spec", "taints")).map((taint) => ({
    key: text(at(taint, "key")),
    value: text(at(taint, "value")),
    effect: text(at(taint, "effect")),
  }));
  return {
    name: text(at(place, "metadata", "name")),
    labels: Object.fromEntries(entries(at(place, "metadata", "labels")).map(([key, label]) => [key, text(label)])),
    taints: [...taints, ...(isTrue(at(place, "spec", "unschedulable")) ? [CORDONED] : [])],
    allocatable: amountsOf(at(place, "status", "allocatable").value),
  };
}

const CORDONED: Taint = { key: "node.kubernetes.io/unschedulable", value: "", effect: "NoSchedule" };

/** Nodes that grow in number by themselves: what room there is, nobody can say. */
export const growsByItself = ({ labels }: NodeFacts): boolean => GROWING.some((key) => labels[key] !== undefined);
const GROWING = ["karpenter.sh/nodepool", "karpenter.sh/provisioner-name", "eks.amazonaws.com/compute-type"];

function tolerates(pod: Place, { key, value, effect }: Taint): boolean {
  return items(at(pod, "tolerations")).some((toleration) => {
    const [ownKey, ownEffect] = [text(at(toleration, "key")), text(at(toleration, "effect"))];
    if (ownEffect !== "" && ownEffect !== effect) return false;
    if (ownKey !== "" && ownKey !== key) return false;
    const operator = text(at(toleration, "operator"));
    // Operators of later versions count as if they held.
    if (operator !== "" && operator !== "Equal") return true;
    return ownKey !== "" && text(at(toleration, "value")) === value;
  });
}

/** Whether pods with this spec can be scheduled there at all. */
function isOpen(pod: Place, { labels, taints }: NodeFacts): boolean {
  const selects = entries(at(pod, "nodeSelector")).every(([key, label]) => labels[key] === text(label));
  return selects && taints.every((taint) => taint.effect === "PreferNoSchedule" || tolerates(pod, taint));
}

export interface Room {
  /** How many pods. */
  readonly pods: number;
  /** What there is least of; "" where no node is open to such pods. */
  readonly lacks: string;
}

/**
 * @param used what the pods of each node request, by its name; the number of pods is among it, as "pods"
 * @returns undefined: it cannot be told
 */
export function nodeRoom(
  podSpec: unknown,
  needs: PodNeeds,
  nodes: readonly NodeFacts[],
  used: ReadonlyMap<string, Amounts>,
): Room | undefined {
  const pod = root(podSpec);
  // A pod that is more important than others takes their places.
  if (present(at(pod, "priority")) || text(at(pod, "priorityClassName")) !== "") return undefined;
  const open = nodes.filter((node) => isOpen(pod, node));
  if (open.some(growsByItself)) return undefined;
  const lacks = new Map<string, number>();
  const wanted: Amounts = new Map([...needs.requests, ["pods", ONE]]);
  let pods = 0;
  for (const { name, allocatable } of open) {
    const room = roomIn(allocatable, used.get(name) ?? new Map(), wanted);
    pods += room.pods;
    lacks.set(room.lacks, (lacks.get(room.lacks) ?? 0) + 1);
  }
  const [first] = [...lacks].toSorted(([, a], [, b]) => b - a);
  return { pods, lacks: first?.[0] ?? "" };
}

/** How often `wanted` fits into what is left. */
export function roomIn(all: Amounts, used: Amounts, wanted: Amounts): Room {
  let room: Room = { pods: Number.POSITIVE_INFINITY, lacks: "" };
  for (const [name, each] of wanted) {
    if (each <= 0n) continue;
    const left = (all.get(name) ?? 0n) - (used.get(name) ?? 0n);
    const pods = left <= 0n ? 0 : Number(left / each);
    if (pods < room.pods) room = { pods, lacks: name };
  }
  return room;
}

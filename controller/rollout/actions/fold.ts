/** Joins what several passes asked of the same object into one write. */
import type { Action, RolloutEvent } from "../model/model.ts";

type Update = Extract<Action, { kind: "updateReplicaSet" }>;
type Create = Extract<Action, { kind: "createReplicaSet" }>;
type Metadata = Extract<Action, { kind: "setPodMetadata" }>;

const target = (action: Action): string => {
  if (action.kind === "updateRollout") return "Rollout";
  if (action.kind === "routeTraffic") return "routers";
  if (action.kind === "scaleWorkload") return "workload";
  if (action.kind === "evictPods") return "pods";
  return `${action.kind === "switchService" ? "Service" : "ReplicaSet"}/${action.name}`;
};

function joinUpdates(first: Update, second: Update): Update {
  return { ...first, ...second, annotations: { ...first.annotations, ...second.annotations } };
}

/** A ReplicaSet that does not exist yet is created with its first size. */
function joinCreate(create: Create, update: Update): Create {
  const { metadata, spec } = create.manifest;
  const annotations = { ...metadata.annotations };
  for (const [key, value] of Object.entries(update.annotations ?? {})) {
    if (value === null) delete annotations[key];
    else annotations[key] = value;
  }
  const replicas = update.replicas ?? spec.replicas;
  const sized = replicas === undefined ? spec : { ...spec, replicas };
  return { ...create, manifest: { ...create.manifest, metadata: { ...metadata, annotations }, spec: sized } };
}

function join(first: Action, second: Action): Action | undefined {
  if (second.kind === "updateReplicaSet" && first.kind === "updateReplicaSet") return joinUpdates(first, second);
  if (second.kind === "updateReplicaSet" && first.kind === "createReplicaSet") return joinCreate(first, second);
  if (second.kind === "updateRollout" && first.kind === "updateRollout") return { ...first, ...second };
  if (second.kind === "routeTraffic" && first.kind === "routeTraffic") return second;
  if (second.kind === "switchService" && first.kind === "switchService") {
    return { ...second, adopt: first.adopt || second.adopt };
  }
  return undefined;
}

/**
 * Pods get the metadata of their last part at once. A promotion that is not stored yet finds them in their old part at
 * every look: going through both, pods and templates would change for ever while the status cannot be written.
 */
const joinMetadata = (first: Metadata, second: Metadata): Metadata => ({
  ...first,
  labels: { ...first.labels, ...second.labels },
  annotations: { ...first.annotations, ...second.annotations },
  record: second.record,
});

const resizes = (action: Action): boolean => action.kind === "updateReplicaSet" && action.replicas !== undefined;

const redirects = ({ kind }: Action): boolean => kind === "switchService" || kind === "routeTraffic";

/** Where a change of an object may be joined with an earlier one, given what lies between. */
type Place = "earlier" | "later" | "nowhere";

/**
 * Sizes keep their order, or there would be pods above the surge or below the floor between two writes: a new
 * ReplicaSet is then created later, with its size. A change of the traffic stays between what comes before and after it.
 */
function placeOf(action: Action, earlier: Slot, list: FoldedList): Place {
  const resized = list.lastResize > earlier.order;
  const switched = list.lastSwitch > earlier.order;
  if (action.kind === "routeTraffic") return resized ? "nowhere" : "later";
  if (!resizes(action)) return "earlier";
  if (earlier.action.kind === "createReplicaSet") {
    if (!resized) return "earlier";
    return switched ? "nowhere" : "later";
  }
  return switched || resized ? "nowhere" : "earlier";
}

/** An action in the folded list; joining replaces what it holds. */
interface Slot {
  action: Action;
  /** Where it stands among the others; no two stand in the same place. */
  order: number;
}

/** What has to be known of the actions so far. A Rollout may have thousands: none is looked for from end to end. */
interface FoldedList {
  readonly slots: Slot[];
  /** The last one of each object. */
  readonly last: Map<string, Slot>;
  /** The first change of the metadata of each ReplicaSet's pods. */
  readonly metadata: Map<string, Slot>;
  next: number;
  /** Places of the last changes of a size, and of Services or traffic. */
  lastResize: number;
  lastSwitch: number;
}

/** Folds changes of the same object into one, unless that would move them past one that they must not pass. */
export function foldActions(
  actions: readonly Action[],
  events: readonly RolloutEvent[],
): { actions: Action[]; events: RolloutEvent[] } {
  const list: FoldedList = {
    slots: [],
    last: new Map(),
    metadata: new Map(),
    next: 0,
    lastResize: -1,
    lastSwitch: -1,
  };
  const slotOf = actions.map((action) => place(list, action));
  const slots = list.slots.toSorted((a, b) => a.order - b.order);
  const numberOf = new Map(slots.map((slot, index) => [slot, index + 1]));
  const position = slotOf.map((slot) => numberOf.get(slot) ?? 0);
  const placed = events.map((e) =>
    e.after === "status" ? e : { ...e, after: e.after === 0 ? 0 : (position[e.after - 1] ?? 0) },
  );
  return { actions: slots.map((slot) => slot.action), events: placed };
}

function place(list: FoldedList, action: Action): Slot {
  const told = action.kind === "setPodMetadata" ? list.metadata.get(action.name) : undefined;
  if (action.kind === "setPodMetadata" && told?.action.kind === "setPodMetadata") {
    told.action = joinMetadata(told.action, action);
    return told;
  }
  const slot = list.last.get(target(action));
  const where = slot === undefined ? "nowhere" : placeOf(action, slot, list);
  const joined = slot === undefined || where === "nowhere" ? undefined : join(slot.action, action);
  if (slot === undefined || joined === undefined) return added(list, action);
  slot.action = joined;
  if (where === "later") slot.order = list.next++;
  noted(list, slot);
  return slot;
}

function added(list: FoldedList, action: Action): Slot {
  const slot = { action, order: list.next++ };
  list.slots.push(slot);
  list.last.set(target(action), slot);
  if (action.kind === "setPodMetadata") list.metadata.set(action.name, slot);
  noted(list, slot);
  return slot;
}

function noted(list: FoldedList, { action, order }: Slot): void {
  if (resizes(action)) list.lastResize = Math.max(list.lastResize, order);
  if (redirects(action)) list.lastSwitch = Math.max(list.lastSwitch, order);
}

/** Joins what several passes asked of the same object into one write. */
import type { Action, RolloutEvent } from "./model.ts";

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

const isMetadataOf =
  (name: string) =>
  (slot: Slot): boolean =>
    slot.action.kind === "setPodMetadata" && slot.action.name === name;

const resizes = (action: Action): boolean => action.kind === "updateReplicaSet" && action.replicas !== undefined;

/** Where a change of an object may be joined with an earlier one, given what lies between. */
type Place = "earlier" | "later" | "nowhere";

/**
 * Sizes keep their order, or there would be pods above the surge or below the floor between two writes: a new
 * ReplicaSet is then created later, with its size. A change of the traffic stays between what comes before and after it.
 */
function placeOf(action: Action, earlier: Action, between: readonly Action[]): Place {
  const switched = between.some((a) => a.kind === "switchService" || a.kind === "routeTraffic");
  if (action.kind === "routeTraffic") return between.some(resizes) ? "nowhere" : "later";
  if (!resizes(action)) return "earlier";
  if (earlier.kind === "createReplicaSet") {
    if (!between.some(resizes)) return "earlier";
    return switched ? "nowhere" : "later";
  }
  return switched || between.some(resizes) ? "nowhere" : "earlier";
}

/** An action in the folded list; joining replaces what it holds. */
interface Slot {
  action: Action;
}

/** Folds changes of the same object into one, unless that would move them past one that they must not pass. */
export function foldActions(
  actions: readonly Action[],
  events: readonly RolloutEvent[],
): { actions: Action[]; events: RolloutEvent[] } {
  const slots: Slot[] = [];
  const slotOf: Slot[] = [];
  for (const action of actions) slotOf.push(place(slots, action));
  const position = slotOf.map((slot) => slots.indexOf(slot) + 1);
  const placed = events.map((e) =>
    e.after === "status" ? e : { ...e, after: e.after === 0 ? 0 : (position[e.after - 1] ?? 0) },
  );
  return { actions: slots.map((slot) => slot.action), events: placed };
}

function place(slots: Slot[], action: Action): Slot {
  const told = action.kind === "setPodMetadata" ? slots.find(isMetadataOf(action.name)) : undefined;
  if (action.kind === "setPodMetadata" && told?.action.kind === "setPodMetadata") {
    told.action = joinMetadata(told.action, action);
    return told;
  }
  const at = slots.findLastIndex((slot) => target(slot.action) === target(action));
  const slot = slots[at];
  const where =
    slot === undefined
      ? "nowhere"
      : placeOf(
          action,
          slot.action,
          slots.slice(at + 1).map((s) => s.action),
        );
  const joined = slot === undefined || where === "nowhere" ? undefined : join(slot.action, action);
  if (slot === undefined || joined === undefined) {
    const fresh = { action };
    slots.push(fresh);
    return fresh;
  }
  slot.action = joined;
  if (where === "later") slots.push(...slots.splice(at, 1));
  return slot;
}

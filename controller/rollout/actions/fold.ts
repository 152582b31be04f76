/** Joins what several passes want changed in the same object into one write. */
import type { RolloutEvent } from "../model/model.ts";
import type { Action } from "./action.ts";
import { dividesOf, joined, targetOf } from "./actions.ts";

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
  if (dividesOf(action) !== "sizes") return "earlier";
  if (earlier.action.kind === "createReplicaSet") {
    if (!resized) return "earlier";
    return switched ? "nowhere" : "later";
  }
  return switched || resized ? "nowhere" : "earlier";
}

/** An action in the folded list; joining replaces what it holds. */
interface Slot {
  action: Action;
  /** Where it stands among the others; no two have the same place. */
  order: number;
}

/**
 * What has to be known of the actions so far. A Rollout may have thousands, so the list is never searched from end to
 * end.
 */
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
  const known = action.kind === "setPodMetadata" ? list.metadata.get(action.name) : undefined;
  if (known !== undefined) {
    known.action = joined(known.action, action) ?? action;
    return known;
  }
  const slot = list.last.get(targetOf(action));
  const where = slot === undefined ? "nowhere" : placeOf(action, slot, list);
  const one = slot === undefined || where === "nowhere" ? undefined : joined(slot.action, action);
  if (slot === undefined || one === undefined) return added(list, action);
  slot.action = one;
  if (where === "later") slot.order = list.next++;
  noted(list, slot);
  return slot;
}

function added(list: FoldedList, action: Action): Slot {
  const slot = { action, order: list.next++ };
  list.slots.push(slot);
  list.last.set(targetOf(action), slot);
  if (action.kind === "setPodMetadata") list.metadata.set(action.name, slot);
  noted(list, slot);
  return slot;
}

function noted(list: FoldedList, { action, order }: Slot): void {
  const divides = dividesOf(action);
  if (divides === "sizes") list.lastResize = Math.max(list.lastResize, order);
  if (divides === "traffic") list.lastSwitch = Math.max(list.lastSwitch, order);
}

/** Which dependents a controller takes: its own that still match, and orphans that match. Pure. */
import type { ApiObject, ObjectMeta } from "../../model/model.ts";
import { refOf, type Write } from "../loop/decision.ts";
import { controlledBy, type Kind } from "../loop/objects.ts";

export interface Claim<T> {
  /** The dependents that the controller counts as its own, in order: those that it already owned first. */
  readonly claimed: readonly T[];
  /** The writes that adopt and release. */
  readonly writes: readonly Write[];
}

const withOwners = (object: ApiObject, owners: readonly NonNullable<ObjectMeta["ownerReferences"]>[number][]) => {
  const { ownerReferences: _, ...metadata } = object.metadata;
  return { ...object, metadata: owners.length === 0 ? metadata : { ...metadata, ownerReferences: owners } };
};

const adopt = (kind: Kind, owner: ApiObject, object: ApiObject): Write => ({
  kind: "change",
  ref: refOf(kind, object),
  change: (stored) => withOwners(stored, [...(stored.metadata.ownerReferences ?? []), controlledBy(owner)]),
});

const release = (kind: Kind, owner: ApiObject, object: ApiObject): Write => ({
  kind: "change",
  ref: refOf(kind, object),
  change: (stored) =>
    withOwners(
      stored,
      (stored.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid),
    ),
});

/** An owner that is being deleted neither adopts nor releases; an object that is being deleted is not adopted. */
export function claim<T extends ApiObject>(
  kind: Kind,
  owner: ApiObject,
  own: readonly T[],
  orphans: readonly T[],
  matches: (object: T) => boolean,
): Claim<T> {
  const going = owner.metadata.deletionTimestamp !== undefined;
  const lost = own.filter((object) => !matches(object));
  const found = going
    ? []
    : orphans.filter((object) => object.metadata.deletionTimestamp === undefined && matches(object));
  if (lost.length + found.length === 0) return { claimed: own, writes: [] };
  return {
    claimed: [...own.filter(matches), ...found],
    writes: [
      ...(going ? [] : lost.map((object) => release(kind, owner, object))),
      ...found.map((object) => adopt(kind, owner, object)),
    ],
  };
}

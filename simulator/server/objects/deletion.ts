/** Deletion: preconditions, grace period, finalizers and what happens to dependents. */
import { timestamp } from "../../../kube/object/time.ts";
import type { Kind } from "../state/kinds.ts";
import type { ApiObject, DeleteOptions, ObjectMeta } from "../../model/model.ts";
import { conflict } from "../state/refusals.ts";
import type { Slot } from "../state/store.ts";
import type { World } from "../state/state.ts";

export const orphanFinalizer = "orphan";
export const foregroundFinalizer = "foregroundDeletion";

/** The result of a deletion. */
export interface Deleted {
  /** Its last state, or its present state while it waits to be removed. */
  readonly object: ApiObject;
  readonly isGone: boolean;
}

const checkPreconditions = ({ resource }: Kind, { metadata }: ApiObject, options: DeleteOptions): void => {
  const { uid, resourceVersion } = options.preconditions ?? {};
  // Here, and only here, the API names the kind instead of the resource.
  const what = { ...resource, name: resource.kind };
  const differs = (member: string, wanted: string, is: string, happened: string) =>
    conflict(
      what,
      metadata.name,
      `the ${member} in the precondition (${wanted}) does not match the ${member} in record (${is}). The object might have been ${happened}`,
    );
  if (uid !== undefined && uid !== metadata.uid) throw differs("UID", uid, metadata.uid, "deleted and then recreated");
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw differs("ResourceVersion", resourceVersion, metadata.resourceVersion, "modified");
  }
};

/** The finalizers that the garbage collector removes when it has done its part. */
const finalizersFor = (kind: Kind, metadata: ObjectMeta, options: DeleteOptions): readonly string[] => {
  const { finalizers = [] } = metadata;
  const policy = options.propagationPolicy ?? standingPolicy(kind, finalizers);
  const others = finalizers.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  if (policy === "Orphan") return [...others, orphanFinalizer];
  return policy === "Foreground" ? [...others, foregroundFinalizer] : others;
};

/** Without a policy in the request, by the object's finalizers; Jobs orphan their pods, for historical reasons. */
const standingPolicy = (kind: Kind, finalizers: readonly string[]): DeleteOptions["propagationPolicy"] => {
  if (finalizers.includes(orphanFinalizer)) return "Orphan";
  if (finalizers.includes(foregroundFinalizer)) return "Foreground";
  return kind.key === "jobs.batch" ? "Orphan" : "Background";
};

interface PodView {
  readonly spec?: { readonly nodeName?: string; readonly terminationGracePeriodSeconds?: number };
  readonly status?: { readonly phase?: string };
}

/** A pod's grace period in seconds, 0 when it does not run; undefined for other objects, which have none. */
const graceOf = (kind: Kind, object: ApiObject, asked: number | undefined): number | undefined => {
  if (kind.key !== "pods") return undefined;
  const { spec, status } = object as PodView;
  const runs = (spec?.nodeName ?? "") !== "" && status?.phase !== "Failed" && status?.phase !== "Succeeded";
  if (!runs) return 0;
  const seconds = asked ?? spec?.terminationGracePeriodSeconds ?? 30;
  return seconds < 0 ? 1 : seconds;
};

/** Marks of a deletion that is under way; undefined when there is nothing new to mark. */
const marks = (
  world: World,
  kind: Kind,
  object: ApiObject,
  options: DeleteOptions,
): { readonly deletionTimestamp: string; readonly deletionGracePeriodSeconds: number } | "pending" | undefined => {
  const { deletionTimestamp, deletionGracePeriodSeconds: present } = object.metadata;
  const asked = options.gracePeriodSeconds;
  const grace = graceOf(kind, object, asked);
  if (grace === undefined) return undefined;
  if (deletionTimestamp === undefined) {
    const endMs = world.clock.now() + grace * 1_000;
    return { deletionTimestamp: timestamp(endMs), deletionGracePeriodSeconds: grace };
  }
  if (present === undefined) return undefined;
  // A later request may only shorten it.
  if (asked === undefined || asked >= present) return "pending";
  const endMs = Date.parse(deletionTimestamp) + (asked - present) * 1_000;
  return { deletionTimestamp: timestamp(endMs), deletionGracePeriodSeconds: asked };
};

const marked = (
  world: World,
  metadata: ObjectMeta,
  finalizers: readonly string[],
  mark: ReturnType<typeof marks>,
): ObjectMeta => {
  const { finalizers: _, ...others } = metadata;
  const began = typeof mark === "object" ? mark : undefined;
  const waits = finalizers.length > 0;
  const isFirst = metadata.deletionTimestamp === undefined && (began !== undefined || waits);
  return {
    ...others,
    ...(waits ? { finalizers } : {}),
    ...(isFirst && metadata.generation !== undefined ? { generation: metadata.generation + 1 } : {}),
    ...(began ??
      (waits
        ? { deletionTimestamp: metadata.deletionTimestamp ?? world.now(), deletionGracePeriodSeconds: 0 }
        : undefined)),
  };
};

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name));

/**
 * Deletes the object, or begins to: while finalizers or a grace period hold it, it stays with a deletionTimestamp.
 * @throws {StatusError} 409 when a precondition does not hold
 */
export const deleteSlot = (world: World, kind: Kind, slot: Slot, options: DeleteOptions = {}): Deleted => {
  const { object } = slot;
  checkPreconditions(kind, object, options);
  const mark = marks(world, kind, object, options);
  if (mark === "pending") return { object, isGone: false };
  const before = object.metadata.finalizers ?? [];
  const finalizers = finalizersFor(kind, object.metadata, options);
  if (mark === undefined && finalizers.length === 0) return end(world, slot, options);
  const isMarked = mark === undefined && object.metadata.deletionTimestamp !== undefined;
  if (isMarked && sameNames(before, finalizers)) return { object, isGone: false };
  const metadata = marked(world, object.metadata, finalizers, mark);
  const waits = finalizers.length > 0 || (mark?.deletionGracePeriodSeconds ?? 0) > 0;
  if (options.dryRun === true) return { object: { ...object, metadata }, isGone: !waits };
  const stored = world.store.replace(slot, { ...object, metadata });
  return waits ? { object: stored, isGone: false } : end(world, slot, options);
};

const end = (world: World, slot: Slot, { dryRun }: DeleteOptions): Deleted => {
  // A listener may already have deleted it.
  const isThere = world.store.byUid(slot.object.metadata.uid) === slot;
  return { object: dryRun === true || !isThere ? slot.object : world.store.remove(slot), isGone: true };
};

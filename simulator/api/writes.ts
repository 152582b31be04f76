/**
 * Creations and updates, in two halves: `prepare…` makes and judges what would be stored, `commit` stores it. Between the
 * two, admission may take its time.
 */
import { sameJson } from "./equality.ts";
import { generatedName, newUid } from "./identity.ts";
import type { Kind } from "./kinds.ts";
import { metadataFaults, newMetadata, updatedMetadata } from "./metadata.ts";
import type { ApiObject, Draft, WriteOptions } from "./model.ts";
import { alreadyExists, badRequest, conflict, forbidden, invalid, notFound, objectModified } from "./refusals.ts";
import type { Slot, Unnumbered } from "./store.ts";
import { collectionOf, slotOf, type World } from "./world.ts";

/** What is to be stored. */
export interface Prepared {
  readonly kind: Kind;
  /** Undefined for a creation. */
  readonly slot: Slot | undefined;
  readonly old: ApiObject | undefined;
  /** `old` itself when nothing changes. */
  readonly next: Unnumbered;
  readonly warnings: readonly string[];
}

/** What its namespace says to a new object. @throws {StatusError} 404 when it is missing, 403 when it is going. */
const checkNamespace = (world: World, { resource }: Kind, namespace: string, name: string): void => {
  const namespaces = world.store.collection("namespaces");
  const held = namespaces === undefined ? undefined : world.store.find(namespaces, "", namespace)?.object;
  if (held === undefined) throw notFound({ group: "", name: "namespaces", kind: "Namespace" }, namespace);
  if (held.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const message = `namespace ${namespace} is being terminated`;
  throw forbidden(resource, name, why, [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }]);
};

const nameFor = (
  world: World,
  kind: Kind,
  { name, generateName }: NonNullable<Draft["metadata"]>,
  namespace: string,
) => {
  if (name !== undefined && name !== "") return name;
  if (generateName === undefined || generateName === "") {
    const message = "Required value: name or generateName is required";
    throw invalid(kind.resource, "", [{ reason: "FieldValueRequired", field: "metadata.name", message }]);
  }
  for (let attempt = 0; ; attempt += 1) {
    const generated = generatedName(generateName, world.random);
    if (attempt === 8 || slotOf(world, kind, namespace, generated) === undefined) return generated;
  }
};

/** The namespace that path and object agree on. @throws {StatusError} 400 */
const namespaceFor = (kind: Kind, draft: Draft, namespace: string | undefined): string => {
  if (!kind.resource.namespaced) return "";
  const said = draft.metadata?.namespace;
  const wanted = namespace ?? said;
  if (wanted === undefined || wanted === "") throw badRequest("an empty namespace may not be set during creation");
  if (said !== undefined && said !== "" && said !== wanted) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  return wanted;
};

/** @param namespace of the request's path; the draft's own by default. @throws {StatusError} */
export const prepareCreate = (
  world: World,
  kind: Kind,
  draft: Draft,
  options: WriteOptions & { readonly namespace?: string | undefined } = {},
): Prepared => {
  const namespace = namespaceFor(kind, draft, options.namespace);
  const written = draft.metadata ?? {};
  if (written.resourceVersion !== undefined && written.resourceVersion !== "") {
    throw badRequest("resourceVersion should not be set on objects to be created");
  }
  if (kind.resource.namespaced) checkNamespace(world, kind, namespace, written.name ?? "");
  const given = {
    name: nameFor(world, kind, written, namespace),
    namespace,
    uid: newUid(world.random),
    now: world.now(),
  };
  const { apiVersion, kind: name } = { apiVersion: kind.apiVersion, kind: kind.resource.kind };
  const { status, ...fields } = draft;
  const shown = {
    ...fields,
    ...(status === undefined || kind.hasStatus ? {} : { status }),
    apiVersion,
    kind: name,
    metadata: newMetadata(kind, written, given),
  };
  const next: Unnumbered =
    kind.begin === undefined
      ? shown
      : { ...shown, ...kind.begin({ ...shown, metadata: { ...shown.metadata, resourceVersion: "" } }) };
  const faults = metadataFaults(next.metadata, undefined);
  if (faults.length > 0) throw invalid(kind.resource, given.name, faults);
  return { kind, slot: undefined, old: undefined, next, warnings: [] };
};

/** What the draft says of the object that it was made from. @throws {StatusError} 409 when that is another one. */
const checkPreconditions = (kind: Kind, old: ApiObject, draft: Draft): void => {
  const { uid, resourceVersion } = draft.metadata ?? {};
  const { name } = old.metadata;
  if (uid !== undefined && uid !== "" && uid !== old.metadata.uid) {
    throw conflict(
      kind.resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== "") {
    if (resourceVersion !== old.metadata.resourceVersion) throw objectModified(kind.resource, name);
  }
};

/** The draft's members, each the old one where it says the same, so that what did not change is the same object. */
const membersKept = (old: ApiObject, draft: Draft): Record<string, unknown> => {
  const members: Record<string, unknown> = {};
  for (const field in draft) {
    const value = draft[field];
    if (value !== undefined) members[field] = sameJson(value, old[field]) ? old[field] : value;
  }
  return members;
};

const outside = (kind: Kind, field: string): boolean => field !== "metadata" && !(kind.hasStatus && field === "status");

const changedOutside = (kind: Kind, old: ApiObject, next: Readonly<Record<string, unknown>>): boolean => {
  for (const field in next) if (next[field] !== old[field] && outside(kind, field)) return true;
  for (const field in old)
    if (next[field] === undefined && old[field] !== undefined && outside(kind, field)) return true;
  return false;
};

const nextOf = (kind: Kind, old: ApiObject, draft: Draft, subresource: string | undefined): ApiObject => {
  if (draft === old) return old;
  if (subresource === "status") {
    const { status } = draft;
    if (sameJson(status, old["status"])) return old;
    return { ...old, status };
  }
  const members = membersKept(old, draft);
  if (kind.hasStatus) members["status"] = old["status"];
  const metadata = updatedMetadata(old.metadata, draft.metadata ?? {});
  const counted = kind.counted && changedOutside(kind, old, members);
  if (
    !counted &&
    metadata === old.metadata &&
    members["status"] === old["status"] &&
    !changedOutside(kind, old, members)
  ) {
    return old;
  }
  return {
    ...members,
    apiVersion: old.apiVersion,
    kind: old.kind,
    metadata: counted ? { ...metadata, generation: (old.metadata.generation ?? 0) + 1 } : metadata,
  };
};

/** @throws {StatusError} 409, 422 */
export const prepareUpdate = (kind: Kind, slot: Slot, draft: Draft, options: WriteOptions = {}): Prepared => {
  const old = slot.object;
  if (draft !== old) checkPreconditions(kind, old, draft);
  const next = nextOf(kind, old, draft, options.subresource);
  if (next !== old && next.metadata !== old.metadata) {
    const faults = metadataFaults(next.metadata, old.metadata);
    if (faults.length > 0) throw invalid(kind.resource, old.metadata.name, faults);
  }
  return { kind, slot, old, next, warnings: [] };
};

/** The last finalizer of an object whose time is up has gone. */
const isReleased = (next: Unnumbered, old: ApiObject): boolean =>
  old.metadata.deletionGracePeriodSeconds === 0 && next.metadata.finalizers === undefined;

const shownDry = (next: Unnumbered, old: ApiObject | undefined): ApiObject => ({
  ...next,
  metadata: { ...next.metadata, resourceVersion: old?.metadata.resourceVersion ?? "" },
});

/** Whether the object that was prepared for is still the one that is stored. */
export const isCurrent = (world: World, { slot, old }: Prepared): boolean =>
  slot === undefined || (slot.object === old && world.store.byUid(slot.object.metadata.uid) === slot);

/** Stores what was prepared. @throws {StatusError} 409 when something else was stored in the meantime. */
export const commit = (world: World, prepared: Prepared, dryRun: boolean): ApiObject => {
  const { kind, slot, old, next } = prepared;
  const { name, namespace } = next.metadata;
  if (slot === undefined || old === undefined) {
    if (slotOf(world, kind, namespace, name) !== undefined) throw alreadyExists(kind.resource, name);
    return dryRun ? shownDry(next, undefined) : world.store.add(collectionOf(world, kind), next);
  }
  if (!isCurrent(world, prepared)) throw objectModified(kind.resource, name);
  if (next === old) return old;
  if (dryRun) return shownDry(next, old);
  if (isReleased(next, old)) {
    world.store.remove(slot);
    return shownDry(next, old);
  }
  return world.store.replace(slot, next);
};

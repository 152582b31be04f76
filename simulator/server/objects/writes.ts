/**
 * Creations and updates, in two halves: `prepare…` makes and checks what would be stored, `commit` stores it. Between
 * the two, admission may take its time.
 */
import { bound } from "./binding.ts";
import { definitionFaults, isEnding } from "./definitions.ts";
import { equal } from "../../../kube/object/equality.ts";
import { generatedName, newUid } from "../state/identity.ts";
import type { Kind } from "../state/kinds.ts";
import { contentFinalizers, definitionsKey } from "../state/kinds.ts";
import { metadataFaults, newMetadata, updatedMetadata } from "./metadata.ts";
import type { ApiObject, Cause, Draft, WriteOptions } from "../../model/model.ts";
import { narrowed, widened } from "../state/narrowing.ts";
import { accounted } from "./ownership.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  notFound,
  objectModified,
} from "../state/refusals.ts";
import { checkFaults, filled, readDraft } from "./shaping.ts";
import { StatusError } from "../../model/statusError.ts";
import type { Slot, Unnumbered } from "../state/store.ts";
import { collectionOf, slotOf, type World } from "../state/state.ts";

/** What is to be stored. */
export interface Prepared {
  readonly kind: Kind;
  /** Undefined for a creation. */
  readonly slot: Slot | undefined;
  readonly old: ApiObject | undefined;
  /** The same object as `old` when nothing changes. */
  readonly next: Unnumbered;
  readonly warnings: readonly string[];
}

/** Checks a new object's namespace. @throws {StatusError} 404 when it is missing, 403 when it is terminating. */
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
  const ownNamespace = draft.metadata?.namespace;
  const wanted = namespace ?? ownNamespace;
  if (wanted === undefined || wanted === "") throw badRequest("an empty namespace may not be set during creation");
  if (ownNamespace !== undefined && ownNamespace !== "" && ownNamespace !== wanted) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  return wanted;
};

/** `apiVersion`, `kind` and what the server itself sets in a new object, above all its status. */
const begun = ({ begin }: Kind, object: Unnumbered): Unnumbered =>
  begin === undefined
    ? object
    : { ...object, ...begin({ ...object, metadata: { ...object.metadata, resourceVersion: "" } }) };

/** Rules that are not in a schema. */
const faultsOf = ({ key }: Kind, next: Unnumbered, old: ApiObject | undefined): readonly Cause[] => {
  const faults = next.metadata === old?.metadata ? [] : metadataFaults(next.metadata, old?.metadata);
  return key === definitionsKey ? [...faults, ...definitionFaults(next)] : faults;
};

const storedAs = (world: World, kind: Kind): { readonly apiVersion: string; readonly kind: string } => {
  const { apiVersion, resource } = collectionOf(world, kind).kind;
  return { apiVersion, kind: resource.kind };
};

/** How the draft was made. */
export interface PrepareOptions extends WriteOptions {
  readonly isPatch?: boolean;
}

/** @param namespace of the request's path; the draft's own by default. @throws {StatusError} */
export const prepareCreate = (
  world: World,
  kind: Kind,
  sent: Draft,
  options: PrepareOptions & { readonly namespace?: string | undefined } = {},
): Prepared => {
  const namespace = namespaceFor(kind, sent, options.namespace);
  const written = sent.metadata ?? {};
  if (written.resourceVersion !== undefined && written.resourceVersion !== "") {
    throw new StatusError(500, "", "resourceVersion should not be set on objects to be created");
  }
  if (kind.resource.namespaced) checkNamespace(world, kind, namespace, written.name ?? "");
  const { draft, warnings } = readDraft(kind, sent, options);
  const name = nameFor(world, kind, written, namespace);
  const { status, apiVersion: _, kind: __, metadata: ___, ...fields } = draft;
  const own = status !== undefined && (!kind.hasStatus || kind.keepsStatus) ? { status } : undefined;
  // In the order of the API. The object gets the version in which its kind is stored.
  const object: Unnumbered = filled(kind, {
    ...storedAs(world, kind),
    metadata: newMetadata(kind, written, { name, namespace, uid: newUid(world.random), now: world.now() }),
    ...fields,
    ...own,
  });
  const owned = accounted(kind, undefined, object, options, world.now());
  const next = begun(kind, owned);
  checkFaults(kind, next, undefined, faultsOf(kind, next, undefined));
  if (isEnding(world, kind)) {
    throw forbidden(kind.resource, name, "create not allowed while custom resource definition is terminating");
  }
  return { kind, slot: undefined, old: undefined, next, warnings };
};

/** Checks the uid and version that the draft was made from. @throws {StatusError} 409, 422 when they differ. */
const checkPreconditions = (kind: Kind, old: ApiObject, draft: Draft, isPatch: boolean): void => {
  const { uid = "", resourceVersion = "", deletionTimestamp } = draft.metadata ?? {};
  const { resource } = kind;
  const { metadata } = old;
  if (uid !== "" && uid !== metadata.uid) {
    throw isPatch
      ? invalid(resource, metadata.name, [immutable("uid", uid)])
      : conflict(resource, metadata.name, storageConflict(kind, old, uid));
  }
  if (resourceVersion === "" || resourceVersion === null) {
    if (!kind.unconditionalUpdate) throw unconditional(kind, metadata.name);
  } else if (resourceVersion !== metadata.resourceVersion) throw objectModified(resource, metadata.name);
  if (typeof deletionTimestamp === "string" && deletionTimestamp !== metadata.deletionTimestamp) {
    throw invalid(resource, metadata.name, [immutable("deletionTimestamp", deletionTimestamp)]);
  }
};

const immutable = (name: string, value: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${JSON.stringify(value)}: field is immutable`,
  field: `metadata.${name}`,
});

/** The error for an update without a resourceVersion, which such a kind requires. */
const unconditional = ({ resource, key }: Kind, name: string): StatusError => {
  const message = "Invalid value: 0: must be specified for an update";
  const cause = { reason: "FieldValueInvalid", message, field: "metadata.resourceVersion" };
  return new StatusError(422, "Invalid", `${key} "${name}" is invalid: ${cause.field}: ${message}`, {
    name,
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.name,
    causes: [cause],
  });
};

const storageConflict = ({ custom, resource }: Kind, { metadata }: ApiObject, uid: string): string => {
  const place = [...(custom ? [resource.group] : []), resource.name, metadata.namespace, metadata.name];
  const path = place.filter((each) => each !== undefined).join("/");
  return `StorageError: invalid object, Code: 4, Key: /registry/${path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
};

/** The draft's members, each the old one where both are equal, so that what did not change is the same object. */
const membersKept = (old: ApiObject, draft: Draft): Record<string, unknown> => {
  const members: Record<string, unknown> = {};
  for (const field in draft) {
    const value = draft[field];
    if (value !== undefined) members[field] = equal(value, old[field]) ? old[field] : value;
  }
  return members;
};

/** Whether anything changes but metadata and, where it is a subresource, status. */
const changesContent = (kind: Kind, old: ApiObject, draft: Draft): boolean => {
  const differs = (field: string): boolean =>
    draft[field] !== old[field] && field !== "metadata" && !(kind.hasStatus && field === "status");
  for (const field in draft) if (differs(field)) return true;
  for (const field in old) if (differs(field)) return true;
  return false;
};

/** The draft after a write of the status alone. */
const withStatus = (kind: Kind, old: ApiObject, sent: Draft, options: PrepareOptions): Shaped => {
  const { status } = sent;
  if (status === old["status"]) return { next: old, warnings: [] };
  const part: Draft = status === undefined ? {} : { status };
  const { draft, warnings } = readDraft(kind, part, options);
  const given = filled(kind, draft)["status"];
  if (equal(given, old["status"])) return { next: old, warnings };
  const { status: _, ...others }: ApiObject = old;
  return { next: given === undefined ? others : { ...others, status: given }, warnings };
};

interface Shaped {
  readonly next: ApiObject;
  readonly warnings: readonly string[];
}

/** @param read the draft, or its narrow part, as decoded; undefined when only metadata changes. */
const shapedDraft = (
  kind: Kind,
  draft: Draft,
  read: Draft | undefined,
  narrow: Draft | undefined,
  own: Pick<ApiObject, "apiVersion" | "kind" | "metadata">,
): Draft => {
  if (read === undefined) return { ...draft, ...own };
  if (narrow === undefined) return filled(kind, { ...read, ...own });
  return { ...widened(draft, narrow, filled(kind, { spec: read["spec"] })), ...own };
};

/** The draft after a write of everything but the status. */
const withoutStatus = (kind: Kind, old: ApiObject, sent: Draft, options: PrepareOptions): Shaped => {
  const { status: _, ...fields } = sent;
  const part: Draft = kind.hasStatus ? fields : sent;
  // Most writes of metadata alone need no check of the rest.
  const isRest = kind.key === "namespaces" || changesContent(kind, old, part);
  const narrow = isRest ? narrowed(kind, old, part) : undefined;
  const { draft, warnings } = readDraft(kind, isRest ? (narrow ?? part) : { metadata: sent.metadata ?? {} }, options);
  const { apiVersion, kind: name } = old;
  const metadata = updatedMetadata(old.metadata, draft.metadata ?? {});
  const own = { apiVersion, kind: name, metadata };
  const members = membersKept(old, shapedDraft(kind, part, isRest ? draft : undefined, narrow, own));
  if (kind.hasStatus && old["status"] !== undefined) members["status"] = old["status"];
  const next = members as ApiObject;
  const isChanged = changesContent(kind, old, members);
  if (!isChanged && next.metadata === old.metadata) return { next: old, warnings };
  if (!isChanged || !kind.counted) return { next, warnings };
  const generation = (old.metadata.generation ?? 0) + 1;
  return { next: { ...next, metadata: { ...next.metadata, generation } }, warnings };
};

/** @throws {StatusError} 409, 422 */
export const prepareUpdate = (
  world: World,
  kind: Kind,
  slot: Slot,
  draft: Draft,
  options: PrepareOptions = {},
): Prepared => {
  const old = slot.object;
  if (draft === old) return { kind, slot, old, next: old, warnings: [] };
  checkPreconditions(kind, old, draft, options.isPatch === true);
  const { subresource } = options;
  if (subresource === "binding") return { kind, slot, old, next: bound(old, draft), warnings: [] };
  const shape = subresource === "status" ? withStatus : withoutStatus;
  const { next, warnings } = shape(kind, old, draft, options);
  if (next === old) return { kind, slot, old, next, warnings };
  const faults = faultsOf(kind, next, old);
  if (faults.length > 0 || changesContent(kind, old, next) || subresource === "status") {
    checkFaults(kind, next, old, faults, subresource);
  }
  return { kind, slot, old, next: accounted(kind, old, next, options, world.now()), warnings };
};

/** Whether the last finalizer is gone and the grace period over; namespaces and definitions have no grace period. */
const isReleased = ({ key }: Kind, next: Unnumbered, old: ApiObject): boolean => {
  const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
  if (deletionTimestamp === undefined || next.metadata.finalizers !== undefined) return false;
  if (key === "namespaces") return contentFinalizers(next).length === 0;
  return deletionGracePeriodSeconds === 0 || key === definitionsKey;
};

/** An object that is not stored has no resourceVersion, or keeps the one that it had. */
const unstored = (next: Unnumbered, old: ApiObject | undefined): ApiObject => {
  if (old === undefined) return next as ApiObject;
  return { ...next, metadata: { ...next.metadata, resourceVersion: old.metadata.resourceVersion } };
};

/** Whether the stored object is still the one that the write was prepared for. */
export const isCurrent = (world: World, { slot, old }: Prepared): boolean =>
  slot === undefined || (slot.object === old && world.store.byUid(slot.object.metadata.uid) === slot);

/** Stores what was prepared. @throws {StatusError} 409 when something else was stored in the meantime. */
export const commit = (world: World, prepared: Prepared, dryRun: boolean): ApiObject => {
  const { kind, slot, old, next } = prepared;
  const { name, namespace } = next.metadata;
  if (slot === undefined || old === undefined) {
    const present = slotOf(world, kind, namespace, name)?.object;
    if (present !== undefined)
      throw alreadyExists(kind.resource, name, present.metadata.deletionTimestamp !== undefined);
    return dryRun ? unstored(next, undefined) : world.store.add(collectionOf(world, kind), next);
  }
  if (!isCurrent(world, prepared)) throw objectModified(kind.resource, name);
  if (next === old) return old;
  if (dryRun) return unstored(next, old);
  if (isReleased(kind, next, old)) {
    world.store.remove(slot);
    return unstored(next, old);
  }
  return world.store.replace(slot, next);
};

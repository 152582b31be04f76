/**
 * Server-side apply: a manager that applies a configuration owns the fields in it, may not change those of other
 * managers unless forced, and removes those that it no longer applies. Other writes are tracked, too, as updates.
 * Follows the API server's fieldmanager and structured-merge-diff v6; objects are never converted between versions.
 */
import { equal } from "../../kube/object/equality.ts";
import type { Cause } from "../model/model.ts";
import type { Schema } from "../schema/schema.ts";
import { isBuiltin } from "../schema/schema.ts";
import type { Shape } from "../schema/shape.ts";
import { prune, withDefaults } from "../schema/structural.ts";
import { compare, type Comparison, fieldsOf, withNamed } from "./fieldsOf.ts";
import {
  difference,
  type FieldSet,
  intersection,
  isEmpty,
  noFields,
  pathsOf,
  pathText,
  union,
  without,
} from "./fieldSet.ts";
import { givenByServer } from "./givenByServer.ts";
import { isList, isObject, type Json, withMember } from "../../kube/object/json.ts";
import { idOf, type Manager, type Managers, owned, readManagers, writtenManagers } from "./managers.ts";
import { merged, withoutFields } from "./mergeApplied.ts";
import { PatchError } from "../model/patchError.ts";
import { typedShape, untypedProblem } from "./typedValue.ts";

interface Write {
  readonly schema: Schema;
  readonly manager: string;
  readonly subresource: string | undefined;
  /** RFC 3339, as managedFields shows it. */
  readonly time: string;
  readonly apiVersion: string;
  /** Members at the top of the object that this write never changes, even if it contains them: ["status"]. */
  readonly ignored?: readonly string[];
}

export interface Apply extends Write {
  /** undefined when the object is to be created. */
  readonly live: object | undefined;
  readonly applied: object;
  readonly force: boolean;
}

export type Applied =
  | { readonly object: object }
  /** For a Conflict: the message, and the causes of its details. */
  | { readonly conflicts: readonly Cause[]; readonly message: string };

/**
 * The object with the configuration merged in and managedFields updated; `live` itself when neither changes. Its
 * defaults are not filled in yet. @throws {PatchError} when the configuration is not one of the schema's objects.
 */
export function serverSideApply(apply: Apply): Applied {
  const shape = typedShape(apply.schema);
  refuseUntyped(apply);
  const existing = apply.live as Json | undefined;
  const live = withoutManagers(existing ?? emptyObject(apply));
  const before = managersOf(existing);
  const known = before.size > 0 || existing === undefined ? before : beforeFirstApply(apply, live);

  const self = managerOf(apply, "Apply");
  const id = idOf(self);
  const config = withoutManagers(apply.applied as Json);
  const fields = ignoring(apply, fieldsOf(shape, config));
  const managers = new Map(known).set(id, { ...self, fields });
  const mergedObject = merged(shape, live, config) as Json;
  const next = pruned(shape, mergedObject, managers, known.get(id)?.fields ?? noFields);

  const changes = ignoringAll(apply, compare(shape, live, next));
  if (!apply.force) {
    const found = conflictsWith(managers, id, changes);
    if (found.length > 0) return refusal(found);
  }
  const after = new Map(withoutLost(managers, id, changes));
  // The order of a list's elements is not a field, but a new order is a change.
  const isSame = existing !== undefined && equal(live, next);
  const time = isSame ? known.get(id)?.time : apply.time;
  after.set(id, { ...self, time, fields: owned(fields) });
  return { object: withManagers(isSame ? existing : next, after) };
}

/**
 * metadata.managedFields after a write that is not an apply: a creation when `old` is undefined. Based on the writer's
 * own managedFields when it sent some; the same value as before when no field changed.
 */
export function trackManagers(
  old: object | undefined,
  next: object,
  write: Write & { readonly operation: "Update" },
): readonly unknown[] | undefined {
  const sent = write.subresource === undefined ? managedFieldsOf(next) : undefined;
  const stored = managedFieldsOf(old);
  const isReset = sent?.length === 1 && Object.keys(sent[0] ?? {}).length === 0;
  const given = readManagers(sent);
  const before = isReset ? new Map() : given.size > 0 ? given : readManagers(stored);
  // An object without managedFields stays without them.
  if (old !== undefined && before.size === 0 && !isReset) return undefined;
  const live = withoutManagers((old as Json | undefined) ?? emptyObject(write));
  const changes = ignoringAll(write, compare(typedShape(write.schema), live, withoutManagers(next as Json)));
  const kept = updated(before, old === undefined ? asSent(write, next as Json, changes) : changes, write);
  if (kept === before && stored !== undefined && !isReset && (given.size === 0 || sent === stored)) return stored;
  return writtenManagers(kept);
}

/** The fields of a new object that its writer sent. */
function asSent({ schema }: Write, object: Json, changes: Comparison): Comparison {
  const given = givenByServer(schema, object);
  return { ...changes, added: given.reduce(without, changes.added), modified: given.reduce(without, changes.modified) };
}

function updated(before: Managers, changes: Comparison, write: Write): Managers {
  const managers = withoutLost(before, undefined, changes);
  const fields = owned(union(changes.modified, changes.added));
  if (isEmpty(fields)) return managers;
  const self = managerOf(write, "Update");
  const previous = managers.get(idOf(self))?.fields ?? noFields;
  return new Map(managers).set(idOf(self), { ...self, fields: union(previous, fields) });
}

function managerOf(write: Write, operation: "Apply" | "Update"): Manager {
  const { manager: name, apiVersion, subresource, time } = write;
  return { name, operation, apiVersion, subresource, time, fields: noFields };
}

const empty = new WeakMap<Schema, Json>();

/** The object that the API server compares a new one with: its own kinds have members that are always there. */
function emptyObject({ schema }: Write): Json {
  const known = empty.get(schema);
  if (known !== undefined) return known;
  const made: Json = isBuiltin(schema) ? withDefaults(schema, {}) : {};
  empty.set(schema, made);
  return made;
}

/** An object without managedFields gets one manager that owns all of it. */
function beforeFirstApply(apply: Apply, live: Json): Managers {
  const changes = ignoringAll(apply, compare(typedShape(apply.schema), emptyObject(apply), live));
  return updated(new Map(), changes, { ...apply, manager: "before-first-apply", subresource: undefined });
}

function managedFieldsOf(object: object | undefined): readonly object[] | undefined {
  const metadata = (object as Json | undefined)?.["metadata"];
  const fields = isObject(metadata) ? metadata["managedFields"] : undefined;
  return isList(fields) && fields.length > 0 ? (fields as readonly object[]) : undefined;
}

const managersOf = (object: Json | undefined): Managers => readManagers(managedFieldsOf(object));

function withoutManagers(object: Json): Json {
  const metadata = object["metadata"];
  return isObject(metadata) ? withMember(object, "metadata", withMember(metadata, "managedFields", undefined)) : object;
}

function withManagers(object: Json, managers: Managers): Json {
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  const fields = writtenManagers(managers);
  if (JSON.stringify(fields) === JSON.stringify(metadata["managedFields"])) return object;
  return { ...object, metadata: { ...metadata, managedFields: fields } };
}

const ignoring = ({ ignored = [] }: Write, fields: FieldSet): FieldSet =>
  ignored.reduce((rest, name) => without(rest, [`f:${name}`]), fields);

const ignoringAll = (write: Write, { added, modified, removed }: Comparison): Comparison => ({
  added: ignoring(write, added),
  modified: ignoring(write, modified),
  removed: ignoring(write, removed),
});

/** As Go writes it: "/v1", "apps/v1". */
const groupVersion = (apiVersion: string): string => (apiVersion.includes("/") ? apiVersion : `/${apiVersion}`);

function refuseUntyped({ applied, schema }: Apply): void {
  if (managedFieldsOf(applied) !== undefined) throw new PatchError(400, "metadata.managedFields must be nil");
  const [unknown] = prune(schema, applied).unknown;
  const problem =
    unknown === undefined
      ? untypedProblem(typedShape(schema), applied, [])
      : `.${unknown}: field not declared in schema`;
  if (problem === undefined) return;
  const { apiVersion, kind, metadata } = applied as Json;
  const { namespace, name } = isObject(metadata) ? metadata : {};
  const [place, group] = [
    [namespace ?? "", name].join("/"),
    `${groupVersion(String(apiVersion))}, Kind=${String(kind)}`,
  ];
  throw new PatchError(500, `failed to create typed patch object (${place}; ${group}): ${problem}`);
}

/**
 * Removes the fields that the manager applied last time and does not apply now, unless another manager owns them or
 * something below them.
 */
function pruned(shape: Shape, object: Json, managers: Managers, last: FieldSet): Json {
  if (isEmpty(last)) return object;
  const named = (set: FieldSet): FieldSet => withNamed(shape, set);
  const remaining = (fields: FieldSet): unknown => withoutFields(shape, object, fields) ?? {};
  const all = named(fieldsOf(shape, object));
  const wanted = named([...managers.values()].reduce((set, { fields }) => union(set, fields), noFields));
  const without0 = named(fieldsOf(shape, remaining(named(last))));
  const without1 = named(fieldsOf(shape, remaining(difference(all, union(without0, wanted)))));
  return remaining(intersection(difference(all, without1), named(last))) as Json;
}

/** Other managers lose the fields that were changed or removed; a manager without fields is removed, too. */
function withoutLost(managers: Managers, self: string | undefined, changes: Comparison): Managers {
  const lost = union(union(changes.modified, changes.added), changes.removed);
  if (isEmpty(lost)) return managers;
  const kept = [...managers].flatMap(([id, manager]) => {
    if (id === self) return [[id, manager] as const];
    const fields = difference(manager.fields, lost);
    return isEmpty(fields) ? [] : [[id, { ...manager, fields }] as const];
  });
  return new Map(kept);
}

interface Conflict {
  readonly manager: string;
  readonly path: string;
}

function conflictsWith(managers: Managers, self: string, { added, modified }: Comparison): readonly Conflict[] {
  const changed = union(modified, added);
  return [...managers]
    .filter(([id]) => id !== self)
    .flatMap(([, manager]) =>
      pathsOf(intersection(manager.fields, changed)).map((path) => ({
        manager: printed(manager),
        path: pathText(path),
      })),
    );
}

function printed({ name, operation, subresource, apiVersion }: Manager): string {
  const part = subresource === undefined ? "" : ` with subresource ${JSON.stringify(subresource)}`;
  return JSON.stringify(name) + part + (operation === "Update" ? ` using ${apiVersion}` : "");
}

function refusal(found: readonly Conflict[]): Applied {
  const conflicts = found.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${manager}`,
    field: path,
  }));
  const [first] = found;
  if (found.length === 1 && first !== undefined) {
    return { conflicts, message: `Apply failed with 1 conflict: conflict with ${first.manager}: ${first.path}` };
  }
  const groups = Object.entries(Object.groupBy(found, ({ manager }) => manager)).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const lines = groups.flatMap(([manager, list = []]) => [
    `conflicts with ${manager}:`,
    ...list.map(({ path }) => `- ${path}`),
  ]);
  return { conflicts, message: `Apply failed with ${found.length} conflicts: ${lines.join("\n")}` };
}

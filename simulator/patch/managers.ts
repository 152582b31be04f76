/** Who owns which fields: metadata.managedFields, read and written. */
import { type FieldSet, isEmpty, noFields, union, without } from "./fieldSet.ts";
import { isList, isObject } from "../../kube/object/json.ts";

export type Operation = "Apply" | "Update";

export interface Manager {
  readonly name: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string | undefined;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** By what identifies them: name, operation, subresource and, for those that update, the version. */
export type Managers = ReadonlyMap<string, Manager>;

export function idOf({ name, operation, apiVersion, subresource }: Omit<Manager, "time" | "fields">): string {
  return JSON.stringify([operation, name, operation === "Apply" ? "" : apiVersion, subresource ?? ""]);
}

/** What cannot be read is left out. */
export function readManagers(managedFields: unknown): Managers {
  const managers = new Map<string, Manager>();
  for (const entry of isList(managedFields) ? managedFields : []) {
    if (!isObject(entry) || !isObject(entry["fieldsV1"]) || typeof entry["apiVersion"] !== "string") continue;
    const manager: Manager = {
      name: text(entry["manager"]) ?? "",
      operation: entry["operation"] === "Apply" ? "Apply" : "Update",
      apiVersion: entry["apiVersion"],
      subresource: text(entry["subresource"]),
      time: text(entry["time"]),
      fields: entry["fieldsV1"] as FieldSet,
    };
    managers.set(idOf(manager), manager);
  }
  return managers;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** Fields that every writer may set and that have no owner. */
const ownerless: readonly (readonly string[])[] = [
  ["f:apiVersion"],
  ["f:kind"],
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((name) => ["f:metadata", `f:${name}`]),
];

export function owned(fields: FieldSet): FieldSet {
  const { "f:metadata": metadata, ...rest } = ownerless.reduce(without, fields);
  if (metadata === undefined) return rest;
  const { ".": _, ...inside } = metadata;
  return isEmpty(inside) ? rest : { ...rest, "f:metadata": inside };
}

const maxUpdaters = 10;

/** The entries of metadata.managedFields: those that apply first, then by time. */
export function writtenManagers(managers: Managers): readonly object[] {
  return [...folded(managers).values()]
    .filter(({ fields }) => !isEmpty(fields))
    .toSorted(
      (a, b) =>
        order(a.operation, b.operation) ||
        order(a.time ?? "", b.time ?? "") ||
        order(a.name, b.name) ||
        order(a.apiVersion, b.apiVersion) ||
        order(a.subresource ?? "", b.subresource ?? ""),
    )
    .map(({ name, operation, apiVersion, time, fields, subresource }) => ({
      ...(name === "" ? {} : { manager: name }),
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: "FieldsV1",
      fieldsV1: fields,
      ...(subresource === undefined ? {} : { subresource }),
    }));
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** When there are too many that update, the oldest are merged into one for each version. */
function folded(managers: Managers): Managers {
  const updaters = [...managers.values()]
    .filter(({ operation }) => operation === "Update")
    .toSorted((a, b) => order(a.time ?? "", b.time ?? ""));
  const excess = updaters.length - maxUpdaters;
  if (excess <= 0) return managers;
  const result = new Map(managers);
  for (const manager of updaters) {
    if (result.size - (managers.size - updaters.length) <= maxUpdaters) break;
    result.delete(idOf(manager));
    const ancient = { ...manager, name: "ancient-changes", subresource: undefined };
    const known = result.get(idOf(ancient));
    result.set(idOf(ancient), { ...ancient, fields: union(known?.fields ?? noFields, manager.fields) });
  }
  return result;
}

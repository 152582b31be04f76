/** metadata.managedFields: who wrote what. Only tracked when the writer has a name. */
import { trackManagers } from "../../patch/serverSideApply.ts";
import type { Kind } from "../state/kinds.ts";
import type { ApiObject, WriteOptions } from "../../model/model.ts";
import { schemaOf } from "./shaping.ts";
import type { Unnumbered } from "../state/store.ts";

/** Members that a write to the object itself never changes. */
export const ignoredBy = (kind: Kind, subresource: string | undefined): readonly string[] =>
  kind.hasStatus && subresource === undefined ? ["status"] : [];

/** `next` with its managedFields updated for this write; itself when they are not tracked. */
export const accounted = <T extends Unnumbered>(
  kind: Kind,
  old: ApiObject | undefined,
  next: T,
  { fieldManager, subresource }: WriteOptions,
  time: string,
): T => {
  const schema = fieldManager === undefined ? undefined : schemaOf(kind);
  if (fieldManager === undefined || schema === undefined) return next;
  const managedFields = trackManagers(old, next, {
    schema,
    manager: fieldManager,
    operation: "Update",
    subresource,
    time,
    apiVersion: kind.apiVersion,
    ignored: ignoredBy(kind, subresource),
  });
  if (managedFields === undefined || managedFields === next.metadata.managedFields) return next;
  const { managedFields: _, ...metadata } = next.metadata;
  return { ...next, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } };
};

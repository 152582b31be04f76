/**
 * Who has written the size of a Deployment, as the API server notes it (metadata.managedFields). What we have scaled to 0
 * is ours, and a server-side apply of another size would be refused as a conflict (docs/migration.md#server-side-apply).
 */
import { isObject, type Json } from "../../../kube/object/json.ts";

/** One entry of metadata.managedFields. */
export type ManagedFields = Json;

/** As the API server calls us: the first part of our User-Agent. */
const OURS = "sluice";

const specIn = (entry: ManagedFields): Json | undefined => {
  const fields = entry["fieldsV1"];
  const spec = isObject(fields) ? fields["f:spec"] : undefined;
  return isObject(spec) ? spec : undefined;
};

const isOurSize = (entry: ManagedFields): boolean =>
  entry["manager"] === OURS && entry["operation"] === "Update" && specIn(entry)?.["f:replicas"] !== undefined;

/** Whether we have written the size last. */
export const ownsSize = (entries: readonly ManagedFields[] = []): boolean => entries.some(isOurSize);

/** The entries without our claim on the size; all others stay. */
export const withoutOurSize = (entries: readonly ManagedFields[]): ManagedFields[] =>
  entries.map((entry) => {
    if (!isOurSize(entry)) return entry;
    const { "f:replicas": _, ...spec } = specIn(entry) ?? {};
    const { "f:spec": _spec, ...fields } = entry["fieldsV1"] as Json;
    return { ...entry, fieldsV1: Object.keys(spec).length === 0 ? fields : { ...fields, "f:spec": spec } };
  });

/** Rules of metadata that all kinds share: what the server fills in, what may change and what is wrong. */
import { equal } from "../../../kube/object/equality.ts";
import type { Kind } from "../state/kinds.ts";
import type { Cause, ObjectMeta, OwnerReference } from "../../model/model.ts";

type Written = Partial<ObjectMeta>;

/** Metadata before the store has given it a resourceVersion. */
type NewMeta = Omit<ObjectMeta, "resourceVersion">;

const causeOf = (reason: string, field: string, message: string): Cause => ({ reason, field, message });
const invalidValue = (field: string, value: string, why: string): Cause =>
  causeOf("FieldValueInvalid", field, `Invalid value: ${value}: ${why}`);

const alphanumericEnds =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const namePartAdvice = `name part ${alphanumericEnds} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`;
const prefixAdvice =
  "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelValueAdvice = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`;

const namePart = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Why this is not a name such as "app" or "example.com/app"; undefined when it is one. */
const qualifiedNameFault = (key: string): string | undefined => {
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  if (slash >= 0 && (slash > 253 || !subdomain.test(key.slice(0, slash)))) return prefixAdvice;
  if (name === "") return "name part must be non-empty";
  if (name.length > 63) return "name part must be no more than 63 bytes";
  return namePart.test(name) ? undefined : namePartAdvice;
};

const labelFaults = (labels: Readonly<Record<string, string>> = {}): Cause[] =>
  Object.entries(labels).flatMap(([key, value]) => {
    const wrongKey = qualifiedNameFault(key);
    const field = "metadata.labels";
    const ofKey = wrongKey === undefined ? [] : [invalidValue(field, JSON.stringify(key), wrongKey)];
    if (typeof value !== "string" || value === "" || (value.length <= 63 && namePart.test(value))) return ofKey;
    const why = value.length > 63 ? "must be no more than 63 bytes" : labelValueAdvice;
    return [...ofKey, invalidValue(field, JSON.stringify(value), why)];
  });

const annotationFaults = (annotations: Readonly<Record<string, string>> = {}): Cause[] =>
  Object.keys(annotations).flatMap((key) => {
    const wrong = qualifiedNameFault(key.toLowerCase());
    return wrong === undefined ? [] : [invalidValue("metadata.annotations", JSON.stringify(key), wrong)];
  });

const required = (field: string, value: string | undefined, why = "must not be empty"): Cause[] =>
  value === undefined || value === "" ? [invalidValue(field, '""', why)] : [];

const ownerFaults = (owners: readonly OwnerReference[] = []): Cause[] => {
  const field = "metadata.ownerReferences";
  const faults = owners.flatMap((owner) => {
    return [
      ...required(`${field}.apiVersion`, owner.apiVersion, "version must not be empty"),
      ...required(`${field}.kind`, owner.kind),
      ...required(`${field}.name`, owner.name),
      ...required(`${field}.uid`, owner.uid),
    ];
  });
  const [first, second] = owners.filter(({ controller }) => controller === true);
  if (first === undefined || second === undefined) return faults;
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${first.kind}/${first.name} and ${second.kind}/${second.name}`;
  return [...faults, invalidValue(field, JSON.stringify(owners), why)];
};

const plainFinalizers = ["kubernetes", "orphan", "foregroundDeletion"];

const finalizerFaults = (finalizers: readonly string[] = []): Cause[] =>
  finalizers.flatMap((name, index) => {
    const field = `metadata.finalizers[${index}]`;
    const wrong = qualifiedNameFault(name);
    if (wrong !== undefined) return [invalidValue(field, JSON.stringify(name), wrong)];
    return name.includes("/") || name.includes(".") || plainFinalizers.includes(name)
      ? []
      : [
          invalidValue(
            field,
            JSON.stringify(name),
            "name is neither a standard finalizer name nor is it fully qualified",
          ),
        ];
  });

/** What is wrong with the parts that differ from `old`. */
export const metadataFaults = (next: NewMeta, old: ObjectMeta | undefined): Cause[] => {
  const faults: Cause[] = [];
  if (next.labels !== old?.labels) faults.push(...labelFaults(next.labels));
  if (next.annotations !== old?.annotations) faults.push(...annotationFaults(next.annotations));
  if (next.ownerReferences !== old?.ownerReferences) faults.push(...ownerFaults(next.ownerReferences));
  if (next.finalizers === old?.finalizers) return faults;
  faults.push(...finalizerFaults(next.finalizers));
  const added = (next.finalizers ?? []).filter((name) => old?.finalizers?.includes(name) !== true);
  if (old?.deletionTimestamp !== undefined && added.length > 0) {
    const found = `[]string{${added.map((name) => JSON.stringify(name)).join(", ")}}`;
    const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${found}`;
    faults.push(causeOf("FieldValueForbidden", "metadata.finalizers", `Forbidden: ${why}`));
  }
  return faults;
};

const isEmpty = (value: object): boolean => {
  for (const _ in value) return false;
  return true;
};

type Free = Pick<Written, "labels" | "annotations" | "ownerReferences" | "finalizers">;

/** Undefined for an empty value (writers in Go send null); the old value itself where both are equal. */
const kept = <T extends object>(value: T | null | undefined, old: T | undefined): T | undefined => {
  if (value === undefined || value === null || isEmpty(value)) return undefined;
  return old !== undefined && equal(value, old) ? old : value;
};

/** The members that a writer decides. */
const free = (written: Written, old: Written | undefined): Free => {
  const labels = kept(written.labels, old?.labels);
  const annotations = kept(written.annotations, old?.annotations);
  const ownerReferences = kept(written.ownerReferences, old?.ownerReferences);
  const finalizers = kept(written.finalizers, old?.finalizers);
  return {
    ...(labels === undefined ? undefined : { labels }),
    ...(annotations === undefined ? undefined : { annotations }),
    ...(ownerReferences === undefined ? undefined : { ownerReferences }),
    ...(finalizers === undefined ? undefined : { finalizers }),
  };
};

/** Metadata of a new object. */
export const newMetadata = (
  kind: Kind,
  written: Written,
  given: { name: string; namespace: string | undefined; uid: string; now: string },
): NewMeta => {
  const { namespace } = given;
  const { generateName, generation } = written;
  return {
    name: given.name,
    ...(generateName === undefined || generateName === "" ? {} : { generateName }),
    ...(kind.resource.namespaced && namespace !== undefined ? { namespace } : {}),
    uid: given.uid,
    ...(kind.counted ? { generation: 1 } : generation === undefined ? {} : { generation }),
    creationTimestamp: given.now,
    ...free(written, undefined),
    ...(written.managedFields === undefined ? {} : { managedFields: written.managedFields }),
  };
};

/** Metadata after an update, which cannot change the server's own members. `old` itself when nothing changed. */
export const updatedMetadata = (old: ObjectMeta, written: Written): ObjectMeta => {
  if (written === old) return old;
  const { labels, annotations, ownerReferences, finalizers, managedFields, ...fixed } = old;
  const next = free(written, old);
  const fields = written.managedFields ?? managedFields;
  const same =
    next.labels === labels &&
    next.annotations === annotations &&
    next.ownerReferences === ownerReferences &&
    next.finalizers === finalizers &&
    fields === managedFields;
  if (same) return old;
  return { ...fixed, ...next, ...(fields === undefined ? {} : { managedFields: fields }) };
};

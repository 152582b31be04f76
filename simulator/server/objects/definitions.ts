/** CustomResourceDefinitions: the kinds that they add, their conditions, and their deletion with all their objects. */
import type { Schema } from "../../schema/schema.ts";
import { deleteSlot, type Deleted } from "./deletion.ts";
import { allVerbs, definitionsKey, type Kind, type ScalePaths, type View } from "../state/kinds.ts";
import type { ApiObject, Cause, DeleteOptions, Resource } from "../../model/model.ts";
import type { Slot, StoredChange, Unnumbered } from "../state/store.ts";
import type { World } from "../state/state.ts";

interface Names {
  readonly plural: string;
  readonly singular?: string;
  readonly kind: string;
  readonly listKind?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema?: { readonly openAPIV3Schema?: Schema };
  readonly subresources?: {
    readonly status?: object;
    readonly scale?: {
      readonly specReplicasPath: string;
      readonly statusReplicasPath: string;
      readonly labelSelectorPath?: string;
    };
  };
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
}

interface Spec {
  readonly group: string;
  readonly scope: "Namespaced" | "Cluster";
  readonly names: Names;
  readonly versions: readonly Version[];
  readonly preserveUnknownFields?: boolean;
}

interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

const cleanup = "customresourcecleanup.apiextensions.k8s.io";

const specOf = (definition: object): Spec => (definition as { readonly spec: Spec }).spec;

/** ".spec.replicas" → "spec.replicas". */
const undotted = (path: string): string => path.replace(/^\./, "");

const scaleOf = ({ subresources }: Version): ScalePaths | undefined => {
  const scale = subresources?.scale;
  if (scale === undefined) return undefined;
  return {
    specReplicas: undotted(scale.specReplicasPath),
    statusReplicas: undotted(scale.statusReplicasPath),
    labelSelector: scale.labelSelectorPath === undefined ? undefined : undotted(scale.labelSelectorPath),
  };
};

const resourceOf = ({ group, scope, names }: Spec, version: Version): Resource => ({
  group,
  version: version.name,
  name: names.plural,
  singular: names.singular ?? names.kind.toLowerCase(),
  kind: names.kind,
  listKind: names.listKind ?? `${names.kind}List`,
  namespaced: scope === "Namespaced",
  shortNames: names.shortNames ?? [],
  categories: names.categories ?? [],
  verbs: allVerbs,
  subresources: [
    ...(version.subresources?.status === undefined ? [] : ["status"]),
    ...(version.subresources?.scale === undefined ? [] : ["scale"]),
  ],
});

/** Versions differ in their apiVersion alone: definitions with a conversion webhook are served as if they had none. */
const viewAs = (shown: string, stored: string): View | undefined =>
  shown === stored
    ? undefined
    : {
        show: (object) => ({ ...object, apiVersion: shown }),
        store: (object) => ({ ...object, apiVersion: stored }),
      };

const kindOf = (spec: Spec, version: Version, storageVersion: string): Kind => {
  const resource = resourceOf(spec, version);
  const schema = version.schema?.openAPIV3Schema;
  return {
    resource,
    key: `${spec.names.plural}.${spec.group}`,
    apiVersion: `${spec.group}/${version.name}`,
    custom: true,
    schema: spec.preserveUnknownFields === true ? undefined : schema,
    hasStatus: resource.subresources.includes("status"),
    scale: scaleOf(version),
    counted: true,
    unconditionalUpdate: false,
    createOnUpdate: false,
    returnsDeleted: false,
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => undotted(jsonPath)),
    keepsStatus: false,
    begin: undefined,
    view: viewAs(`${spec.group}/${version.name}`, `${spec.group}/${storageVersion}`),
  };
};

const register = (world: World, definition: ApiObject): void => {
  const spec = specOf(definition);
  const storage = spec.versions.find((version) => version.storage);
  if (storage === undefined) return;
  const kinds = spec.versions.map((version) => kindOf(spec, version, storage.name));
  const stored = kinds.find(({ view }) => view === undefined);
  if (stored === undefined) return;
  const served = kinds.filter((_, index) => spec.versions[index]?.served === true);
  world.registry.add(served, stored);
};

const fault = (field: string, reason: string, message: string): Cause => ({ field, reason, message });

/** What is wrong with a definition, as far as it matters here; its schema is not checked. */
export const definitionFaults = (definition: Unnumbered): Cause[] => {
  const spec = specOf(definition) as Partial<Spec> | undefined;
  const { group, names, versions = [] } = spec ?? {};
  const { name } = definition.metadata;
  const faults: Cause[] = [];
  if (name !== `${names?.plural}.${group}`) {
    const message = `Invalid value: ${JSON.stringify(name)}: must be spec.names.plural+"."+spec.group`;
    faults.push(fault("metadata.name", "FieldValueInvalid", message));
  }
  for (const [index, { schema }] of versions.entries()) {
    if (schema?.openAPIV3Schema !== undefined) continue;
    const field = `spec.versions[${index}].schema.openAPIV3Schema`;
    faults.push(fault(field, "FieldValueRequired", "Required value"));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    const message = `Invalid value: ${JSON.stringify(versions)}: must have exactly one version marked as storage version`;
    faults.push(fault("spec.versions", "FieldValueInvalid", message));
  }
  return faults;
};

const condition = (type: string, reason: string, message: string, now: string): Condition => ({
  type,
  status: "True",
  lastTransitionTime: now,
  reason,
  message,
});

interface Status {
  readonly conditions: readonly Condition[];
  readonly acceptedNames?: Names;
  readonly storedVersions: readonly string[];
}

/** Absent members are null in an object that the server has filled in. */
const statusOf = (definition: ApiObject): Status => {
  const { conditions, storedVersions, ...others } =
    (definition["status"] as { [K in keyof Status]?: Status[K] | null } | undefined) ?? {};
  return {
    ...(others.acceptedNames ? { acceptedNames: others.acceptedNames } : {}),
    conditions: conditions ?? [],
    storedVersions: storedVersions ?? [],
  };
};

/** The status of a definition whose kind is served, which here it is from the beginning. */
const established = (definition: ApiObject, now: string): Status => {
  const { names, versions } = specOf(definition);
  const { conditions, storedVersions } = statusOf(definition);
  const storage = versions.find((version) => version.storage)?.name;
  const given = [
    condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
    condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
  ].filter(({ type }) => !conditions.some((each) => each.type === type));
  return {
    conditions: [...conditions, ...given],
    acceptedNames: names,
    storedVersions:
      storage === undefined || storedVersions.includes(storage) ? storedVersions : [...storedVersions, storage],
  };
};

/** Begins the deletion of a definition: no new objects of its kind; the kind goes when its last object is gone. */
export const deleteDefinition = (world: World, slot: Slot, options: DeleteOptions): Deleted => {
  const { collection, object } = slot;
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp !== undefined) return { object, isGone: false };
  if (options.dryRun === true || world.registry.byKey(object.metadata.name) === undefined) {
    return deleteSlot(world, collection.kind, slot, options);
  }
  const now = world.now();
  const metadata = {
    ...object.metadata,
    deletionTimestamp: now,
    finalizers: finalizers.includes(cleanup) ? finalizers : [...finalizers, cleanup],
  };
  const { conditions, ...others } = statusOf(object);
  const terminating = condition(
    "Terminating",
    "InstanceDeletionPending",
    "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    now,
  );
  const status = { ...others, conditions: [...conditions, terminating] };
  return { object: world.store.replace(slot, { ...object, metadata, status }), isGone: false };
};

/** Deletes the objects of a definition; when none is left, removes the definition's finalizer. */
const empty = (world: World, slot: Slot): void => {
  const collection = world.store.collection(slot.object.metadata.name);
  for (const each of collection === undefined ? [] : world.store.slots(collection, undefined)) {
    if (each.object.metadata.deletionTimestamp === undefined) deleteSlot(world, each.collection.kind, each);
  }
  if (collection !== undefined && world.store.slots(collection, undefined).length > 0) return;
  const { object } = slot;
  const { finalizers = [], ...metadata } = object.metadata;
  const left = finalizers.filter((each) => each !== cleanup);
  if (left.length === 0) world.store.remove(slot);
  else if (left.length < finalizers.length) {
    world.store.replace(slot, { ...object, metadata: { ...metadata, finalizers: left } });
  }
};

/** Serves kinds while they are defined; objects of definitions that are being deleted are deleted on the clock. */
export const startDefinitionController = (world: World): (() => void) => {
  const { store, registry, clock } = world;
  const ending = new Set<string>();
  let cancel: (() => void) | undefined;
  const slotOf = (name: string): Slot | undefined => {
    const definitions = store.collection(definitionsKey);
    return definitions === undefined ? undefined : store.find(definitions, "", name);
  };
  const round = (): void => {
    cancel = undefined;
    for (const name of ending) {
      const slot = slotOf(name);
      if (slot !== undefined) empty(world, slot);
    }
  };
  const follow = (object: ApiObject, old: ApiObject | undefined): void => {
    const slot = store.byUid(object.metadata.uid);
    if (slot === undefined || object["spec"] === old?.["spec"]) return;
    register(world, object);
    const status = established(slot.object, world.now());
    store.replace(slot, { ...slot.object, status });
  };
  const onChange = ({ type, resource, object, old }: StoredChange): void => {
    const { name, deletionTimestamp } = object.metadata;
    if (resource !== definitionsKey) {
      if (type === "DELETED" && ending.has(resource)) cancel ??= clock.after(0, round);
    } else if (type === "DELETED") {
      ending.delete(name);
      registry.remove(name);
      store.close(name);
    } else if (deletionTimestamp === undefined) follow(object, old);
    else {
      ending.add(name);
      cancel ??= clock.after(0, round);
    }
  };
  const stop = store.onChange(onChange);
  return () => {
    stop();
    cancel?.();
  };
};

/** Whether the kind's definition is being deleted. */
export const isEnding = ({ store }: World, { key, custom }: Kind): boolean => {
  if (!custom) return false;
  const definitions = store.collection(definitionsKey);
  const definition = definitions === undefined ? undefined : store.find(definitions, "", key);
  return definition?.object.metadata.deletionTimestamp !== undefined;
};

/** The synchronous heart of the server. */
import type { Clock } from "../../../kube/clock/clock.ts";
import { binds } from "./binding.ts";
import { deleteDefinition, startDefinitionController } from "./definitions.ts";
import { deleteSlot, type Deleted } from "./deletion.ts";
import { startGarbageCollector } from "./garbage.ts";
import { secondsOf } from "../state/identity.ts";
import { definitionsKey, type Kind } from "../state/kinds.ts";
import type {
  ApiCore,
  ApiObject,
  DeleteOptions,
  Draft,
  ListOptions,
  ObjectRef,
  WriteOptions,
} from "../../model/model.ts";
import { deleteNamespace, firstNamespaces, startNamespaceController } from "./namespaces.ts";
import { noSuchPath, notFound } from "../state/refusals.ts";
import { createRegistry } from "../state/registry.ts";
import { restore, type SavedState } from "./saved.ts";
import { matcher } from "../state/selectors.ts";
import { createStore, type Slot } from "../state/store.ts";
import { collectionOf, slotOf, type World } from "../state/state.ts";
import { commit, prepareCreate, prepareUpdate } from "./writes.ts";

export interface CoreOptions {
  readonly clock: Clock;
  /** [0, 1), for uids and generated names; Math.random by default. */
  readonly random?: () => number;
  /** At least so many past changes of a kind can be watched. 1,000 by default. */
  readonly historySize?: number;
  /** What an earlier server saved; without it a server begins with the namespaces that every cluster has. */
  readonly saved?: SavedState;
  /** Freezes stored objects, which are shared, so that changing one throws. It costs time; for tests. */
  readonly frozen?: boolean;
}

const createWorld = (options: CoreOptions): World => {
  const { clock, random = Math.random, historySize = 1_000, frozen = false } = options;
  const store = createStore({ historySize, frozen });
  return { store, registry: createRegistry(store), clock, random, now: secondsOf(clock) };
};

/** @throws {StatusError} 404 for a kind that is not served. */
const kindOf = ({ registry }: World, name: string): Kind => {
  const kind = registry.byKey(name);
  if (kind === undefined) throw noSuchPath();
  return kind;
};

/** @throws {StatusError} 404 */
export const foundSlot = (world: World, kind: Kind, namespace: string | undefined, name: string): Slot => {
  const slot = slotOf(world, kind, namespace, name);
  if (slot === undefined) throw notFound(kind.resource, name);
  return slot;
};

/** As `deleteSlot`, by the rules of the object's kind. */
export const removeSlot = (world: World, kind: Kind, slot: Slot, options: DeleteOptions = {}): Deleted => {
  switch (kind.key) {
    case "namespaces":
      return deleteNamespace(world, slot, options);
    case definitionsKey:
      return deleteDefinition(world, slot, options);
    default:
      return deleteSlot(world, kind, slot, options);
  }
};

/** @throws {StatusError} 400 for a selector that cannot be read */
export const listObjects = (world: World, kind: Kind, options: ListOptions): readonly ApiObject[] => {
  const matches = matcher(options, { fields: kind.selectableFields, custom: kind.custom });
  const slots = world.store.slots(collectionOf(world, kind), kind.resource.namespaced ? options.namespace : undefined);
  if (matches === undefined) return slots.map(({ object }) => object);
  const objects: ApiObject[] = [];
  for (const { object } of slots) if (matches(object)) objects.push(object);
  return objects;
};

/** Stores the draft. In-process callers bind a pod by an update that sets its node. */
const updated = (world: World, slot: Slot, draft: Draft, options: WriteOptions): ApiObject => {
  const { kind } = slot.collection;
  const isBinding = kind.key === "pods" && options.subresource === undefined && binds(slot.object, draft);
  const how = isBinding ? { ...options, subresource: "binding" } : options;
  return commit(world, prepareUpdate(world, kind, slot, draft, how), options.dryRun === true);
};

export const coreOf = (world: World): ApiCore => {
  const slotAt = ({ resource, namespace, name }: ObjectRef): Slot =>
    foundSlot(world, kindOf(world, resource), namespace, name);
  return {
    clock: world.clock,
    resource: (name) => world.registry.byKey(name)?.resource,
    resources: () => world.registry.resources(),
    get: ({ resource, namespace, name }) => slotOf(world, kindOf(world, resource), namespace, name)?.object,
    list: (resource, options = {}) => listObjects(world, kindOf(world, resource), options),
    create: (resource, draft, options = {}) =>
      commit(world, prepareCreate(world, kindOf(world, resource), draft, options), options.dryRun === true),
    update(resource, draft, options = {}) {
      const { namespace, name = "" } = draft.metadata ?? {};
      return updated(world, slotAt({ resource, namespace, name }), draft, options);
    },
    modify(ref, change, options = {}) {
      const slot = slotAt(ref);
      return updated(world, slot, change(slot.object), options);
    },
    delete(ref, options = {}) {
      const slot = slotAt(ref);
      return removeSlot(world, slot.collection.kind, slot, options).object;
    },
    onChange: (listener) => world.store.onChange(listener),
    get resourceVersion() {
      return String(world.store.version);
    },
  };
};

/** A world with the namespaces that every cluster has, and with the server's own controllers running. */
export const openWorld = (options: CoreOptions): World => {
  const world = createWorld(options);
  startGarbageCollector(world);
  startNamespaceController(world);
  startDefinitionController(world);
  if (options.saved !== undefined) {
    restore(world, options.saved);
    return world;
  }
  const namespaces = kindOf(world, "namespaces");
  for (const name of firstNamespaces) commit(world, prepareCreate(world, namespaces, { metadata: { name } }), false);
  return world;
};

export const createCore = (options: CoreOptions): ApiCore => coreOf(openWorld(options));

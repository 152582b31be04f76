/**
 * The objects that the controllers read, updated with every change of the server. So that no decision scans, they are
 * indexed by key and by the uid of their controller, pods by their labels. Iteration is in order of arrival, the same
 * in every run.
 */
import type { ApiCore, ApiObject, Change } from "../../model/model.ts";
import { controllerOf, keyOf, type Kind, type Kinds, type Pod, type Service } from "./objects.ts";

type Labels = Readonly<Record<string, string>>;

export interface World {
  get<K extends Kind>(kind: K, key: string): Kinds[K] | undefined;
  all<K extends Kind>(kind: K): Iterable<Kinds[K]>;
  /** Those whose controller has this uid. */
  owned<K extends Kind>(kind: K, uid: string): readonly Kinds[K][];
  /** Those of a namespace that no controller owns. */
  orphans<K extends Kind>(kind: K, namespace: string): readonly Kinds[K][];
  /** Pods that carry all of these labels; no pods when there are no labels. */
  podsWith(namespace: string, labels: Labels): readonly Pod[];
  podsIn(namespace: string): readonly Pod[];
  /** Services of a namespace whose selector these labels satisfy. */
  servicesFor(namespace: string, labels: Labels): readonly Service[];
  /** Takes in a change; one of another kind is ignored. */
  take(change: Change): void;
}

const kinds: readonly Kind[] = [
  "nodes",
  "namespaces",
  "serviceaccounts",
  "services",
  "endpoints",
  "endpointslices.discovery.k8s.io",
  "poddisruptionbudgets.policy",
  "deployments.apps",
  "replicasets.apps",
  "jobs.batch",
  "pods",
];

const known: ReadonlySet<string> = new Set(kinds);
const isKind = (resource: string): resource is Kind => known.has(resource);

/** Keys of objects under names of groups. */
function groups() {
  const members = new Map<string, Set<string>>();
  const none: ReadonlySet<string> = new Set();
  return {
    get isEmpty(): boolean {
      return members.size === 0;
    },
    of: (group: string): ReadonlySet<string> => members.get(group) ?? none,
    add(group: string, key: string): void {
      const keys = members.get(group);
      if (keys === undefined) members.set(group, new Set([key]));
      else keys.add(key);
    },
    remove(group: string, key: string): void {
      const keys = members.get(group);
      keys?.delete(key);
      if (keys?.size === 0) members.delete(group);
    },
  };
}

/** The group that an object belongs to: its controller's uid, or its namespace when it has no controller. */
const ownerGroup = (object: ApiObject): string => controllerOf(object)?.uid ?? `/${object.metadata.namespace ?? ""}`;

/** A group of objects; its list is cached until a change. */
interface Group<T> {
  readonly byKey: Map<string, T>;
  list: readonly T[] | undefined;
}

function shelf<T extends ApiObject>() {
  const objects = new Map<string, T>();
  const byOwner = new Map<string, Group<T>>();
  const none: readonly T[] = [];
  const leave = (name: string, key: string): void => {
    const group = byOwner.get(name);
    if (group === undefined) return;
    group.list = undefined;
    group.byKey.delete(key);
    if (group.byKey.size === 0) byOwner.delete(name);
  };
  const enter = (name: string, key: string, object: T): void => {
    const group = byOwner.get(name) ?? { byKey: new Map<string, T>(), list: undefined };
    byOwner.set(name, group);
    group.list = undefined;
    group.byKey.set(key, object);
  };
  return {
    objects,
    ownedBy(name: string): readonly T[] {
      const group = byOwner.get(name);
      if (group === undefined) return none;
      group.list ??= Array.from(group.byKey.values());
      return group.list;
    },
    put(key: string, object: T): void {
      const before = objects.get(key);
      objects.set(key, object);
      const name = ownerGroup(object);
      if (before !== undefined && before.metadata.ownerReferences !== object.metadata.ownerReferences) {
        const left = ownerGroup(before);
        if (left !== name) leave(left, key);
      }
      enter(name, key, object);
    },
    remove(key: string): void {
      const before = objects.get(key);
      if (before === undefined) return;
      objects.delete(key);
      leave(ownerGroup(before), key);
    },
  };
}

/** Pods by each of their labels, and by namespace under the label "". */
function labelIndex() {
  const byLabel = groups();
  const groupsOf = ({ metadata: { namespace = "", labels = {} } }: ApiObject): string[] => {
    const found = [`${namespace}/`];
    for (const name in labels) found.push(`${namespace}/${name}=${labels[name]}`);
    return found;
  };
  return {
    of: byLabel.of,
    change(key: string, before: ApiObject | undefined, after: ApiObject | undefined): void {
      if (before !== undefined && after !== undefined && before.metadata.labels === after.metadata.labels) return;
      if (before !== undefined) for (const group of groupsOf(before)) byLabel.remove(group, key);
      if (after !== undefined) for (const group of groupsOf(after)) byLabel.add(group, key);
    },
  };
}

/** Services by one label of their selector: a pod that they select has it. */
function selectorIndex() {
  const byLabel = groups();
  const groupOf = (object: ApiObject): string | undefined => {
    const selector = (object as Service).spec.selector ?? {};
    const name = Object.keys(selector).toSorted()[0];
    return name === undefined ? undefined : `${object.metadata.namespace ?? ""}/${name}=${selector[name]}`;
  };
  return {
    get isEmpty(): boolean {
      return byLabel.isEmpty;
    },
    of: byLabel.of,
    change(key: string, before: ApiObject | undefined, after: ApiObject | undefined): void {
      const [left, entered] = [before, after].map((object) => (object === undefined ? undefined : groupOf(object)));
      if (left === entered) return;
      if (left !== undefined) byLabel.remove(left, key);
      if (entered !== undefined) byLabel.add(entered, key);
    },
  };
}

export const carries = (labels: Labels | undefined, wanted: Labels): boolean => {
  for (const name in wanted) if (labels?.[name] !== wanted[name]) return false;
  return true;
};

type Shelf = ReturnType<typeof shelf<ApiObject>>;
type Shelves = { readonly [K in Kind]: ReturnType<typeof shelf<Kinds[K]>> };

const emptyShelves = (): Shelves => ({
  pods: shelf(),
  nodes: shelf(),
  services: shelf(),
  endpoints: shelf(),
  "endpointslices.discovery.k8s.io": shelf(),
  namespaces: shelf(),
  serviceaccounts: shelf(),
  "replicasets.apps": shelf(),
  "deployments.apps": shelf(),
  "jobs.batch": shelf(),
  "poddisruptionbudgets.policy": shelf(),
});

/** A world that holds what the server has now; the caller passes it every later change. */
export function createWorld(core: ApiCore): World {
  const shelves = emptyShelves();
  const podLabels = labelIndex();
  const selectors = selectorIndex();
  const found = <T>(objects: ReadonlyMap<string, T>, keys: Iterable<string>): T[] => {
    const result: T[] = [];
    for (const key of keys) {
      const object = objects.get(key);
      if (object !== undefined) result.push(object);
    }
    return result;
  };
  // The changes of a collection hold objects of its kind.
  const shelfOf = (kind: Kind): Shelf => shelves[kind];

  const world: World = {
    get: (kind, key) => shelves[kind].objects.get(key),
    all: (kind) => shelves[kind].objects.values(),
    owned: (kind, uid) => shelves[kind].ownedBy(uid),
    orphans: (kind, namespace) => shelves[kind].ownedBy(`/${namespace}`),
    podsIn: (namespace) => found(shelves.pods.objects, podLabels.of(`${namespace}/`)),
    podsWith(namespace, labels) {
      let fewest: ReadonlySet<string> | undefined;
      for (const name in labels) {
        const keys = podLabels.of(`${namespace}/${name}=${labels[name]}`);
        if (fewest === undefined || keys.size < fewest.size) fewest = keys;
      }
      return found(shelves.pods.objects, fewest ?? []).filter(({ metadata }) => carries(metadata.labels, labels));
    },
    servicesFor(namespace, labels) {
      if (selectors.isEmpty) return [];
      const keys: string[] = [];
      for (const name in labels) keys.push(...selectors.of(`${namespace}/${name}=${labels[name]}`));
      return found(shelves.services.objects, keys).filter(({ spec }) => carries(labels, spec.selector ?? {}));
    },
    take({ type, resource, object }) {
      if (!isKind(resource)) return;
      const { objects, put, remove } = shelfOf(resource);
      const key = keyOf(object);
      const after = type === "DELETED" ? undefined : object;
      if (resource === "pods") podLabels.change(key, objects.get(key), after);
      if (resource === "services") selectors.change(key, objects.get(key), after);
      if (after === undefined) remove(key);
      else put(key, after);
    },
  };
  for (const kind of kinds) {
    if (core.resource(kind) === undefined) continue;
    for (const object of core.list(kind)) world.take({ type: "ADDED", resource: kind, object, old: undefined });
  }
  return world;
}

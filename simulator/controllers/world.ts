/**
 * What the controllers look at, kept by every change of the server, so that no decision scans: objects by key, by the
 * uid of their controller, and pods by their labels. Iteration is in order of arrival, the same in every run.
 */
import type { ApiCore, ApiObject, Change } from "../api/model.ts";
import { controllerOf, keyOf, type Kind, type Kinds, type Pod, type Service } from "./objects.ts";

type Labels = Readonly<Record<string, string>>;

export interface World {
  get<K extends Kind>(kind: K, key: string): Kinds[K] | undefined;
  all<K extends Kind>(kind: K): Iterable<Kinds[K]>;
  /** Those whose controller has this uid. */
  owned<K extends Kind>(kind: K, uid: string): readonly Kinds[K][];
  /** Those of a namespace that no controller owns. */
  orphans<K extends Kind>(kind: K, namespace: string): readonly Kinds[K][];
  /** Pods that carry all of these labels; none when there are no labels to carry. */
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

const isKind = (resource: string): resource is Kind => (kinds as readonly string[]).includes(resource);

/** Keys of objects under names of groups. */
function groups() {
  const members = new Map<string, Set<string>>();
  const none: ReadonlySet<string> = new Set();
  return {
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

/** The group that an object belongs to: its controller's uid, or its namespace when it has none. */
const ownerGroup = (object: ApiObject): string => controllerOf(object)?.uid ?? `/${object.metadata.namespace ?? ""}`;

function shelf() {
  const objects = new Map<string, ApiObject>();
  const byOwner = groups();
  return {
    objects,
    byOwner,
    put(key: string, object: ApiObject): void {
      const before = objects.get(key);
      objects.set(key, object);
      const group = ownerGroup(object);
      if (before !== undefined) {
        if (before.metadata.ownerReferences === object.metadata.ownerReferences) return;
        const left = ownerGroup(before);
        if (left === group) return;
        byOwner.remove(left, key);
      }
      byOwner.add(group, key);
    },
    remove(key: string): void {
      const before = objects.get(key);
      if (before === undefined) return;
      objects.delete(key);
      byOwner.remove(ownerGroup(before), key);
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

/** Services by one label of their selector: a pod that they select carries it. */
function selectorIndex() {
  const byLabel = groups();
  const groupOf = (object: ApiObject): string | undefined => {
    const selector = (object as Service).spec.selector ?? {};
    const name = Object.keys(selector).toSorted()[0];
    return name === undefined ? undefined : `${object.metadata.namespace ?? ""}/${name}=${selector[name]}`;
  };
  return {
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

/** A world that holds what the server has now; the caller tells it of every later change. */
export function createWorld(core: ApiCore): World {
  const shelves = new Map(kinds.map((kind) => [kind, shelf()]));
  const podLabels = labelIndex();
  const selectors = selectorIndex();
  // Every kind has its shelf, filled with that kind alone: this is the one place where that is known.
  const objectsOf = <K extends Kind>(kind: K): Map<string, Kinds[K]> =>
    (shelves.get(kind)?.objects ?? new Map()) as Map<string, Kinds[K]>;
  const members = <K extends Kind>(kind: K, keys: Iterable<string>): Kinds[K][] => {
    const objects = objectsOf(kind);
    const found: Kinds[K][] = [];
    for (const key of keys) {
      const object = objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  };
  const group = <K extends Kind>(kind: K, name: string): readonly Kinds[K][] =>
    members(kind, shelves.get(kind)?.byOwner.of(name) ?? []);

  const world: World = {
    get: (kind, key) => objectsOf(kind).get(key),
    all: (kind) => objectsOf(kind).values(),
    owned: (kind, uid) => group(kind, uid),
    orphans: (kind, namespace) => group(kind, `/${namespace}`),
    podsIn: (namespace) => members("pods", podLabels.of(`${namespace}/`)),
    podsWith(namespace, labels) {
      let fewest: ReadonlySet<string> | undefined;
      for (const name in labels) {
        const keys = podLabels.of(`${namespace}/${name}=${labels[name]}`);
        if (fewest === undefined || keys.size < fewest.size) fewest = keys;
      }
      return members("pods", fewest ?? []).filter(({ metadata }) => carries(metadata.labels, labels));
    },
    servicesFor(namespace, labels) {
      const keys: string[] = [];
      for (const name in labels) keys.push(...selectors.of(`${namespace}/${name}=${labels[name]}`));
      return members("services", keys).filter(({ spec }) => carries(labels, spec.selector ?? {}));
    },
    take({ type, resource, object }) {
      const kept = isKind(resource) ? shelves.get(resource) : undefined;
      if (kept === undefined) return;
      const key = keyOf(object);
      const gone = type === "DELETED";
      const after = gone ? undefined : object;
      if (resource === "pods") podLabels.change(key, kept.objects.get(key), after);
      if (resource === "services") selectors.change(key, kept.objects.get(key), after);
      if (gone) kept.remove(key);
      else kept.put(key, object);
    },
  };
  for (const kind of kinds) {
    if (core.resource(kind) === undefined) continue;
    for (const object of core.list(kind)) world.take({ type: "ADDED", resource: kind, object, old: undefined });
  }
  return world;
}

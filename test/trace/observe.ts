/**
 * The objects in a cluster's namespaces, from watches: settling many scenarios at once must not poll the API server.
 */
import type { Api, KubeObject } from "../cluster/harness/api.ts";

/** The objects that routers read, by kind. */
export const routedPaths = {
  VirtualService: "/apis/networking.istio.io/v1alpha3/virtualservices",
  DestinationRule: "/apis/networking.istio.io/v1alpha3/destinationrules",
  TrafficSplit: "/apis/split.smi-spec.io/v1alpha1/trafficsplits",
  Mapping: "/apis/getambassador.io/v2/mappings",
  VirtualRouter: "/apis/appmesh.k8s.aws/v1beta2/virtualrouters",
  VirtualNode: "/apis/appmesh.k8s.aws/v1beta2/virtualnodes",
  TraefikService: "/apis/traefik.io/v1alpha1/traefikservices",
  ApisixRoute: "/apis/apisix.apache.org/v2/apisixroutes",
} as const;

/** The kinds of objects in a keyframe. */
const paths = {
  Rollout: "/apis/argoproj.io/v1alpha1/rollouts",
  AnalysisRun: "/apis/argoproj.io/v1alpha1/analysisruns",
  Experiment: "/apis/argoproj.io/v1alpha1/experiments",
  ReplicaSet: "/apis/apps/v1/replicasets",
  Deployment: "/apis/apps/v1/deployments",
  Service: "/api/v1/services",
  Ingress: "/apis/networking.k8s.io/v1/ingresses",
  Pod: "/api/v1/pods",
  Event: "/api/v1/events",
  ...routedPaths,
} as const;

export type Kind = keyof typeof paths;

/** The objects of a namespace, of each kind by name. */
export type Objects = Readonly<Record<Kind, readonly KubeObject[]>>;

/** An object as it was after a change, or as it was when it went. */
export interface Change {
  readonly kind: Kind;
  readonly object: KubeObject;
  readonly isGone: boolean;
}

export interface Observer {
  objects(namespace: string): Objects;
  /** Those of Services and of routers' objects so far, in the order in which they are seen. */
  changes(namespace: string): readonly Change[];
  /** Grows with every change that is seen in the namespace. */
  version(namespace: string): number;
  /** Rejects when the API server cannot be watched. */
  readonly failure: Promise<never>;
  stop(): void;
}

const kinds = Object.keys(paths) as Kind[];
/** The kinds whose changes are told one by one. */
const told = new Set<Kind>(["Service", "Ingress", ...(Object.keys(routedPaths) as Kind[])]);
type Shelf = Map<string, KubeObject>;
type Namespace = Record<Kind, Shelf>;

const keyOf = ({ metadata }: KubeObject): string => metadata.name;
const emptyNamespace = (): Namespace =>
  Object.fromEntries(kinds.map((kind) => [kind, new Map<string, KubeObject>()])) as Namespace;

/** Begins to watch; existing objects are known once the promise resolves. */
export async function observe(api: Api): Promise<Observer> {
  const namespaces = new Map<string, Namespace>();
  const versions = new Map<string, number>();
  const changes = new Map<string, Change[]>();
  const aborter = new AbortController();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);

  const take = (kind: Kind, object: KubeObject, isGone: boolean): void => {
    const name = object.metadata.namespace ?? "";
    const namespace = namespaces.get(name) ?? emptyNamespace();
    namespaces.set(name, namespace);
    if (isGone) namespace[kind].delete(keyOf(object));
    else namespace[kind].set(keyOf(object), object);
    versions.set(name, (versions.get(name) ?? 0) + 1);
    if (!told.has(kind)) return;
    const sofar = changes.get(name) ?? [];
    changes.set(name, sofar);
    sofar.push({ kind, object, isGone });
  };
  const follow = async (kind: Kind, from: string): Promise<void> => {
    let resourceVersion = from;
    while (!aborter.signal.aborted) {
      for await (const { type, object } of api.watch(paths[kind], resourceVersion, aborter.signal)) {
        if (type === "ERROR") throw new Error(`The watch of ${kind} ended: ${JSON.stringify(object)}`);
        resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
        if (type !== "BOOKMARK") take(kind, object, type === "DELETED");
      }
    }
  };
  const lists = await Promise.all(kinds.map(async (kind) => ({ kind, ...(await api.list(paths[kind])) })));
  for (const { kind, items, resourceVersion } of lists) {
    for (const object of items) take(kind, object, false);
    follow(kind, resourceVersion).catch((error: unknown) => {
      if (!aborter.signal.aborted) failed.reject(error);
    });
  }
  return {
    objects: (name) => {
      const namespace = namespaces.get(name) ?? emptyNamespace();
      const sorted = (shelf: Shelf): KubeObject[] =>
        [...shelf.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
      return Object.fromEntries(kinds.map((kind) => [kind, sorted(namespace[kind])])) as Record<Kind, KubeObject[]>;
    },
    changes: (namespace) => changes.get(namespace) ?? [],
    version: (namespace) => versions.get(namespace) ?? 0,
    failure: failed.promise,
    stop: () => aborter.abort(),
  };
}

/** The controllers that keep Endpoints and EndpointSlices of Services with selectors. */
import { equal } from "../../../kube/object/equality.ts";
import { type Decision, refOf, type Write } from "../loop/decision.ts";
import type { Controller } from "../loop/driver.ts";
import {
  addressOf,
  type Backend,
  backends,
  type EndpointPort,
  isHeadless,
  isServed,
  matters,
  targetOf,
} from "./endpoints.ts";
import {
  controlledBy,
  type Endpoints,
  type EndpointSlice,
  isReady,
  keyOf,
  type Pod,
  type Service,
} from "../loop/objects.ts";
import type { World } from "../loop/objectIndex.ts";

const headlessLabel = "service.kubernetes.io/headless";
const perSlice = 100;

const serviceLabel = "kubernetes.io/service-name";

/** Of the objects that they write, the controllers watch only deletions. */
const watches: Controller["watches"] = {
  endpoints: ({ object, type }, _, add) => {
    if (type === "DELETED") add(keyOf(object));
  },
  "endpointslices.discovery.k8s.io": ({ object, type }, _, add) => {
    const { namespace = "", labels } = object.metadata;
    if (type === "DELETED") add(`${namespace}/${labels?.[serviceLabel] ?? ""}`);
  },
  services: ({ object }, _, add) => add(keyOf(object)),
  pods: ({ object, old, type }, world, add) => {
    if (type === "MODIFIED" && !matters(old as Pod | undefined, object as Pod)) return;
    const { namespace = "", labels = {} } = object.metadata;
    for (const service of world.servicesFor(namespace, labels)) add(keyOf(service));
    const before = old?.metadata.labels ?? labels;
    if (before === labels) return;
    for (const service of world.servicesFor(namespace, before)) add(keyOf(service));
  },
};

const selected = (service: Service, world: World): readonly Pod[] =>
  world.podsWith(service.metadata.namespace ?? "", service.spec.selector ?? {});

const headless = (service: Service) => (isHeadless(service) ? { [headlessLabel]: "" } : {});

interface Subset {
  readonly ports: readonly EndpointPort[];
  readonly pods: readonly Pod[];
}

/** Subsets as in Endpoints: each port once, with all pods that serve it; ports with the same pods share a subset. */
function subsetsOf(found: readonly Backend[]): readonly Subset[] {
  const byPort = new Map<string, { readonly port: EndpointPort; readonly pods: Pod[] }>();
  for (const { ports, pods } of found) {
    for (const port of ports) {
      const key = `${port.name ?? ""}:${port.port}/${port.protocol}`;
      const known = byPort.get(key);
      if (known === undefined) byPort.set(key, { port, pods: [...pods] });
      else known.pods.push(...pods);
    }
  }
  const byPods = new Map<string, { readonly ports: EndpointPort[]; readonly pods: readonly Pod[] }>();
  for (const { port, pods } of byPort.values()) {
    const key = pods.map(({ metadata }) => metadata.uid).join(" ");
    const known = byPods.get(key);
    if (known === undefined) byPods.set(key, { ports: [port], pods });
    else known.ports.push(port);
  }
  return [...byPods.values()];
}

/** Pods that are being deleted are in no list here; those that are not ready are listed separately. */
function subsets(service: Service, pods: readonly Pod[]) {
  const all = service.spec.publishNotReadyAddresses === true;
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const address = (pod: Pod) => ({ ip: addressOf(pod), nodeName: pod.spec.nodeName, targetRef: targetOf(pod) });
  const found = backends(service, staying);
  // A headless Service may have no ports at all.
  const portless = isHeadless(service) && (service.spec.ports ?? []).length === 0;
  return (portless ? found : subsetsOf(found)).map(({ ports, pods }) => {
    const ready = pods.filter((pod) => all || isReady(pod)).map(address);
    const notReady = pods.filter((pod) => !(all || isReady(pod))).map(address);
    return {
      ...(ready.length === 0 ? {} : { addresses: ready }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
      ...(ports.length === 0 ? {} : { ports }),
    };
  });
}

export function decideEndpoints(service: Service, pods: readonly Pod[], current: Endpoints | undefined): Decision {
  if (!isServed(service)) return { writes: [] };
  const found = subsets(service, pods);
  const labels = {
    ...service.metadata.labels,
    ...headless(service),
    "endpoints.kubernetes.io/managed-by": "endpoint-controller",
  };
  const content = found.length === 0 ? {} : { subsets: found };
  if (current === undefined) {
    const { name, namespace } = service.metadata;
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels };
    const draft = { apiVersion: "v1", kind: "Endpoints", metadata, ...content };
    return { writes: [{ kind: "create", resource: "endpoints", draft }] };
  }
  if (equal(current.subsets ?? [], found) && equal(current.metadata.labels, labels)) return { writes: [] };
  const write: Write = {
    kind: "change",
    ref: refOf("endpoints", current),
    change: (stored) => {
      const { subsets: _, ...rest } = stored;
      return { ...rest, metadata: { ...stored.metadata, labels }, ...content };
    },
  };
  return { writes: [write] };
}

export const endpointsController: Controller = {
  name: "endpoint-controller",
  watches,
  decide(key, world) {
    const service = world.get("services", key);
    const current = world.get("endpoints", key);
    if (service === undefined) {
      return current === undefined ? undefined : { writes: [{ kind: "delete", ref: refOf("endpoints", current) }] };
    }
    return decideEndpoints(service, selected(service, world), current);
  },
};

interface SliceContent {
  readonly endpoints: readonly unknown[] | null;
  readonly ports: readonly unknown[] | null;
}

/** In a slice an empty list is null, as in the API server's. */
const orNull = <T>(items: readonly T[]): readonly T[] | null => (items.length === 0 ? null : items);

function endpointOf(service: Service, pod: Pod, zoneOf: (node: string) => string | undefined) {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const { nodeName, hostname, subdomain } = pod.spec;
  const zone = zoneOf(nodeName ?? "");
  return {
    addresses: [addressOf(pod)],
    conditions: {
      ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(hostname !== undefined && subdomain === service.metadata.name ? { hostname } : {}),
    targetRef: targetOf(pod),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

function slices(service: Service, found: readonly Backend[], zoneOf: (node: string) => string | undefined) {
  const wanted: SliceContent[] = [];
  for (const { ports, pods } of found) {
    // Every port has a name, which may be empty.
    const named = ports.map((port) => ({ ...port, name: port.name ?? "" }));
    for (let i = 0; i < pods.length; i += perSlice) {
      const endpoints = pods.slice(i, i + perSlice).map((pod) => endpointOf(service, pod, zoneOf));
      wanted.push({ endpoints, ports: orNull(named) });
    }
  }
  return wanted.length === 0 ? [{ endpoints: null, ports: null }] : wanted;
}

/** Each wanted slice replaces a stored one with its ports, or else any stored one; the others are deleted. */
export function decideSlices(
  service: Service,
  pods: readonly Pod[],
  existing: readonly EndpointSlice[],
  zoneOf: (node: string) => string | undefined,
): Decision {
  if (!isServed(service)) return { writes: [] };
  const labels = {
    ...service.metadata.labels,
    ...headless(service),
    [serviceLabel]: service.metadata.name,
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
  };
  const free = [...existing];
  const take = (fits: (slice: EndpointSlice) => boolean): EndpointSlice | undefined => {
    const at = free.findIndex(fits);
    return at < 0 ? undefined : free.splice(at, 1)[0];
  };
  const writes = slices(service, backends(service, pods), zoneOf).flatMap((content): Write[] => {
    const slice = take(({ ports }) => equal(ports, content.ports)) ?? take(() => true);
    if (slice === undefined) return [createSlice(service, labels, content)];
    const same = equal(slice.endpoints, content.endpoints) && equal(slice.ports, content.ports);
    if (same && equal(slice.metadata.labels, labels)) return [];
    const ref = refOf("endpointslices.discovery.k8s.io", slice);
    const change = (stored: object) => ({ ...stored, metadata: { ...slice.metadata, labels }, ...content });
    return [{ kind: "change", ref, change }];
  });
  const surplus = free.map((slice): Write => ({
    kind: "delete",
    ref: refOf("endpointslices.discovery.k8s.io", slice),
  }));
  return { writes: [...writes, ...surplus] };
}

function createSlice(service: Service, labels: Readonly<Record<string, string>>, content: SliceContent): Write {
  const { name, namespace } = service.metadata;
  return {
    kind: "create",
    resource: "endpointslices.discovery.k8s.io",
    draft: {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        generateName: `${name}-`,
        ...(namespace === undefined ? {} : { namespace }),
        labels,
        ownerReferences: [controlledBy(service)],
      },
      addressType: "IPv4",
      ...content,
    },
  };
}

/** Slices of a deleted Service are garbage-collected. */
export const endpointSliceController: Controller = {
  name: "endpoint-slice-controller",
  watches,
  decide(key, world) {
    const service = world.get("services", key);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return undefined;
    const zoneOf = (node: string) => world.get("nodes", `/${node}`)?.metadata.labels?.["topology.kubernetes.io/zone"];
    const existing = world.owned("endpointslices.discovery.k8s.io", service.metadata.uid);
    return decideSlices(service, selected(service, world), existing, zoneOf);
  },
};

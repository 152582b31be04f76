/** The objects of traffic routers in the cache: each kind only while some Rollout is routed by it. */
import { withoutBookkeeping } from "./bookkeeping.ts";
import type {
  ObjectList,
  ObjectRef,
  RoutedObject,
  RoutedResource,
  Router,
  RoutingInput,
  RoutingPlan,
  Traffic,
  Verification,
} from "../../../providers/traffic/router.ts";
import type { Answered } from "../../../providers/traffic/elb/inquiry.ts";
import { DRIVEN_ROUTERS, isConfigured, routersOf } from "../../../providers/traffic/routers.ts";
import type { RouterSettings } from "../../../providers/traffic/settings.ts";
import { type Resource, resourceName } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Stored } from "../../../kube/runtime/cache.ts";
import { equal } from "../../../kube/object/equality.ts";
import { spend } from "../../../kube/object/budget.ts";
import { whyHeldBack } from "../../../kube/validation/size.ts";
import { createRoom, type Room } from "./room.ts";
import type { RoutingState } from "../model/model.ts";
import type { RouterPluginFacts } from "../model/routerPlugins.ts";
import { pluginsState, questionsOf } from "./routerPluginFacts.ts";
import { createOptionalStore, type Known, type OptionalKind, type OptionalStore } from "./optionalStore.ts";

type StoredObject = RoutedObject & Stored;
export type RoutedStore = OptionalStore<StoredObject, StoredObject>;

/** What the controller knows of routers' objects, and the settings by which it reads them. */
export interface Routed {
  /** The rows of the supported routers. */
  readonly routers: readonly Router[];
  readonly settings: RouterSettings;
  /** By `resourceName`. */
  readonly stores: ReadonlyMap<string, RoutedStore>;
}

export const routedKey = ({ namespace, name }: Omit<ObjectRef, "resource">): string => `${namespace}/${name}`;

/** The ref of a list: without a name, and so under a key of its own (optionalStore.ts). */
const listRef = (list: ObjectList): ObjectRef => ({ ...list, name: "" });

/** A router reads at most two objects for each member of a spec that may have 10,000 (kube/validation/size.ts). */
const MOST_REFS = 20_000;

/**
 * Objects by which a router routes a Rollout; empty where the Rollout does not name the router, or names so many
 * objects that it is invalid for its size: those need not be read. One without a name stands for all of its namespace.
 */
export function refsOf(router: Router, rollout: Rollout, settings: RouterSettings): readonly ObjectRef[] {
  const refs = isConfigured(router, rollout) ? refsIn(router, rollout, settings) : [];
  return refs.length > MOST_REFS ? [] : refs;
}

const refsIn = (router: Router, rollout: Rollout, settings: RouterSettings): readonly ObjectRef[] => [
  ...router.reads(rollout, settings),
  ...(router.lists?.(rollout) ?? []).map(listRef),
];

export function createRouted(
  settings: RouterSettings,
  room: Room = createRoom(),
  routers: readonly Router[] = DRIVEN_ROUTERS,
): Routed {
  const resources = new Map(
    routers.flatMap((router) => router.resources(settings)).map((resource) => [resourceName(resource), resource]),
  );
  const stores = [...resources].map(
    ([name, resource]) => [name, createOptionalStore(routedKind(name, resource, settings, routers), room)] as const,
  );
  return { routers, settings, stores: new Map(stores) };
}

function routedKind(
  name: string,
  resource: RoutedResource,
  settings: RouterSettings,
  routers: readonly Router[],
): OptionalKind<StoredObject, StoredObject> {
  const readers = routers.filter((router) => router.resources(settings).some((one) => resourceName(one) === name));
  return {
    api: resource,
    resource: name,
    ...(readers.some(({ lists }) => lists !== undefined) ? { hasLists: true } : {}),
    ...(resource.isWhole === true ? { isWhole: true } : {}),
    ...(resource.isClusterScoped === true ? { isClusterScoped: true } : {}),
    ...(resource.alternative === undefined && resource.isOptional !== true ? {} : { isAlternative: true }),
    neededBy: (rollout) => [
      ...new Set(
        readers
          .flatMap((router) => refsOf(router, rollout, settings))
          .filter((ref) => resourceName(ref.resource) === name)
          .map(routedKey),
      ),
    ],
    slim: (raw) => slimObject(raw, resource),
    restOf: ({ apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } }) => ({
      ...(apiVersion === undefined ? {} : { apiVersion }),
      ...(kind === undefined ? {} : { kind }),
      metadata: { name, namespace, uid, resourceVersion },
    }),
    heeds: (old, next) =>
      readers.some((router) => router.heeds(old, settings) || router.heeds(next, settings)) &&
      !sameButVersion(old, next),
  };
}

/** Without the bookkeeping, and the status unless a router reads it. */
function slimObject(
  { apiVersion, kind, metadata, spec, status }: StoredObject,
  { hasStatus }: RoutedResource,
): StoredObject {
  const { annotations = {}, ...kept } = withoutBookkeeping(metadata);
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: { ...kept, annotations },
    spec,
    ...(hasStatus === undefined || status === undefined ? {} : { status }),
  };
}

const versionless = ({ metadata, ...rest }: StoredObject): object => ({
  ...rest,
  metadata: { ...metadata, resourceVersion: "" },
});

const sameButVersion = (a: StoredObject, b: StoredObject): boolean => equal(versionless(a), versionless(b));

export function readRouted(
  { stores }: Routed,
  ref: Omit<ObjectRef, "resource"> & { readonly resource: Resource },
): Known<StoredObject> {
  spend(4, "looking for the objects of its routers");
  const store = stores.get(resourceName(ref.resource));
  const known = store?.find(routedKey(ref)) ?? { kind: "absent" };
  const why = known.kind === "found" ? whyHeldBack(known.object) : undefined;
  return why === undefined ? known : { kind: "refused", why: `${resourceName(ref.resource)} "${ref.name}" is ${why}` };
}

type Found = readonly [ObjectRef, Known<StoredObject>];

/** All objects by which a Rollout is routed, as the cache has them. */
export function routedObjects(routed: Routed, rollout: Rollout): readonly Found[] {
  return routersOf(rollout, routed.routers)
    .flatMap((router) => refsIn(router, rollout, routed.settings))
    .map((ref) => [ref, readRouted(routed, ref)] as const);
}

/** Why an object cannot be read, of the first for which no other kind stands in. */
export function refusalOf(routed: Routed, rollout: Rollout): string | undefined {
  const all = routedObjects(routed, rollout);
  const others = (ref: ObjectRef): readonly Found[] =>
    ref.resource.alternative === undefined
      ? []
      : all.filter(([{ name, resource }]) => name === ref.name && resource.alternative === ref.resource.alternative);
  for (const [ref, known] of all.filter(([{ resource }]) => resource.isOptional !== true))
    if (known.kind === "refused" && others(ref).every(([, { kind }]) => kind === "refused")) return known.why;
  return undefined;
}

const finding =
  (routed: Routed) =>
  (ref: ObjectRef): RoutedObject | undefined => {
    const known = readRouted(routed, ref);
    return known.kind === "found" ? known.object : undefined;
  };

/** In the order of their names. */
const listing =
  (routed: Routed) =>
  ({ resource, namespace }: ObjectList): readonly RoutedObject[] =>
    [...(routed.stores.get(resourceName(resource))?.objects.values() ?? [])]
      .filter((one) => (one.metadata.namespace ?? "") === namespace && whyHeldBack(one) === undefined)
      .toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));

/** `refsOf`, and those that these objects name, as the cache has them. */
export function allRefsOf(routed: Routed, router: Router, rollout: Rollout): readonly ObjectRef[] {
  const refs = refsOf(router, rollout, routed.settings);
  if (refs.length === 0 || router.readsFurther === undefined) return refs;
  return [...refs, ...router.readsFurther({ rollout, settings: routed.settings, object: finding(routed) })];
}

const inputOf = (routed: Routed, rollout: Rollout, traffic: Traffic): RoutingInput => ({
  rollout,
  traffic,
  settings: routed.settings,
  object: finding(routed),
  objects: listing(routed),
});

export const planOf = (routed: Routed, router: Router, rollout: Rollout, traffic: Traffic): RoutingPlan =>
  router.route(inputOf(routed, rollout, traffic));

const UNWRITTEN: Verification = { kind: "notYet", reason: "the objects of its routers are being written" };

/**
 * Of all routers that verify: the first that failed, else the first that has to wait; undefined where no router
 * verifies. `open`: objects have to be written.
 */
function verificationOf(open: boolean, all: readonly Verification[]): Verification | undefined {
  if (all.length === 0) return undefined;
  const needed = all.filter(({ kind }) => kind !== "unneeded");
  // What is asked now would be answered for the weights before.
  if (open) return needed.length === 0 ? { kind: "unneeded" } : UNWRITTEN;
  const worst =
    needed.find(({ kind }) => kind === "failed") ?? needed.find(({ kind }) => kind === "notYet") ?? needed[0] ?? all[0];
  if (worst === undefined || all.length === 1) return worst;
  const [asks, events] = [all.flatMap((one) => one.asks ?? []), all.flatMap((one) => one.events ?? [])];
  const balancers = all.find((one) => one.balancers !== undefined)?.balancers;
  return {
    ...worst,
    ...(asks.length > 0 && { asks }),
    ...(events.length > 0 && { events }),
    ...(balancers !== undefined && { balancers }),
  };
}

/** What has been answered to those that ask. */
export interface RoutingAnswers {
  readonly answers?: readonly Answered[] | undefined;
  /** How the routers stand that are plugins. */
  readonly asked?: RouterPluginFacts | undefined;
}

/**
 * Whether the objects of all routers of a Rollout match some traffic, and those that are asked have confirmed it; the
 * first fault is returned.
 */
export function routingState(
  routed: Routed,
  rollout: Rollout,
  traffic: Traffic,
  { answers, asked }: RoutingAnswers = {},
): RoutingState {
  const routers = routersOf(rollout, routed.routers);
  const answerTo = (key: string): Answered | undefined => answers?.find((answered) => answered.key === key);
  const input = { ...inputOf(routed, rollout, traffic), ...(answers !== undefined && { answers: answerTo }) };
  const plans = routers.map((router) => router.route(input));
  const unwritten = plans.some(({ writes }) => writes.length > 0);
  const services = pluginsState(questionsOf(rollout, traffic, routed.routers), asked);
  const open = unwritten || services.open;
  const fault = plans.find((plan) => plan.kind === "fault");
  if (fault !== undefined) {
    const { message, event } = fault;
    return { kind: "fault", message, open, events: event === undefined ? [] : [event] };
  }
  if (services.fault !== undefined) return { kind: "fault", message: services.fault, open, events: [] };
  if (services.pending !== undefined) return { kind: "pending", open, ...services.pending };
  const all = [...routers.flatMap(({ verify }) => verify?.(input) ?? []), ...services.verifications];
  const verification = verificationOf(unwritten, all);
  return { kind: open ? "open" : "settled", ...(verification === undefined ? {} : { verification }) };
}

/**
 * What a router has made, or written on an object that belongs to somebody else, must not go on splitting traffic when
 * the Rollout is gone, or does not name the object any more (docs/behaviour/traffic.md#routing-that-ends). Such an
 * object is in no cache, since no Rollout needs it: it is read when a Rollout lets go of it, and all of its kind are
 * checked once when we become the leader, for those that were let go of while no controller ran.
 */
import { ApiError, isNotFound } from "../../kube/client/apiError.ts";
import { pagesOf } from "../../kube/client/pagedLists.ts";
import { canBeName, collectionPath, objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import { ROLLOUTS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type {
  ObjectRef,
  Release,
  ReleaseWrite,
  RoutedObject,
  RoutedResource,
  Router,
} from "../../providers/traffic/router.ts";
import { resourceName } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { allRefsOf, refsOf, type Routed } from "../rollout/facts/routedObjects.ts";
import type { Sources } from "../rollout/facts/cacheSources.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import { type ControllerRow, watch } from "../../kube/runtime/runController.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import { requestOf } from "../rollout/apply/route.ts";
import { liveRollout } from "../services/serviceCleanup.ts";

export interface RouteReleasePorts {
  readonly client: KubeClient;
  readonly stores: Stores;
  /** The only namespace that is checked; undefined: all. */
  readonly namespace: string | undefined;
  readonly validForMs: () => number;
}

type Releasing = Router & { readonly release: Release };

const releasing = ({ routers }: Routed): readonly Releasing[] =>
  routers.filter((router): router is Releasing => router.release !== undefined);
const TIMEOUT_MS = 5_000;
const PAGE = 500;

/** A pass that had begun to write when its Rollout changed has written everything by then. */
const PASS_ENDS_MS = 30_000;

/** A key for each kind whose objects have to be checked. */
export const releaseSweeps = ({ routed }: Stores): readonly string[] => [
  ...new Set(
    releasing(routed)
      .flatMap((router) => router.resources(routed.settings))
      .filter(({ isOptional }) => isOptional !== true)
      .map(resourceName),
  ),
];

/**
 * Keys of the objects that a change makes a Rollout let go of; `next` undefined: the Rollout is gone. Each router lets go
 * of its own: another one may route by the same object.
 */
export function letGo({ routed }: Stores, old: Rollout | undefined, next: Rollout | undefined): readonly string[] {
  const left = releasing(routed).flatMap((router) => {
    const before = old === undefined ? [] : allRefsOf(routed, router, old);
    if (before.length === 0) return [];
    const after = next === undefined ? [] : allRefsOf(routed, router, next);
    const kept = new Set(after.map(keyOf));
    // What was selected is not known any more: the whole kind is checked.
    return before
      .filter((ref) => !kept.has(keyOf(ref)))
      .map((ref) => (ref.name === "" ? resourceName(ref.resource) : keyOf(ref)));
  });
  return [...new Set(left)];
}

/** "ingresses.networking.k8s.io ns/name"; the part before the blank alone is a sweep of the kind. */
const keyOf = ({ resource, namespace, name }: ObjectRef): string => `${resourceName(resource)} ${namespace}/${name}`;

/** A kind to be swept, or the objects of a key as the API server has them, each with the Rollouts that let go of it. */
type ReleaseFacts =
  | { readonly kind: "sweep"; readonly of: readonly Kind[] }
  | { readonly kind: "objects"; readonly objects: readonly LeftObject[] };

/** A router, and the kind of objects as it reads them: several routers may read the same. */
interface Kind {
  readonly router: Releasing;
  readonly resource: RoutedResource;
}

interface LeftObject {
  readonly router: Releasing;
  readonly ref: ObjectRef;
  readonly object: RoutedObject;
  /** A part of its holders; empty for a loose object that no Rollout routes by. */
  readonly gone: ReadonlySet<string>;
}

interface LeftWrite {
  readonly ref: ObjectRef;
  readonly write: ReleaseWrite;
}

/**
 * Releases of routed objects as a row: an object is released from the Rollouts that do not route by it any more, and a
 * sweep does so for all objects that it finds.
 */
export function releasesRow(
  ports: RouteReleasePorts,
  sources: Sources,
): ControllerRow<ReleaseFacts, readonly LeftWrite[]> {
  const { stores } = ports;
  return {
    kind: "Releases",
    noun: "release of",
    watches: [
      watch(sources.rollouts, (queue, old, next, origin) => {
        if (origin === "own") return;
        for (const key of letGo(stores, old, next)) {
          queue.add(key);
          queue.addAfter(key, PASS_ENDS_MS);
        }
      }),
    ],
    firstKeys: () => releaseSweeps(stores),
    gather: (key) => gather(ports, key),
    decide: (facts) => (facts.kind === "sweep" ? [] : facts.objects.flatMap(writeOf)),
    async apply({ facts, decision }, queue) {
      if (facts.kind === "sweep") await sweep(ports, facts.of, (key) => queue.add(key));
      for (const each of decision) await send(ports, each);
    },
  };
}

/** @throws {ApiError} */
async function gather(ports: RouteReleasePorts, key: string): Promise<ReleaseFacts> {
  const blank = key.indexOf(" ");
  const what = blank < 0 ? key : key.slice(0, blank);
  const of = releasing(ports.stores.routed).flatMap((router) => {
    const resource = router.resources(ports.stores.routed.settings).find((one) => resourceName(one) === what);
    return resource === undefined ? [] : [{ router, resource }];
  });
  if (blank < 0) return { kind: "sweep", of };
  // The name is as written in the Rollout, blanks and slashes included.
  const slash = key.indexOf("/", blank);
  const place = { namespace: key.slice(blank + 1, slash), name: key.slice(slash + 1) };
  const [first] = of;
  const object = first === undefined ? undefined : await liveObject(ports.client, { ...first, ...place });
  const objects: LeftObject[] = [];
  if (object === undefined) return { kind: "objects", objects };
  for (const { router, resource } of of) {
    const found = await leftObject(ports, router, { resource, ...place }, object);
    if (found !== undefined) objects.push(found);
  }
  return { kind: "objects", objects };
}

/** A kind that the API server does not serve, or does not let us see, has nothing that we could release. */
async function sweep(ports: RouteReleasePorts, of: readonly Kind[], enqueue: (key: string) => void): Promise<void> {
  const [first] = of;
  if (first === undefined) return;
  const mayBeLeft = ({ router, resource }: Kind, { metadata }: Pick<RoutedObject, "metadata">): boolean => {
    const { holders, isLoose } = router.release;
    const ref = { resource, namespace: metadata.namespace, name: metadata.name };
    const left = holders({ metadata }).some((holder) => !isHeldInCache(ports, router, ref, holder));
    return left || isLoose?.({ metadata }) === true;
  };
  try {
    for await (const { metadata } of metadataOf(ports, first.resource)) {
      const { namespace, name } = metadata;
      if (of.some((kind) => mayBeLeft(kind, { metadata }))) enqueue(keyOf({ ...first, namespace, name }));
    }
  } catch (error) {
    if (!isNotFound(error) && !(error instanceof ApiError && error.status === 403)) throw error;
  }
}

/** Page by page, so that thousands of objects are never held at once. */
async function* metadataOf(
  { client, namespace }: RouteReleasePorts,
  resource: RoutedResource,
): AsyncGenerator<Pick<RoutedObject, "metadata">> {
  const accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
  const path = collectionPath(resource, namespace);
  const pages = pagesOf<Pick<RoutedObject, "metadata">>({ client, path, accept, mostObjects: PAGE });
  for await (const page of pages) yield* page.items ?? [];
}

async function leftObject(
  ports: RouteReleasePorts,
  router: Releasing,
  ref: ObjectRef,
  object: RoutedObject,
): Promise<LeftObject | undefined> {
  const gone = new Set<string>();
  for (const holder of router.release.holders(object)) {
    if (!(await isHeld(ports, router, ref, holder))) gone.add(holder);
  }
  const loose = router.release.isLoose?.(object) === true && !(await isRoutedBy(ports, router, ref));
  return gone.size > 0 || loose ? { router, ref, object, gone } : undefined;
}

/** Whether any Rollout of its namespace, another instance's included, routes by an object that is marked with none. */
async function isRoutedBy({ client, stores }: RouteReleasePorts, router: Router, ref: ObjectRef): Promise<boolean> {
  const path = collectionPath(ROLLOUTS, ref.namespace);
  for await (const { items } of pagesOf<Rollout>({ client, path })) {
    if ((items ?? []).some((rollout) => routesBy(stores.routed, router, rollout, ref))) return true;
  }
  return false;
}

function writeOf({ router, ref, object, gone }: LeftObject): LeftWrite[] {
  const write = router.release.plan(ref, object, gone);
  return write === undefined ? [] : [{ ref, write }];
}

async function send({ client, validForMs }: RouteReleasePorts, { ref, write }: LeftWrite): Promise<void> {
  if (validForMs() <= TIMEOUT_MS)
    throw new NotLeaderError(`Not released: ${objectPath(ref.resource, ref)}, because the leader Lease may run out`);
  try {
    await client.request({ ...requestOf(write), timeoutMs: TIMEOUT_MS });
  } catch (error) {
    // The garbage collector deletes what belonged to a Rollout that is gone, too.
    if (write.kind !== "delete" || !isNotFound(error)) throw error;
  }
}

const liveObject = async (client: KubeClient, ref: ObjectRef): Promise<RoutedObject | undefined> =>
  canBeName(ref.name) ? readIfThere<RoutedObject>(client, objectPath(ref.resource, ref)) : undefined;

function isHeldInCache({ stores }: RouteReleasePorts, router: Router, ref: ObjectRef, holder: string): boolean {
  const { namespace, name } = placeOf(ref, holder);
  const rollout = stores.rollouts.get(`${namespace}/${name}`);
  return rollout !== undefined && routesBy(stores.routed, router, rollout, ref);
}

/** Another instance's Rollout, which our cache does not hold, counts too. */
async function isHeld(ports: RouteReleasePorts, router: Router, ref: ObjectRef, holder: string): Promise<boolean> {
  if (isHeldInCache(ports, router, ref, holder)) return true;
  const { namespace, name } = placeOf(ref, holder);
  const rollout = await liveRollout(ports.client, namespace, name);
  if (rollout === undefined) return false;
  return routesBy(ports.stores.routed, router, rollout, ref) || isNamedFurther(ports, router, rollout, ref);
}

/** By another object of the Rollout's, which a controller that has just started does not have in its cache yet. */
async function isNamedFurther(
  { client, stores: { routed } }: RouteReleasePorts,
  router: Router,
  rollout: Rollout,
  ref: ObjectRef,
): Promise<boolean> {
  if (router.readsFurther === undefined) return false;
  const live = new Map<string, RoutedObject | undefined>();
  for (const one of refsOf(router, rollout, routed.settings)) live.set(keyOf(one), await liveObject(client, one));
  const further = router.readsFurther({ rollout, settings: routed.settings, object: (one) => live.get(keyOf(one)) });
  return further.some((one) => keyOf(one) === keyOf(ref));
}

/** A holder is a Rollout of the object's namespace, unless it says another one ("namespace/name"). */
function placeOf(ref: ObjectRef, holder: string): { readonly namespace: string; readonly name: string } {
  const slash = holder.indexOf("/");
  return slash < 0
    ? { namespace: ref.namespace, name: holder }
    : { namespace: holder.slice(0, slash), name: holder.slice(slash + 1) };
}

const routesBy = (routed: Routed, router: Router, rollout: Rollout, ref: ObjectRef): boolean =>
  allRefsOf(routed, router, rollout).some((one) => keyOf(one) === keyOf(ref) || isOneOf(one, ref));

/** A router returns by itself what it does not select any more. Those of a whole kind are named, all that it needs. */
const isOneOf = (list: ObjectRef, { resource, namespace }: ObjectRef): boolean =>
  list.name === "" &&
  list.resource.isWhole !== true &&
  list.namespace === namespace &&
  resourceName(list.resource) === resourceName(resource);

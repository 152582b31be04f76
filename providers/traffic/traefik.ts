/**
 * Traefik (docs/behaviour/traffic.md#traefik): the weights in a TraefikService of the user's, or in an IngressRoute where
 * the name is written `ingressroute/NAME`. Both stand in one of two API groups: Traefik 2 began with the second, Traefik 3
 * serves the first alone. No label in metrics, as in the reference.
 */
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { at, items, type Place, root, text } from "../../kube/validation/place.ts";
import { equal } from "../../kube/object/equality.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { cookieNameIn, versionedName } from "./affinity.ts";
import { faulty, type Part, planOf } from "./plan.ts";
import type {
  Affinity,
  MergePatch,
  ObjectRef,
  ResourceUse,
  RoutedObject,
  RoutedResource,
  Router,
  RoutingInput,
} from "./router.ts";
import { type RouterSetting, type RouterSettings, textIn } from "./settings.ts";
import {
  markedPatch,
  marksOn,
  reweighed,
  type Split,
  splitRelease,
  wantedWeights,
  type Weights,
} from "./splitMarks.ts";
import { always } from "./traits.ts";

const GROUPS = ["traefik.io", "traefik.containo.us"] as const;

const apiGroup: RouterSetting = {
  name: "traefikApiGroup",
  flag: "traefik-api-group",
  kind: "text",
  value: "",
  help: `group of TraefikServices and IngressRoutes; by default ${GROUPS.join(" and ")}, whichever is served`,
};

const apiVersion: RouterSetting = {
  name: "traefikApiVersion",
  flag: "traefik-api-version",
  kind: "text",
  value: "traefik.io/v1alpha1",
  help: "version of TraefikServices and IngressRoutes; what stands before its / is not read",
};

const KINDS = [
  { kind: "TraefikService", plural: "traefikservices", what: "weights into your TraefikService" },
  { kind: "IngressRoute", plural: "ingressroutes", what: "weights into your IngressRoute" },
] as const;
type Kind = (typeof KINDS)[number];

export const traefik: Router<"traefik"> = {
  kind: "traefik",
  title: "Traefik",
  abilities: { sessionAffinity: ofOneService },
  needsServices: always,
  settings: [apiGroup, apiVersion],
  uses: KINDS.flatMap((kind) => GROUPS.map((group) => useOf(kind, group))),
  resources: (settings) => KINDS.flatMap((kind) => resourcesOf(kind, settings)),
  reads,
  // Routes of an IngressRoute that list the stable Service alone are not divided.
  entrances: (rollout) =>
    namedBy(rollout).kind.kind === "IngressRoute" ? [rollout.spec.strategy?.canary?.stableService ?? ""] : [],
  heeds: () => true,
  route: (input) => planOf(partsOf(input)),
  release: splitRelease(({ resource }, object, weights, left) =>
    specPatch(
      resource,
      object,
      weights,
      stickyPatch(
        object,
        left.flatMap(({ cookie = [] }) => cookie),
        undefined,
      ),
    ),
  ),
};

/** Traefik divides the requests of such a route by itself, without a cookie. */
function ofOneService(settings: Place): string | undefined {
  if (!isIngressRoute(text(at(settings, "weightedTraefikServiceName")))) return undefined;
  return "an IngressRoute of Traefik has no cookie for several services; list them in a TraefikService, lead the route to that, and name it in weightedTraefikServiceName";
}

function useOf({ plural, what }: Kind, group: string): ResourceUse {
  return { group, plural, verbs: ["get", "list", "watch", "patch"], why: { verb: "writes", what } };
}

function resourcesOf({ kind, plural }: Kind, settings: RouterSettings): readonly RoutedResource[] {
  const given = textIn(settings, apiGroup);
  const version = textIn(settings, apiVersion).split("/").at(-1) || "v1alpha1";
  const one = { kind, version, plural };
  return given === ""
    ? GROUPS.map((group) => ({ ...one, group, alternative: `traefik ${plural}` }))
    : [{ ...one, group: given }];
}

const PREFIX = "ingressroute/";
const isIngressRoute = (name: string): boolean => name.toLowerCase().startsWith(PREFIX);

/** What the name in the Rollout stands for: a slash is part of no name. */
function namedBy({ spec }: Rollout): { readonly kind: Kind; readonly name: string } {
  const given = spec.strategy?.canary?.trafficRouting?.traefik?.weightedTraefikServiceName ?? "";
  const [service, route] = KINDS;
  return isIngressRoute(given) ? { kind: route, name: given.slice(PREFIX.length) } : { kind: service, name: given };
}

function reads(rollout: Rollout, settings: RouterSettings): readonly ObjectRef[] {
  const { kind, name } = namedBy(rollout);
  const { namespace } = rollout.metadata;
  return resourcesOf(kind, settings).map((resource) => ({ resource, namespace, name }));
}

/** Where both groups have the object, both are written: which of them Traefik reads, its version decides. */
function partsOf(input: RoutingInput): readonly Part[] {
  const refs = reads(input.rollout, input.settings);
  const found = refs.flatMap((ref) => {
    const object = input.object(ref);
    return object === undefined ? [] : [{ ref, object }];
  });
  const [first] = refs;
  if (found.length > 0 || first === undefined) return found.map(({ ref, object }) => partOf(input, ref, object));
  return [faulty(`${first.resource.plural}.${first.resource.group} "${first.name}" not found`, true)];
}

function partOf(input: RoutingInput, ref: ObjectRef, object: RoutedObject): Part {
  const { stableService: stable = "", canaryService: canary = "" } = input.rollout.spec.strategy?.canary ?? {};
  const names = { stable, canary };
  const fault = faultOf(ref, object, names);
  if (fault !== undefined) return faulty(fault);
  const before = marksOn(object).get(input.rollout.metadata.name);
  const affinity = ref.resource.kind === "TraefikService" ? input.traffic.affinity : undefined;
  const isOthers = affinity !== undefined && isForeign(object, before, affinity);
  const own = isOthers ? undefined : affinity;
  const split = { ...names, ...(own === undefined ? {} : { cookie: versionedName(own) }) };
  const sticky = stickyPatch(object, cookiesOf(input, before), own);
  const spec = specPatch(ref.resource, object, wantedWeights(input, split, object), sticky);
  const patch = markedPatch(input, split, object, spec);
  const problem = isOthers ? faulty(foreignCookie(ref)) : {};
  if (patch === undefined) return problem;
  const resourceVersion = object.metadata.resourceVersion ?? "";
  const failure = `Error updating traefik service "${ref.name}"`;
  const failureReason = "TraefikServiceUpdateError";
  return { ...problem, write: { kind: "patch", ref, resourceVersion, patch, failure, failureReason } };
}

/** Names of cookies that are ours; that of this update also where somebody has taken the mark away. */
function cookiesOf({ rollout, traffic }: RoutingInput, mark: Split | undefined): readonly string[] {
  const cookieName = cookieNameIn(rollout.spec.strategy?.canary?.trafficRouting?.sessionAffinity);
  const versions = cookieName === "" ? [] : [traffic.canaryHash, traffic.stableHash];
  return [
    ...(mark?.cookie === undefined ? [] : [mark.cookie]),
    ...versions.map((value) => versionedName({ cookieName, value })),
  ];
}

const foreignCookie = ({ name }: ObjectRef): string =>
  `sessions cannot be kept with the canary: TraefikService "${name}" keeps them by a cookie of its own (spec.weighted.sticky), which knows no versions; remove that, or sessionAffinity`;

const stickyOf = (object: RoutedObject): unknown => at(root(object.spec), "weighted", "sticky").value;
const cookieOn = (object: RoutedObject): Place => at(root(stickyOf(object)), "cookie");

/** A cookie of the user's, or of another Rollout, which is left alone. */
function isForeign(object: RoutedObject, mark: Split | undefined, affinity: Affinity): boolean {
  const name = text(at(cookieOn(object), "name"));
  return isObject(stickyOf(object)) && name !== mark?.cookie && name !== versionedName(affinity);
}

/** The members of `weighted.sticky` that change; null: it goes. Traefik chooses the value of the cookie. */
function stickyPatch(
  object: RoutedObject,
  cookies: readonly string[],
  affinity: Affinity | undefined,
): MergePatch | null | undefined {
  if (affinity === undefined) {
    return cookies.includes(text(at(cookieOn(object), "name"))) ? null : undefined;
  }
  const wanted = { name: versionedName(affinity), maxAge: affinity.maxAge, httpOnly: true };
  const own = cookieOn(object).value;
  return isObject(own) && equal({ ...own, ...wanted }, own) ? undefined : { cookie: wanted };
}

/** A target in another namespace is another Service. */
const nameIn =
  ({ metadata: { namespace: own } }: RoutedObject) =>
  ({ name, namespace }: Json): string | undefined =>
    typeof name === "string" && (namespace === undefined || namespace === "" || namespace === own) ? name : undefined;

const listOf = (value: unknown): readonly unknown[] => (isList(value) ? value : []);

/** The lists of targets between which the object divides its traffic. */
function listsIn({ kind }: RoutedResource, { spec }: RoutedObject): readonly (readonly unknown[])[] {
  const place = root(spec);
  return kind === "TraefikService"
    ? [listOf(at(place, "weighted", "services").value)]
    : items(at(place, "routes")).map((route) => listOf(at(route, "services").value));
}

function has(object: RoutedObject, list: readonly unknown[], service: string): boolean {
  const nameOf = nameIn(object);
  return service !== "" && list.some((target) => isObject(target) && nameOf(target) === service);
}

/** The first halves are the reference's. */
function faultOf({ resource, name }: ObjectRef, object: RoutedObject, { stable, canary }: Split): string | undefined {
  const lists = listsIn(resource, object);
  if (resource.kind === "IngressRoute") {
    if (lists.some((list) => has(object, list, stable) && has(object, list, canary))) return undefined;
    return `no route of IngressRoute "${name}" lists both ${stable} and ${canary} in its services`;
  }
  const [list = []] = lists;
  const where = `TraefikService "${name}" does not list`;
  if (!isList(at(root(object.spec), "weighted", "services").value))
    return `spec.weighted.services was not found in traefik service manifest: TraefikService "${name}" divides no traffic`;
  if (!has(object, list, canary)) return `traefik canary service was not found: ${where} ${canary}`;
  if (!has(object, list, stable)) return `traefik stable service was not found: ${where} ${stable}`;
  return undefined;
}

/** Of an IngressRoute those routes are divided that list at least two of the targets. */
function specPatch(
  { kind }: RoutedResource,
  object: RoutedObject,
  weights: Weights,
  sticky: MergePatch | null | undefined,
): MergePatch | undefined {
  const nameOf = nameIn(object);
  if (kind === "TraefikService") {
    const old = listOf(at(root(object.spec), "weighted", "services").value);
    const services = reweighed(old, weights, nameOf);
    const changed = {
      ...(services === old ? {} : { services }),
      ...(sticky === undefined ? {} : { sticky }),
    };
    return Object.keys(changed).length === 0 ? undefined : { weighted: changed };
  }
  const old = listOf(at(root(object.spec), "routes").value);
  const routes = old.map((route) => {
    if (!isObject(route)) return route;
    const services = listOf(route["services"]);
    const isDivided = [...weights.keys()].filter((name) => has(object, services, name)).length > 1;
    return isDivided ? { ...route, services: reweighed(services, weights, nameOf) } : route;
  });
  return equal(old, routes) ? undefined : { routes };
}

/**
 * Header routes of Apache APISIX (docs/behaviour/traffic.md#apisix-header-routes): beside the user's ApisixRoute stands
 * one of ours for each, with the rules that the Rollout names, more urgent than the user's, for requests with the headers,
 * and without the stable Service. It follows the user's route, and goes with the header route or the Rollout.
 */
import { mergePatch } from "../../kube/object/mergePatch.ts";
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import {
  controllerOf,
  controllerReference,
  isControlledBy,
  isLeftTo,
  isOfKind,
  ownersWith,
} from "../../kube/object/ownerReference.ts";
import { at, root } from "../../kube/validation/place.ts";
import { ROLLOUT_KIND } from "../../schema/kinds.ts";
import { MANAGED_BY } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { faulty, type Part } from "./plan.ts";
import type {
  ManagedRoute,
  ObjectRef,
  Release,
  RoutedObject,
  RoutedResource,
  RoutedWrite,
  RoutingInput,
} from "./router.ts";
import type { Split } from "./splitMarks.ts";

export const APISIX_ROUTES: RoutedResource = {
  kind: "ApisixRoute",
  group: "apisix.apache.org",
  version: "v2",
  plural: "apisixroutes",
};

type HeaderRoute = Extract<ManagedRoute, { kind: "header" }>;

const managedNames = ({ spec }: Rollout): readonly string[] => [
  ...new Set((spec.strategy?.canary?.trafficRouting?.managedRoutes ?? []).map(({ name }) => name)),
];

const headerRef = ({ metadata: { namespace } }: Rollout, name: string): ObjectRef => ({
  resource: APISIX_ROUTES,
  namespace,
  name,
});

export const headerRefs = (rollout: Rollout): readonly ObjectRef[] =>
  managedNames(rollout).map((name) => headerRef(rollout, name));

/** What is to be done for each of `managedRoutes`: a route in force is made or kept right, every other one goes. */
export function headerParts(
  input: RoutingInput,
  main: RoutedObject | undefined,
  rules: readonly string[],
  split: Split,
): readonly Part[] {
  const names = managedNames(input.rollout);
  return names.map((name, index) => {
    const ref = headerRef(input.rollout, name);
    const wanted = input.traffic.routes.find((route): route is HeaderRoute => isHeaderRoute(route, name));
    if (wanted === undefined) return removal(input, ref);
    if (main === undefined) return {};
    const exprs = exprsOf(wanted.match);
    if (exprs.length === 0) return faulty(`header route ${name} names no header`);
    const spec = specOf(main, new Set(rules), split, { exprs, urgency: names.length - index });
    return spec === undefined ? {} : upheld(input, ref, spec);
  });
}

const isHeaderRoute = (route: ManagedRoute, name: string): boolean => route.kind === "header" && route.name === name;

/** One that is somebody else's stays. */
function removal({ rollout, object }: RoutingInput, ref: ObjectRef): Part {
  const current = object(ref);
  if (current === undefined || !isOurs(current, rollout)) return {};
  const { uid = "", resourceVersion = "" } = current.metadata;
  const failure = `Error deleting apisix route "${ref.name}"`;
  return { write: { kind: "delete", ref, uid, resourceVersion, failure, failureReason: "ApisixRouteDeleteError" } };
}

/** The Rollout's, or one that has lost its owner, as after a backup was restored. */
const isOurs = (object: RoutedObject, rollout: Rollout): boolean =>
  isControlledBy(object, rollout) ||
  (isLeftTo(object, ROLLOUT_KIND, rollout) && object.metadata.annotations?.[MANAGED_BY] === rollout.metadata.name);

function upheld({ rollout, object }: RoutingInput, ref: ObjectRef, spec: Json): Part {
  const current = object(ref);
  if (current === undefined) return { write: creation(rollout, ref, spec) };
  if (!isOurs(current, rollout)) return faulty(`duplicate ApisixRoute [${ref.name}] already exists`);
  const old = isObject(current.spec) ? current.spec : {};
  const changed = mergePatch(old, { ...old, ...spec });
  const patch = {
    ...(isControlledBy(current, rollout)
      ? {}
      : { metadata: { ownerReferences: ownersWith(current, ROLLOUT_KIND, rollout) } }),
    ...(changed === undefined ? {} : { spec: changed }),
  };
  if (Object.keys(patch).length === 0) return {};
  const resourceVersion = current.metadata.resourceVersion ?? "";
  const failure = `Error update apisix route "${ref.name}"`;
  return { write: { kind: "patch", ref, resourceVersion, patch, failure, failureReason: "ApisixRouteUpdateError" } };
}

function creation(rollout: Rollout, ref: ObjectRef, spec: Json): RoutedWrite {
  const { resource, namespace, name } = ref;
  const object = {
    apiVersion: `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: {
      name,
      namespace,
      annotations: { [MANAGED_BY]: rollout.metadata.name },
      ownerReferences: [controllerReference(ROLLOUT_KIND, rollout)],
    },
    spec,
  };
  const failure = `Error create apisix route "${name}"`;
  return { kind: "create", ref, object, failure, failureReason: "ApisixRouteCreateError" };
}

interface HeaderRule {
  readonly exprs: readonly Json[];
  /** By how much it is more urgent than the user's rule: the first of several managed routes wins. */
  readonly urgency: number;
}

/**
 * The user's route with the named rules alone: a copy of another rule, or of a stream, would quarrel with it. Undefined
 * where none of them leads to the canary, which is a fault of the weights, too.
 */
function specOf(
  { spec }: RoutedObject,
  rules: ReadonlySet<string>,
  split: Split,
  header: HeaderRule,
): Json | undefined {
  const { stream: _, http, ...rest } = isObject(spec) ? spec : {};
  const named = new Set(rules);
  const copied = (isList(http) ? http : []).flatMap((rule) => {
    if (!isObject(rule) || typeof rule["name"] !== "string" || !named.delete(rule["name"])) return [];
    const copy = headerRule(rule, split, header);
    return copy === undefined ? [] : [copy];
  });
  return copied.length === 0 ? undefined : { ...rest, http: copied };
}

const ALL = 100;

function headerRule(rule: Json, { stable, canary }: Split, { exprs, urgency }: HeaderRule): Json | undefined {
  const match = isObject(rule["match"]) ? rule["match"] : {};
  const own = match["exprs"];
  const backends = (isList(rule["backends"]) ? rule["backends"] : []).flatMap((backend) => {
    if (!isObject(backend)) return [backend];
    const { serviceName } = backend;
    if (serviceName === stable) return [];
    return [serviceName === canary ? { ...backend, weight: ALL } : backend];
  });
  if (!backends.some((backend) => isObject(backend) && backend["serviceName"] === canary)) return undefined;
  const priority = typeof rule["priority"] === "number" ? rule["priority"] : 0;
  return {
    ...rule,
    backends,
    priority: priority + urgency,
    match: { ...match, exprs: [...(isList(own) ? own : []), ...exprs] },
  };
}

/** All of them have to hold. */
const exprsOf = (match: HeaderRoute["match"]): readonly Json[] =>
  match.flatMap(({ headerName: name, headerValue }) => {
    const { exact = "", regex = "", prefix = "" } = headerValue ?? {};
    const expr = (op: string, value: string): Json => ({ subject: { scope: "Header", name }, op, value });
    return [
      ...(exact === "" ? [] : [expr("Equal", exact)]),
      ...(regex === "" ? [] : [expr("RegexMatch", regex)]),
      ...(prefix === "" ? [] : [expr("RegexMatch", `^${literal(prefix)}.*`)]),
    ];
  });

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);

/** A header route is told from the user's route by its owner, or where that is lost by its annotation. */
export const headerRelease: Release = {
  holders(object) {
    const controller = controllerOf(object);
    if (controller !== undefined) return isOfKind(controller, ROLLOUT_KIND) ? [controller.name] : [];
    const name = at(root(object), "metadata", "annotations", MANAGED_BY).value;
    return typeof name === "string" && name !== "" ? [name] : [];
  },
  plan(ref, object, gone) {
    const holders = headerRelease.holders(object);
    if (holders.length === 0 || holders.some((name) => !gone.has(name))) return undefined;
    const { uid = "", resourceVersion = "" } = object.metadata;
    const failure = `Error deleting apisix route "${ref.name}"`;
    return { kind: "delete", ref, uid, resourceVersion, failure };
  },
};

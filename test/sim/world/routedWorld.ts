/** Routers' objects in a world: what users have written, what others do to it, and whether it is left as it was. */
import type { Json } from "../../../kube/object/json.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { RouterKind } from "../../../schema/trafficRouting.ts";
import type { ApiCore, ApiObject, Draft } from "../../../simulator/model/model.ts";
import { MADE_UP, routed } from "../../../simulator/simulate/routedObjects.ts";
import type { Manifest } from "../../../simulator/model/manifest.ts";
import type { Seen } from "../planes/plane.ts";
import { PLANES, planesOf, ROUTED, waysOf } from "../planes/planes.ts";
import { TOUCHED } from "./past.ts";

const CRDS = "customresourcedefinitions.apiextensions.k8s.io";
const NAMESPACE = "default";

/** What users want their objects to be, by "resource name"; `loose`: somebody has changed weights, which are not compared. */
export interface Given {
  readonly objects: Map<string, { readonly resource: string; readonly draft: Draft; readonly loose: boolean }>;
}

export const nothingGiven = (): Given => ({ objects: new Map() });

const keyOf = (resource: string, name: string): string => `${resource} ${name}`;

function resourceOf({ apiVersion, kind }: Manifest): string {
  const group = apiVersion.slice(0, apiVersion.indexOf("/"));
  const suffix = `s.${group}`;
  const plural = kind === "Ingress" ? "ingresse" : kind.toLowerCase();
  return `${plural}${suffix}`;
}

/** Creates what a Rollout's routers find, with their kinds; each only once: what somebody deletes stays away. */
export function introduce(core: ApiCore, given: Given, rollout: Rollout): void {
  const routing = (rollout.spec.strategy?.canary?.trafficRouting ?? {}) as Readonly<Record<string, unknown>>;
  const kinds = Object.entries(MADE_UP).flatMap(([kind, row]) => (routing[kind] === undefined ? [] : row.kinds));
  for (const kind of kinds)
    if (core.get({ resource: CRDS, name: kind.metadata.name }) === undefined) core.create(CRDS, kind);
  const { services, objects } = routed(rollout);
  for (const name of services) createIfMissing(core, "services", allPods(name));
  for (const made of objects) {
    const resource = resourceOf(made);
    const key = keyOf(resource, made.metadata.name);
    const known = given.objects.get(key);
    // With ping-pong stable's is another Service after each promotion.
    const loose = known?.loose === true || rollout.spec.strategy?.canary?.pingPong !== undefined;
    if (known !== undefined) {
      given.objects.set(key, { ...known, loose });
      continue;
    }
    const draft: Draft = { ...made, metadata: { ...made.metadata, namespace: NAMESPACE } };
    given.objects.set(key, { resource, draft, loose });
    createIfMissing(core, resource, draft);
  }
}

const allPods = (name: string): Draft => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: NAMESPACE },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});

function createIfMissing(core: ApiCore, resource: string, draft: Draft): void {
  const { name = "" } = draft.metadata ?? {};
  if (core.get({ resource, namespace: NAMESPACE, name }) === undefined) core.create(resource, draft);
}

/** `delete` and `note` are of the user's `which`th object, of those that there are. */
type RoutedChange = "create" | "delete" | "reweigh" | "note";

export type RoutingDeed =
  /** Somebody changes the objects of the routers. */
  | { readonly kind: "routed"; readonly change: RoutedChange; readonly which: number }
  /** A policy refuses what we write to a router's objects, for so long. */
  | { readonly kind: "refuse"; readonly router: RouterKind; readonly ms: number };

export function changeRouted(core: ApiCore, given: Given, change: RoutedChange, which: number): void {
  switch (change) {
    case "create":
      for (const { resource, draft } of given.objects.values()) createIfMissing(core, resource, draft);
      return;
    case "reweigh":
      return reweigh(core, given);
    case "delete":
    case "note": {
      const all = [...given.objects].filter(
        ([, { resource, draft }]) => core.get(refOf(resource, draft)) !== undefined,
      );
      const [key, one] = all[which % Math.max(1, all.length)] ?? [];
      if (key === undefined || one === undefined) return;
      if (change === "delete") return void core.delete(refOf(one.resource, one.draft));
      core.modify(refOf(one.resource, one.draft), noted);
      given.objects.set(key, { ...one, draft: noted(one.draft) });
      return;
    }
    default:
      return change satisfies never;
  }
}

const refOf = (resource: string, { metadata }: Draft) => ({
  resource,
  namespace: NAMESPACE,
  name: metadata?.name ?? "",
});

/** Somebody else's members, which have to stay. */
function noted<T extends Draft>(object: T): T {
  const { labels, annotations } = object.metadata ?? {};
  const metadata = {
    ...object.metadata,
    labels: { ...labels, team: "shop" },
    annotations: { ...annotations, "example.com/team": "shop" },
  };
  const spec = object.kind === "Ingress" ? {} : { spec: { ...(object["spec"] as object), note: "ours" } };
  return { ...object, metadata, ...spec };
}

/** Every weight in every object is another one. */
function reweigh(core: ApiCore, given: Given): void {
  const served = new Set(core.resources().map(({ name, group }) => `${name}.${group}`));
  for (const resource of ROUTED) {
    if (!served.has(resource)) continue;
    for (const { metadata } of core.list(resource, { namespace: NAMESPACE })) {
      core.modify({ resource, namespace: NAMESPACE, name: metadata.name }, (object) => {
        const annotations: Record<string, string> = {};
        for (const [key, value] of Object.entries(object.metadata.annotations ?? {})) {
          const text = key.includes("/actions.") ? value.replaceAll(/"Weight":\d+/g, '"Weight":37') : value;
          annotations[key] = key.endsWith("/canary-weight") ? "77" : text;
        }
        const spec = JSON.parse(JSON.stringify(object["spec"]).replaceAll(/"weight":"?\d+"?/g, '"weight":37')) as Json;
        return { ...object, metadata: { ...object.metadata, annotations }, spec };
      });
    }
  }
  for (const [key, one] of given.objects) given.objects.set(key, { ...one, loose: true });
}

/** What users read and write of an object. */
function asWritten({ metadata, spec }: Pick<Draft, "metadata"> & { readonly spec?: unknown }, loose: boolean): Json {
  const { [TOUCHED]: _, ...annotations } = metadata?.annotations ?? {};
  const text = JSON.stringify({ labels: metadata?.labels ?? {}, annotations, spec });
  return JSON.parse(loose ? text.replaceAll(/,?"weight":"?\d+"?/g, "") : text) as Json;
}

const same = (object: ApiObject, draft: Draft, loose: boolean): boolean =>
  Bun.deepEquals(asWritten(object, loose), asWritten(draft, loose));

/**
 * Why routing has not ended as it must: header and mirror routes without an update, an object of ours that no spec asks
 * for, or one of the user's that is not what it was (docs/behaviour/traffic.md#routing-that-ends).
 */
export function leftOfRouting(seen: Seen, given: Given, rollout: Rollout | undefined): string | undefined {
  const { abort, currentPodHash, stableRS, phase } = rollout?.status ?? {};
  const isUpdating = abort !== true && currentPodHash !== stableRS;
  const route =
    rollout === undefined || isUpdating ? undefined : waysOf(seen, rollout).find(({ kind }) => kind !== "weight");
  if (route !== undefined) return `a ${route.kind} route of ${route.of} is left, and no update goes on`;
  // Where an object is missing or the spec is wrong, nothing can be given back.
  const isOver = rollout === undefined || (!isUpdating && phase === "Healthy");
  const named = new Set(planesOf(rollout).flatMap(({ plane }) => plane.resources));
  for (const resource of ROUTED) {
    for (const object of seen.all(resource)) {
      const why = isOver || !named.has(resource) ? leftOn(given, rollout, resource, object) : undefined;
      if (why !== undefined) return `${object.kind} ${object.metadata.name} ${why}`;
    }
  }
  return undefined;
}

function leftOn(given: Given, rollout: Rollout | undefined, resource: string, object: ApiObject): string | undefined {
  const owners = Object.values(PLANES).filter(({ resources }) => resources.includes(resource));
  const named = new Set(planesOf(rollout).map(({ plane }) => plane));
  if (owners.some((plane) => named.has(plane) && plane.lasts?.(resource, object) === true)) return undefined;
  const user = given.objects.get(keyOf(resource, object.metadata.name));
  if (user === undefined) return "is left, and no spec asks for it";
  const [marked] = owners.flatMap(({ isMarked }) => isMarked?.(resource, object) ?? []);
  if (marked !== undefined) return marked ? "keeps its mark" : undefined;
  return same(object, user.draft, user.loose) ? undefined : "is not what it was";
}

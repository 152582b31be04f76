/** What is to be done at one VirtualService of a Rollout (docs/behaviour/traffic.md#istio). */
import { equal } from "../../kube/object/equality.ts";
import { at, type Place, root } from "../../kube/validation/place.ts";
import { affinityName } from "./affinity.ts";
import { holderOf, marksOn, marksText, type Split, SPLIT_MARK } from "./istioMark.ts";
import { givenBack, type Spread, spread } from "./istioRoutes.ts";
import { faulty, type Part } from "./plan.ts";
import type {
  ManagedRoute,
  MergePatch,
  ObjectRef,
  ReleaseWrite,
  RoutedObject,
  RoutedWrite,
  RouterEvent,
  RoutingInput,
  Traffic,
} from "./router.ts";
import { routeProblems, routingOf } from "./virtualService.ts";

/** A VirtualService that a Rollout names. */
export interface Service {
  /** The Rollout's entry for it. */
  readonly entry: Place;
  readonly ref: ObjectRef;
  /** What the Rollout divides there. */
  readonly split: Split;
}

/** @param canaryHost where header and mirror routes lead, if that is known */
export function servicePart(given: RoutingInput, service: Service, canaryHost: string | undefined): Part {
  const { entry, ref } = service;
  const input = { ...given, traffic: sessionsBy(given.traffic, canaryHost) };
  const { rollout, traffic } = input;
  const split = keepingSessions(service.split, rollout.metadata.name, traffic);
  const object = input.object(ref);
  if (object === undefined) return missingService(ref.name);
  const routing = routingOf(rollout);
  const holder = holderOf(rollout.metadata.namespace, rollout.metadata.name);
  const marks = marksOn(at(root(object), "metadata"));
  const mark = marks.get(holder);
  const managedRoutes = new Set([...split.managed, ...(mark?.managed ?? [])]);
  const [problem] = routeProblems(entry, at(root(object), "spec"), { ...routing, managedRoutes });
  if (problem !== undefined) return faulty(problem);
  const wanted = {
    split: { ...split, experiments: mark?.experiments ?? [] },
    traffic,
    canaryHost,
    rollout: rollout.metadata.name,
  };
  const before = leftOver(object.spec, mark, service.split, rollout.metadata.name);
  const after = spread({ ...asObject(object.spec), ...before?.spec }, wanted);
  const spec = changedSpec(object.spec, { ...before?.spec, ...after.spec });
  const annotation = marksText(marked(marks, holder, input, split));
  const patch = { ...annotated(object, annotation), ...(Object.keys(spec).length === 0 ? {} : { spec }) };
  const write =
    Object.keys(patch).length === 0 ? {} : { write: change(ref, object, patch, eventsOf(input, ref, after)) };
  return { ...write, ...unmadeFault(after.unmade), ...(after.sessionless ? sessionlessFault(ref) : {}) };
}

/** Nobody is sent to a canary of which it is not known where it is. */
function sessionsBy({ affinity, ...traffic }: Traffic, canaryHost: string | undefined): Traffic {
  return affinity === undefined || canaryHost === undefined ? traffic : { ...traffic, affinity };
}

/** With the names of the routes that lead back to the canary: one for each route that is divided. */
function keepingSessions(split: Split, rollout: string, { affinity, routes }: Traffic): Split {
  if (affinity === undefined) return split;
  const divided = Math.max(1, split.routes.length) + routes.filter(({ kind }) => kind === "mirror").length;
  const names = Array.from({ length: divided }, (_, n) => affinityName(rollout, n));
  return { ...split, managed: [...split.managed, ...names] };
}

const sessionlessFault = ({ name }: ObjectRef): Part =>
  faulty(
    `sessions cannot be kept with the canary: VirtualService \`${name}\` divides no HTTP requests, and others have no cookies; remove sessionAffinity`,
  );

const over = (spec: object, { spec: routes }: Pick<Spread, "spec">): object => ({ ...spec, ...routes });

const asObject = (spec: unknown): object => (typeof spec === "object" && spec !== null ? spec : {});

/** Members that differ from what is there. */
const changedSpec = (old: unknown, next: Spread["spec"]): Spread["spec"] =>
  Object.fromEntries(Object.entries(next).filter(([member, routes]) => !equal(at(root(old), member).value, routes)));

/** What an earlier version of the spec divided, where the present one would not put it right. */
function leftOver(spec: unknown, mark: Split | undefined, split: Split, rollout: string): Spread | undefined {
  if (mark === undefined) return undefined;
  // What keeps sessions comes and goes with the traffic.
  const managed = mark.managed.filter((name) => !name.startsWith(affinityName(rollout)));
  if (equal({ ...mark, managed, experiments: [] }, { ...split, experiments: [] })) return undefined;
  return spread(spec, givenBack(mark));
}

function missingService(name: string): Part {
  const message = `virtualservices.networking.istio.io "${name}" not found`;
  const event = {
    type: "Warning",
    reason: "VirtualServiceNotFound",
    message: `VirtualService \`${name}\` not found`,
  } as const;
  return { fault: { message, missing: true, event } };
}

/** Marked as long as not all requests go to stable as they did before. */
function marked(
  marks: ReadonlyMap<string, Split>,
  holder: string,
  { traffic: { canaryWeight, additional, routes } }: RoutingInput,
  split: Split,
): ReadonlyMap<string, Split> {
  const next = new Map(marks);
  const isDivided = canaryWeight > 0 || additional.length > 0 || routes.length > 0;
  if (!isDivided) next.delete(holder);
  else next.set(holder, { ...split, experiments: additional.map(({ serviceName }) => serviceName) });
  return next;
}

/** An annotation that cannot be read is written anew, or removed. */
function annotated({ metadata }: RoutedObject, wanted: string | null): MergePatch {
  const old = metadata.annotations?.[SPLIT_MARK] ?? null;
  return old === wanted ? {} : { metadata: { annotations: { [SPLIT_MARK]: wanted } } };
}

/** In the order in which the reference writes: its routes before the weights. */
function eventsOf({ traffic }: RoutingInput, { name }: ObjectRef, { set, removed, weights }: Spread): RouterEvent[] {
  const told = (what: string): RouterEvent => ({
    type: "Normal",
    reason: "Updated VirtualService",
    message: `VirtualService \`${name}\` ${what}`,
  });
  const changed = [...set, ...(traffic.routes.length === 0 ? [] : removed)];
  return [
    ...changed.map((route) => told(`set ${route.kind}Route '${route.name}'`)),
    ...(traffic.routes.length === 0 && removed.length > 0 ? [told("removed all managed routes.")] : []),
    ...(weights ? [told(`set to desiredWeight '${traffic.canaryWeight}'`)] : []),
  ];
}

function change(
  ref: ObjectRef,
  { metadata }: RoutedObject,
  patch: MergePatch,
  events: readonly RouterEvent[],
): RoutedWrite {
  const event = events.at(-1);
  return {
    kind: "patch",
    ref,
    resourceVersion: metadata.resourceVersion ?? "",
    patch,
    ...(event === undefined ? {} : { event }),
    ...(events.length <= 1 ? {} : { earlier: events.slice(0, -1) }),
    failure: `error patching VirtualService \`${ref.name}\``,
  };
}

/** Only HTTP requests have headers and can be copied. */
function unmadeFault([route]: readonly ManagedRoute[]): Part {
  if (route === undefined) return {};
  const where = "failed to remove http route from virtual service: spec.http not found";
  return faulty(
    route.kind === "header"
      ? `[SetHeaderRoute] failed to reconcile header routes: [reconcileVirtualServiceHeaderRoutes] ${where}`
      : `[SetMirrorRoute] failed reconcile virtual service for mirror routes: [reconcileVirtualServiceMirrorRoutes] ${where}`,
  );
}

/** Gives the requests that `gone` divided back to stable; undefined where none of them is marked there. */
export function serviceRelease(
  ref: ObjectRef,
  object: RoutedObject,
  gone: (holder: string) => boolean,
): ReleaseWrite | undefined {
  const marks = marksOn(at(root(object), "metadata"));
  const left = [...marks].filter(([holder]) => gone(holder));
  if (left.length === 0) return undefined;
  const next = left.reduce((spec, [, mark]) => over(spec, spread(spec, givenBack(mark))), asObject(object.spec));
  const spec = changedSpec(object.spec, pick(next));
  const stay = new Map([...marks].filter(([holder]) => !gone(holder)));
  return {
    kind: "patch",
    ref,
    resourceVersion: object.metadata.resourceVersion ?? "",
    patch: {
      metadata: { annotations: { [SPLIT_MARK]: marksText(stay) } },
      ...(Object.keys(spec).length === 0 ? {} : { spec }),
    },
    failure: `error releasing VirtualService \`${ref.name}\``,
  };
}

function pick(spec: Spread["spec"]): Spread["spec"] {
  const { http, tls, tcp } = spec;
  return {
    ...(http === undefined ? {} : { http }),
    ...(tls === undefined ? {} : { tls }),
    ...(tcp === undefined ? {} : { tcp }),
  };
}

/**
 * Ambassador, or Emissary-ingress (docs/behaviour/traffic.md#ambassador): beside each Mapping of the user's stands one of
 * ours that leads to the canary Service, with the weight, while the canary has one. It belongs to the Rollout.
 */
import { mergePatch } from "../../kube/object/mergePatch.ts";
import { isObject, type Json } from "../../kube/object/json.ts";
import { controllerReference, isControlledBy, isLeftTo, ownersWith } from "../../kube/object/ownerReference.ts";
import { at, count, present } from "../../kube/validation/place.ts";
import { helped, invalid } from "../../kube/validation/violation.ts";
import { ROLLOUT_KIND } from "../../schema/kinds.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { ownRelease } from "./ownRelease.ts";
import { faulty, type Part, planOf } from "./plan.ts";
import type { ObjectRef, RoutedObject, RoutedResource, Router, RouterEvent, RoutingInput } from "./router.ts";
import { type RouterSetting, type RouterSettings, textIn } from "./settings.ts";
import { outOfHundred } from "./splitMarks.ts";
import { always } from "./traits.ts";

const GROUP = "getambassador.io";
/** Of Ambassador's developer preview. */
const PREVIEW_GROUP = "x.getambassador.io";
const PLURALS: Readonly<Record<string, string>> = { [GROUP]: "mappings", [PREVIEW_GROUP]: "ambassadormappings" };
const KINDS: Readonly<Record<string, string>> = { [GROUP]: "Mapping", [PREVIEW_GROUP]: "AmbassadorMapping" };

const apiVersion: RouterSetting = {
  name: "ambassadorApiVersion",
  flag: "ambassador-api-version",
  kind: "text",
  value: `${GROUP}/v2`,
  help: "API version of Mappings; without a group, of getambassador.io",
};

export const ambassador: Router<"ambassador"> = {
  kind: "ambassador",
  title: "Ambassador",
  metrics: { label: "Ambassador", rank: 2 },
  abilities: {},
  needsServices: always,
  violations: (settings) => {
    const mappings = at(settings, "mappings");
    if (!present(settings) || count(mappings) > 0) return [];
    const help = "List the names of your Mappings: mappings: [NAME]";
    return [helped(invalid("router-names", mappings, "must provide at least one mapping"), help)];
  },
  settings: [apiVersion],
  uses: Object.entries(PLURALS).map(([group, plural]) => ({
    group,
    plural,
    verbs: ["get", "list", "watch", "create", "patch", "delete"],
    why: { verb: "writes", what: "a Mapping for the canary beside yours" },
  })),
  resources: (settings) => [mappings(settings)],
  reads: (rollout, settings) =>
    mappingNames(rollout).flatMap((name) => [
      mappingRef(rollout, settings, name),
      mappingRef(rollout, settings, canaryName(name)),
    ]),
  heeds: () => true,
  route: (input) => planOf(mappingNames(input.rollout).flatMap((name) => partsOf(input, name))),
  // The user's Mappings are only read.
  release: ownRelease(({ metadata }) => metadata.name.endsWith(SUFFIX)),
};

/** As the reference reads the flag: a group that it does not know has its Mappings under their usual name. */
function mappings(settings: RouterSettings): RoutedResource {
  const parts = textIn(settings, apiVersion).split("/");
  const group = parts.length > 1 ? (parts[0] ?? GROUP) : GROUP;
  const kind = KINDS[group] ?? "Mapping";
  return { kind, group, version: parts.at(-1) ?? "", plural: PLURALS[group] ?? "mappings" };
}

const mappingNames = ({ spec }: Rollout): readonly string[] => [
  ...new Set(spec.strategy?.canary?.trafficRouting?.ambassador?.mappings ?? []),
];

const mappingRef = (rollout: Rollout, settings: RouterSettings, name: string): ObjectRef => ({
  resource: mappings(settings),
  namespace: rollout.metadata.namespace,
  name,
});

const SUFFIX = "-canary";
/** A name has 253 characters at most. */
const canaryName = (base: string): string => `${base.slice(0, 253 - SUFFIX.length)}${SUFFIX}`;

function partsOf(input: RoutingInput, name: string): readonly Part[] {
  const { rollout, settings, object } = input;
  const first = mappingNames(rollout).find((other) => canaryName(other) === canaryName(name));
  if (first !== name) return [faulty(`mappings \`${first ?? ""}\` and \`${name}\` would share one canary mapping`)];
  const base = object(mappingRef(rollout, settings, name));
  const ref = mappingRef(rollout, settings, canaryName(name));
  const current = object(ref);
  const { canaryWeight } = input.traffic;
  if (current !== undefined && !isOurs(current, rollout, base))
    return canaryWeight === 0 ? [] : [faulty(takenName(ref.name, rollout))];
  const fault = faultOf(rollout, name, base);
  // What is wrong is told before the first weight; it keeps no canary's Mapping from going.
  if (canaryWeight === 0)
    return [...(current === undefined ? [] : [removal(ref, current)]), ...(fault === undefined ? [] : [fault])];
  // The weight of one that is there can be written without the user's Mapping.
  const wanted = fault === undefined && base !== undefined ? specOf(input, base) : undefined;
  const faults = fault === undefined ? [] : [fault];
  if (current !== undefined) return [change(input, ref, current, wanted), ...faults];
  return wanted === undefined ? faults : [creation(input, ref, wanted)];
}

/**
 * The Rollout's, one that has lost its owner, or one that Argo Rollouts has made, which has none: it leads to the canary
 * Service as ours would.
 */
function isOurs(current: RoutedObject, rollout: Rollout, base: RoutedObject | undefined): boolean {
  if (isControlledBy(current, rollout)) return true;
  if (!isLeftTo(current, ROLLOUT_KIND, rollout) || base === undefined) return false;
  const service = canaryService(rollout, base);
  return service !== "" && memberOf(current)["service"] === service;
}

const takenName = (name: string, rollout: Rollout): string =>
  `Rollout does not own Mapping \`${name}\`: Rollout \`${rollout.metadata.name}\` needs that name for its own; delete or rename the Mapping`;

type Fault = Part & { readonly fault: NonNullable<Part["fault"]> };

/** In the reference's words, with the reference's events before TrafficRoutingError. */
function faultOf(rollout: Rollout, name: string, base: RoutedObject | undefined): Fault | undefined {
  if (base === undefined) {
    const message = `Ambassador mapping "${name}" not found`;
    return { fault: { message, missing: true, event: warning("AmbassadorMappingNotFound", message) } };
  }
  const { weight = 0 } = memberOf(base);
  if (weight !== 0) {
    const message = `Ambassador mapping "${name}" can not define weight`;
    return { fault: { message, missing: false, event: warning("AmbassadorMappingConfigError", message) } };
  }
  const { stableService = "" } = rollout.spec.strategy?.canary ?? {};
  const { service } = memberOf(base);
  if (stableService !== "" && typeof service === "string" && service.includes(stableService)) return undefined;
  return faulty(`Ambassador mapping "${name}" does not lead to ${stableService}`);
}

const warning = (reason: RouterEvent["reason"], message: string): RouterEvent => ({ type: "Warning", reason, message });

const memberOf = ({ spec }: RoutedObject): Json => (isObject(spec) ? spec : {});

/** Its port and namespace stay: only the first occurrence of the name is another one. */
function canaryService({ spec }: Rollout, base: RoutedObject): string {
  const { stableService = "", canaryService: canary = "" } = spec.strategy?.canary ?? {};
  const { service } = memberOf(base);
  return typeof service === "string" ? service.replace(stableService, () => canary) : "";
}

const specOf = ({ rollout, traffic }: RoutingInput, base: RoutedObject): Json => ({
  ...memberOf(base),
  service: canaryService(rollout, base),
  weight: share(traffic),
});

/** Of 100, which is what Ambassador counts to. */
const share = (traffic: RoutingInput["traffic"]): number => outOfHundred(traffic).canaryWeight;

const weightEvent = (weight: number): RouterEvent => ({
  type: "Normal",
  reason: "CanaryMappingWeightUpdate",
  message: `Set canary mapping weight to ${weight}`,
});

/** @param wanted undefined: the weight alone, since the rest is not known */
function change(input: RoutingInput, ref: ObjectRef, current: RoutedObject, wanted: Json | undefined): Part {
  const { rollout, traffic } = input;
  const old = memberOf(current);
  const spec = mergePatch(old, wanted ?? { ...old, weight: share(traffic) });
  const isOwned = isControlledBy(current, rollout);
  const patch = {
    ...(isOwned ? {} : { metadata: { ownerReferences: ownersWith(current, ROLLOUT_KIND, rollout) } }),
    ...(spec === undefined ? {} : { spec }),
  };
  if (Object.keys(patch).length === 0) return {};
  const event = spec?.["weight"] === undefined ? {} : { event: weightEvent(share(traffic)) };
  return {
    write: {
      kind: "patch",
      ref,
      resourceVersion: current.metadata.resourceVersion ?? "",
      patch,
      ...event,
      failure: `Error updating canary mapping "${ref.name}"`,
      failureReason: "CanaryMappingUpdateError",
    },
  };
}

/** Weight 0 first, as the reference does: that holds even where the deletion is refused. */
function removal(ref: ObjectRef, current: RoutedObject): Part {
  const { uid = "", resourceVersion = "" } = current.metadata;
  const gone = {
    kind: "delete",
    ref,
    uid,
    failure: `Error deleting canary mapping "${ref.name}"`,
    failureReason: "CanaryMappingCleanupError",
  } as const;
  if (memberOf(current)["weight"] === 0) return { write: gone };
  const patch = { spec: { weight: 0 } };
  const failure = `Error updating canary mapping "${ref.name}"`;
  const failureReason = "CanaryMappingUpdateError";
  const event = weightEvent(0);
  return { write: { kind: "patch", ref, resourceVersion, patch, event, failure, failureReason }, next: gone };
}

function creation({ rollout, traffic }: RoutingInput, ref: ObjectRef, spec: Json): Part {
  const { resource, namespace, name } = ref;
  const object = {
    apiVersion: `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: { name, namespace, ownerReferences: [controllerReference(ROLLOUT_KIND, rollout)] },
    spec,
  };
  const event = weightEvent(share(traffic));
  const failureReason = "CanaryMappingCreationError";
  return { write: { kind: "create", ref, object, event, failure: "Error creating canary mapping", failureReason } };
}

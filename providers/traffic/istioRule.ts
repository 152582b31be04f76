/**
 * The DestinationRule whose subsets tell the pods of stable and canary apart (docs/behaviour/traffic.md#istio-subsets): each
 * of the two gets the label with the hash of its revision. What else a subset has stays, and so do other subsets.
 */
import { equal } from "../../kube/object/equality.ts";
import { isList, isObject, type Json, withMember } from "../../kube/object/json.ts";
import { at, root, text } from "../../kube/validation/place.ts";
import { HASH_LABEL, MANAGED_BY } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { TrafficRouting } from "../../schema/trafficRouting.ts";
import { faulty, type Part } from "./plan.ts";
import type {
  MergePatch,
  ObjectRef,
  ReleaseWrite,
  RoutedObject,
  RoutedWrite,
  RoutingInput,
  Traffic,
} from "./router.ts";

export type RuleSettings = NonNullable<NonNullable<TrafficRouting["istio"]>["destinationRule"]>;

/** What a DestinationRule is to be, and why not all of it can be. */
export function rulePart(input: RoutingInput, settings: RuleSettings, ref: ObjectRef): Part {
  const { rollout, traffic } = input;
  const rule = input.object(ref);
  if (rule === undefined) return missingRule(settings.name);
  const holder = rule.metadata.annotations?.[MANAGED_BY] ?? "";
  if (holder !== "" && holder !== rollout.metadata.name) return faulty(heldByOther(settings.name, holder));
  const old = subsetsOf(rule);
  const absent = [settings.canarySubsetName, settings.stableSubsetName].find(
    (name) => !old.some((subset) => nameOf(subset) === name),
  );
  const patch = patchTo(rule, rollout, subsetsFor(old, settings, traffic));
  return {
    ...(patch === undefined ? {} : { write: change(ref, rule, patch, eventFor(settings, traffic)) }),
    ...(absent === undefined ? {} : faulty(absentSubset(settings.name, absent))),
  };
}

function missingRule(name: string): Part {
  const message = `destinationrules.networking.istio.io "${name}" not found`;
  const event = {
    type: "Warning",
    reason: "DestinationRuleNotFound",
    message: `DestinationRule \`${name}\` not found`,
  } as const;
  return { fault: { message, missing: true, event } };
}

const heldByOther = (name: string, holder: string): string =>
  `DestinationRule \`${name}\` is managed by Rollout \`${holder}\`: name another one, or take it out of that Rollout first; if that Rollout is gone, remove the annotation ${MANAGED_BY}`;

const absentSubset = (name: string, subset: string): string =>
  `DestinationRule \`${name}\` has no subset \`${subset}\`: add it to spec.subsets, or correct the name in the Rollout`;

const eventFor = (
  { name, canarySubsetName, stableSubsetName }: RuleSettings,
  { canaryHash, stableHash }: Traffic,
): string =>
  `DestinationRule ${name} subset updated (${canarySubsetName}: ${canaryHash}, ${stableSubsetName}: ${stableHash})`;

const change = (ref: ObjectRef, { metadata }: RoutedObject, patch: MergePatch, message: string): RoutedWrite => ({
  kind: "patch",
  ref,
  resourceVersion: metadata.resourceVersion ?? "",
  patch,
  event: { type: "Normal", reason: "UpdatedDestinationRule", message },
  failure: `error patching DestinationRule \`${ref.name}\``,
});

function patchTo(rule: RoutedObject, rollout: Rollout, subsets: readonly unknown[]): MergePatch | undefined {
  const { name } = rollout.metadata;
  const patch = {
    ...(rule.metadata.annotations?.[MANAGED_BY] === name ? {} : { metadata: { annotations: { [MANAGED_BY]: name } } }),
    ...(equal(subsetsOf(rule), subsets) ? {} : { spec: { subsets } }),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

export function subsetsOf({ spec }: RoutedObject): readonly unknown[] {
  const subsets = isObject(spec) ? spec["subsets"] : undefined;
  return isList(subsets) ? subsets : [];
}

/** Where header and mirror routes lead; "" where it has none. */
export const hostOf = ({ spec }: RoutedObject): string => text(at(root(spec), "host"));

/** The hash that a subset of a rule is bound to; "" for one that selects all pods. */
export const hashOf = (rule: RoutedObject, name: string): string =>
  text(at(root(subsetsOf(rule).find((subset) => nameOf(subset) === name)), "labels", HASH_LABEL));

const nameOf = (subset: unknown): string => text(at(root(subset), "name"));

function subsetsFor(old: readonly unknown[], settings: RuleSettings, traffic: Traffic): readonly unknown[] {
  const hashes = new Map([
    ...traffic.additional.map(({ serviceName, podTemplateHash }) => [serviceName, podTemplateHash] as const),
    [settings.stableSubsetName, traffic.stableHash],
    [settings.canarySubsetName, traffic.canaryHash],
  ]);
  const kept = new Set(settings.additionalSubsetNames ?? []);
  const next = old.flatMap((subset) => {
    if (!isObject(subset)) return [subset];
    const hash = hashes.get(nameOf(subset));
    if (hash !== undefined) return [bound(subset, hash)];
    if (kept.has(nameOf(subset))) return [subset];
    return isExperiments(subset) ? [] : [bound(subset, "")];
  });
  const there = new Set(old.map(nameOf));
  const added = traffic.additional
    .filter(({ serviceName }) => !there.has(serviceName))
    .toSorted((a, b) => (a.serviceName < b.serviceName ? -1 : 1))
    .map(({ serviceName, podTemplateHash }) => ({ name: serviceName, labels: { [HASH_LABEL]: podTemplateHash } }));
  return [...next, ...added];
}

/** The subset with this hash; "" for none. What has no label to lose stays as it is, and no empty `labels` are left. */
function bound(subset: Json, hash: string): Json {
  const labels = isObject(subset["labels"]) ? subset["labels"] : {};
  const next = withMember(labels, HASH_LABEL, hash === "" ? undefined : hash);
  return next === labels ? subset : withMember(subset, "labels", Object.keys(next).length === 0 ? undefined : next);
}

/** A subset that a controller of Rollouts has made for an experiment has nothing but its name and the hash. */
const isExperiments = (subset: Json): boolean =>
  equal(Object.keys(subset).toSorted(), ["labels", "name"]) &&
  isObject(subset["labels"]) &&
  equal(Object.keys(subset["labels"]), [HASH_LABEL]);

/** All subsets select the pods of all revisions again. */
export function ruleRelease(ref: ObjectRef, rule: RoutedObject): ReleaseWrite {
  const old = subsetsOf(rule);
  const subsets = old.map((subset) => (isObject(subset) ? bound(subset, "") : subset));
  return {
    kind: "patch",
    ref,
    resourceVersion: rule.metadata.resourceVersion ?? "",
    patch: {
      metadata: { annotations: { [MANAGED_BY]: null } },
      ...(equal(old, subsets) ? {} : { spec: { subsets } }),
    },
    failure: `error releasing DestinationRule \`${ref.name}\``,
  };
}

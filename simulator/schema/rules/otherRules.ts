/** Rules of the kinds that have only a few. */
import { at, entries, items, type Place, present, text, whole } from "../../../kube/validation/place.ts";
import { selectorViolations } from "../../../kube/validation/labelSelector.ts";
import { configKey } from "../../../kube/validation/syntax.ts";
import { forbidden, type Violation } from "../../../kube/validation/violation.ts";
import { equal } from "../../../kube/object/equality.ts";
import { type Check, each, immutable, members, missing, notBelow, type Rule, unsupported, wrong } from "./rule.ts";
import { atMostAll, countOrPart } from "./workloadRules.ts";

function scaleTarget(target: Place): readonly Violation[] {
  const [kind, name, version] = [at(target, "kind"), at(target, "name"), at(target, "apiVersion")];
  const group = text(version).includes("/") || text(kind) === "ReplicationController";
  return [
    ...[kind, name].filter((place) => text(place) === "").map((place) => missing(place)),
    ...(group ? [] : [wrong(version, "apiVersion must specify API group", text(version))]),
  ];
}

export const horizontalPodAutoscaler: Rule = (object) => {
  const spec = at(object, "spec");
  const [least, most] = [at(spec, "minReplicas"), at(spec, "maxReplicas")];
  const [min, max] = [whole(least) ?? 1, whole(most) ?? 0];
  const metrics = at(spec, "metrics");
  const fromZero = items(metrics).some((one) => ["Object", "External"].includes(text(at(one, "type"))));
  const needed = "must specify at least one Object or External metric to support scaling to zero replicas";
  return [
    ...notBelow(1)(least),
    ...(max < 1 ? [missing(most, "must be set and greater than 0")] : []),
    ...(max < min ? [wrong(most, "must be greater than or equal to `minReplicas`", max)] : []),
    ...scaleTarget(at(spec, "scaleTargetRef")),
    ...(min === 0 && !fromZero ? [forbidden("api", metrics, needed)] : []),
  ];
};

export const podDisruptionBudget: Rule = (object) => {
  const spec = at(object, "spec");
  const [least, most] = [at(spec, "minAvailable"), at(spec, "maxUnavailable")];
  const both = present(least) && present(most);
  const written = {
    MinAvailable: least.value ?? null,
    Selector: at(spec, "selector").value ?? null,
    MaxUnavailable: most.value ?? null,
    UnhealthyPodEvictionPolicy: at(spec, "unhealthyPodEvictionPolicy").value ?? null,
  };
  return [
    ...(both ? [wrong(spec, "minAvailable and maxUnavailable cannot be both set", written)] : []),
    ...[least, most].flatMap((place) => [...countOrPart(place), ...atMostAll(place)]),
    ...selectorViolations(at(spec, "selector")),
  ];
};

const keys: Check = (map) =>
  entries(map).flatMap(([key, place]) => configKey(key).map((text) => wrong(place, text, key)));

/** Nothing of an immutable object may change, not even `immutable` itself. */
function frozen(object: Place, old: Place | undefined, names: readonly string[]): readonly Violation[] {
  if (old === undefined || at(old, "immutable").value !== true) return [];
  const refused = (name: string): Violation =>
    forbidden("api", at(object, name), "field is immutable when `immutable` is set");
  if (at(object, "immutable").value !== true) return [refused("immutable")];
  return names.filter((name) => !equal(at(object, name).value, at(old, name).value)).map(refused);
}

export const configMap: Rule = (object, old) => [
  ...members({ data: keys, binaryData: keys })(object),
  ...frozen(object, old, ["data", "binaryData"]),
];

export const secret: Rule = (object, old) => [
  ...immutable(object, old, "type"),
  ...keys(at(object, "data")),
  ...frozen(object, old, ["data"]),
];

export const lease: Rule = (object) => {
  const duration = at(object, "spec", "leaseDurationSeconds");
  const seconds = whole(duration);
  return [
    ...(seconds !== undefined && seconds <= 0 ? [wrong(duration, "must be greater than 0")] : []),
    ...notBelow(0)(at(object, "spec", "leaseTransitions")),
  ];
};

/** An Event is in the namespace of its object; those of cluster-scoped objects may be in any. */
export const event =
  (member: "involvedObject" | "regarding"): Rule =>
  (object, old) => {
    const place = at(object, member, "namespace");
    const own = text(at(object, "metadata", "namespace"));
    if (old !== undefined || text(place) === "" || text(place) === own) return [];
    return [wrong(place, "does not match event.namespace")];
  };

const policyRule: Check = (place) => {
  const has = (name: string): boolean => items(at(place, name)).length > 0;
  return [
    ...(has("verbs") ? [] : [missing(at(place, "verbs"), "verbs must contain at least one value")]),
    ...(has("nonResourceURLs") || has("resources")
      ? []
      : [missing(at(place, "resources"), "resource rules must supply at least one resource")]),
  ];
};

export const role: Rule = (object) => each(policyRule)(at(object, "rules"));

export const roleBinding =
  (kinds: readonly string[]): Rule =>
  (object, old) => {
    const ref = at(object, "roleRef");
    const [group, kind, name] = ["apiGroup", "kind", "name"].map((one) => at(ref, one));
    const isOther = old !== undefined && !equal(ref.value, at(old, "roleRef").value);
    const written = { APIGroup: group?.value, Kind: kind?.value, Name: name?.value };
    return [
      ...(kind === undefined || kinds.includes(text(kind)) ? [] : [unsupported(kind, kinds)]),
      ...(name === undefined || text(name) !== "" ? [] : [missing(name)]),
      ...each((subject) => (text(at(subject, "name")) === "" ? [missing(at(subject, "name"))] : []))(
        at(object, "subjects"),
      ),
      ...(isOther ? [wrong(ref, "cannot change roleRef", written)] : []),
    ];
  };

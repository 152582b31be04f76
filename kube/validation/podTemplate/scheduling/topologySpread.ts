/** Topology spread constraints of the pod. */
import { at, count, items, keys, type Place, present, text, whole } from "../../place.ts";
import { labelKeyViolations, selectorViolations } from "../../labelSelector.ts";
import { duplicate, forbidden, invalid, notSupported, required, type Violation } from "../../violation.ts";

export const topologySpreadViolations = (constraints: Place): readonly Violation[] =>
  items(constraints).flatMap((constraint, index, all) => [
    ...maxSkew(constraint),
    ...topologyKey(constraint),
    ...whenUnsatisfiable(constraint),
    ...notRepeated(constraint, all.slice(index + 1)),
    ...minDomains(constraint),
    ...["nodeAffinityPolicy", "nodeTaintsPolicy"].flatMap((member) => inclusionPolicy(at(constraint, member))),
    ...matchLabelKeys(constraint),
    ...selectorViolations(at(constraint, "labelSelector")),
  ]);

const positive = (rule: string, place: Place, value: number): readonly Violation[] =>
  value > 0 ? [] : [invalid(rule, place, "must be greater than zero", value)];

function maxSkew(constraint: Place): readonly Violation[] {
  const place = at(constraint, "maxSkew");
  return positive("spread-max-skew", place, whole(place) ?? 0);
}

function topologyKey(constraint: Place): readonly Violation[] {
  const place = at(constraint, "topologyKey");
  return text(place) === "" ? [required("spread-topology-key", place, "can not be empty")] : [];
}

function whenUnsatisfiable(constraint: Place): readonly Violation[] {
  const place = at(constraint, "whenUnsatisfiable");
  const supported = ["DoNotSchedule", "ScheduleAnyway"];
  return supported.includes(text(place)) ? [] : [notSupported("spread-unsatisfiable", place, supported, text(place))];
}

const pairOf = (constraint: Place): string =>
  `{${text(at(constraint, "topologyKey"))}, ${text(at(constraint, "whenUnsatisfiable"))}}`;

function notRepeated(constraint: Place, rest: readonly Place[]): readonly Violation[] {
  const pair = pairOf(constraint);
  if (!rest.some((other) => pairOf(other) === pair)) return [];
  return [duplicate("spread-repeated", at(constraint, "{topologyKey, whenUnsatisfiable}"), pair)];
}

function minDomains(constraint: Place): readonly Violation[] {
  const place = at(constraint, "minDomains");
  const least = whole(place);
  if (least === undefined) return [];
  const action = text(at(constraint, "whenUnsatisfiable"));
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
  return [
    ...positive("spread-min-domains", place, least),
    ...(action === "DoNotSchedule" ? [] : [invalid("spread-min-domains", place, detail)]),
  ];
}

function inclusionPolicy(place: Place): readonly Violation[] {
  const supported = ["Honor", "Ignore"];
  if (!present(place) || supported.includes(text(place))) return [];
  return [notSupported("spread-node-policy", place, supported)];
}

function matchLabelKeys(constraint: Place): readonly Violation[] {
  const place = at(constraint, "matchLabelKeys");
  const selector = at(constraint, "labelSelector");
  if (count(place) === 0) return [];
  const expressions = items(at(selector, "matchExpressions"));
  const taken = new Set([
    ...keys(at(selector, "matchLabels")),
    ...expressions.map((expression) => text(at(expression, "key"))),
  ]);
  const detail = "must not be specified when labelSelector is not set";
  return [
    ...(present(selector) ? [] : [forbidden("spread-match-label-keys", place, detail)]),
    ...items(place).flatMap((key) => [
      ...labelKeyViolations("spread-match-label-keys", key),
      ...(taken.has(text(key))
        ? [invalid("spread-match-label-keys", key, "exists in both matchLabelKeys and labelSelector")]
        : []),
    ]),
  ];
}

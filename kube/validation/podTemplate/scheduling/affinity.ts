/** Node affinity, pod affinity and pod anti-affinity of the template. */
import { flatMap } from "../../../object/flatMap.ts";
import { at, count, items, keys, pathOf, type Place, placed, present, text, whole } from "../../place.ts";
import { labelKeyViolations, operatorViolations, selectorViolations } from "../../labelSelector.ts";
import { dnsLabel, dnsSubdomain, labelValue } from "../../syntax.ts";
import { forbidden, invalid, invalidTexts, required, type Violation } from "../../violation.ts";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

export function affinityViolations(affinity: Place): readonly Violation[] {
  if (!present(affinity)) return [];
  return [
    ...nodeAffinity(at(affinity, "nodeAffinity")),
    ...["podAffinity", "podAntiAffinity"].flatMap((kind) => podAffinity(at(affinity, kind))),
  ];
}

function nodeAffinity(affinity: Place): readonly Violation[] {
  const needed = at(affinity, REQUIRED);
  return [
    ...(present(needed) ? nodeSelector(needed) : []),
    ...items(at(affinity, PREFERRED)).flatMap((term) => [
      ...weight(term),
      ...nodeTerm(at(term, "preference"), { checksValues: false }),
    ]),
  ];
}

function weight(term: Place): readonly Violation[] {
  const place = at(term, "weight");
  const given = whole(place) ?? 0;
  return given > 0 && given <= 100 ? [] : [invalid("affinity-weight", place, "must be in the range 1-100", given)];
}

function nodeSelector(selector: Place): readonly Violation[] {
  const terms = at(selector, "nodeSelectorTerms");
  if (count(terms) === 0) return [required("node-affinity-terms", terms, "must have at least one node selector term")];
  return flatMap(items(terms), (term) => nodeTerm(term, { checksValues: true }));
}

/** Preferred terms may hold values that no label can have; they just never match. */
function nodeTerm(term: Place, options: { readonly checksValues: boolean }): readonly Violation[] {
  return [
    ...items(at(term, "matchExpressions")).flatMap((expression) => [
      ...nodeOperator(expression),
      ...labelKeyViolations("node-affinity-key", at(expression, "key")),
      ...(options.checksValues ? items(at(expression, "values")) : []).flatMap((value) =>
        invalidTexts("node-affinity-value", value, labelValue(text(value))),
      ),
    ]),
    ...items(at(term, "matchFields")).flatMap(nodeField),
  ];
}

function nodeOperator(expression: Place): readonly Violation[] {
  const operator = text(at(expression, "operator"));
  const values = at(expression, "values");
  if (operator !== "Gt" && operator !== "Lt") return operatorViolations(expression);
  if (count(values) === 1) return [];
  return [required("node-affinity-values", values, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
}

function nodeField(expression: Place): readonly Violation[] {
  const operator = at(expression, "operator");
  const values = at(expression, "values");
  const key = at(expression, "key");
  const oneValue = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
  const known = text(operator) === "In" || text(operator) === "NotIn";
  return [
    ...(known && count(values) !== 1 ? [required("node-field-values", values, oneValue)] : []),
    ...(known ? [] : [invalid("node-field-operator", operator, "not a valid selector operator", text(operator))]),
    ...(text(key) === "metadata.name"
      ? flatMap(items(values), (value) => invalidTexts("node-field-value", value, dnsSubdomain(text(value))))
      : [invalid("node-field-key", key, "not a valid field selector key", text(key))]),
  ];
}

function podAffinity(affinity: Place): readonly Violation[] {
  return [
    ...items(at(affinity, REQUIRED)).flatMap(podTerm),
    ...items(at(affinity, PREFERRED)).flatMap((term) => [...weight(term), ...podTerm(at(term, "podAffinityTerm"))]),
  ];
}

function podTerm(term: Place): readonly Violation[] {
  const topologyKey = at(term, "topologyKey");
  return [
    ...selectorViolations(at(term, "labelSelector")),
    ...selectorViolations(at(term, "namespaceSelector")),
    ...items(at(term, "namespaces")).flatMap((name) => {
      const place = placed(name.value, pathOf(at(term, "namespace")), pathOf(name));
      return invalidTexts("pod-affinity-namespace", place, dnsLabel(text(name)));
    }),
    ...labelKeys(term),
    ...(text(topologyKey) === "" ? [required("pod-affinity-topology-key", topologyKey, "can not be empty")] : []),
    ...labelKeyViolations("pod-affinity-topology-key", topologyKey),
  ];
}

function labelKeys(term: Place): readonly Violation[] {
  const selector = at(term, "labelSelector");
  const match = at(term, "matchLabelKeys");
  const mismatch = at(term, "mismatchLabelKeys");
  const rule = "pod-affinity-label-keys";
  const syntax = [match, mismatch].flatMap((place) => {
    if (count(place) === 0) return [];
    if (!present(selector)) return [forbidden(rule, place, "must not be specified when labelSelector is not set")];
    return flatMap(items(place), (key) => labelKeyViolations(rule, key));
  });
  const selected = new Set(keys(at(selector, "matchLabels")));
  const twice = flatMap(items(at(selector, "matchExpressions")), (expression) => {
    const key = text(at(expression, "key"));
    const place = items(match).findLast((entry) => text(entry) === key);
    const clash = place !== undefined && selected.has(key);
    selected.add(key);
    if (!clash) return [];
    const path = `${pathOf(term)}${pathOf(place).slice(pathOf(match).length)}`;
    return [invalid(rule, placed(place.value, path, pathOf(place)), "exists in both matchLabelKeys and labelSelector")];
  });
  const unwanted = new Set(items(mismatch).map(text));
  const both = items(match)
    .filter((key) => unwanted.has(text(key)))
    .map((key) => invalid(rule, key, "exists in both matchLabelKeys and mismatchLabelKeys"));
  return [...syntax, ...twice, ...both];
}

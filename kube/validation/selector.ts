/** Label selectors and label maps (docs/behaviour/validation.md#labels-and-selectors). */
import { flatMap } from "../object/flatMap.ts";
import { at, count, entries, items, keys, type Place, present, text, texts } from "./place.ts";
import { labelValue, qualifiedName } from "./syntax.ts";
import { forbidden, invalid, invalidTexts, required, type Violation } from "./violation.ts";

/** Keys and values of a label map; the reference reports both at the map's own path. */
export function labelViolations(rule: string, labels: Place): readonly Violation[] {
  return flatMap(entries(labels), ([key, entry]) => {
    const value = text(entry);
    return [
      ...qualifiedName(key).map((message) => invalid(rule, labels, message, key)),
      ...labelValue(value).map((message) => invalid(rule, labels, message, value)),
    ];
  });
}

export const labelKeyViolations = (rule: string, key: Place): readonly Violation[] =>
  invalidTexts(rule, key, qualifiedName(text(key)));

/** A selector is interpretable exactly when this is empty. */
export function selectorViolations(selector: Place): readonly Violation[] {
  return [
    ...labelViolations("selector-labels", at(selector, "matchLabels")),
    ...items(at(selector, "matchExpressions")).flatMap(expressionViolations),
  ];
}

function expressionViolations(expression: Place): readonly Violation[] {
  return [
    ...operatorViolations(expression),
    ...labelKeyViolations("selector-key", at(expression, "key")),
    ...items(at(expression, "values")).flatMap((value) =>
      invalidTexts("selector-value", value, labelValue(text(value))),
    ),
  ];
}

/** Which operators want values; node selectors share these two rules. */
export function operatorViolations(expression: Place): readonly Violation[] {
  const operator = at(expression, "operator");
  const values = at(expression, "values");
  switch (text(operator)) {
    case "In":
    case "NotIn":
      if (count(values) > 0) return [];
      return [required("selector-values", values, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      if (count(values) === 0) return [];
      return [
        forbidden("selector-values", values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      ];
    default:
      return [invalid("selector-operator", operator, "not a valid selector operator", text(operator))];
  }
}

/** True for `{}` and for an absent selector. */
export const selectsEverything = (selector: Place): boolean =>
  count(at(selector, "matchLabels")) + count(at(selector, "matchExpressions")) === 0;

/** Whether an interpretable selector selects these labels. */
export function selects(selector: Place, labels: ReadonlyMap<string, string>): boolean {
  const pairs = entries(at(selector, "matchLabels"));
  if (!pairs.every(([key, value]) => labels.get(key) === text(value))) return false;
  return items(at(selector, "matchExpressions")).every((expression) => {
    const key = text(at(expression, "key"));
    const value = labels.get(key);
    const listed = value !== undefined && texts(at(expression, "values")).includes(value);
    switch (text(at(expression, "operator"))) {
      case "In":
        return listed;
      case "NotIn":
        return !listed;
      case "Exists":
        return value !== undefined;
      default:
        return value === undefined;
    }
  });
}

/** A selector with its members in the reference's order, as its texts print it. */
export function printedSelector(selector: Place): unknown {
  if (!present(selector)) return null;
  const labels = at(selector, "matchLabels");
  const expressions = at(selector, "matchExpressions");
  return {
    ...(keys(labels).length > 0 ? { matchLabels: printedMap(labels) } : {}),
    ...(count(expressions) > 0 ? { matchExpressions: items(expressions).map(printedExpression) } : {}),
  };
}

function printedExpression(expression: Place): unknown {
  const values = texts(at(expression, "values"));
  return {
    key: text(at(expression, "key")),
    operator: text(at(expression, "operator")),
    ...(values.length > 0 ? { values } : {}),
  };
}

/** A map of strings with its keys sorted, as Go prints maps; null when it is absent. */
export function printedMap(map: Place): unknown {
  return present(map) ? Object.fromEntries(entries(map).map(([key, value]) => [key, text(value)])) : null;
}

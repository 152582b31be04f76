/** Label selectors and label maps (docs/behaviour/validation.md#labels-and-selectors). */
import { flatMap } from "../object/flatMap.ts";
import { at, count, entries, items, keys, type Place, present, root, text, texts } from "./place.ts";
import { labelValue, qualifiedName } from "./syntax.ts";
import { didYouMean } from "./nearNames.ts";
import { forbidden, helped, invalid, invalidTexts, required, type Violation } from "./violation.ts";

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

function operators(given: Place): string {
  const known = ["In", "NotIn", "Exists", "DoesNotExist"];
  const near = didYouMean(text(given), known);
  return `${near === undefined ? "" : `${near} `}Write In, NotIn, Exists or DoesNotExist`;
}

/** Which operators want values; node selectors share these two rules. */
export function operatorViolations(expression: Place): readonly Violation[] {
  const operator = at(expression, "operator");
  const values = at(expression, "values");
  switch (text(operator)) {
    case "In":
    case "NotIn":
      if (count(values) > 0) return [];
      return [
        helped(
          required("selector-values", values, "must be specified when `operator` is 'In' or 'NotIn'"),
          "List the values, or use Exists or DoesNotExist for any value",
        ),
      ];
    case "Exists":
    case "DoesNotExist":
      if (count(values) === 0) return [];
      return [
        helped(
          forbidden("selector-values", values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          "Remove the values, or use In or NotIn",
        ),
      ];
    default:
      return [
        helped(
          invalid("selector-operator", operator, "not a valid selector operator", text(operator)),
          operators(operator),
        ),
      ];
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

/**
 * What an interpretable selector asks for and the labels do not have, each with both sides: `The selector asks for
 * app=shop, the template has app=web`. Undefined when it selects them.
 */
export function mismatch(selector: Place, labels: ReadonlyMap<string, string>): string | undefined {
  const open =
    entries(at(selector, "matchLabels"))
      .filter(([key, value]) => labels.get(key) !== text(value))
      .map(([key, value]) => ({ key, asks: `${key}=${text(value)}` }))[0] ??
    items(at(selector, "matchExpressions"))
      .filter(({ value }) => !selects(root({ matchExpressions: [value] }), labels))
      .map((expression) => ({ key: text(at(expression, "key")), asks: inWords(expression) }))[0];
  if (open === undefined) return undefined;
  const { key, asks } = open;
  const given = labels.get(key);
  return `The selector asks for ${asks}, and the labels have ${given === undefined ? `no ${key}` : `${key}=${given}`}`;
}

function inWords(expression: Place): string {
  const values = texts(at(expression, "values"));
  const list = values.length === 0 ? "" : ` (${values.join(", ")})`;
  return `${text(at(expression, "key"))} ${text(at(expression, "operator"))}${list}`;
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

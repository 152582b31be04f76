/** Label and field selectors, in the API's syntax, as predicates. */
import type { ApiObject } from "../../model/model.ts";
import { badRequest } from "./refusals.ts";

type Labels = Readonly<Record<string, string>>;
type LabelTest = (labels: Labels) => boolean;

const noLabels: Labels = {};
const everything: LabelTest = () => true;

const requirement =
  /^\s*(?:!\s*([\w./-]+)|([\w./-]+)\s*(?:(==|=|!=|>|<)\s*([\w.-]*)|\s(in|notin)\s*\(([^()]*)\))?)\s*$/;

/** Splits at commas that stand outside parentheses. */
const parts = (selector: string): string[] => selector.split(/,(?![^(]*\))/);

const testOf = (part: string, selector: string): LabelTest => {
  const match = requirement.exec(part);
  if (match === null) {
    throw badRequest(`unable to parse requirement: found '${part.trim()}' in the label selector "${selector}"`);
  }
  const [, absent, key = "", operator, value = "", setOperator, set = ""] = match;
  if (absent !== undefined) return (labels) => labels[absent] === undefined;
  if (setOperator !== undefined) {
    const values = set.split(",").map((each) => each.trim());
    return setOperator === "in"
      ? (labels) => labels[key] !== undefined && values.includes(labels[key])
      : (labels) => labels[key] === undefined || !values.includes(labels[key]);
  }
  switch (operator) {
    case undefined:
      return (labels) => labels[key] !== undefined;
    case "!=":
      return (labels) => labels[key] !== value;
    case ">":
      return (labels) => labels[key] !== undefined && Number(labels[key]) > Number(value);
    case "<":
      return (labels) => labels[key] !== undefined && Number(labels[key]) < Number(value);
    default:
      return (labels) => labels[key] === value;
  }
};

const parseLabelSelector = (selector: string): LabelTest => {
  const tests = parts(selector).map((part) => testOf(part, selector));
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (labels) => tests.every((test) => test(labels));
};

const parsed = new Map<string, LabelTest>();
const mostParsed = 1_000;

/** "app=web,tier!=db,env in (a,b),!old". @throws {StatusError} 400 */
export const labelSelector = (selector: string | undefined): LabelTest => {
  if (selector === undefined || selector.trim() === "") return everything;
  const known = parsed.get(selector);
  if (known !== undefined) return known;
  const test = parseLabelSelector(selector);
  if (parsed.size >= mostParsed) parsed.clear();
  parsed.set(selector, test);
  return test;
};

/** The value of an object at a path such as "spec.nodeName"; "" when it is absent. */
const fieldOf = (object: unknown, path: readonly string[]): string => {
  let value: unknown = object;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return "";
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
};

/** The fields of a kind that a field selector may name, beside name and namespace. */
export interface Selectable {
  readonly fields: readonly string[];
  readonly custom: boolean;
}

/**
 * "metadata.name=web,status.phase!=Running".
 * @throws {StatusError} 400
 */
const fieldSelector = (selector: string, selectable: Selectable): ((object: ApiObject) => boolean) => {
  const tests = selector.split(",").map((part) => {
    const match = /^\s*([\w.[\]-]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(part);
    if (match === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${part}'`);
    const [, field = "", operator, value] = match;
    if (field !== "metadata.name" && field !== "metadata.namespace" && !selectable.fields.includes(field)) {
      throw badRequest(
        selectable.fields.length > 0 || selectable.custom
          ? `field label not supported: ${field}`
          : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
      );
    }
    const path = field.split(".");
    const wanted = operator !== "!=";
    return (object: ApiObject) => (fieldOf(object, path) === value) === wanted;
  });
  return (object) => tests.every((test) => test(object));
};

export type Match = (object: ApiObject) => boolean;

/** Both selectors as one predicate; undefined when all objects match. @throws {StatusError} 400 */
export const matcher = (
  selectors: { readonly labelSelector?: string | undefined; readonly fieldSelector?: string | undefined },
  selectable: Selectable,
): Match | undefined => {
  const byLabels = labelSelector(selectors.labelSelector);
  const fields = selectors.fieldSelector?.trim();
  if (fields === undefined || fields === "") {
    return byLabels === everything ? undefined : (object) => byLabels(object.metadata.labels ?? noLabels);
  }
  const byFields = fieldSelector(fields, selectable);
  return (object) => byLabels(object.metadata.labels ?? noLabels) && byFields(object);
};

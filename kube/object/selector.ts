/** Label selectors: matching, and the text form that `status.selector` carries (metav1.FormatLabelSelector). */
import { spend } from "./budget.ts";
import type { LabelSelector } from "../../schema/kube.ts";

const MATCHING = "matching its selector with ReplicaSets";

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

const requirementText = ({ key, operator, values }: Requirement): string => {
  const sorted = [...(values ?? [])].toSorted().join(",");
  if (operator === "In") return `${key} in (${sorted})`;
  if (operator === "NotIn") return `${key} notin (${sorted})`;
  return operator === "Exists" ? key : `!${key}`;
};

const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : Number(a.key > b.key));

/** `app=web,tier in (a,b)`; `<none>` for an empty selector. */
export function formatSelector(selector: LabelSelector | undefined): string {
  const equalities = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }));
  const expressions = (selector?.matchExpressions ?? []).map((r) => ({ key: r.key, text: requirementText(r) }));
  const parts = [...equalities, ...expressions].toSorted(byKey).map((part) => part.text);
  return parts.length === 0 ? "<none>" : parts.join(",");
}

function meets(labels: Readonly<Record<string, string>>, { key, operator, values }: Requirement): boolean {
  const value = labels[key];
  if (operator === "Exists") return value !== undefined;
  if (operator === "DoesNotExist") return value === undefined;
  spend((values ?? []).length / 4, MATCHING);
  const listed = value !== undefined && (values ?? []).includes(value);
  return operator === "NotIn" ? !listed : listed;
}

/** Whether labels satisfy a selector; an empty one matches nothing here, so that it never adopts objects of others. */
export function matchesSelector(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  const equalities = Object.entries(selector?.matchLabels ?? {});
  const expressions = selector?.matchExpressions ?? [];
  spend(1 + equalities.length + expressions.length, MATCHING);
  if (equalities.length + expressions.length === 0) return false;
  return equalities.every(([key, value]) => labels[key] === value) && expressions.every((r) => meets(labels, r));
}

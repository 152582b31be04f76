/** Texts in the cells of tables, as Kubernetes writes them. */
import { listAt, pairsAt, textAt } from "./readFields.ts";

export const orNone = (text: string): string => (text === "" ? "<none>" : text);

/** "a=b,c=d", or "<none>". */
export const labelsText = (labels: unknown): string =>
  orNone(
    pairsAt(labels)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(","),
  );

const requirementText = (requirement: unknown): string => {
  const key = textAt(requirement, "key");
  const values = listAt(requirement, "values").map(String).toSorted().join(",");
  switch (textAt(requirement, "operator")) {
    case "In":
      return `${key} in (${values})`;
    case "NotIn":
      return `${key} notin (${values})`;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return key;
  }
};

/** Of a LabelSelector: "app=web,tier in (a,b)", or "" when it is empty. */
export function selectorText(selector: unknown): string {
  const parts = [
    ...pairsAt(selector, "matchLabels").map(([key, value]) => ({ key, text: `${key}=${String(value)}` })),
    ...listAt(selector, "matchExpressions").map((one) => ({ key: textAt(one, "key"), text: requirementText(one) })),
  ];
  return parts
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(",");
}

/** The first `most`, and how many more there are: "a,b,c + 2 more…", or "<none>". */
export function listText(items: readonly string[], most: number, separator = ","): string {
  if (items.length === 0) return "<none>";
  const shown = items.slice(0, most).join(separator);
  return items.length > most ? `${shown} + ${items.length - most} more...` : shown;
}

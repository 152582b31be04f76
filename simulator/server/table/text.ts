/** Texts in the cells of tables, as Kubernetes writes them. */
import { listAt, pairsAt, textAt } from "./readFields.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayHours = 24;
const yearHours = 365 * dayHours;

const withRest = (whole: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;

/** "12s", "3m5s", "2d4h": two units while the first is small. Up to 2 s in the future count as now. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / secondMs);
  if (seconds < -1) return "<invalid>";
  if (seconds < 120) return `${Math.max(0, seconds)}s`;
  const minutes = Math.trunc(ms / minuteMs);
  if (minutes < 10) return withRest(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(ms / hourMs);
  if (hours < 8) return withRest(hours, "h", minutes % 60, "m");
  if (hours < 2 * dayHours) return `${hours}h`;
  const days = Math.trunc(hours / dayHours);
  if (hours < 8 * dayHours) return withRest(days, "d", hours % dayHours, "h");
  if (hours < 2 * yearHours) return `${days}d`;
  const years = Math.trunc(hours / yearHours);
  return hours < 8 * yearHours ? withRest(years, "y", days % 365, "d") : `${years}y`;
}

/** How long ago; "<unknown>" for a text that is not a time. */
export function since(time: string, nowMs: number): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? "<unknown>" : humanDuration(nowMs - ms);
}

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

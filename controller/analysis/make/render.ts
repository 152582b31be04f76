/** Tags of a metric, `{{args.name}}`, get their values (docs/behaviour/analysis.md#tags-of-a-run). Pure. */
import { root } from "../../../kube/validation/place.ts";
import type { Argument, Metric } from "../../../schema/analysis.ts";
import { expansionOf, unresolvedTags } from "../../rules/analysis/tags.ts";

/** By what stands in tags: "args.name". */
export type ArgumentValues = ReadonlyMap<string, string>;

export type SecretKeyRef = NonNullable<NonNullable<Argument["valueFrom"]>["secretKeyRef"]>;

/** What stands for a secret wherever only the shape of a metric matters; the reference's word. */
export const SECRET_STAND_IN = "temp-for-secret";

export const secretOf = ({ valueFrom }: Argument): SecretKeyRef | undefined => valueFrom?.secretKeyRef;

/**
 * A Secret goes before a value; of several arguments of one name the last one counts.
 * @param valueOf the value of a secret
 */
export function argumentValues(
  args: readonly Argument[],
  valueOf: (ref: SecretKeyRef) => string = () => SECRET_STAND_IN,
): { readonly values: ArgumentValues } | { readonly problem: string } {
  const values = new Map<string, string>();
  for (const argument of args) {
    const ref = secretOf(argument);
    const value = ref === undefined ? argument.value : valueOf(ref);
    if (value === undefined) return { problem: `argument "${argument.name}" was not supplied` };
    values.set(`args.${argument.name}`, value);
  }
  return { values };
}

/** The metric with its values; or the tag that has none, in the reference's words. @throws {TooCostlyError} */
export function rendered(
  metric: Metric,
  values: ArgumentValues,
): { readonly metric: Metric } | { readonly problem: string } {
  const unresolved = unresolvedTags(root(metric), new Set(values.keys())).at(-1);
  if (unresolved !== undefined) return { problem: unresolved.detail };
  return { metric: expanded(metric, values) as Metric };
}

/** Names of members may hold tags, too. */
function expanded(value: unknown, values: ArgumentValues): unknown {
  if (typeof value === "string") return expandedText(value, values);
  if (Array.isArray(value)) return value.map((item) => expanded(item, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [expandedText(key, values), expanded(member, values)]),
  );
}

const expandedText = (text: string, values: ArgumentValues): string =>
  text.includes("{{") ? expansionOf(text, (name) => values.get(name)).text() : text;

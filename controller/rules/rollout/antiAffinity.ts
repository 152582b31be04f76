/** `antiAffinity` of either strategy (docs/behaviour/validation.md#anti-affinity). */
import { at, exactPathOf, pathOf, type Place, placed, present, whole } from "../../../kube/validation/place.ts";
import { helped, invalid, type Violation } from "../../../kube/validation/violation.ts";

export function antiAffinityViolations(antiAffinity: Place): readonly Violation[] {
  if (!present(antiAffinity)) return [];
  return [...exactlyOneKind(antiAffinity), ...weightInRange(antiAffinity)];
}

const KINDS =
  "Write requiredDuringSchedulingIgnoredDuringExecution: {}, or preferredDuringSchedulingIgnoredDuringExecution: {weight: 50}";

function exactlyOneKind(antiAffinity: Place): readonly Violation[] {
  const preferred = present(at(antiAffinity, "preferredDuringSchedulingIgnoredDuringExecution"));
  const required = present(at(antiAffinity, "requiredDuringSchedulingIgnoredDuringExecution"));
  if (preferred !== required) return [];
  const value =
    `antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: ${preferred} ` +
    `antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: ${required}`;
  const found = invalid(
    "anti-affinity-kind",
    antiAffinity,
    "AntiAffinity must have exactly one strategy listed",
    value,
  );
  return [helped(found, preferred ? "Keep one of the two, and remove the other" : KINDS)];
}

function weightInRange(antiAffinity: Place): readonly Violation[] {
  const preferred = at(antiAffinity, "preferredDuringSchedulingIgnoredDuringExecution");
  const weight = whole(at(preferred, "weight")) ?? 0;
  if (!present(preferred) || (weight >= 1 && weight <= 100)) return [];
  const [printed, exact] = [at(antiAffinity, "weight"), at(preferred, "weight")];
  const place = placed(printed.value, pathOf(printed), exactPathOf(exact) ?? pathOf(exact));
  const found = invalid("anti-affinity-weight", place, "AntiAffinity weight must be between 1-100", weight);
  return [helped(found, "Write preferredDuringSchedulingIgnoredDuringExecution: {weight: 50}, or another weight")];
}

/**
 * Numbers, shares and durations outside of the range that the schema states for them
 * (docs/behaviour/validation.md#ranges). The API server checks numbers by the CRD, too; the rule serves the linter,
 * clusters with an older CRD, numbers that are written as texts, and durations.
 *
 * Where a rule of the reference refuses a number, the schema states no range, and that rule speaks in the reference's
 * words.
 */
import { goDurationNs } from "../../../kube/object/goDuration.ts";
import { at, entries, items, type Place, present, root } from "../../../kube/validation/place.ts";
import { invalid, type Violation } from "../../../kube/validation/violation.ts";
import type { AdmittedKind } from "./admittedKinds.ts";
import { marksOf, type Schema, schemaOf } from "./schemas.ts";

/** The members of a schema that have a range, or have such members: a few dozen of some thousand. */
interface Ranged {
  readonly check?: (place: Place) => readonly Violation[];
  readonly members: readonly (readonly [name: string, Ranged])[];
  readonly each?: Ranged;
  readonly values?: Ranged;
}

/** In the order of the schema; a member that is absent costs one look-up. */
export function rangeViolations(object: unknown, kind: AdmittedKind): readonly Violation[] {
  const found: Violation[] = [];
  const ranged = rangedOf(kind);
  if (ranged !== undefined) walk(at(root(object), "spec"), ranged, found);
  return found;
}

function walk(place: Place, { check, members, each, values }: Ranged, found: Violation[]): void {
  if (!present(place)) return;
  if (check !== undefined) found.push(...check(place));
  for (const [name, member] of members) walk(at(place, name), member, found);
  if (each !== undefined) for (const item of items(place)) walk(item, each, found);
  if (values !== undefined) for (const [, value] of entries(place)) walk(value, values, found);
}

const made = new Map<AdmittedKind, Ranged | undefined>();

/** Made once a kind, at the first review. Of the spec alone: what a controller writes is not judged. */
function rangedOf(kind: AdmittedKind): Ranged | undefined {
  if (!made.has(kind)) {
    const { entries: members = {} } = schemaOf(kind);
    made.set(kind, members["spec"] === undefined ? undefined : ranged(members["spec"]));
  }
  return made.get(kind);
}

function ranged(schema: Schema): Ranged | undefined {
  const inner = schema.wrapped ?? marksOf(schema).structure;
  if (inner !== undefined) return ranged(inner);
  const members = Object.entries(schema.entries ?? {}).flatMap(([name, member]) => {
    const found = ranged(member);
    return found === undefined ? [] : [[name, found] as const];
  });
  const check = checkOf(schema);
  const each = schema.item === undefined ? undefined : ranged(schema.item);
  const values = schema.value === undefined ? undefined : ranged(schema.value);
  if (check === undefined && each === undefined && values === undefined && members.length === 0) return undefined;
  return {
    members,
    ...(check === undefined ? {} : { check }),
    ...(each === undefined ? {} : { each }),
    ...(values === undefined ? {} : { values }),
  };
}

function checkOf(schema: Schema): Ranged["check"] {
  const { minimum, maximum, pattern, duration } = marksOf(schema);
  if (duration === true) return negativeDuration;
  if (minimum === undefined) return undefined;
  return (place) => [...notOfForm(place, pattern), ...outOfRange(place, minimum, maximum)];
}

/** What cannot be read yet (a tag, a word) reads as undefined. */
function numberAt({ value }: Place): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^[+-]?\d{1,15}%?$/.test(value) ? Number.parseInt(value, 10) : undefined;
}

function outOfRange(place: Place, minimum: number, maximum: number | undefined): readonly Violation[] {
  const number = numberAt(place);
  if (number === undefined || (number >= minimum && number <= (maximum ?? number))) return [];
  const detail =
    maximum === undefined
      ? `must be greater than or equal to ${minimum}`
      : `must be between ${minimum} and ${maximum}, inclusive`;
  return [invalid("number-range", place, detail)];
}

/** Of all numbers with a range only counts of pods have a form of their text. A number out of range is not told twice. */
function notOfForm(place: Place, pattern: string | undefined): readonly Violation[] {
  if (pattern === undefined || typeof place.value !== "string") return [];
  if (numberAt(place) !== undefined || new RegExp(pattern, "u").test(place.value)) return [];
  return [invalid("number-or-percentage", place, 'must be a whole number or a percentage, such as 1 or "25%"')];
}

function negativeDuration(place: Place): readonly Violation[] {
  const { value } = place;
  if (typeof value !== "string" || !value.startsWith("-") || !((goDurationNs(value) ?? 0n) < 0n)) return [];
  return [invalid("negative-duration", place, 'must not be negative; write one such as "30s" or "5m"')];
}

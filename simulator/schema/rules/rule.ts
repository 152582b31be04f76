/** What the rules of the API server's own kinds have in common: how they read an object and what they return. */
import { at, items, type Place, present, text, whole } from "../../../kube/validation/place.ts";
import {
  causeReasons,
  invalid,
  notSupported,
  required,
  type Violation,
  violationBody,
} from "../../../kube/validation/violation.ts";
import { equal } from "../../../kube/object/equality.ts";
import type { Cause } from "../../model/model.ts";

/** @param old undefined for a new object. */
export type Rule = (object: Place, old: Place | undefined) => readonly Violation[];

/** A rule that reads only the new object. */
export type Check = (object: Place) => readonly Violation[];

/** A violation as in `status.details.causes`. */
export const causeOf = (violation: Violation): Cause => ({
  reason: causeReasons[violation.type],
  message: violationBody(violation),
  field: violation.path,
});

/** The names of rules are used for Rollouts only. */
const rule = "api";

export const wrong = (place: Place, detail: string, value = place.value): Violation =>
  invalid(rule, place, detail, value ?? null);

export const missing = (place: Place, detail = ""): Violation => required(rule, place, detail);

export const unsupported = (place: Place, supported: readonly string[], value = place.value): Violation =>
  notSupported(rule, place, supported, value);

export const oneOf =
  (supported: readonly string[]): Check =>
  (place) =>
    !present(place) || supported.includes(text(place)) ? [] : [unsupported(place, supported)];

export const notBelow =
  (least: number): Check =>
  (place) => {
    const value = whole(place);
    return value === undefined || value >= least ? [] : [wrong(place, `must be greater than or equal to ${least}`)];
  };

/** Each message as a violation at the place. */
export const texts = (place: Place, messages: readonly string[]): readonly Violation[] =>
  messages.map((message) => wrong(place, message));

/** One check for the member of each name, in turn. */
export const members =
  (checks: Readonly<Record<string, Check>>): Check =>
  (object) =>
    Object.entries(checks).flatMap(([path, check]) => {
      const [name = "", ...names] = path.split(".");
      return check(at(object, name, ...names));
    });

export const each =
  (check: Check): Check =>
  (list) =>
    items(list).flatMap(check);

/** Refuses another value than the stored one. */
export function immutable(
  object: Place,
  old: Place | undefined,
  ...path: readonly [string, ...string[]]
): readonly Violation[] {
  if (old === undefined) return [];
  const place = at(object, ...path);
  return equal(place.value, at(old, ...path).value) ? [] : [wrong(place, "field is immutable")];
}

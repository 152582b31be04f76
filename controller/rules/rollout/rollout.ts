/**
 * Everything that is wrong with a Rollout by itself, without reading another object (docs/behaviour/validation.md).
 *
 * One ordered list for all users: the loop holds a Rollout with the first violation, because the reference reports only
 * its first; the webhook and the linter show them all.
 */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { placesOf, type Resolution } from "./input.ts";
import { SPEC_RULES } from "./spec.ts";
import type { Violation } from "../../../kube/validation/violation.ts";

/** The first violation; the rules after it do not run. */
export function firstRolloutViolation(rollout: unknown, resolution: Resolution = {}): Violation | undefined {
  const places = placesOf(rollout, resolution);
  for (const rule of SPEC_RULES) {
    const [first] = rule(places);
    if (first !== undefined) return first;
  }
  return undefined;
}

/**
 * Never throws, whatever it is given: a member of a wrong type reads as absent, since the schema refuses it.
 * With `workloadRef` the pod template is judged only once it is passed as `resolvedTemplate`.
 */
export function rolloutViolations(rollout: unknown, resolution: Resolution = {}): readonly Violation[] {
  const places = placesOf(rollout, resolution);
  return flatMap(SPEC_RULES, (rule) => rule(places));
}

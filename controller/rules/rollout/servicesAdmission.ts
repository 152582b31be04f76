/**
 * The Services of a Rollout at admission (docs/behaviour/admission.md#services).
 *
 * - A missing Service warns: it may come with the same `kubectl apply`.
 * - A selector that asks for what the pods do not have refuses: the Rollout would be held for certain, and applying it
 *   again succeeds once the Service is changed. What an edit of the Service breaks later is not reported here.
 * - A Service that another Rollout manages refuses, so that two never fight over it, as long as that Rollout is there
 *   and still names it. Otherwise the mark is about to be removed (the Rollout was renamed, for example), and it warns.
 * - A Service without a selector, or of type ExternalName, warns: the Rollout gives it a selector.
 */
import { MANAGED_BY } from "../../../schema/labels.ts";
import type { Findings } from "../../../kube/validation/findings.ts";
import { placesOf, type Resolution } from "./input.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import { at, present, text } from "../../../kube/validation/place.ts";
import { type ServiceLabels, serviceReferences, serviceViolations, serviceWarnings } from "./references.ts";
import type { Violation } from "../../../kube/validation/violation.ts";

/** `rollouts`: those of the same namespace; without them the mark on a Service counts as valid. */
export function serviceFindings(
  rollout: unknown,
  services: Lookup<ServiceLabels>,
  { rollouts, ...resolution }: Resolution & { readonly rollouts?: Lookup<unknown> } = {},
): Findings {
  const refuse: Violation[] = [];
  const warn: Violation[] = [...serviceWarnings(rollout, services)];
  for (const violation of serviceViolations(rollout, services, resolution)) {
    switch (violation.rule) {
      case "service-missing":
        warn.push(violation);
        break;
      case "service-managed":
        (isStillManaged(violation, services, rollouts) ? refuse : warn).push(violation);
        break;
      default:
        // The labels of pods whose template is somewhere else are not known.
        if (knowsItsPods(rollout, resolution)) refuse.push(violation);
    }
  }
  return { refuse, warn };
}

function isStillManaged(
  { value }: Violation,
  services: Lookup<ServiceLabels>,
  rollouts: Lookup<unknown> | undefined,
): boolean {
  const name = typeof value === "string" ? value : "";
  const manager = services.get(name)?.annotations[MANAGED_BY] ?? "";
  if (rollouts === undefined) return true;
  return rollouts.has(manager) && serviceReferences(rollouts.get(manager)).some((place) => text(place) === name);
}

const knowsItsPods = (rollout: unknown, { resolvedTemplate }: Resolution): boolean =>
  resolvedTemplate !== undefined || !present(at(placesOf(rollout).spec, "workloadRef"));

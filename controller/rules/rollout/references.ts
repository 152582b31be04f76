/**
 * The Services that a Rollout names must agree with what the Rollout expects of them
 * (docs/behaviour/validation.md#services).
 */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { HASH_LABEL, MANAGED_BY } from "../../../schema/labels.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import { placesOf, type Resolution } from "./input.ts";
import { at, type Place, text, textMap } from "../../../kube/validation/place.ts";
import { invalid, type Violation } from "../../../kube/validation/violation.ts";

/** What the rules need to know of a Service. */
export interface ServiceLabels {
  readonly selector: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const REFERENCES: readonly (readonly [string, string, ...string[]])[] = [
  ["blueGreen", "activeService"],
  ["blueGreen", "previewService"],
  ["canary", "stableService"],
  ["canary", "canaryService"],
  ["canary", "pingPong", "pingService"],
  ["canary", "pingPong", "pongService"],
];

/**
 * Missing Services come first, because the reference fetches all Services before it judges any. `services` holds those
 * of the Rollout's namespace by name. These paths do have the strategy's segment.
 */
export function serviceViolations(
  rollout: unknown,
  services: Lookup<ServiceLabels>,
  resolution: Resolution = {},
): readonly Violation[] {
  const references = serviceReferences(rollout);
  const { metadata, template } = placesOf(rollout, resolution);
  const labels = textMap(at(template, "metadata", "labels"));
  const owner = text(at(metadata, "name"));
  const missing = references
    .filter((reference) => !services.has(text(reference)))
    .map((reference) => invalid("service-missing", reference, `service "${text(reference)}" not found`));
  const content = flatMap(references, (reference) => {
    const service = services.get(text(reference));
    return service === undefined
      ? []
      : [...selectorAgrees(reference, service, labels), ...managedByUs(reference, service, owner)];
  });
  return [...missing, ...content];
}

export function serviceReferences(rollout: unknown): readonly Place[] {
  const strategy = at(placesOf(rollout).spec, "strategy");
  return REFERENCES.map((path) => at(strategy, ...path)).filter((reference) => text(reference) !== "");
}

/** A Service whose selector asks for labels that the pods do not have would select nothing. */
function selectorAgrees(
  reference: Place,
  service: ServiceLabels,
  labels: ReadonlyMap<string, string>,
): readonly Violation[] {
  return Object.keys(service.selector)
    .filter((key) => key !== HASH_LABEL && labels.get(key) !== service.selector[key])
    .toSorted()
    .map((key) =>
      invalid("service-selector", reference, `Service "${text(reference)}" has unmatch label "${key}" in rollout`),
    );
}

function managedByUs(reference: Place, service: ServiceLabels, owner: string): readonly Violation[] {
  const manager = service.annotations[MANAGED_BY];
  if (manager === undefined || manager === owner) return [];
  return [invalid("service-managed", reference, `Service "${text(reference)}" is managed by another Rollout`)];
}

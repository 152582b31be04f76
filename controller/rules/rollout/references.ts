/**
 * The Services that a Rollout names must agree with what the Rollout expects of them
 * (docs/behaviour/validation.md#services).
 */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { HASH_LABEL, MANAGED_BY } from "../../../schema/labels.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import { placesOf, type Resolution } from "./input.ts";
import { at, type Place, text, textMap } from "../../../kube/validation/place.ts";
import { didYouMean } from "../../../kube/validation/nearNames.ts";
import { helped, invalid, type Violation } from "../../../kube/validation/violation.ts";

/** What the rules need to know of a Service. */
export interface ServiceLabels {
  readonly selector: Readonly<Record<string, string>>;
  /** Of type ExternalName: a name in DNS, which has no pods whatever it selects. */
  readonly external?: true;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Reference {
  readonly path: readonly [string, string, ...string[]];
  /** Members of the strategy with the metadata of the pods that the Service selects while it matters. */
  readonly roles: readonly string[];
}

const REFERENCES: readonly Reference[] = [
  { path: ["blueGreen", "activeService"], roles: ["activeMetadata"] },
  { path: ["blueGreen", "previewService"], roles: ["previewMetadata"] },
  { path: ["canary", "stableService"], roles: ["stableMetadata"] },
  { path: ["canary", "canaryService"], roles: ["canaryMetadata"] },
  { path: ["canary", "pingPong", "pingService"], roles: ["stableMetadata", "canaryMetadata"] },
  { path: ["canary", "pingPong", "pongService"], roles: ["stableMetadata", "canaryMetadata"] },
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
    .map((reference) => missingService(reference, services));
  const content = flatMap(references, (reference) => {
    const service = services.get(text(reference));
    return service === undefined
      ? []
      : [...selectorAgrees(reference, service, labels), ...managedByUs(reference, service, owner)];
  });
  return [...missing, ...content, ...hiddenByRoles(rollout, services)];
}

function missingService(reference: Place, services: Lookup<ServiceLabels>): Violation {
  const name = text(reference);
  const near = didYouMean(name, services.keys?.() ?? []);
  return helped(
    invalid("service-missing", reference, `service "${name}" not found`),
    `${near === undefined ? "" : `${near} `}Create the Service in the Rollout's namespace, or correct the name; the Rollout waits for it`,
  );
}

/**
 * A Service that selects a label to which metadata by role gives another value: it would select none of the pods that
 * it is for (docs/behaviour/pod-metadata.md#services-that-select-by-a-role).
 */
function hiddenByRoles(rollout: unknown, services: Lookup<ServiceLabels>): readonly Violation[] {
  const strategy = at(placesOf(rollout).spec, "strategy");
  return REFERENCES.flatMap(({ path, roles }) => {
    const reference = at(strategy, ...path);
    const service = services.get(text(reference));
    // Every pass asks, and most strategies name two Services at most.
    if (service === undefined) return [];
    const { selector } = service;
    const [kind] = path;
    return roles.flatMap((role) => {
      const labels = textMap(at(strategy, kind, role, "labels"));
      return Object.keys(selector)
        .filter((key) => key !== HASH_LABEL && (labels.get(key) ?? selector[key]) !== selector[key])
        .toSorted()
        .map((key) => {
          const detail =
            `Service "${text(reference)}" selects ${key}=${selector[key]}, but ${role} gives its pods ` +
            `${key}=${labels.get(key)}, so it would have none; leave ${key} out of one of the two`;
          return invalid("service-role-metadata", reference, detail);
        });
    });
  });
}

export function serviceReferences(rollout: unknown): readonly Place[] {
  const strategy = at(placesOf(rollout).spec, "strategy");
  return REFERENCES.map(({ path }) => at(strategy, ...path)).filter((reference) => text(reference) !== "");
}

/**
 * Services that a Rollout can point at its pods, but hardly should: not part of what holds a Rollout, since the
 * reference drives it.
 */
export function serviceWarnings(rollout: unknown, services: Lookup<ServiceLabels>): readonly Violation[] {
  return serviceReferences(rollout).flatMap((reference) => {
    const name = text(reference);
    const service = services.get(name);
    if (service?.external === true) {
      const detail = `Service "${name}" is of type ExternalName and sends nobody to pods; name one of type ClusterIP`;
      return [invalid("service-external", reference, detail)];
    }
    if (service === undefined || Object.keys(service.selector).length > 0) return [];
    const detail =
      `Service "${name}" has no selector and gets one, so that endpoints which were made by hand are replaced; ` +
      "give it a selector of the pods' labels";
    return [invalid("service-without-selector", reference, detail)];
  });
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
    .map((key) => {
      const given = labels.get(key);
      const help =
        `The Service selects ${key}=${service.selector[key]}, and the pod template has ` +
        `${given === undefined ? `no label "${key}"` : `${key}=${given}`}: change one of the two`;
      const detail = `Service "${text(reference)}" has unmatch label "${key}" in rollout`;
      return helped(invalid("service-selector", reference, detail), help);
    });
}

function managedByUs(reference: Place, service: ServiceLabels, owner: string): readonly Violation[] {
  const manager = service.annotations[MANAGED_BY];
  if (manager === undefined || manager === owner) return [];
  const help =
    `That is Rollout "${manager}", says the Service's annotation ${MANAGED_BY}: name another Service here, or take ` +
    "this one out of that Rollout first; if that Rollout is gone, remove the annotation";
  const detail = `Service "${text(reference)}" is managed by another Rollout`;
  return [helped(invalid("service-managed", reference, detail), help)];
}

/** Metadata that pods carry while they play a part (docs/behaviour/pod-metadata.md#metadata-by-role). */
import { HASH_LABEL } from "../../../schema/labels.ts";
import { at, entries, type Place, root, text } from "../../../kube/validation/place.ts";
import { helped, invalid, type Violation } from "../../../kube/validation/violation.ts";
import { placesOf, type Resolution } from "./input.ts";

const MEMBERS = [
  ["canary", "canaryMetadata"],
  ["canary", "stableMetadata"],
  ["blueGreen", "previewMetadata"],
  ["blueGreen", "activeMetadata"],
] as const;

/**
 * Labels that a ReplicaSet selects its pods by: the API server refuses a template that has others. The reference finds
 * out when it makes the ReplicaSet.
 */
export function roleMetadataViolations(rollout: unknown, resolution: Resolution = {}): readonly Violation[] {
  const { spec, selector } = placesOf(rollout, resolution);
  const selected = at(selector, "matchLabels");
  return MEMBERS.flatMap((path) => entries(at(spec, "strategy", ...path, "labels")))
    .filter(([key, place]) => key === HASH_LABEL || isOther(at(selected, key), place))
    .map(([key, place]) => {
      const detail = `must not change "${key}", by which ReplicaSets select their pods`;
      const wanted = text(at(selected, key));
      const help =
        wanted === ""
          ? "The label is the Rollout's own: leave it out"
          : `spec.selector has ${key}=${wanted}, which all pods need: leave the label out here`;
      return helped(invalid("role-metadata-selector", place, detail), help);
    });
}

const isOther = (selected: Place, given: Place): boolean => text(selected) !== "" && text(selected) !== text(given);

/**
 * The keys of labels that pods get and lose while they play their parts. Never throws, whatever it is given.
 * @param labels of the pod template
 */
export const roleLabels = (rollout: unknown, labels: Readonly<Record<string, string>>): readonly string[] =>
  MEMBERS.flatMap((path) => entries(at(root(rollout), "spec", "strategy", ...path, "labels")))
    .filter(([key, place]) => text(place) !== labels[key])
    .map(([key]) => key);

/**
 * Volumes of the pod: their names, and that each has one source (docs/behaviour/validation.md#pod-template). One
 * without a source is an emptyDir.
 */
import { flatMap } from "../../../object/flatMap.ts";
import { at, items, type Place, text } from "../../place.ts";
import { labelTexts } from "../../labelNames.ts";
import { duplicate, helped, required, type Violation } from "../../violation.ts";
import { onlyOne } from "../../oneOf.ts";
import { VOLUME_SOURCES } from "./volumeSources.ts";

export interface Volumes {
  /** The valid ones by name: a mount of an invalid volume is reported as well. */
  readonly volumes: ReadonlyMap<string, Place>;
  readonly violations: readonly Violation[];
}

export function volumesOf(places: Place): Volumes {
  const volumes = new Map<string, Place>();
  const violations = flatMap(items(places), (volume) => {
    const name = text(at(volume, "name"));
    const found = [
      ...(onlyOne("volume-single-source", volume, VOLUME_SOURCES, "may not specify more than 1 volume type") ?? []),
      ...volumeName(at(volume, "name"), volumes.has(name)),
    ];
    if (found.length === 0) volumes.set(name, volume);
    return found;
  });
  return { volumes, violations };
}

function volumeName(place: Place, repeated: boolean): readonly Violation[] {
  if (text(place) === "")
    return [helped(required("volume-name", place), "Give the volume a name, by which containers mount it")];
  return [
    ...labelTexts("volume-name", place),
    ...(repeated ? [helped(duplicate("volume-name-duplicate", place), "Give each volume a name of its own")] : []),
  ];
}

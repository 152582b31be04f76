/** Files in volumes: modes, keys and paths, and what the downward API may put there. */
import { flatMap } from "../../../object/flatMap.ts";
import { at, exactPathOf, items, pathOf, type Place, placed, present, text, whole } from "../../place.ts";
import { relativePath, volumeFilePath } from "../../syntax.ts";
import { invalid, invalidTexts, required, type Violation } from "../../violation.ts";
import { fieldRef, resourceFieldRef } from "../containers/env.ts";

const MODE_RULE = "must be a number between 0 and 0777 (octal), both inclusive";
const FILE_PATHS = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

export function fileMode(place: Place): readonly Violation[] {
  const mode = whole(place);
  return mode === undefined || (mode >= 0 && mode <= 0o777) ? [] : [invalid("volume-file-mode", place, MODE_RULE)];
}

/** A member that must not be empty. */
export function needed(rule: string, place: Place, ...members: readonly string[]): readonly Violation[] {
  return members
    .map((member) => at(place, member))
    .filter((member) => text(member) === "")
    .map((member) => required(rule, member));
}

export const filePath = (place: Place): readonly Violation[] =>
  invalidTexts("volume-file-path", place, volumeFilePath(text(place)));

export const directoryPath = (place: Place): readonly Violation[] =>
  invalidTexts("volume-file-path", place, relativePath(text(place)));

/** Items of a Secret or ConfigMap: which key goes to which file. */
export const keyItems = (list: Place): readonly Violation[] =>
  flatMap(items(list), (item) => [
    ...needed("volume-key-item", item, "key", "path"),
    ...filePath(at(item, "path")),
    ...fileMode(at(item, "mode")),
  ]);

/** A file written by the downward API; Kubernetes reports it under the source's path, without the item's index. */
export function downwardFile(file: Place, source: Place): readonly Violation[] {
  const rule = "volume-downward-file";
  const field = under(source, file, "fieldRef");
  const resource = under(source, file, "resourceFieldRef");
  const path = under(source, file, "path");
  const here = placed("resource", pathOf(source), pathOf(file));
  const both = "fieldRef and resourceFieldRef can not be specified simultaneously";
  return [
    ...(text(path) === "" ? [required(rule, path)] : []),
    ...filePath(path),
    ...(present(field) ? fieldRef(field, FILE_PATHS) : []),
    ...(present(field) && present(resource) ? [invalid(rule, here, both)] : []),
    ...(!present(field) && present(resource) ? resourceFieldRef(resource, { needsContainer: true }) : []),
    ...(present(field) || present(resource)
      ? []
      : [required(rule, here, "one of fieldRef and resourceFieldRef is required")]),
    ...fileMode(under(source, file, "mode")),
  ];
}

function under(source: Place, file: Place, member: string): Place {
  const place = at(file, member);
  return placed(place.value, `${pathOf(source)}.${member}`, exactPathOf(place) ?? pathOf(place));
}

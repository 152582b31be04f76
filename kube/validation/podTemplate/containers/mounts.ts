/** Volume mounts and raw devices of a container. */
import { flatMap } from "../../../object/flatMap.ts";
import { at, items, pathOf, type Place, placed, present, text } from "../../place.ts";
import { relativePath, withoutBacksteps } from "../../syntax.ts";
import { didYouMean, listed } from "../../nearNames.ts";
import {
  forbidden,
  helped,
  invalid,
  invalidTexts,
  notFound,
  notSupported,
  required,
  type Violation,
} from "../../violation.ts";
import type { Pod } from "../../podFacts.ts";

export function mountViolations(container: Place, pod: Pod): readonly Violation[] {
  return [...volumeMounts(container, pod), ...volumeDevices(container, pod)];
}

interface Uses {
  readonly names: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
}

/** Of a volume used twice only the last path counts, as in Kubernetes. */
function usesOf(list: Place, pathMember: string): Uses {
  const paths = new Map(items(list).map((use) => [text(at(use, "name")), text(at(use, pathMember))]));
  return { names: new Set(paths.keys()), paths: new Set(paths.values()) };
}

function volumeMounts(container: Place, pod: Pod): readonly Violation[] {
  const mounts = at(container, "volumeMounts");
  const devices = usesOf(at(container, "volumeDevices"), "devicePath");
  const paths = new Set<string>();
  return flatMap(items(mounts), (mount) => {
    const path = text(at(mount, "mountPath"));
    const repeated = paths.has(path);
    paths.add(path);
    return [
      ...volumeName(mount, pod),
      ...mountPath(mount, repeated),
      ...clashes(mount, "mountPath", devices, "volumeDevices"),
      ...subPaths(mount, mounts),
      ...propagation(mount, mounts, container),
      ...recursiveReadOnly(mount, mounts),
    ];
  });
}

function volumeName(use: Place, pod: Pod): readonly Violation[] {
  const name = at(use, "name");
  return [
    ...(text(name) === "" ? [helped(required("mount-name", name), "Name the volume that is mounted here")] : []),
    ...(pod.volumes.has(text(name)) ? [] : [helped(notFound("mount-volume", name), unknownVolume(text(name), pod))]),
  ];
}

function unknownVolume(name: string, { volumes }: Pod): string {
  if (volumes.size === 0) return "The pod has no valid volume: list it under volumes";
  const near = didYouMean(name, volumes.keys());
  return `${near === undefined ? "" : `${near} `}The pod has ${listed(volumes.keys())} under volumes: name one of those, or add this one`;
}

function mountPath(mount: Place, repeated: boolean): readonly Violation[] {
  const place = at(mount, "mountPath");
  return [
    ...(text(place) === "" ? [helped(required("mount-path", place), "Write where the container sees the volume")] : []),
    ...(repeated
      ? [
          helped(
            invalid("mount-path-unique", place, "must be unique", text(place)),
            "Mount each volume at a path of its own",
          ),
        ]
      : []),
  ];
}

/** A volume is mounted or used as a device, not both. */
function clashes(use: Place, pathMember: string, others: Uses, list: string): readonly Violation[] {
  const name = at(use, "name");
  const path = at(use, pathMember);
  const rule = "mount-or-device";
  const byName = others.names.has(text(name));
  const byPath = others.paths.has(text(path));
  return [
    ...(byName ? [invalid(rule, name, `must not already exist in ${list}`, text(name))] : []),
    ...(byPath ? [invalid(rule, path, `must not already exist as a path in ${list}`, text(path))] : []),
  ];
}

/** These rules report the list's path without the index. */
function unindexed(mount: Place, mounts: Place, member: string): Place {
  const place = at(mount, member);
  return placed(place.value, `${pathOf(mounts)}.${member}`, pathOf(place));
}

function subPaths(mount: Place, mounts: Place): readonly Violation[] {
  const path = unindexed(mount, mounts, "subPath");
  const expression = unindexed(mount, mounts, "subPathExpr");
  const both = text(path) !== "" && text(expression) !== "";
  const exclusive = "subPathExpr and subPath are mutually exclusive";
  return [
    ...invalidTexts("mount-sub-path", path, relativePath(text(path))),
    ...(both ? [invalid("mount-sub-path", at(mount, "subPathExpr"), exclusive)] : []),
    ...invalidTexts("mount-sub-path", expression, relativePath(text(expression))),
  ];
}

function propagation(mount: Place, mounts: Place, container: Place): readonly Violation[] {
  const place = unindexed(mount, mounts, "mountPropagation");
  const supported = ["Bidirectional", "HostToContainer", "None"];
  if (!present(place)) return [];
  if (!supported.includes(text(place))) return [notSupported("mount-propagation", place, supported)];
  const privileged = at(container, "securityContext", "privileged").value === true;
  if (text(place) !== "Bidirectional" || privileged) return [];
  const detail = "Bidirectional mount propagation is available only to privileged containers";
  return [forbidden("mount-propagation", place, detail)];
}

function recursiveReadOnly(mount: Place, mounts: Place): readonly Violation[] {
  const rule = "mount-recursive-read-only";
  const place = unindexed(mount, mounts, "recursiveReadOnly");
  const supported = ["Disabled", "Enabled", "IfPossible"];
  if (!present(place) || text(place) === "Disabled") return [];
  if (!supported.includes(text(place))) return [notSupported(rule, place, supported)];
  const writable = at(mount, "readOnly").value !== true;
  const propagates = !["", "None"].includes(text(at(mount, "mountPropagation")));
  const alone = "may only be specified when mountPropagation is None or not specified";
  return [
    ...(writable ? [forbidden(rule, place, "may only be specified when readOnly is true")] : []),
    ...(propagates ? [forbidden(rule, place, alone)] : []),
  ];
}

function volumeDevices(container: Place, pod: Pod): readonly Violation[] {
  const mounts = usesOf(at(container, "volumeMounts"), "mountPath");
  const names = new Set<string>();
  const paths = new Set<string>();
  return flatMap(items(at(container, "volumeDevices")), (device) => {
    const repeats = { name: names.has(text(at(device, "name"))), path: paths.has(text(at(device, "devicePath"))) };
    const found = [
      ...deviceName(device, pod, repeats.name),
      ...devicePath(device, repeats.path),
      ...clashes(device, "devicePath", mounts, "volumeMounts"),
    ];
    names.add(text(at(device, "name")));
    paths.add(text(at(device, "devicePath")));
    return found;
  });
}

function deviceName(device: Place, pod: Pod, repeated: boolean): readonly Violation[] {
  const rule = "device-name";
  const name = at(device, "name");
  const volume = pod.volumes.get(text(name));
  const claims = ["persistentVolumeClaim", "ephemeral"];
  const isClaim = volume !== undefined && claims.some((source) => present(at(volume, source)));
  const kind = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
  return [
    ...(text(name) === "" ? [required(rule, name)] : []),
    ...(repeated && text(name) !== "" ? [invalid(rule, name, "must be unique")] : []),
    ...(volume !== undefined && !isClaim ? [invalid(rule, name, kind)] : []),
    ...(volume === undefined ? [helped(notFound(rule, name), unknownVolume(text(name), pod))] : []),
  ];
}

function devicePath(device: Place, repeated: boolean): readonly Violation[] {
  const rule = "device-path";
  const place = at(device, "devicePath");
  const steps = withoutBacksteps(text(place)).length > 0;
  return [
    ...(text(place) === "" ? [required(rule, place)] : []),
    ...(repeated ? [invalid(rule, place, "must be unique", text(place))] : []),
    ...(steps ? [invalid(rule, place, "can not contain backsteps ('..')")] : []),
  ];
}

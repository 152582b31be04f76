/** A pod that names its operating system may not set members of another one. */
import { at, exactPathOf, pathOf, type Place, placed, present, text } from "../../place.ts";
import { forbidden, notSupported, required, type Violation } from "../../violation.ts";
import { allContainers } from "../../podFacts.ts";

const RULE = "pod-os";
const NOT_ON_WINDOWS = "cannot be set for a windows pod";

const POD_MEMBERS = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
];

const CONTAINER_MEMBERS = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
];

export function osViolations(spec: Place): readonly Violation[] {
  const os = at(spec, "os");
  const name = at(os, "name");
  if (!present(os)) return [];
  switch (text(name)) {
    case "":
      return [required(RULE, name)];
    case "linux":
      return linux(spec);
    case "windows":
      return windows(spec);
    default:
      return [notSupported(RULE, placed(name.value, pathOf(os), exactPathOf(name)), ["linux", "windows"])];
  }
}

const contexts = (spec: Place): readonly Place[] =>
  allContainers(spec).map((container) => at(container, "securityContext"));

const linux = (spec: Place): readonly Violation[] =>
  [at(spec, "securityContext"), ...contexts(spec)]
    .map((context) => at(context, "windowsOptions"))
    .filter(present)
    .map((place) => forbidden(RULE, place, "windows options cannot be set for a linux pod"));

/** An empty list of sysctls counts as absent. */
const set = (place: Place): boolean => present(place) && !(Array.isArray(place.value) && place.value.length === 0);

function windows(spec: Place): readonly Violation[] {
  const pod = POD_MEMBERS.map((member) => at(spec, "securityContext", member));
  const containers = contexts(spec).flatMap((context) => CONTAINER_MEMBERS.map((member) => at(context, member)));
  return [...pod, ...containers].filter(set).map((place) => forbidden(RULE, place, NOT_ON_WINDOWS));
}

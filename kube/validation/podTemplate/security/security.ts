/** Security contexts of the pod and its containers (docs/behaviour/validation.md#pod-template). */
import { flatMap } from "../../../object/flatMap.ts";
import { at, isTrue, items, type Place, present, repeats, text, texts, whole } from "../../place.ts";
import { byteLength, posixId, relativePath } from "../../syntax.ts";
import { duplicate, invalid, invalidTexts, notSupported, required, tooLong, type Violation } from "../../violation.ts";
import { allContainers, type Pod } from "../../podFacts.ts";
import { printedProfile, printedSecurityContext } from "./printedSecurityContext.ts";
import { windowsOptions } from "./windowsOptions.ts";

const PROFILE_TYPES = ["Localhost", "RuntimeDefault", "Unconfined"];
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const SYSCTL_RULE =
  "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

function id(place: Place): readonly Violation[] {
  const number = whole(place);
  return number === undefined ? [] : posixId(number).map((message) => invalid("security-id", place, message));
}

const enumerated = (rule: string, place: Place, supported: readonly string[]): readonly Violation[] =>
  !present(place) || supported.includes(text(place)) ? [] : [notSupported(rule, place, supported)];

export function podSecurityContext(spec: Place): readonly Violation[] {
  const context = at(spec, "securityContext");
  if (!present(context)) return [];
  return [
    ...["fsGroup", "runAsUser", "runAsGroup"].flatMap((member) => id(at(context, member))),
    ...items(at(context, "supplementalGroups")).flatMap(id),
    ...sysctls(at(context, "sysctls")),
    ...enumerated("fs-group-change", at(context, "fsGroupChangePolicy"), ["Always", "OnRootMismatch"]),
    ...seccompProfile(at(context, "seccompProfile")),
    ...windowsOptions(at(context, "windowsOptions")),
    ...appArmorProfile(at(context, "appArmorProfile")),
    ...enumerated("supplemental-groups", at(context, "supplementalGroupsPolicy"), ["Merge", "Strict"]),
    ...enumerated("selinux-change", at(context, "seLinuxChangePolicy"), ["MountOption", "Recursive"]),
  ];
}

function sysctls(list: Place): readonly Violation[] {
  const rule = "sysctl";
  const again = repeats(items(list).map((sysctl) => text(at(sysctl, "name"))));
  return flatMap(items(list), (sysctl, index) => {
    const place = at(sysctl, "name");
    if (text(place) === "") return [required(rule, place)];
    if (byteLength(text(place)) > 253 || !SYSCTL.test(text(place))) return [invalid(rule, place, SYSCTL_RULE)];
    return again[index] === true ? [duplicate(rule, place)] : [];
  });
}

/** `privileged` is not judged: that is up to the policies of the cluster, and the reference strips it too. */
export function containerSecurity(context: Place, pod: Pod): readonly Violation[] {
  if (!present(context)) return [];
  return [
    ...["runAsUser", "runAsGroup"].flatMap((member) => id(at(context, member))),
    ...procMount(at(context, "procMount"), pod),
    ...seccompProfile(at(context, "seccompProfile")),
    ...escalation(context),
    ...windowsOptions(at(context, "windowsOptions")),
    ...appArmorProfile(at(context, "appArmorProfile")),
  ];
}

function procMount(place: Place, pod: Pod): readonly Violation[] {
  const rule = "proc-mount";
  const unmasked = text(place) === "Unmasked" && pod.hostUsers;
  return [
    ...enumerated(rule, place, ["Default", "Unmasked"]),
    ...(unmasked ? [invalid(rule, place, "`hostUsers` must be false to use `Unmasked`")] : []),
  ];
}

function escalation(context: Place): readonly Violation[] {
  if (at(context, "allowPrivilegeEscalation").value !== false) return [];
  const detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
  return texts(at(context, "capabilities", "add"))
    .filter((capability) => capability === "CAP_SYS_ADMIN")
    .map(() => invalid("privilege-escalation", context, detail, printedSecurityContext(context)));
}

function seccompProfile(profile: Place): readonly Violation[] {
  const rule = "seccomp-profile";
  if (!present(profile)) return [];
  const localhost = at(profile, "localhostProfile");
  const isLocal = text(at(profile, "type")) === "Localhost";
  const file = isLocal
    ? present(localhost)
      ? invalidTexts(rule, localhost, relativePath(text(localhost)))
      : [required(rule, localhost, "must be set when seccomp type is Localhost")]
    : present(localhost)
      ? [invalid(rule, localhost, "can only be set when seccomp type is Localhost", printedProfile(profile))]
      : [];
  return [...profileType(rule, profile, "seccompProfile"), ...file];
}

function profileType(rule: string, profile: Place, member: string): readonly Violation[] {
  const type = at(profile, "type");
  if (text(type) === "") return [required(rule, type, `type is required when ${member} is set`)];
  return enumerated(rule, type, PROFILE_TYPES);
}

function appArmorProfile(profile: Place): readonly Violation[] {
  const rule = "apparmor-profile";
  if (!present(profile)) return [];
  const file = at(profile, "localhostProfile");
  const type = text(at(profile, "type"));
  if (type === "Localhost") return appArmorFile(rule, file);
  const wrongType = profileType(rule, profile, "appArmorProfile");
  if (wrongType.length > 0 || !present(file)) return wrongType;
  return [invalid(rule, file, "can only be set when AppArmor type is Localhost")];
}

function appArmorFile(rule: string, file: Place): readonly Violation[] {
  const missing = "must be set when AppArmor type is Localhost";
  if (!present(file)) return [required(rule, file, missing)];
  const path = text(file);
  const padded = path.trim() !== path;
  return [
    ...(padded ? [invalid(rule, file, "must not be padded with whitespace")] : []),
    ...(!padded && path === "" ? [required(rule, file, missing)] : []),
    ...(byteLength(path) > 4095 ? [tooLong(rule, file, 4095)] : []),
  ];
}

/** In a pod with a HostProcess container of Windows all containers are such, and the pod shares the node's network. */
export function hostProcessViolations(spec: Place): readonly Violation[] {
  const rule = "host-process";
  const ofPod = at(spec, "securityContext", "windowsOptions", "hostProcess");
  const own = allContainers(spec).map((container) => at(container, "securityContext", "windowsOptions", "hostProcess"));
  const effective = own.filter((place) => isTrue(present(place) ? place : ofPod));
  const differ = own.filter((place) => present(ofPod) && present(place) && ofPod.value !== place.value);
  const identical = `pod hostProcess value must be identical if both are specified, was ${String(ofPod.value)}`;
  const mixed = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
  const network = at(spec, "hostNetwork");
  const isolated = effective.length > 0 && !isTrue(network);
  const shared = "hostNetwork must be true if pod contains any hostProcess containers";
  return [
    ...differ.map((place) => invalid(rule, place, identical)),
    ...(effective.length > 0 && effective.length < own.length ? [invalid(rule, spec, mixed, "")] : []),
    ...(isolated ? [invalid(rule, network, shared, false)] : []),
  ];
}

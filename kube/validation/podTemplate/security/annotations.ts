/** Seccomp and AppArmor profiles in the annotations that are older than their fields, and whether the two agree. */
import { flatMap } from "../../../object/flatMap.ts";
import { at, entries, type Place, present, text } from "../../place.ts";
import { relativePath } from "../../syntax.ts";
import { forbidden, invalid, invalidTexts, type Violation } from "../../violation.ts";
import { allContainers } from "../../podFacts.ts";

const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";
const APPARMOR_CONTAINER = "container.apparmor.security.beta.kubernetes.io/";
const LOCALHOST = "localhost/";

export function securityAnnotations(annotations: Place, spec: Place): readonly Violation[] {
  const names = new Set(allContainers(spec).map((container) => text(at(container, "name"))));
  return flatMap(entries(annotations), ([key, value]) => {
    if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER)) return seccompProfile(at(annotations, key));
    return key.startsWith(APPARMOR_CONTAINER)
      ? appArmorProfile(value, key.slice(APPARMOR_CONTAINER.length), names)
      : [];
  });
}

function seccompProfile(place: Place): readonly Violation[] {
  const profile = text(place);
  if (["runtime/default", "docker/default", "unconfined"].includes(profile)) return [];
  if (!profile.startsWith(LOCALHOST)) return [invalid("seccomp-annotation", place, "must be a valid seccomp profile")];
  const path = { ...place, value: profile.slice(LOCALHOST.length) };
  return invalidTexts("seccomp-annotation", path, relativePath(path.value));
}

function appArmorProfile(place: Place, container: string, names: ReadonlySet<string>): readonly Violation[] {
  const profile = text(place);
  const fine = ["", "runtime/default", "unconfined"].includes(profile) || profile.startsWith(LOCALHOST);
  const detail = `invalid AppArmor profile name: "${profile}"`;
  return [
    ...(names.has(container) ? [] : [invalid("apparmor-annotation", place, "container not found", container)]),
    ...(fine ? [] : [invalid("apparmor-annotation", place, detail)]),
  ];
}

interface Kind {
  readonly field: "seccompProfile" | "appArmorProfile";
  /** The word for it in messages. */
  readonly word: "seccomp" | "apparmor";
  readonly prefix: string;
}

const SECCOMP: Kind = { field: "seccompProfile", word: "seccomp", prefix: SECCOMP_CONTAINER };
const APPARMOR: Kind = { field: "appArmorProfile", word: "apparmor", prefix: APPARMOR_CONTAINER };

/** Where a profile is given in both ways, the two must agree. */
export function securityAnnotationsAgree(template: Place): readonly Violation[] {
  const spec = at(template, "spec");
  const annotations = new Map(entries(at(template, "metadata", "annotations")));
  const containers = allContainers(spec);
  const pod = at(spec, "securityContext");
  const windows = text(at(spec, "os", "name")) === "windows";
  const check = (kind: Kind, key: string, profile: Place, place = profile): readonly Violation[] => {
    const annotation = annotations.get(key);
    return annotation === undefined || !present(profile) ? [] : agree(kind, text(annotation), profile, place);
  };
  const ofContainer = (kind: Kind, container: Place): Place => at(container, "securityContext", kind.field);
  return [
    ...check(SECCOMP, SECCOMP_POD, at(pod, "seccompProfile")),
    ...containers.flatMap((container) =>
      check(SECCOMP, SECCOMP.prefix + text(at(container, "name")), ofContainer(SECCOMP, container)),
    ),
    ...(windows ? [] : containers).flatMap((container) => {
      const own = ofContainer(APPARMOR, container);
      // A container without a profile of its own has the pod's.
      const profile = present(own) ? own : at(pod, "appArmorProfile");
      return check(APPARMOR, APPARMOR.prefix + text(at(container, "name")), profile, own);
    }),
  ];
}

function agree(kind: Kind, annotation: string, profile: Place, place: Place): readonly Violation[] {
  const differ = (member: "type" | "localhostProfile"): readonly Violation[] => {
    const what = member === "type" ? "type" : "profile";
    const detail = `${kind.word} ${what} in annotation and field must match`;
    return [forbidden(`${kind.word}-annotation-agrees`, at(place, member), detail)];
  };
  switch (text(at(profile, "type"))) {
    case "Unconfined":
      return annotation === "unconfined" ? [] : differ("type");
    case "RuntimeDefault": {
      const same = annotation === "runtime/default" || (kind.word === "seccomp" && annotation === "docker/default");
      return same ? [] : differ("type");
    }
    case "Localhost":
      if (!annotation.startsWith(LOCALHOST)) return differ("type");
      return annotation.slice(LOCALHOST.length) === text(at(profile, "localhostProfile"))
        ? []
        : differ("localhostProfile");
    default:
      return [];
  }
}

/** Environment variables of a container and where they come from. */
import { flatMap } from "../../../object/flatMap.ts";
import { parseFieldPath, subscriptMessages } from "../../downwardApi.ts";
import { at, items, pathOf, type Place, placed, present, text } from "../../place.ts";
import { parseQuantity } from "../../resourceQuantity.ts";
import { configKey, dnsLabel, dnsSubdomain, envName, withoutBacksteps } from "../../syntax.ts";
import { helped, invalid, invalidTexts, notFound, notSupported, required, type Violation } from "../../violation.ts";
import { allContainers } from "../../podFacts.ts";

type Check = (place: Place) => readonly Violation[];

export const envViolations: Check = (variables) =>
  flatMap(items(variables), (variable) => [...variableName(variable), ...valueFrom(variable)]);

function variableName(variable: Place): readonly Violation[] {
  const place = at(variable, "name");
  if (text(place) === "") return [helped(required("env-name", place), "Give the variable a name, such as LOG_LEVEL")];
  return invalidTexts("env-name", place, envName(text(place)));
}

const SOURCES: readonly (readonly [string, Check])[] = [
  ["fieldRef", (place) => fieldRef(place, ENV_PATHS)],
  ["resourceFieldRef", (place) => resourceFieldRef(place, { needsContainer: false })],
  ["configMapKeyRef", keyRef],
  ["secretKeyRef", keyRef],
  ["fileKeyRef", fileKeyRef],
];

function valueFrom(variable: Place): readonly Violation[] {
  const place = at(variable, "valueFrom");
  if (!present(place)) return [];
  const given = SOURCES.filter(([member]) => present(at(place, member)));
  const problem = sourceProblem(given.length, text(at(variable, "value")) !== "");
  return [
    ...given.flatMap(([member, check]) => check(at(place, member))),
    ...(problem === undefined ? [] : [helped(invalid("env-value-from", place, problem, ""), ONE_SOURCE)]),
  ];
}

const ONE_SOURCE = "A variable has either a value or one source under valueFrom: keep one";

function sourceProblem(sources: number, hasValue: boolean): string | undefined {
  if (sources === 0) return "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
  if (hasValue) return "may not be specified when `value` is not empty";
  return sources > 1 ? "may not have more than one field specified at a time" : undefined;
}

const ENV_PATHS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

/** All members that a field reference may name; each use allows fewer. */
const POD_PATHS = new Set([
  ...ENV_PATHS,
  "metadata.annotations",
  "metadata.labels",
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);

/** A reference to a member of the pod; `supported` in alphabetic order. */
export function fieldRef(place: Place, supported: readonly string[]): readonly Violation[] {
  const rule = "field-ref";
  const field = at(place, "fieldPath");
  const version = text(at(place, "apiVersion")) || "v1";
  if (text(field) === "") return [required(rule, field)];
  const problem = (text_: string): readonly Violation[] => [
    invalid(rule, field, `error converting fieldPath: ${text_}`),
  ];
  if (version !== "v1") return problem(`unsupported pod version: ${version}`);
  const parsed = parseFieldPath(text(field));
  if (parsed.subscript !== undefined) {
    const subscripted = parsed.path === "metadata.annotations" || parsed.path === "metadata.labels";
    if (!subscripted) return problem(`field label does not support subscript: ${text(field)}`);
    const key = parsed.path === "metadata.annotations" ? parsed.subscript.toLowerCase() : parsed.subscript;
    return subscriptMessages(parsed).map((message) => invalid(rule, place, message, key));
  }
  // The old name of the node still works.
  const path = parsed.path === "spec.host" ? "spec.nodeName" : parsed.path;
  if (!POD_PATHS.has(path)) return problem(`field label not supported: ${path}`);
  return supported.includes(path) ? [] : [notSupported(rule, field, supported, path)];
}

const RESOURCE_PATHS = ["limits", "requests"].flatMap((kind) =>
  ["cpu", "ephemeral-storage", "memory"].map((resource) => `${kind}.${resource}`),
);
const SIZES = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei";

/** A reference to a container's requests or limits. */
export function resourceFieldRef(place: Place, options: { readonly needsContainer: boolean }): readonly Violation[] {
  const rule = "resource-field-ref";
  const container = at(place, "containerName");
  const resource = at(place, "resource");
  const name = text(resource);
  const known = RESOURCE_PATHS.includes(name) || /^(?:requests|limits)\.hugepages-/.test(name);
  if (options.needsContainer && text(container) === "") return [required(rule, container), ...divisor(place)];
  if (name === "") return [required(rule, resource), ...divisor(place)];
  return [...(known ? [] : [notSupported(rule, resource, RESOURCE_PATHS)]), ...divisor(place)];
}

function divisor(place: Place): readonly Violation[] {
  const resource = text(at(place, "resource"));
  const quantity = parseQuantity(at(place, "divisor").value);
  const canonical = quantity === undefined ? "0" : quantity.text;
  if (canonical === "0") return [];
  const refuse = (allowed: string, what: string): readonly Violation[] => {
    if (allowed.split(", ").includes(canonical)) return [];
    const detail = `only divisor's values ${allowed.replace("1m, 1", "1m and 1")} are supported with the ${what}`;
    return [invalid("resource-divisor", at(place, "divisor"), detail, resource)];
  };
  if (resource.endsWith(".cpu")) return refuse("1m, 1", "cpu resource");
  if (resource.endsWith(".memory")) return refuse(SIZES, "memory resource");
  if (resource.endsWith(".ephemeral-storage")) return refuse(SIZES, "local ephemeral storage resource");
  return resource.includes(".hugepages-") ? refuse(SIZES, "hugepages resource") : [];
}

/** `configMapKeyRef` and `secretKeyRef`. */
function keyRef(place: Place): readonly Violation[] {
  const name = at(place, "name");
  const key = at(place, "key");
  return [
    ...invalidTexts("env-key-ref", name, dnsSubdomain(text(name))),
    ...(text(key) === ""
      ? [helped(required("env-key-ref", key), "Name the key whose value the variable gets")]
      : invalidTexts("env-key-ref", key, configKey(text(key)))),
  ];
}

function fileKeyRef(place: Place): readonly Violation[] {
  const rule = "env-file-key-ref";
  const printable = "a valid environment variable name must consist only of printable ASCII characters other than '='";
  const checked = (member: string, check: (value: string) => readonly string[]): readonly Violation[] => {
    const part = at(place, member);
    return text(part) === "" ? [required(rule, part)] : invalidTexts(rule, part, check(text(part)));
  };
  return [
    ...checked("key", (key) => (/^[\x20-\x3c\x3e-\x7e]*$/.test(key) ? [] : [printable])),
    ...checked("volumeName", dnsLabel),
    ...checked("path", withoutBacksteps),
  ];
}

/** A variable read from a file needs an emptyDir volume of that name; one without any source is an emptyDir. */
export const fileKeyVolumes: Check = (spec) => {
  const rule = "env-file-key-volume";
  const references = allContainers(spec)
    .flatMap((container) => items(at(container, "env")))
    .map((variable) => at(variable, "valueFrom", "fileKeyRef"))
    .filter(present);
  if (references.length === 0) return [];
  const volumes = new Map(items(at(spec, "volumes")).map((volume) => [text(at(volume, "name")), volume]));
  return flatMap(references, (reference) => {
    const place = at(reference, "volumeName");
    const volume = volumes.get(text(place));
    if (volume === undefined) return [notFound(rule, place)];
    const bare = Object.keys(volume.value ?? {}).every((member) => member === "name");
    if (bare || present(at(volume, "emptyDir"))) return [];
    return [invalid(rule, place, "referenced volume must be of type emptyDir")];
  });
};

/** Every problem with a source is reported at the list, without its index. */
export const envFromViolations: Check = (sources) =>
  flatMap(items(sources), (source) => {
    const rule = "env-from";
    const prefix = at(source, "prefix");
    const refs = ["configMapRef", "secretRef"].map((member) => at(source, member)).filter(present);
    const list = placed("", pathOf(sources), pathOf(source));
    return [
      ...(text(prefix) === "" ? [] : invalidTexts(rule, prefix, envName(text(prefix)))),
      ...refs.flatMap(refName),
      ...(refs.length === 0 ? [invalid(rule, list, "must specify one of: `configMapRef` or `secretRef`")] : []),
      ...(refs.length > 1 ? [invalid(rule, list, "may not have more than one field specified at a time")] : []),
    ];
  });

/** A name that ends in "-" is accepted: Kubernetes takes it for the beginning of a generated one. */
function refName(ref: Place): readonly Violation[] {
  const name = at(ref, "name");
  if (text(name) === "") return [required("env-from-name", name)];
  const value = text(name);
  const masked = value.length > 1 && value.endsWith("-") ? `${value.slice(0, -2)}a` : value;
  return invalidTexts("env-from-name", name, dnsSubdomain(masked));
}

/** The claim that an ephemeral volume makes for itself. */
import { at, count, pathOf, type Place, placed, present, text, texts } from "../../place.ts";
import { isNegative, parseQuantity, quantityRule } from "../../resourceQuantity.ts";
import { selectorViolations } from "../../labelSelector.ts";
import { dnsLabel, dnsSubdomain } from "../../syntax.ts";
import { forbidden, invalid, invalidTexts, notSupported, required, type Violation } from "../../violation.ts";

const RULE = "volume-claim-template";
const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES = ["Block", "Filesystem"];

/** The reference loses the template's metadata on its way, so it is not checked here. */
export function claimTemplate(ephemeral: Place): readonly Violation[] {
  const template = at(ephemeral, "volumeClaimTemplate");
  if (!present(template)) return [required(RULE, template)];
  return claimSpec(at(template, "spec"));
}

function claimSpec(spec: Place): readonly Violation[] {
  const mode = at(spec, "volumeMode");
  const storageClass = at(spec, "storageClassName");
  const known = text(mode) === "" || VOLUME_MODES.includes(text(mode));
  return [
    ...accessModes(at(spec, "accessModes")),
    ...selectorViolations(at(spec, "selector")),
    ...storage(spec),
    ...(text(storageClass) === "" ? [] : invalidTexts(RULE, storageClass, dnsSubdomain(text(storageClass)))),
    ...(known ? [] : [notSupported(RULE, mode, VOLUME_MODES)]),
    ...["dataSource", "dataSourceRef"].flatMap((member) => dataSource(at(spec, member))),
    ...sameSource(spec),
  ];
}

function accessModes(place: Place): readonly Violation[] {
  const modes = texts(place);
  const exclusive = modes.includes("ReadWriteOncePod");
  const shared = modes.some((mode) => mode !== "ReadWriteOncePod" && ACCESS_MODES.includes(mode));
  const alone = "may not use ReadWriteOncePod with other access modes";
  return [
    ...(count(place) === 0 ? [required(RULE, place, "at least 1 access mode is required")] : []),
    ...modes
      .filter((mode) => !ACCESS_MODES.includes(mode))
      .map((mode) => notSupported(RULE, place, ACCESS_MODES, mode)),
    ...(exclusive && shared ? [forbidden(RULE, place, alone)] : []),
  ];
}

/** Kubernetes leaves `requests` out of the path. */
function storage(spec: Place): readonly Violation[] {
  const resources = at(spec, "resources");
  const { value } = at(resources, "requests", "storage");
  const place = placed(value, `${pathOf(resources)}[storage]`, `${pathOf(resources)}.requests[storage]`);
  if (!present(place)) return [required(RULE, place)];
  const quantity = parseQuantity(value);
  if (quantity === undefined) return [invalid(RULE, place, quantityRule(value))];
  if (!isNegative(quantity) && quantity.milli !== 0n) return [];
  return [invalid(RULE, place, "must be greater than zero", quantity.text)];
}

function dataSource(place: Place): readonly Violation[] {
  if (!present(place)) return [];
  const [name, kind, group] = [at(place, "name"), at(place, "kind"), at(place, "apiGroup")];
  const namespace = at(place, "namespace");
  const needsClaim = text(group) === "" && text(kind) !== "PersistentVolumeClaim";
  const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
  return [
    ...[name, kind].filter((member) => text(member) === "").map((member) => required(RULE, member)),
    ...(needsClaim ? [invalid(RULE, place, detail, text(kind))] : []),
    ...(text(group) === "" ? [] : invalidTexts(RULE, group, dnsSubdomain(text(group)))),
    ...(text(namespace) === "" ? [] : invalidTexts(RULE, namespace, dnsLabel(text(namespace)))),
  ];
}

/** The old and the new way of naming a source must agree, and the old one cannot name another namespace. */
function sameSource(spec: Place): readonly Violation[] {
  const [source, ref] = [at(spec, "dataSource"), at(spec, "dataSourceRef")];
  if (!present(source) || !present(ref)) return [];
  const crossing = text(at(ref, "namespace")) !== "";
  const same = ["apiGroup", "kind", "name"].every((member) => text(at(source, member)) === text(at(ref, member)));
  if (!crossing && same) return [];
  const detail = crossing
    ? "may not be specified when dataSourceRef.namespace is specified"
    : "must match dataSourceRef";
  return [invalid(RULE, spec, detail, {})];
}

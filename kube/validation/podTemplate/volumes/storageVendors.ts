/** Volume sources with rules of their own kind: iSCSI, Fibre Channel, Flocker, Quobyte, Azure, StorageOS. */
import { spend } from "../../../object/budget.ts";
import { at, count, pathOf, type Place, placed, present, text, texts, whole } from "../../place.ts";
import { byteLength, dnsLabel, numberIn } from "../../syntax.ts";
import { invalid, invalidTexts, notSupported, required, type Violation } from "../../violation.ts";
import { needed } from "./volumeFiles.ts";

const ISCSI_NAMES: readonly (readonly [string, RegExp])[] = [
  ["iqn", /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ["eui", /^eui.[A-Za-z0-9]{16}$/],
  ["naa", /^naa.[A-Za-z0-9]{32}$/],
];

function iscsiName(place: Place): readonly Violation[] {
  const form = ISCSI_NAMES.find(([prefix]) => text(place).startsWith(prefix));
  // The pattern of iqn may match anywhere, and the match extends to the end.
  spend((text(place).split("iqn.").length * text(place).length) / 64, "reading names of iSCSI");
  const detail = form === undefined ? "must be valid format starting with iqn, eui, or naa" : "must be valid format";
  return form?.[1].test(text(place)) === true ? [] : [invalid("volume-iscsi", place, detail)];
}

const lun = (place: Place, number: number): readonly Violation[] =>
  numberIn(number, 0, 255).map((message) => invalid("volume-lun", place, message));

export function iscsi(place: Place): readonly Violation[] {
  const rule = "volume-iscsi";
  const iqn = at(place, "iqn");
  const initiator = at(place, "initiatorName");
  const reported = placed(initiator.value, `${pathOf(place)}.initiatorname`, pathOf(initiator));
  return [
    ...needed(rule, place, "targetPortal", "iqn"),
    ...(text(iqn) === "" ? [] : iscsiName(iqn)),
    ...lun(at(place, "lun"), whole(at(place, "lun")) ?? 0),
    ...(present(initiator) ? iscsiName(reported) : []),
  ];
}

export function fibreChannel(place: Place): readonly Violation[] {
  const rule = "volume-fibre-channel";
  const names = at(place, "targetWWNs");
  const number = at(place, "lun");
  const both = count(names) > 0 && count(at(place, "wwids")) > 0;
  const neither = count(names) === 0 && count(at(place, "wwids")) === 0;
  const exclusive = "targetWWNs and wwids can not be specified simultaneously";
  return [
    ...(neither ? [required(rule, names, "must specify either targetWWNs or wwids, but not both")] : []),
    ...(both ? [invalid(rule, names, exclusive, texts(names))] : []),
    ...(count(names) === 0 ? [] : lunOfTarget(number)),
  ];
}

function lunOfTarget(place: Place): readonly Violation[] {
  const number = whole(place);
  if (number !== undefined) return lun(place, number);
  return [required("volume-fibre-channel", place, "lun is required if targetWWNs is specified")];
}

export function flocker(place: Place): readonly Violation[] {
  const rule = "volume-flocker";
  const name = at(place, "datasetName");
  const named = text(name) !== "";
  const identified = text(at(place, "datasetUUID")) !== "";
  const both = "datasetName and datasetUUID can not be specified simultaneously";
  return [
    ...(named || identified ? [] : [required(rule, place, "one of datasetName and datasetUUID is required")]),
    ...(named && identified ? [invalid(rule, place, both, "resource")] : []),
    ...(text(name).includes("/") ? [invalid(rule, name, "must not contain '/'")] : []),
  ];
}

export function quobyte(place: Place): readonly Violation[] {
  const rule = "volume-quobyte";
  const pairs = "must be a host:port pair or multiple pairs separated by commas";
  const registry = at(place, "registry");
  const tenant = at(place, "tenant");
  const hosts = text(registry).split(",");
  const isPair = (host: string): boolean => /^(?:[^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(host);
  const first =
    text(registry) === ""
      ? [required(rule, registry, pairs)]
      : byteLength(text(tenant)) >= 65
        ? [required(rule, tenant, "must be a UUID and may not exceed a length of 64 characters")]
        : hosts.filter((host) => !isPair(host)).map(() => invalid(rule, registry, pairs));
  return [...first, ...needed(rule, place, "volume")];
}

/** Absent members mean caching `ReadWrite` and kind `Shared`. */
export function azureDisk(place: Place): readonly Violation[] {
  const rule = "volume-azure-disk";
  const caching = at(place, "cachingMode");
  const kind = at(place, "kind");
  const uri = at(place, "diskURI");
  const modes = ["None", "ReadOnly", "ReadWrite"];
  const kinds = ["Dedicated", "Managed", "Shared"];
  const managed = text(kind) === "Managed";
  const [prefix, example] = managed
    ? [
        "/subscriptions/",
        "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
      ]
    : ["https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"];
  return [
    ...needed(rule, place, "diskName", "diskURI"),
    ...(present(caching) && !modes.includes(text(caching)) ? [notSupported(rule, caching, modes)] : []),
    ...(present(kind) && !kinds.includes(text(kind)) ? [notSupported(rule, kind, kinds)] : []),
    ...(text(uri).startsWith(prefix) ? [] : [notSupported(rule, uri, [example], text(uri))]),
  ];
}

export function storageOs(place: Place): readonly Violation[] {
  const rule = "volume-storage-os";
  const name = at(place, "volumeName");
  const namespace = at(place, "volumeNamespace");
  const secret = at(place, "secretRef");
  return [
    ...(text(name) === "" ? [required(rule, name)] : invalidTexts(rule, name, dnsLabel(text(name)))),
    ...(text(namespace) === "" ? [] : invalidTexts(rule, namespace, dnsLabel(text(namespace)))),
    ...(present(secret) ? needed(rule, secret, "name") : []),
  ];
}

/** What each kind of volume needs, in the order in which Kubernetes checks the kinds. */
import { at, count, items, pathOf, placed, present, text, whole } from "../../place.ts";
import { isNegative, parseQuantity } from "../../resourceQuantity.ts";
import { dnsSubdomain, rangeMessage, withoutBacksteps } from "../../syntax.ts";
import { forbidden, invalid, invalidTexts, notSupported, required, tooLong } from "../../violation.ts";
import { claimTemplate } from "./claimTemplate.ts";
import { directoryPath, downwardFile, fileMode, keyItems, needed } from "./volumeFiles.ts";
import type { Choice } from "../../oneOf.ts";
import { projected } from "./projected.ts";
import { azureDisk, fibreChannel, flocker, iscsi, quobyte, storageOs } from "./storageVendors.ts";

type Check = Choice["check"];

const emptyDir: Check = (place) => {
  const limit = at(place, "sizeLimit");
  const quantity = parseQuantity(limit.value);
  const wrong = quantity === undefined ? present(limit) : isNegative(quantity);
  return wrong ? [forbidden("volume-size-limit", limit, "SizeLimit field must be a valid resource quantity")] : [];
};

const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

const hostPath: Check = (place) => {
  const path = at(place, "path");
  const type = at(place, "type");
  if (text(path) === "") return [required("volume-host-path", path)];
  return [
    ...invalidTexts("volume-host-path", path, withoutBacksteps(text(path))),
    ...(HOST_PATH_TYPES.includes(text(type)) ? [] : [notSupported("volume-host-path", type, HOST_PATH_TYPES)]),
  ];
};

const gitRepo: Check = (place) => [
  ...needed("volume-git-repo", place, "repository"),
  ...directoryPath(at(place, "directory")),
];

/** A disk of a cloud; Kubernetes calls Google's `persistentDisk` in its paths. */
const cloudDisk =
  (idMember: string): Check =>
  (place) => {
    const partition = at(place, "partition");
    const number = whole(partition) ?? 0;
    const wrong = number < 0 || number > 255;
    return [
      ...needed("volume-cloud-disk", place, idMember),
      ...(wrong ? [invalid("volume-cloud-disk", partition, rangeMessage(1, 255))] : []),
    ];
  };

const gcePersistentDisk: Check = (place) => {
  const path = pathOf(place).replace(/gcePersistentDisk$/, "persistentDisk");
  return cloudDisk("pdName")(placed(place.value, path, pathOf(place)));
};

const filesFrom =
  (nameMember: string): Check =>
  (place) => [
    ...needed("volume-source-name", place, nameMember),
    ...fileMode(at(place, "defaultMode")),
    ...keyItems(at(place, "items")),
  ];

const nfs: Check = (place) => {
  const path = at(place, "path");
  const relative = !text(path).startsWith("/");
  return [
    ...needed("volume-nfs", place, "server", "path"),
    ...(relative ? [invalid("volume-nfs", path, "must be an absolute path", text(path))] : []),
  ];
};

const having =
  (rule: string, ...members: readonly string[]): Check =>
  (place) =>
    needed(rule, place, ...members);

const monitors: Check = (place) => {
  const list = at(place, "monitors");
  return count(list) === 0 ? [required("volume-monitors", list)] : [];
};

const rbd: Check = (place) => [...monitors(place), ...needed("volume-rbd", place, "image")];

const cinder: Check = (place) => {
  const secret = at(place, "secretRef");
  return [
    ...needed("volume-cinder", place, "volumeID"),
    ...(present(secret) ? needed("volume-cinder", secret, "name") : []),
  ];
};

const downwardApi: Check = (place) => [
  ...fileMode(at(place, "defaultMode")),
  ...items(at(place, "items")).flatMap((file) => downwardFile(file, place)),
];

const flexVolume: Check = (place) => {
  const options = at(place, "options");
  const reserved = Object.keys(options.value ?? {}).filter((key) => {
    const [namespace = ""] = key.split("/");
    return /\.(?:kubernetes|k8s)\.io$/.test(`.${namespace.toLowerCase()}`);
  });
  return [
    ...needed("volume-flex", place, "driver"),
    ...reserved.toSorted().map((key) => {
      const where = placed(key, `${pathOf(options)}[${key}]`);
      return invalid("volume-flex", where, "kubernetes.io and k8s.io namespaces are reserved");
    }),
  ];
};

const csi: Check = (place) => {
  const rule = "volume-csi";
  const driver = at(place, "driver");
  const secret = at(place, "nodePublishSecretRef");
  const secretName = at(secret, "name");
  const named = placed(secretName.value, `${pathOf(place)}.name`, pathOf(secretName));
  return [
    ...(text(driver) === "" ? [required(rule, driver)] : []),
    ...(text(driver).length > 63 ? [tooLong(rule, driver, 63)] : []),
    ...invalidTexts(rule, driver, dnsSubdomain(text(driver).toLowerCase())),
    ...(present(secret) && text(secretName) === "" ? [required(rule, secretName)] : []),
    ...(text(secretName) === "" ? [] : invalidTexts(rule, named, dnsSubdomain(text(secretName)))),
  ];
};

const image: Check = (place) => {
  const policy = at(place, "pullPolicy");
  const supported = ["Always", "IfNotPresent", "Never"];
  return ["", ...supported].includes(text(policy)) ? [] : [notSupported("volume-image", policy, supported)];
};

export const VOLUME_SOURCES: readonly Choice[] = [
  { member: "emptyDir", check: emptyDir },
  { member: "hostPath", check: hostPath },
  { member: "gitRepo", check: gitRepo },
  { member: "gcePersistentDisk", check: gcePersistentDisk },
  { member: "awsElasticBlockStore", check: cloudDisk("volumeID") },
  { member: "secret", check: filesFrom("secretName") },
  { member: "nfs", check: nfs },
  { member: "iscsi", check: iscsi },
  { member: "glusterfs", check: having("volume-glusterfs", "endpoints", "path") },
  { member: "flocker", check: flocker },
  { member: "persistentVolumeClaim", check: having("volume-claim", "claimName") },
  { member: "rbd", check: rbd },
  { member: "cinder", check: cinder },
  { member: "cephfs", check: monitors, spelledWhenForbidden: "cephFS" },
  { member: "quobyte", check: quobyte },
  { member: "downwardAPI", check: downwardApi, spelledWhenForbidden: "downwarAPI" },
  { member: "fc", check: fibreChannel },
  { member: "flexVolume", check: flexVolume },
  { member: "configMap", check: filesFrom("name") },
  { member: "azureFile", check: having("volume-azure-file", "secretName", "shareName") },
  { member: "vsphereVolume", check: having("volume-vsphere", "volumePath") },
  { member: "photonPersistentDisk", check: having("volume-photon", "pdID") },
  { member: "portworxVolume", check: having("volume-portworx", "volumeID") },
  { member: "azureDisk", check: azureDisk },
  { member: "storageos", check: storageOs },
  { member: "projected", check: projected },
  { member: "scaleIO", check: having("volume-scale-io", "gateway", "system", "volumeName") },
  { member: "csi", check: csi },
  { member: "ephemeral", check: claimTemplate },
  { member: "image", check: image },
];

/** Projected volumes: several sources in one directory, whose files must not collide. */
import { flatMap } from "../../../object/flatMap.ts";
import { at, items, pathOf, type Place, placed, present, text, whole } from "../../place.ts";
import { selectorViolations } from "../../labelSelector.ts";
import { dnsSubdomain } from "../../syntax.ts";
import { forbidden, invalid, notSupported, required, type Violation } from "../../violation.ts";
import { downwardFile, fileMode, filePath, keyItems, needed } from "./volumeFiles.ts";

const RULE = "volume-projected";
const KEY_TYPES = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];

interface Source {
  readonly place: Place;
  /** The volume; collisions are reported there. */
  readonly volume: Place;
  /** File paths taken so far. */
  readonly taken: Set<string>;
}

type Check = (source: Source) => readonly Violation[];

export function projected(volume: Place): readonly Violation[] {
  const taken = new Set<string>();
  return [
    ...fileMode(at(volume, "defaultMode")),
    ...items(at(volume, "sources")).flatMap((entry) => {
      const given = SOURCES.filter(([member]) => present(at(entry, member)));
      return [
        ...given.flatMap(([member, check]) => check({ place: at(entry, member), volume, taken })),
        ...(given.length > 1 ? [forbidden(RULE, entry, "may not specify more than 1 volume type per source")] : []),
      ];
    }),
  ];
}

function take({ volume, taken }: Source, file: Place, value: string): readonly Violation[] {
  const path = text(file);
  if (path === "") return [];
  const collides = taken.has(path);
  taken.add(path);
  const where = placed(value, pathOf(volume), pathOf(file));
  return collides ? [invalid(RULE, where, "conflicting duplicate paths")] : [];
}

const namedObject: Check = (source) => {
  const { place } = source;
  const files = at(place, "items");
  return [
    ...needed(RULE, place, "name"),
    ...items(files).flatMap((file, index) => [
      ...keyItems({ ...files, value: [file.value] }).map((found) => withIndex(found, pathOf(files), index)),
      ...take(source, at(file, "path"), text(at(place, "name"))),
    ]),
  ];
};

/** Items are checked one by one, each as the only one of its list: their true index goes back into the path. */
function withIndex(found: Violation, list: string, index: number): Violation {
  return { ...found, path: found.path.replace(`${list}[0]`, `${list}[${index}]`) };
}

const downwardApi: Check = (source) =>
  flatMap(items(at(source.place, "items")), (file) => [
    ...downwardFile(file, source.place),
    ...take(source, at(file, "path"), text(at(file, "path"))),
  ]);

const serviceAccountToken: Check = ({ place, volume }) => {
  const seconds = at(place, "expirationSeconds");
  const lifetime = whole(seconds) ?? 3600;
  const path = placed(at(place, "path").value, `${pathOf(volume)}.path`, pathOf(at(place, "path")));
  const most = "may not specify a duration larger than 2^32 seconds";
  return [
    ...(lifetime < 600 ? [invalid(RULE, seconds, "may not specify a duration less than 10 minutes")] : []),
    ...(lifetime > 2 ** 32 ? [invalid(RULE, seconds, most)] : []),
    ...(text(path) === "" ? [required(RULE, path)] : filePath(path)),
  ];
};

const clusterTrustBundle: Check = (source) => {
  const { place } = source;
  const name = at(place, "name");
  const signer = at(place, "signerName");
  const selector = at(place, "labelSelector");
  const path = at(place, "path");
  const unset = "labelSelector must be unset if name is specified";
  return [
    ...(present(name) && present(signer)
      ? [invalid(RULE, place, "only one of name and signerName may be used")]
      : present(name)
        ? [
            ...(text(name) === "" ? [required(RULE, name, "must be a valid object name")] : []),
            ...bundleName(name),
            ...(present(selector) ? [invalid(RULE, selector, unset)] : []),
          ]
        : present(signer)
          ? [
              ...(text(signer) === "" ? [required(RULE, signer, "must be a valid signer name")] : []),
              ...selectorViolations(selector),
            ]
          : [required(RULE, place, "either name or signerName must be specified")]),
    ...(text(path) === "" ? [required(RULE, path)] : []),
    ...filePath(path),
    ...take(source, path, text(path)),
  ];
};

/** `signer:name` is judged by the API server, which knows the signers. */
function bundleName(place: Place): readonly Violation[] {
  const messages = text(place).includes(":") ? [] : dnsSubdomain(text(place));
  return messages.map((message) => invalid(RULE, place, `not a valid clustertrustbundlename: ${message}`));
}

const podCertificate: Check = (source) => {
  const { place } = source;
  const keyType = at(place, "keyType");
  const seconds = at(place, "maxExpirationSeconds");
  const lifetime = whole(seconds) ?? 3600;
  const files = ["credentialBundlePath", "keyPath", "certificateChainPath"].map((member) => at(place, member));
  const given = files.filter((file) => text(file) !== "");
  const some = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath";
  return [
    ...(KEY_TYPES.includes(text(keyType)) ? [] : [notSupported(RULE, keyType, KEY_TYPES, text(keyType))]),
    ...(lifetime < 3600 ? [invalid(RULE, seconds, "if provided, maxExpirationSeconds must be >= 3600")] : []),
    ...given.flatMap((file) => [...filePath(file), ...take(source, file, text(file))]),
    ...(given.length === 0 ? [required(RULE, place, some)] : []),
  ];
};

const SOURCES: readonly (readonly [string, Check])[] = [
  ["secret", namedObject],
  ["configMap", namedObject],
  ["downwardAPI", downwardApi],
  ["serviceAccountToken", serviceAccountToken],
  ["clusterTrustBundle", clusterTrustBundle],
  ["podCertificate", podCertificate],
];

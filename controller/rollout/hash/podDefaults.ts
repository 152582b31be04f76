/**
 * What the API server fills into the pod template of a ReplicaSet that leaves it open, a table by Go type
 * (k8s.io/kubernetes v1.34.5 pkg/apis/core/v1: defaults.go, the generated defaults and conversion.go). Only what belongs to
 * a template: defaults of the Pod alone (requests from limits, enableServiceLinks) are absent.
 */
import { HASH_LABEL } from "../../../schema/labels.ts";
import { isFields, type Defaults, type Fields } from "../../../kube/object/goJson.ts";
import { pullPolicy } from "./pullPolicy.ts";

/** Annotations that conversion removes: init containers before they had a field of their own. */
const initContainerAnnotations = ["beta", "alpha"].flatMap((stage) => [
  `pod.${stage}.kubernetes.io/init-containers`,
  `pod.${stage}.kubernetes.io/init-container-statuses`,
]);

const isUnset = (value: unknown): boolean => value === undefined || value === null;
const isZero = (value: unknown): boolean => isUnset(value) || value === "" || value === 0;

/** The members of `given`, and those of `defaults` that it lacks; with `alsoZero` "" and 0 count as missing, too. */
function filled(given: Fields, defaults: Fields, alsoZero: boolean): Fields {
  const result: Record<string, unknown> = { ...given };
  for (const [name, value] of Object.entries(defaults)) {
    if (alsoZero ? isZero(result[name]) : isUnset(result[name])) result[name] = value;
  }
  return result;
}

/** For members that are pointers in Go: an explicit zero stays. */
const whenUnset =
  (defaults: Fields) =>
  (given: Fields): Fields =>
    filled(given, defaults, false);

/** For members that are values in Go: zero is the same as not given. */
const whenZero =
  (defaults: Fields) =>
  (given: Fields): Fields =>
    filled(given, defaults, true);

function without(map: unknown, keys: readonly string[]): unknown {
  if (!isFields(map)) return map;
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}

function template(given: Fields): Fields {
  const { metadata } = given;
  if (!isFields(metadata)) return given;
  const labels = without(metadata.labels, [HASH_LABEL]);
  return {
    ...given,
    metadata: { ...metadata, labels, annotations: without(metadata.annotations, initContainerAnnotations) },
  };
}

/** On the host's network a container's port is the host's (DefaultHostNetworkHostPortsInPodTemplates, on before 1.28). */
function onHostNetwork(containers: unknown): unknown {
  const port = (given: unknown): unknown =>
    isFields(given) ? filled(given, { hostPort: given.containerPort }, true) : given;
  if (!Array.isArray(containers)) return containers;
  return containers.map((given: unknown) =>
    isFields(given) && Array.isArray(given.ports) ? { ...given, ports: given.ports.map(port) } : given,
  );
}

const specTexts = { restartPolicy: "Always", dnsPolicy: "ClusterFirst", schedulerName: "default-scheduler" };
const specPointers = { securityContext: {}, terminationGracePeriodSeconds: 30 };

function podSpec(given: Fields): Fields {
  const spec = filled(filled(given, specTexts, true), specPointers, false);
  // serviceAccount is the old name of serviceAccountName; the API server keeps the two alike.
  const serviceAccountName = isZero(spec.serviceAccountName) ? spec.serviceAccount : spec.serviceAccountName;
  const hosts = spec.hostNetwork === true ? onHostNetwork : (containers: unknown): unknown => containers;
  return {
    ...spec,
    serviceAccountName,
    serviceAccount: undefined,
    containers: hosts(spec.containers),
    initContainers: hosts(spec.initContainers),
  };
}

const container = (given: Fields): Fields =>
  filled(
    given,
    {
      imagePullPolicy: pullPolicy(given.image),
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
    },
    true,
  );

/** A volume without a source is an empty directory. */
const volume = (given: Fields): Fields =>
  Object.keys(given).some((key) => key !== "name" && !isUnset(given[key])) ? given : { ...given, emptyDir: {} };

export const podDefaults: Defaults = {
  PodTemplateSpec: template,
  PodSpec: podSpec,
  Container: container,
  EphemeralContainer: container,
  ContainerPort: whenZero({ protocol: "TCP" }),
  ObjectFieldSelector: whenZero({ apiVersion: "v1" }),
  FileKeySelector: whenUnset({ optional: false }),
  Probe: whenZero({ timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }),
  HTTPGetAction: whenZero({ path: "/", scheme: "HTTP" }),
  GRPCAction: whenUnset({ service: "" }),
  Volume: volume,
  HostPathVolumeSource: whenUnset({ type: "" }),
  SecretVolumeSource: whenUnset({ defaultMode: 0o644 }),
  ConfigMapVolumeSource: whenUnset({ defaultMode: 0o644 }),
  DownwardAPIVolumeSource: whenUnset({ defaultMode: 0o644 }),
  ProjectedVolumeSource: whenUnset({ defaultMode: 0o644 }),
  ServiceAccountTokenProjection: whenUnset({ expirationSeconds: 3600 }),
  ISCSIVolumeSource: whenZero({ iscsiInterface: "default" }),
  RBDVolumeSource: whenZero({ pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" }),
  ScaleIOVolumeSource: whenZero({ storageMode: "ThinProvisioned", fsType: "xfs" }),
  AzureDiskVolumeSource: whenUnset({ cachingMode: "ReadWrite", fsType: "ext4", readOnly: false, kind: "Shared" }),
  PersistentVolumeClaimSpec: whenUnset({ volumeMode: "Filesystem" }),
  ImageVolumeSource: (given) => filled(given, { pullPolicy: pullPolicy(given.reference) }, true),
};

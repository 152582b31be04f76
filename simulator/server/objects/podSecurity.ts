/**
 * What Pod Security admission of Kubernetes 1.34 warns of, in its words, for the levels that a namespace's labels ask for.
 * Only its warnings: nothing is enforced on the simulated pods. Of its rules those about Windows, AppArmor, SELinux, sysctls,
 * procMount and probes of other hosts are left out.
 */
import type { Draft } from "../../model/model.ts";

type Json = Readonly<Record<string, unknown>>;

const record = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(record) : []);
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(", ");
const some = (one: string, names: readonly string[]): string =>
  `${one}${names.length === 1 ? "" : "s"} ${quoted(names)}`;

interface Pod {
  readonly spec: Json;
  readonly security: Json;
  /** In the order in which they are judged. */
  readonly containers: readonly { readonly name: string; readonly container: Json; readonly security: Json }[];
}

/** A sentence's head and what stands in brackets behind it; undefined: nothing is wrong. */
type Check = (pod: Pod) => readonly [reason: string, detail: string] | undefined;

const containersWith = ({ containers }: Pod, holds: (each: Pod["containers"][number]) => boolean): readonly string[] =>
  containers.filter(holds).map(({ name }) => name);

const hostNamespaces: Check = ({ spec }) => {
  const used = ["hostNetwork", "hostPID", "hostIPC"].filter((name) => spec[name] === true);
  return used.length === 0 ? undefined : ["host namespaces", used.map((name) => `${name}=true`).join(", ")];
};

const volumesOf = ({ spec }: Pod, holds: (types: readonly string[]) => boolean) =>
  list(spec["volumes"]).filter((volume) => holds(Object.keys(volume).filter((key) => key !== "name")));

const hostPathVolumes: Check = (pod) => {
  const names = volumesOf(pod, (types) => types.includes("hostPath")).map(({ name }) => String(name));
  return names.length === 0 ? undefined : ["hostPath volumes", some("volume", names)];
};

const hostPorts: Check = (pod) => {
  const portsOf = (container: Json) =>
    list(container["ports"]).flatMap(({ hostPort }) => (hostPort ? [Number(hostPort)] : []));
  const names = containersWith(pod, ({ container }) => portsOf(container).length > 0);
  if (names.length === 0) return undefined;
  const ports = [...new Set(pod.containers.flatMap(({ container }) => portsOf(container)))].map(String).toSorted();
  const verb = names.length === 1 ? "uses" : "use";
  return [
    "hostPort",
    `${some("container", names)} ${verb} hostPort${ports.length === 1 ? "" : "s"} ${ports.join(", ")}`,
  ];
};

const privileged: Check = (pod) => {
  const names = containersWith(pod, ({ security }) => security["privileged"] === true);
  return names.length === 0
    ? undefined
    : ["privileged", `${some("container", names)} must not set securityContext.privileged=true`];
};

const DEFAULT_CAPABILITIES: readonly string[] = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

/** Which capabilities beyond these are added, and by whom. */
function added(pod: Pod, allowed: readonly string[]): string | undefined {
  const of = (security: Json) =>
    texts(record(security["capabilities"])["add"]).filter((each) => !allowed.includes(each));
  const names = containersWith(pod, ({ security }) => of(security).length > 0);
  if (names.length === 0) return undefined;
  const which = [...new Set(pod.containers.flatMap(({ security }) => of(security)))].toSorted();
  return `${some("container", names)} must not include ${quoted(which)} in securityContext.capabilities.add`;
}

const baselineCapabilities: Check = (pod) => {
  const detail = added(pod, DEFAULT_CAPABILITIES);
  return detail === undefined ? undefined : ["non-default capabilities", detail];
};

const restrictedCapabilities: Check = (pod) => {
  const drops = (security: Json) => texts(record(security["capabilities"])["drop"]).includes("ALL");
  const names = containersWith(pod, ({ security }) => !drops(security));
  const detail = [
    names.length === 0 ? undefined : `${some("container", names)} must set securityContext.capabilities.drop=["ALL"]`,
    added(pod, ["NET_BIND_SERVICE"]),
  ].filter((part) => part !== undefined);
  return detail.length === 0 ? undefined : ["unrestricted capabilities", detail.join("; ")];
};

const escalation: Check = (pod) => {
  const names = containersWith(pod, ({ security }) => security["allowPrivilegeEscalation"] !== false);
  const detail = `${some("container", names)} must set securityContext.allowPrivilegeEscalation=false`;
  return names.length === 0 ? undefined : ["allowPrivilegeEscalation != false", detail];
};

const VOLUMES: readonly string[] = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

const restrictedVolumes: Check = (pod) => {
  const isBad = (types: readonly string[]) => types.some((type) => !VOLUMES.includes(type));
  const bad = volumesOf(pod, isBad);
  if (bad.length === 0) return undefined;
  const names = bad.map(({ name }) => String(name));
  const types = [...new Set(bad.flatMap((volume) => Object.keys(volume).filter((key) => key !== "name")))].toSorted();
  const verb = names.length === 1 ? "uses" : "use";
  return ["restricted volume types", `${some("volume", names)} ${verb} ${some("restricted volume type", types)}`];
};

const nonRoot: Check = (pod) => {
  const wrong = containersWith(pod, ({ security }) => security["runAsNonRoot"] === false);
  const isPodWrong = pod.security["runAsNonRoot"] === false;
  if (isPodWrong || wrong.length > 0) {
    const who = [...(isPodWrong ? ["pod"] : []), ...(wrong.length > 0 ? [some("container", wrong)] : [])].join(" and ");
    return ["runAsNonRoot != true", `${who} must not set securityContext.runAsNonRoot=false`];
  }
  if (pod.security["runAsNonRoot"] === true) return undefined;
  const names = containersWith(pod, ({ security }) => security["runAsNonRoot"] !== true);
  const detail = `pod or ${some("container", names)} must set securityContext.runAsNonRoot=true`;
  return names.length === 0 ? undefined : ["runAsNonRoot != true", detail];
};

const rootUser: Check = (pod) => {
  const names = containersWith(pod, ({ security }) => security["runAsUser"] === 0);
  const isPod = pod.security["runAsUser"] === 0;
  if (!isPod && names.length === 0) return undefined;
  const who = [...(isPod ? ["pod"] : []), ...(names.length > 0 ? [some("container", names)] : [])].join(" and ");
  return ["runAsUser=0", `${who} must not set runAsUser=0`];
};

const SECCOMP: readonly unknown[] = ["RuntimeDefault", "Localhost"];
const seccompOf = (security: Json): unknown => record(security["seccompProfile"])["type"];

const wrongSeccomp = (pod: Pod): readonly [string, string] | undefined => {
  const isWrong = (type: unknown): boolean => type !== undefined && !SECCOMP.includes(type);
  const names = containersWith(pod, ({ security }) => isWrong(seccompOf(security)));
  const isPod = isWrong(seccompOf(pod.security));
  if (!isPod && names.length === 0) return undefined;
  const who = [...(isPod ? ["pod"] : []), ...(names.length > 0 ? [some("container", names)] : [])].join(" and ");
  const types = [pod.security, ...pod.containers.map(({ security }) => security)].map(seccompOf).filter(isWrong);
  return [
    "seccompProfile",
    `${who} must not set securityContext.seccompProfile.type to ${quoted([...new Set(types.map(String))])}`,
  ];
};

const restrictedSeccomp: Check = (pod) => {
  const wrong = wrongSeccomp(pod);
  if (wrong !== undefined) return wrong;
  if (seccompOf(pod.security) !== undefined) return undefined;
  const names = containersWith(pod, ({ security }) => seccompOf(security) === undefined);
  const detail = `pod or ${some("container", names)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return names.length === 0 ? undefined : ["seccompProfile", detail];
};

const CHECKS: Readonly<Record<string, readonly Check[]>> = {
  privileged: [],
  baseline: [baselineCapabilities, hostNamespaces, hostPathVolumes, hostPorts, privileged, wrongSeccomp],
  restricted: [
    hostNamespaces,
    hostPorts,
    privileged,
    escalation,
    restrictedCapabilities,
    restrictedVolumes,
    nonRoot,
    rootUser,
    restrictedSeccomp,
  ],
};

const PREFIX = "pod-security.kubernetes.io/";

/** @param labels of the namespace; without one that asks for warnings, the enforced level is warned of */
export function podSecurityWarnings(labels: Readonly<Record<string, string>>, object: Draft): readonly string[] {
  const mode = labels[`${PREFIX}warn`] === undefined ? "enforce" : "warn";
  const level = labels[PREFIX + mode] ?? "privileged";
  const checks = CHECKS[level] ?? [];
  if (checks.length === 0) return [];
  const spec = record(record(record(object["spec"])["template"])["spec"]);
  const pod: Pod = {
    spec,
    security: record(spec["securityContext"]),
    containers: [...list(spec["initContainers"]), ...list(spec["containers"])].map((container) => ({
      name: String(container["name"]),
      container,
      security: record(container["securityContext"]),
    })),
  };
  const found = checks.flatMap((check) => {
    const wrong = check(pod);
    return wrong === undefined ? [] : [`${wrong[0]} (${wrong[1]})`];
  });
  const version = labels[`${PREFIX}${mode}-version`] ?? "latest";
  return found.length === 0 ? [] : [`would violate PodSecurity "${level}:${version}": ${found.join(", ")}`];
}

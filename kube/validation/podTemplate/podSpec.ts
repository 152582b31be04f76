/**
 * The pod's spec (docs/behaviour/validation.md#pod-template): the checklist, and the members that are names, lists and
 * enumerations.
 */
import { flatMap } from "../../object/flatMap.ts";
import { at, items, type Place, present, repeats, text, whole } from "../place.ts";
import { labelViolations } from "../labelSelector.ts";
import { byteLength, dnsLabel, dnsSubdomain, ipAddress, numberIn, qualifiedName } from "../syntax.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidTexts,
  notSupported,
  required,
  tooLong,
  type Violation,
} from "../violation.ts";
import { affinityViolations } from "./scheduling/affinity.ts";
import {
  containersViolations,
  ephemeralContainersViolations,
  initContainersViolations,
} from "./containers/containers.ts";
import { dnsConfigViolations } from "./dns.ts";
import { fileKeyVolumes } from "./containers/env.ts";
import { osViolations } from "./security/os.ts";
import { overheadViolations } from "./containers/containerResources.ts";
import { claimNames, resourceClaims } from "./resourceClaims.ts";
import type { Pod } from "../podFacts.ts";
import { hostProcessViolations, podSecurityContext } from "./security/security.ts";
import { tolerationViolations } from "./scheduling/tolerations.ts";
import { topologySpreadViolations } from "./scheduling/topologySpread.ts";
import { volumesOf } from "./volumes/volumes.ts";

type PodRule = (spec: Place) => readonly Violation[];

export function podSpecViolations(spec: Place): readonly Violation[] {
  const { volumes, violations } = volumesOf(at(spec, "volumes"));
  const claims = at(spec, "resourceClaims");
  const pod: Pod = {
    volumes,
    claims: claimNames(claims),
    gracePeriodSeconds: whole(at(spec, "terminationGracePeriodSeconds")) ?? 30,
    hostUsers: at(spec, "hostUsers").value !== false,
    os: text(at(spec, "os", "name")),
  };
  return [
    ...violations,
    ...resourceClaims(claims),
    ...containersViolations(at(spec, "containers"), pod),
    ...initContainersViolations(at(spec, "initContainers"), pod, at(spec, "containers")),
    ...ephemeralContainersViolations(at(spec, "ephemeralContainers"), pod),
    ...RULES.flatMap((rule) => rule(spec)),
  ];
}

/** A member that has a default may be empty. */
const oneOf =
  (rule: string, member: string, supported: readonly string[]): PodRule =>
  (spec) => {
    const place = at(spec, member);
    return text(place) === "" || supported.includes(text(place)) ? [] : [notSupported(rule, place, supported)];
  };

const named =
  (rule: string, member: string, check: (value: string) => readonly string[]): PodRule =>
  (spec) => {
    const place = at(spec, member);
    return text(place) === "" ? [] : invalidTexts(rule, place, check(text(place)));
  };

const readinessGates: PodRule = (spec) =>
  flatMap(items(at(spec, "readinessGates")), (gate) => {
    const type = at(gate, "conditionType");
    return invalidTexts("readiness-gate", type, qualifiedName(text(type)));
  });

const schedulingGates: PodRule = (spec) => {
  const gates = items(at(spec, "schedulingGates"));
  const names = gates.map((gate) => text(at(gate, "name")));
  const again = repeats(names);
  return flatMap(gates, (gate, index) => {
    const place = { ...gate, value: names[index] ?? "" };
    return [
      ...invalidTexts("scheduling-gate", place, qualifiedName(place.value)),
      ...(again[index] === true ? [duplicate("scheduling-gate-duplicate", place)] : []),
    ];
  });
};

const hostnameOverride: PodRule = (spec) => {
  const place = at(spec, "hostnameOverride");
  if (!present(place)) return [];
  const fqdn = at(spec, "setHostnameAsFQDN").value === true;
  const rule = "hostname-override";
  return [
    ...(fqdn ? [forbidden(rule, place, "may not be specified when setHostnameAsFQDN is true")] : []),
    ...(byteLength(text(place)) > 64 ? [tooLong(rule, place, 64)] : []),
    ...invalidTexts(rule, place, dnsSubdomain(text(place))),
  ];
};

const activeDeadline: PodRule = (spec) => {
  const place = at(spec, "activeDeadlineSeconds");
  const seconds = whole(place);
  if (seconds === undefined) return [];
  return numberIn(seconds, 1, 2_147_483_647).map((message) => invalid("active-deadline-range", place, message));
};

const hostAliases: PodRule = (spec) =>
  flatMap(items(at(spec, "hostAliases")), (alias) => {
    const ip = at(alias, "ip");
    return [
      ...invalidTexts("host-alias-ip", ip, ipAddress(text(ip))),
      ...items(at(alias, "hostnames")).flatMap((name) =>
        invalidTexts("host-alias-name", name, dnsSubdomain(text(name))),
      ),
    ];
  });

const runtimeClassName: PodRule = (spec) => {
  const place = at(spec, "runtimeClassName");
  return present(place) ? invalidTexts("runtime-class-name", place, dnsSubdomain(text(place))) : [];
};

const preemptionPolicy: PodRule = (spec) => {
  const place = at(spec, "preemptionPolicy");
  if (present(place) && text(place) === "") return [required("preemption-policy", place)];
  return oneOf("preemption-policy", "preemptionPolicy", ["PreemptLowerPriority", "Never"])(spec);
};

const RULES: readonly PodRule[] = [
  oneOf("restart-policy", "restartPolicy", ["Always", "OnFailure", "Never"]),
  oneOf("dns-policy", "dnsPolicy", ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
  (spec) => labelViolations("node-selector", at(spec, "nodeSelector")),
  podSecurityContext,
  (spec) => affinityViolations(at(spec, "affinity")),
  dnsConfigViolations,
  readinessGates,
  schedulingGates,
  (spec) => topologySpreadViolations(at(spec, "topologySpreadConstraints")),
  hostProcessViolations,
  hostnameOverride,
  named("service-account-name", "serviceAccountName", dnsSubdomain),
  named("node-name", "nodeName", dnsSubdomain),
  activeDeadline,
  named("hostname", "hostname", dnsLabel),
  named("subdomain", "subdomain", dnsLabel),
  (spec) => tolerationViolations(at(spec, "tolerations")),
  hostAliases,
  named("priority-class-name", "priorityClassName", dnsSubdomain),
  runtimeClassName,
  preemptionPolicy,
  (spec) => overheadViolations(at(spec, "overhead")),
  osViolations,
  fileKeyVolumes,
];

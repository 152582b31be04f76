/** Rules of Services and of their endpoints. */
import { at, items, type Place, present, text, whole } from "../../../kube/validation/place.ts";
import { labelViolations } from "../../../kube/validation/labelSelector.ts";
import { dnsLabel, ipAddress, portName, portNumber } from "../../../kube/validation/syntax.ts";
import { duplicate, type Violation } from "../../../kube/validation/violation.ts";
import { equal } from "../../../kube/object/equality.ts";
import { type Check, each, immutable, members, missing, oneOf, type Rule, texts, unsupported, wrong } from "./rule.ts";

const protocols = ["SCTP", "TCP", "UDP"];
const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

const port: Check = (place) => {
  const number = whole(place);
  return number === undefined ? [] : texts(place, portNumber(number));
};

/** A port's number, or the name of one of the pod's. */
const portOrName: Check = (place) =>
  typeof place.value === "string" ? texts(place, portName(place.value)) : port(place);

function ports(spec: Place): readonly Violation[] {
  const list = items(at(spec, "ports"));
  const names = list.map((one) => text(at(one, "name")));
  const keys = list.map((one) => `${String(whole(at(one, "port")))}/${text(at(one, "protocol"))}`);
  return [
    ...list.flatMap((one, index) => [
      ...name(at(one, "name"), list.length > 1, names.indexOf(names[index] ?? "") < index),
      ...port(at(one, "port")),
      ...oneOf(protocols)(at(one, "protocol")),
      ...portOrName(at(one, "targetPort")),
    ]),
    ...list.flatMap((one, index) =>
      keys.indexOf(keys[index] ?? "") < index ? [duplicate("api", one, keyOf(one))] : [],
    ),
  ];
}

function name(place: Place, isNeeded: boolean, isRepeated: boolean): readonly Violation[] {
  if (text(place) === "") return isNeeded ? [missing(place)] : [];
  const violations = texts(place, dnsLabel(text(place)));
  return violations.length > 0 ? violations : isRepeated ? [duplicate("api", place)] : [];
}

/** The text that the API server prints of its internal object. */
const keyOf = (one: Place) => ({
  Name: "",
  Protocol: text(at(one, "protocol")),
  AppProtocol: null,
  Port: whole(at(one, "port")) ?? 0,
  TargetPort: 0,
  NodePort: 0,
});

/** spec.clusterIP, when it differs from the first of spec.clusterIPs, is taken as the new clusterIPs. */
function changedAddress(spec: Place, first: string): readonly string[] | undefined {
  const given = text(at(spec, "clusterIP"));
  return given === "" || given === first ? undefined : [given];
}

function addresses(spec: Place, old: Place | undefined): readonly Violation[] {
  const place = at(spec, "clusterIPs");
  const [first] = items(place);
  if (first === undefined) return [];
  if (old !== undefined) {
    const stored = at(old, "spec", "clusterIPs");
    const isFree = !present(stored) || text(at(old, "spec", "type")) === "ExternalName";
    const changed = equal(place.value, stored.value) ? changedAddress(spec, text(first)) : place.value;
    return isFree || changed === undefined ? [] : [wrong(first, "may not change once set", changed)];
  }
  return ["None", ""].includes(text(first)) ? [] : texts(first, ipAddress(text(first)));
}

function trafficPolicies(spec: Place): readonly Violation[] {
  const [external, internal] = [at(spec, "externalTrafficPolicy"), at(spec, "internalTrafficPolicy")];
  const isOpen = ["NodePort", "LoadBalancer"].includes(text(at(spec, "type")));
  const closed = present(external) && !isOpen;
  return [
    ...(closed ? [wrong(external, "may only be set for externally-accessible services")] : []),
    ...(isOpen ? oneOf(["Cluster", "Local"])(external) : []),
    ...oneOf(["Cluster", "Local"])(internal),
  ];
}

export const service: Rule = (object, old) => {
  const spec = at(object, "spec");
  const type = text(at(spec, "type"));
  const needsPorts = type !== "ExternalName" && text(at(spec, "clusterIP")) !== "None";
  const externalName = at(spec, "externalName");
  return [
    ...(needsPorts && items(at(spec, "ports")).length === 0 ? [missing(at(spec, "ports"))] : []),
    ...(type === "ExternalName" && text(externalName) === "" ? [missing(externalName)] : []),
    ...ports(spec),
    ...labelViolations("api", at(spec, "selector")),
    ...members({ sessionAffinity: oneOf(["ClientIP", "None"]), type: oneOf(types) })(spec),
    ...addresses(spec, old),
    ...trafficPolicies(spec),
  ];
};

export const endpoints: Rule = (object) =>
  each((subset) => [
    ...each((address) => texts(at(address, "ip"), ipAddress(text(at(address, "ip")))))(at(subset, "addresses")),
    ...each(members({ port, protocol: oneOf(protocols) }))(at(subset, "ports")),
  ])(at(object, "subsets"));

export const endpointSlice: Rule = (object, old) => {
  const type = at(object, "addressType");
  const supported = ["FQDN", "IPv4", "IPv6"];
  return [
    ...(supported.includes(text(type))
      ? []
      : [present(type) && text(type) !== "" ? unsupported(type, supported) : missing(type)]),
    ...each((endpoint) => {
      const list = at(endpoint, "addresses");
      return items(list).length > 0 ? [] : [missing(list, "must contain at least 1 address")];
    })(at(object, "endpoints")),
    ...each(members({ port, protocol: oneOf(protocols) }))(at(object, "ports")),
    ...immutable(object, old, "addressType"),
  ];
};

export const ingress: Rule = (object) => {
  const spec = at(object, "spec");
  const rules = at(spec, "rules");
  const isEmpty = items(rules).length === 0 && !present(at(spec, "defaultBackend"));
  const path: Check = (place) => {
    const type = at(place, "pathType");
    if (text(type) === "") return [missing(type, "pathType must be specified")];
    return oneOf(["Exact", "ImplementationSpecific", "Prefix"])(type);
  };
  return [
    ...(isEmpty ? [wrong(spec, "either `defaultBackend` or `rules` must be specified", null)] : []),
    ...each((rule) => each(path)(at(rule, "http", "paths")))(rules),
  ];
};

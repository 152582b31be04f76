/** Services, their endpoints and Ingresses, as `kubectl get` shows them. */
import type { ApiObject } from "../../model/model.ts";
import { ageColumn, column, type Column, nameColumn, textCell, wide } from "./column.ts";
import { at, countAt, listAt, scalarAt, textAt } from "./readFields.ts";
import { labelsText, listText, orNone } from "./text.ts";

const addressesShown = 3;

/** IPs, or hostnames where there are none. */
const balancerText = (object: ApiObject): string =>
  [
    ...new Set(
      listAt(object, "status", "loadBalancer", "ingress")
        .map((one) => (textAt(one, "ip") === "" ? textAt(one, "hostname") : textAt(one, "ip")))
        .filter((address) => address !== ""),
    ),
  ]
    .toSorted()
    .join(",");

function externalIp(service: ApiObject): string {
  const ips = listAt(service, "spec", "externalIPs").map(String).join(",");
  switch (textAt(service, "spec", "type")) {
    case "ClusterIP":
    case "NodePort":
      return orNone(ips);
    case "LoadBalancer": {
      const all = [balancerText(service), ips].filter((text) => text !== "").join(",");
      return all === "" ? "<pending>" : all;
    }
    case "ExternalName":
      return textAt(service, "spec", "externalName");
    default:
      return "<unknown>";
  }
}

const portText = (port: unknown): string => {
  const nodePort = countAt(port, "nodePort");
  return `${countAt(port, "port")}${nodePort > 0 ? `:${nodePort}` : ""}/${textAt(port, "protocol")}`;
};

export const serviceColumns: readonly Column[] = [
  nameColumn,
  column("Type", textCell(["spec", "type"])),
  column("Cluster-IP", (service) => orNone(textAt(service, "spec", "clusterIPs", 0))),
  column("External-IP", externalIp),
  column("Port(s)", (service) => orNone(listAt(service, "spec", "ports").map(portText).join(","))),
  ageColumn,
  column("Selector", (service) => labelsText(at(service, "spec", "selector")), wide),
];

const withPort = (ip: string, port: number): string => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`);

function endpointsText(endpoints: ApiObject): string {
  const texts = listAt(endpoints, "subsets").flatMap((subset) => {
    const ips = listAt(subset, "addresses").map((address) => textAt(address, "ip"));
    const ports = listAt(subset, "ports");
    return ports.length === 0 ? ips : ports.flatMap((port) => ips.map((ip) => withPort(ip, countAt(port, "port"))));
  });
  return listAt(endpoints, "subsets").length > 0 && texts.length === 0 ? "" : listText(texts, addressesShown);
}

export const endpointsColumns: readonly Column[] = [nameColumn, column("Endpoints", endpointsText), ageColumn];

const unset = (text: string): string => (text === "<none>" ? "<unset>" : text);

export const endpointSliceColumns: readonly Column[] = [
  nameColumn,
  column("AddressType", textCell(["addressType"])),
  column("Ports", (slice) =>
    unset(
      listText(
        listAt(slice, "ports").map((port) => scalarAt(port, "port") ?? scalarAt(port, "name") ?? "*"),
        addressesShown,
      ),
    ),
  ),
  column("Endpoints", (slice) =>
    unset(
      listText(
        listAt(slice, "endpoints").flatMap((endpoint) => listAt(endpoint, "addresses").map(String)),
        addressesShown,
      ),
    ),
  ),
  ageColumn,
];

function hostsText(ingress: ApiObject): string {
  const rules = listAt(ingress, "spec", "rules");
  const hosts = rules.map((rule) => textAt(rule, "host")).filter((host) => host !== "");
  const shown = hosts.slice(0, addressesShown).join(",");
  if (shown === "") return "*";
  return hosts.length > addressesShown ? `${shown} + ${rules.length - addressesShown} more...` : shown;
}

export const ingressColumns: readonly Column[] = [
  nameColumn,
  column("Class", textCell(["spec", "ingressClassName"], "<none>")),
  column("Hosts", hostsText),
  column("Address", balancerText),
  column("Ports", (ingress) => (listAt(ingress, "spec", "tls").length > 0 ? "80, 443" : "80")),
  ageColumn,
];

/** Nodes, namespaces, events, configuration and permissions, as `kubectl get` shows them. */
import { since } from "../../../kube/object/humanDuration.ts";
import type { ApiObject } from "../../model/model.ts";
import { ageColumn, column, type Column, integer, nameColumn, textCell, wide } from "./column.ts";
import { at, conditionStatus, countAt, listAt, pairsAt, textAt } from "./readFields.ts";
import { orNone } from "./text.ts";

const rolePrefix = "node-role.kubernetes.io/";

function nodeStatus(node: ApiObject): string {
  const ready = conditionStatus(node, "Ready");
  const state = ready === undefined ? "Unknown" : ready === "True" ? "Ready" : "NotReady";
  return at(node, "spec", "unschedulable") === true ? `${state},SchedulingDisabled` : state;
}

function nodeRoles(node: ApiObject): string {
  const roles = pairsAt(node, "metadata", "labels").flatMap(([name, value]) => {
    if (name.startsWith(rolePrefix)) return [name.slice(rolePrefix.length)];
    return name === "kubernetes.io/role" ? [String(value)] : [];
  });
  return orNone([...new Set(roles.filter((role) => role !== ""))].toSorted().join(","));
}

const nodeAddress = (node: ApiObject, type: string): string =>
  orNone(
    textAt(
      listAt(node, "status", "addresses").find((one) => textAt(one, "type") === type),
      "address",
    ),
  );

const nodeInfo = (field: string): Column["cell"] => textCell(["status", "nodeInfo", field], "<unknown>");

export const nodeColumns: readonly Column[] = [
  nameColumn,
  column("Status", nodeStatus),
  column("Roles", nodeRoles),
  ageColumn,
  column("Version", textCell(["status", "nodeInfo", "kubeletVersion"])),
  column("Internal-IP", (node) => nodeAddress(node, "InternalIP"), wide),
  column("External-IP", (node) => nodeAddress(node, "ExternalIP"), wide),
  column("OS-Image", nodeInfo("osImage"), wide),
  column(
    "Kernel-Version",
    (node, nowMs) => {
      const architecture = textAt(node, "status", "nodeInfo", "architecture");
      return `${String(nodeInfo("kernelVersion")(node, nowMs))}${architecture === "" ? "" : ` (${architecture})`}`;
    },
    wide,
  ),
  column("Container-Runtime", nodeInfo("containerRuntimeVersion"), wide),
];

export const namespaceColumns: readonly Column[] = [
  nameColumn,
  column("Status", textCell(["status", "phase"])),
  ageColumn,
];

const first = (...texts: readonly string[]): string => texts.find((text) => text !== "") ?? "";

const firstSeen = (event: ApiObject, nowMs: number): string =>
  since(first(textAt(event, "firstTimestamp"), textAt(event, "eventTime")), nowMs);

function lastSeen(event: ApiObject, nowMs: number): string {
  const last = first(textAt(event, "series", "lastObservedTime"), textAt(event, "lastTimestamp"));
  return last === "" ? firstSeen(event, nowMs) : since(last, nowMs);
}

function involved(event: ApiObject): string {
  const kind = textAt(event, "involvedObject", "kind").toLowerCase();
  const name = textAt(event, "involvedObject", "name");
  return name === "" ? kind : `${kind}/${name}`;
}

function eventSource(event: ApiObject): string {
  const component = first(textAt(event, "source", "component"), textAt(event, "reportingComponent"));
  const instance = first(textAt(event, "source", "host"), textAt(event, "reportingInstance"));
  return instance === "" ? component : `${component}, ${instance}`;
}

export const eventColumns: readonly Column[] = [
  column("Last Seen", lastSeen),
  column("Type", textCell(["type"])),
  column("Reason", textCell(["reason"])),
  column("Object", involved),
  column("Subobject", textCell(["involvedObject", "fieldPath"]), wide),
  column("Source", eventSource, wide),
  column("Message", (event) => textAt(event, "message").trim()),
  column("First Seen", firstSeen, wide),
  column(
    "Count",
    (event) => (at(event, "series") === undefined ? countAt(event, "count") || 1 : countAt(event, "series", "count")),
    wide,
  ),
  column("Name", ({ metadata }) => metadata.name, { priority: 1, format: "name" }),
];

export const configMapColumns: readonly Column[] = [
  nameColumn,
  column("Data", (map) => pairsAt(map, "data").length + pairsAt(map, "binaryData").length),
  ageColumn,
];

export const secretColumns: readonly Column[] = [
  nameColumn,
  column("Type", textCell(["type"])),
  column("Data", (secret) => pairsAt(secret, "data").length),
  ageColumn,
];

export const serviceAccountColumns: readonly Column[] = [nameColumn, ageColumn];

export const leaseColumns: readonly Column[] = [
  nameColumn,
  column("Holder", textCell(["spec", "holderIdentity"])),
  ageColumn,
];

const subjects =
  (kind: string): Column["cell"] =>
  (binding) =>
    listAt(binding, "subjects")
      .filter((subject) => textAt(subject, "kind") === kind)
      .map((subject) => {
        const name = textAt(subject, "name");
        return kind === "ServiceAccount" ? `${textAt(subject, "namespace")}/${name}` : name;
      })
      .join(", ");

export const bindingColumns: readonly Column[] = [
  nameColumn,
  column("Role", (binding) => `${textAt(binding, "roleRef", "kind")}/${textAt(binding, "roleRef", "name")}`),
  ageColumn,
  column("Users", subjects("User"), wide),
  column("Groups", subjects("Group"), wide),
  column("ServiceAccounts", subjects("ServiceAccount"), wide),
];

export const webhookColumns: readonly Column[] = [
  nameColumn,
  column("Webhooks", (configuration) => listAt(configuration, "webhooks").length, integer),
  ageColumn,
];

/** For kinds without columns of their own, such as roles and definitions. */
export const plainColumns: readonly Column[] = [
  nameColumn,
  column("Created At", ({ metadata }) => metadata.creationTimestamp, { type: "date" }),
];

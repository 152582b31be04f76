/** What this server does not have: answered with its name and the reason (501), not as if it did not exist (404). */
import type { Resource } from "../../model/model.ts";
import { notFound, notImplemented } from "../state/refusals.ts";
import type { ApiCore } from "../../model/model.ts";
import type { StatusError } from "../../model/statusError.ts";

const noContainers = "no container runs behind a pod of the in-memory API server";

/** Subresources of pods. */
const podSubresources: Readonly<Record<string, string>> = {
  log: `there are no logs: ${noContainers}`,
  exec: `there is nothing to execute in: ${noContainers}`,
  attach: `there is nothing to attach to: ${noContainers}`,
  portforward: `there is no port to forward to: ${noContainers}`,
  proxy: `there is nothing to proxy to: ${noContainers}`,
  ephemeralcontainers: `ephemeral containers are left out: ${noContainers}`,
  resize: "pods are not resized in place by the in-memory API server",
};

/** Kinds of Kubernetes that are not served, by group and version. */
const kinds: Readonly<Record<string, string>> = {
  "/v1":
    "componentstatuses limitranges persistentvolumeclaims persistentvolumes podtemplates replicationcontrollers resourcequotas",
  "apps/v1": "controllerrevisions daemonsets statefulsets",
  "autoscaling/v1": "horizontalpodautoscalers",
  "batch/v1": "cronjobs",
  "events.k8s.io/v1": "events",
  "networking.k8s.io/v1": "ingressclasses ipaddresses networkpolicies servicecidrs",
  "scheduling.k8s.io/v1": "priorityclasses",
  "storage.k8s.io/v1": "csidrivers csinodes storageclasses volumeattachments",
  "apiregistration.k8s.io/v1": "apiservices",
  "certificates.k8s.io/v1": "certificatesigningrequests",
  "admissionregistration.k8s.io/v1":
    "mutatingadmissionpolicies mutatingadmissionpolicybindings validatingadmissionpolicies validatingadmissionpolicybindings",
};

const isServed = (resources: readonly Resource[], group: string, version: string, name: string): boolean =>
  resources.some((one) => one.group === group && one.version === version && one.name === name);

/** Why a path is not served although Kubernetes serves it; undefined for every other path. */
export function leftOut(path: string, core: ApiCore): StatusError | undefined {
  const parts = path.split("/").slice(1);
  const isCore = parts[0] === "api";
  if (!isCore && parts[0] !== "apis") return undefined;
  const [group = "", version = ""] = isCore ? ["", parts[1]] : [parts[1], parts[2]];
  const rest = parts.slice(isCore ? 2 : 3);
  const isInside = rest[0] === "namespaces" && rest.length > 2;
  const namespace = isInside ? rest[1] : undefined;
  const [resource = "", name, subresource = ""] = isInside ? rest.slice(2) : rest;
  if (isCore && resource === "pods" && name !== undefined) {
    const why = podSubresources[subresource];
    if (why === undefined) return undefined;
    const pod = core.get({ resource: "pods", namespace, name });
    return pod === undefined ? notFound({ group, name: "pods", kind: "Pod" }, name) : notImplemented(why);
  }
  const isKnown = (kinds[`${group}/${version}`] ?? "").split(" ").includes(resource) && resource !== "";
  if (!isKnown || isServed(core.resources(), group, version, resource)) return undefined;
  const qualified = group === "" ? resource : `${resource}.${group}`;
  return notImplemented(`${qualified} are left out of the in-memory API server`);
}

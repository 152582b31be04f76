/** What the API server fills into new objects after it has recorded the owners of their fields: it has no owner. */
import type { Schema } from "../schema/schema.ts";
import { isList, isObject, type Json } from "../../kube/object/json.ts";

const member = (object: Json, name: string): unknown => {
  const spec = object["spec"];
  return isObject(spec) ? spec[name] : undefined;
};

const inSpec = (...names: readonly string[]): readonly (readonly string[])[] =>
  names.map((name) => ["f:spec", `f:${name}`]);

/** Addresses and ports of Services; an address "None" is the writer's own. */
function ofService(service: Json): readonly (readonly string[])[] {
  const ports = member(service, "ports");
  return [
    ...inSpec("clusterIPs", "ipFamilies", "ipFamilyPolicy"),
    ...(member(service, "clusterIP") === "None" ? [] : inSpec("clusterIP")),
    ...(isList(ports) ? ports : []).flatMap((port) => {
      const { port: number, protocol } = isObject(port) ? port : {};
      return [["f:spec", "f:ports", `k:${JSON.stringify({ port: number, protocol })}`, "f:nodePort"]];
    }),
  ];
}

/** What admission fills into Pods: the whole list of tolerations when the writer sent no tolerations. */
function ofPod(pod: Json): readonly (readonly string[])[] {
  const tolerations = member(pod, "tolerations");
  const isDefault =
    isList(tolerations) &&
    tolerations.every((one) => isObject(one) && String(one["key"]).startsWith("node.kubernetes.io/"));
  return inSpec("priority", "preemptionPolicy", ...(isDefault ? ["tolerations"] : []));
}

const jobLabels = [
  "controller-uid",
  "job-name",
  "batch.kubernetes.io/controller-uid",
  "batch.kubernetes.io/job-name",
].map((name) => `f:${name}`);

/** The selector of a Job, and the labels that it selects: all labels when the writer sent no labels. */
function ofJob(job: Json): readonly (readonly string[])[] {
  if (member(job, "manualSelector") === true) return [];
  const places = [
    ["spec", "template", "metadata", "labels"],
    ["metadata", "labels"],
  ];
  return [
    ["f:spec", "f:selector"],
    ...places.flatMap((place) => {
      const path = place.map((name) => `f:${name}`);
      const labels = place.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), job);
      const isGiven = isObject(labels) && Object.keys(labels).every((name) => jobLabels.includes(`f:${name}`));
      return isGiven ? [path] : jobLabels.map((label) => [...path, label]);
    }),
  ];
}

const kinds: Readonly<Record<string, (object: Json) => readonly (readonly string[])[]>> = {
  Service: ofService,
  Pod: ofPod,
  Job: ofJob,
  Namespace: () => inSpec("finalizers"),
};

/** Paths of fields in a new object of one of the API server's own kinds. */
export function givenByServer(schema: Schema, object: Json): readonly (readonly string[])[] {
  const [own] = schema["x-kubernetes-group-version-kind"] ?? [];
  return own === undefined ? [] : (kinds[own.kind]?.(object) ?? []);
}

/** Rules of the API server's own kinds that are not in their schemas: what it fills in, and what it refuses. */
import { root } from "../../kube/validation/place.ts";
import type { Cause } from "../model/model.ts";
import { builtinSchemaOf } from "./builtin.ts";
import { fills } from "./builtinDefaults.ts";
import { decoded } from "./goDecoding.ts";
import { causeOf, type Rule } from "./rules/rule.ts";
import { nameViolations } from "./rules/nameRules.ts";
import {
  configMap,
  event,
  horizontalPodAutoscaler,
  lease,
  podDisruptionBudget,
  role,
  roleBinding,
  secret,
} from "./rules/otherRules.ts";
import { pod } from "./rules/podRules.ts";
import { endpoints, endpointSlice, ingress, service } from "./rules/serviceRules.ts";
import { deployment, job, replicaSet } from "./rules/workloadRules.ts";
import { withDefaults } from "./structural.ts";

/**
 * The object after the API server's decoding and defaults; `resource` is "pods", "deployments.apps", …. Itself when
 * there is nothing to add, and for resources that are not the API server's own. The old object and other ones are not
 * known here: a new Service's address follows from its name, a Job's selector from its uid.
 */
export function builtinDefaults<T extends object>(resource: string, object: T): T {
  const schema = builtinSchemaOf(resource);
  if (schema === undefined) return object;
  const plain = decoded(schema, withDefaults(schema, object));
  const fill = fills[resource];
  return fill === undefined ? plain : (fill(plain as Readonly<Record<string, unknown>>) as T);
}

const rbac = "rbac.authorization.k8s.io";

const rules: Readonly<Record<string, Rule>> = {
  pods: pod,
  services: service,
  endpoints,
  configmaps: configMap,
  secrets: secret,
  events: event("involvedObject"),
  "events.events.k8s.io": event("regarding"),
  "deployments.apps": deployment,
  "replicasets.apps": replicaSet,
  "jobs.batch": job,
  "endpointslices.discovery.k8s.io": endpointSlice,
  "leases.coordination.k8s.io": lease,
  "poddisruptionbudgets.policy": podDisruptionBudget,
  "horizontalpodautoscalers.autoscaling": horizontalPodAutoscaler,
  "ingresses.networking.k8s.io": ingress,
  [`roles.${rbac}`]: role,
  [`clusterroles.${rbac}`]: role,
  [`rolebindings.${rbac}`]: roleBinding(["Role", "ClusterRole"]),
  [`clusterrolebindings.${rbac}`]: roleBinding(["ClusterRole"]),
};

/**
 * What the API server would refuse, in its words; of a custom resource only the name is checked. `object` has its
 * defaults and the types of its schema (structural.ts); `old` is the stored object, undefined for a new one. What has
 * not changed since is mostly not checked again. Not checked at all: labels, annotations and owners (the core does),
 * webhook configurations and CustomResourceDefinitions, quotas, and whether the objects that it names exist.
 */
export function builtinViolations(resource: string, object: object, old: object | undefined): readonly Cause[] {
  const rule = rules[resource];
  const named = old === undefined ? nameViolations(resource, object) : [];
  const found = rule?.(root(object), old === undefined ? undefined : root(old)) ?? [];
  return [...named, ...found].map(causeOf);
}

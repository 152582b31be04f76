/** The API server's own kinds beyond what their schemas say: what it fills in, and what it refuses. */
import { root } from "../../kube/validation/place.ts";
import type { Cause } from "../model/model.ts";
import { builtinSchemaOf } from "./builtin.ts";
import { fills } from "./builtinDefaults.ts";
import { decoded } from "./goDecoding.ts";
import { causeOf, type Rule } from "./rules/fields.ts";
import { nameViolations } from "./rules/names.ts";
import {
  configMap,
  event,
  horizontalPodAutoscaler,
  lease,
  podDisruptionBudget,
  role,
  roleBinding,
  secret,
} from "./rules/others.ts";
import { pod } from "./rules/pods.ts";
import { endpoints, endpointSlice, ingress, service } from "./rules/services.ts";
import { deployment, job, replicaSet } from "./rules/workloads.ts";
import { withDefaults } from "./structural.ts";

/**
 * The object as the API server would have it after decoding and filling it in; `resource` is "pods", "deployments.apps", ….
 * Itself when there is nothing to add, and for resources that are not the API server's own. It knows neither the old
 * object nor other ones: a new Service's address follows from its name, a Job's selector from its uid.
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
 * What the API server would refuse, in its words; of a custom resource the name alone is judged. `object` has its defaults
 * and is of the types that its schema says (structural.ts); `old` is what is stored, undefined for a new object. What has
 * not changed since is mostly not judged again. Not judged at all: labels, annotations and owners (the core does), webhook
 * configurations and CustomResourceDefinitions, quotas, and whether what an object names is there.
 */
export function builtinViolations(resource: string, object: object, old: object | undefined): readonly Cause[] {
  const rule = rules[resource];
  const named = old === undefined ? nameViolations(resource, object) : [];
  const found = rule?.(root(object), old === undefined ? undefined : root(old)) ?? [];
  return [...named, ...found].map(causeOf);
}

/**
 * From a Rollout that names a workload to one that holds the workload's template and selector
 * (docs/behaviour/workload-reference.md#resolving).
 */
import type { Rollout } from "../../../schema/rollout.ts";
import type { WorkloadFacts } from "../model/model.ts";
import { groupOf, workloadKindOf } from "../../rules/rollout/workloadRef.ts";
import { whyHeldBack } from "../../../kube/validation/size.ts";
import type { WorkloadStores } from "./workloadStores.ts";

export type Resolved =
  /**
   * With template and selector, its own or its workload's. Never written back: the stored Rollout may have no template.
   */
  | { readonly kind: "complete"; readonly rollout: Rollout; readonly workload: WorkloadFacts | undefined }
  /** It is not known yet whether the workload exists. */
  | { readonly kind: "waiting" }
  /** Invalid, and why. */
  | { readonly kind: "broken"; readonly why: string };

export function resolve(workloads: WorkloadStores, rollout: Rollout): Resolved {
  const { workloadRef, template } = rollout.spec;
  if (workloadRef === undefined) return { kind: "complete", rollout, workload: undefined };
  const { labels = {}, annotations = {} } = template?.metadata ?? {};
  if (Object.keys(labels).length + Object.keys(annotations).length > 0)
    return { kind: "broken", why: "template must be empty for workload reference rollout" };
  const { apiVersion = "", kind = "", name = "" } = workloadRef;
  const known = workloadKindOf({ apiVersion, kind, name });
  if (known === undefined)
    return { kind: "broken", why: `workload of type ${groupOf(apiVersion)}/${kind} is not supported` };
  const store = workloads[known];
  const [key] = store.kind.neededBy(rollout);
  if (key === undefined) return { kind: "broken", why: "the server could not find the requested resource" };
  const object = store.find(key);
  switch (object.kind) {
    case "waiting":
      return object;
    case "absent":
      return { kind: "broken", why: `${store.kind.resource} "${key}" not found` };
    case "refused":
      return { kind: "broken", why: `spec.workloadRef: Forbidden: ${object.why}` };
    case "found": {
      const heldBack = whyHeldBack(object.object);
      if (heldBack !== undefined) return { kind: "broken", why: `${store.kind.resource} "${key}" is ${heldBack}` };
      const { template: found, selector, ...workload } = object.object.facts;
      const own = rollout.spec.selector ?? selector;
      const spec = { ...rollout.spec, template: found, ...(own === undefined ? {} : { selector: own }) };
      return { kind: "complete", rollout: { ...rollout, spec }, workload };
    }
    default:
      return object satisfies never;
  }
}

/** Pods made from a template, with the Events of their creation and deletion. Pure. */
import type { ApiObject } from "../../model/model.ts";
import { refOf, type Remark, type Write } from "../loop/decision.ts";
import { controlledBy, type Pod, type PodTemplate } from "../loop/objects.ts";

/** A pod of `owner`; `finalizers` are added to those of the template. */
export function createPod(owner: ApiObject, template: PodTemplate, finalizers: readonly string[] = []): Write {
  const all = [...(template.metadata?.finalizers ?? []), ...finalizers];
  const { labels, annotations } = template.metadata ?? {};
  return {
    kind: "create",
    resource: "pods",
    draft: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        generateName: `${owner.metadata.name}-`,
        ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
        ...(all.length === 0 ? {} : { finalizers: all }),
        ownerReferences: [controlledBy(owner)],
      },
      spec: template.spec,
    },
    remark: (created) => ({
      about: owner,
      type: "Normal",
      reason: "SuccessfulCreate",
      message: `Created pod: ${created.metadata.name}`,
    }),
  };
}

export const deletePod = (owner: ApiObject, pod: Pod): Write => ({
  kind: "delete",
  ref: refOf("pods", pod),
  remark: {
    about: owner,
    type: "Normal",
    reason: "SuccessfulDelete",
    message: `Deleted pod: ${pod.metadata.name}`,
  },
});

/** The Event to emit when a pod could not be created or deleted; undefined for other writes. */
export function podFailure(owner: ApiObject, refused: Write, message: string): Remark | undefined {
  if (refused.kind === "create") {
    return { about: owner, type: "Warning", reason: "FailedCreate", message: `Error creating: ${message}` };
  }
  if (refused.kind === "delete") {
    return { about: owner, type: "Warning", reason: "FailedDelete", message: `Error deleting: ${message}` };
  }
  return undefined;
}

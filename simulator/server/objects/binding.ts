/** Binding a pod to a node, which no update of the pod may do. */
import type { ApiObject, Draft } from "../../model/model.ts";
import { conflict } from "../state/refusals.ts";

interface PodView {
  readonly spec?: { readonly nodeName?: string };
}

const nodeOf = (pod: object): string => (pod as PodView).spec?.nodeName ?? "";

/** Whether the draft would bind a pod that has no node yet. */
export const binds = (old: ApiObject, draft: Draft): boolean => nodeOf(old) === "" && nodeOf(draft) !== "";

/**
 * The pod on the draft's node, with the draft's labels and status; nothing else of it changes, not even its generation.
 * @throws {StatusError} 409 when it has a node, or is being deleted
 */
export const bound = (old: ApiObject, draft: Draft): ApiObject => {
  const { name, deletionTimestamp } = old.metadata;
  const refusal = (why: string) => conflict({ group: "", name: "pods/binding", kind: "Pod" }, name, why);
  const node = nodeOf(old);
  if (node !== "") throw refusal(`pod ${name} is already assigned to node "${node}"`);
  if (deletionTimestamp !== undefined) throw refusal(`pod ${name} is being deleted, cannot be assigned to a host`);
  const { labels } = draft.metadata ?? {};
  return {
    ...old,
    metadata: labels === undefined ? old.metadata : { ...old.metadata, labels },
    spec: { ...(old["spec"] as object), nodeName: nodeOf(draft) },
    ...(draft["status"] === undefined ? {} : { status: draft["status"] }),
  };
};

/** From a write as data to the HTTP request. */
import { collectionPath, objectPath } from "../../../kube/client/path.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import type { WriteRequest } from "../actions/row.ts";

const MERGE = "application/merge-patch+json";

/**
 * @param beside the namespace of the Rollout, for a write that does not name one
 * @throws {Error} when a part of the path is not a possible name in Kubernetes
 */
export function kubeRequest(write: WriteRequest, beside?: string): KubeRequest {
  const { verb, resource, namespace = beside, name, subresource, resourceVersion, body } = write;
  if (verb === "create" && subresource === undefined)
    return { method: "POST", path: collectionPath(resource, namespace), body };
  const path = objectPath(resource, { namespace, name, subresource });
  if (verb !== "patch") return { method: verb === "delete" ? "DELETE" : "POST", path, body };
  return { method: "PATCH", path, body: versioned(body, resourceVersion), contentType: MERGE };
}

/** A patch that fails with a conflict when the object's version has changed. */
const versioned = (body: { readonly metadata?: object }, resourceVersion: string | undefined): object =>
  resourceVersion === undefined ? body : { ...body, metadata: { ...body.metadata, resourceVersion } };

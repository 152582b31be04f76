/** How the doctor reads: what is refused or not there is said, and what cannot be reached at all ends the examination. */
import { ApiError } from "../../kube/client/apiError.ts";
import { known, type Read } from "../../controller/doctor/facts/finding.ts";
import type { Json } from "../../kube/object/json.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { at, root, text } from "../../kube/validation/place.ts";
import type { Resource } from "../../schema/kube.ts";
import { listObjects } from "../../controller/migration/facts/beside.ts";

/** @throws what is no answer of the API server */
export async function tried<T>(read: Promise<T>): Promise<Read<T>> {
  try {
    return known(await read);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { kind: "unknown", why: error.message };
  }
}

/** Of all namespaces, or where that is not allowed of one. */
export async function listAnywhere(
  client: KubeClient,
  of: readonly [kind: string, resource: Resource],
  otherwise: string,
  query: Readonly<Record<string, string>> = {},
): Promise<Read<readonly Json[]>> {
  const all = await tried(listObjects(client, of, undefined, { query }));
  return all.kind === "known" ? all : tried(listObjects(client, of, otherwise, { query }));
}

/** `namespace/name` */
export const fullName = (object: Json): string => `${namespaceOf(object)}/${nameOf(object)}`;

export const namespaceOf = (object: Json): string => text(at(root(object), "metadata", "namespace"));
export const nameOf = (object: Json): string => text(at(root(object), "metadata", "name"));

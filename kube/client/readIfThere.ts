import { isNotFound } from "./apiError.ts";
import type { ApiPath } from "./path.ts";
import type { KubeClient } from "./transport.ts";

/** The object as the API server has it now; undefined: there is none. @throws {ApiError} */
export async function readIfThere<T>(
  client: Pick<KubeClient, "request">,
  path: ApiPath,
  limits: { readonly timeoutMs?: number } = {},
): Promise<T | undefined> {
  try {
    return await client.request<T>({ method: "GET", path, ...limits });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

import { isNotFound } from "./apiError.ts";
import type { ApiPath } from "./path.ts";
import type { KubeClient, KubeRequest } from "./transport.ts";

/** The object as the API server has it now; undefined: there is none. @throws {ApiError} */
export async function readIfThere<T>(
  client: Pick<KubeClient, "request">,
  path: ApiPath,
  how: Pick<KubeRequest, "timeoutMs" | "accept"> = {},
): Promise<T | undefined> {
  try {
    return await client.request<T>({ method: "GET", path, ...how });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

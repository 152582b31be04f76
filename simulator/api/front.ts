/**
 * What clients over the network ask beside objects: discovery, OpenAPI, health, who they are; and the forms in which they
 * want objects: tables, and kinds that are left out told apart from those that do not exist.
 */
import { discovery, serverVersion } from "./discovery.ts";
import { leftOut } from "./leftOut.ts";
import type { Wanted } from "./media.ts";
import type { ApiRequest, ApiResponse, ApiServer } from "./model.ts";
import { openapi } from "./openapi.ts";
import { badRequest, methodNotAllowed } from "./refusals.ts";
import type { StatusError } from "./statusError.ts";
import { type IncludeObject, tableEvents, tableOf } from "./table.ts";

/** A text that is no API object, or a document with a media type of its own. */
export interface Page {
  readonly kind: "page";
  readonly status: number;
  readonly mediaType: string;
  /** Written as it is when it is a text, as JSON otherwise. */
  readonly body: unknown;
}

const text = (status: number, body: string): Page => ({
  kind: "page",
  status,
  mediaType: "text/plain; charset=utf-8",
  body,
});

const jsonPage = (body: unknown, mediaType = "application/json"): Page => ({
  kind: "page",
  status: 200,
  mediaType,
  body,
});

export const refusal = ({ status }: StatusError): ApiResponse => ({
  kind: "answer",
  status: status.code,
  body: status,
});

const healthPaths = /^\/(healthz|livez|readyz)(\/|$)/;

const rootPaths = ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"];

/** What is at the paths that are no resources. */
export function page(request: ApiRequest, server: ApiServer, wantsAggregated: boolean): Page | ApiResponse | undefined {
  const { path, method } = request;
  const found = pageAt(path, server, wantsAggregated);
  if (found === undefined) return undefined;
  return method === "GET" || method === "HEAD" ? found : refusal(methodNotAllowed());
}

function pageAt(path: string, { core }: ApiServer, wantsAggregated: boolean): Page | undefined {
  if (healthPaths.test(path)) return text(200, "ok");
  if (path === "/version") return jsonPage(serverVersion);
  if (path === "/") return jsonPage({ paths: rootPaths });
  if (path === "/openapi/v3" || path.startsWith("/openapi/v3/")) {
    const document = openapi(path, core);
    return document === undefined ? text(404, "404 page not found\n") : jsonPage(document);
  }
  if (path === "/openapi/v2") {
    return text(501, "OpenAPI v2 is left out of the in-memory API server: what it says is at /openapi/v3\n");
  }
  const document = discovery(path, core.resources(), wantsAggregated);
  if (document !== undefined) return jsonPage(document.body, document.mediaType);
  return path.startsWith("/api/") || path.startsWith("/apis/") ? undefined : text(404, "404 page not found\n");
}

const created = (body: unknown, status: unknown): ApiResponse => ({
  kind: "answer",
  status: 201,
  body: { ...(typeof body === "object" ? body : {}), metadata: {}, status },
});

/** Reviews of oneself: there is one user, who may do everything. */
function selfReview({ method, path, body, user = "system:admin" }: ApiRequest): ApiResponse | undefined {
  if (method !== "POST") return undefined;
  switch (path) {
    case "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews":
      return created(body, { allowed: true, reason: "the in-memory API server refuses nobody" });
    case "/apis/authentication.k8s.io/v1/selfsubjectreviews":
      return created(body, { userInfo: { username: user, groups: ["system:masters", "system:authenticated"] } });
    default:
      return undefined;
  }
}

const includeObject = (value: string | undefined): IncludeObject | undefined => {
  if (value === undefined || value === "") return "Metadata";
  return (["None", "Metadata", "Object"] as const).find((one) => one === value);
};

/** An answer of the API in the form that is wanted. Never rejects. */
export async function answered(request: ApiRequest, server: ApiServer, wanted: Wanted): Promise<ApiResponse> {
  const own = selfReview(request);
  if (own !== undefined) return own;
  const missing = leftOut(request.path, server.core);
  if (missing !== undefined) return refusal(missing);
  if (wanted.as !== "Table") {
    const accept = wanted.as === "" ? "application/json" : `application/json;as=${wanted.as};v=v1;g=meta.k8s.io`;
    return server.handle({ ...request, accept });
  }
  const include = includeObject(request.query["includeObject"]);
  if (include === undefined) {
    const value = request.query["includeObject"] ?? "";
    return refusal(badRequest(`unrecognized includeObject value: "${value}"`));
  }
  return asTable(await server.handle({ ...request, accept: "application/json" }), server, include);
}

function asTable(response: ApiResponse, { core }: ApiServer, include: IncludeObject): ApiResponse {
  const options = { core, includeObject: include };
  if (response.kind === "answer") {
    return response.status < 400 ? { ...response, body: tableOf(response.body, options) } : response;
  }
  return {
    kind: "watch",
    start: (tell, end) => {
      const shown = tableEvents(options);
      return response.start((event) => tell(shown(event)), end);
    },
  };
}

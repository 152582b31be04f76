/**
 * What clients over the network request beside objects: discovery, OpenAPI, health, who they are; and the forms in
 * which they want objects: as they are, as tables, or their metadata alone.
 */
import { discovery, serverVersion } from "./discovery.ts";
import { takesAggregated, type Wanted } from "./media.ts";
import type { ApiRequest, ApiResponse, ApiServer } from "../../model/model.ts";
import { openapi } from "./openapi.ts";
import { openapiV2 } from "./openapiV2.ts";
import { badRequest, methodNotAllowed } from "../state/refusals.ts";
import type { StatusError } from "../../model/statusError.ts";
import { type IncludeObject, tableEvents, tableOf } from "../table/table.ts";

/** A text that is not an API object, or a document with a media type of its own. */
export interface Page {
  readonly kind: "page";
  readonly status: number;
  readonly mediaType: string;
  /** Written as it is when it is a text or bytes, as JSON otherwise. */
  readonly body: unknown;
}

const text = (status: number, body: string): Page => ({
  kind: "page",
  status,
  mediaType: "text/plain; charset=utf-8",
  body,
});

const documentPage = (body: unknown, mediaType = "application/json"): Page => ({
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

/** The answer for paths that are not resources. @param accept the header */
export function page(request: ApiRequest, server: ApiServer, accept: string | null): Page | ApiResponse | undefined {
  const { path, method } = request;
  const found = pageAt(path, server, accept);
  if (found === undefined) return undefined;
  return method === "GET" || method === "HEAD" ? found : refusal(methodNotAllowed());
}

function pageAt(path: string, { core }: ApiServer, accept: string | null): Page | undefined {
  if (healthPaths.test(path)) return text(200, "ok");
  if (path === "/version") return documentPage(serverVersion);
  if (path === "/") return documentPage({ paths: rootPaths });
  if (path === "/openapi/v3" || path.startsWith("/openapi/v3/")) {
    const document = openapi(path, core);
    return document === undefined ? text(404, "404 page not found\n") : documentPage(document);
  }
  if (path === "/openapi/v2") {
    const { body, mediaType } = openapiV2(accept);
    return documentPage(body, mediaType);
  }
  const document = discovery(path, core.resources(), takesAggregated(accept));
  if (document !== undefined) return documentPage(document.body, document.mediaType);
  return path.startsWith("/api/") || path.startsWith("/apis/") ? undefined : text(404, "404 page not found\n");
}

const includeObject = (value: string | undefined): IncludeObject | undefined => {
  if (value === undefined || value === "") return "Metadata";
  return (["None", "Metadata", "Object"] as const).find((one) => one === value);
};

/** An answer of the API in the form that is wanted. Never rejects. */
export async function answered(request: ApiRequest, server: ApiServer, wanted: Wanted): Promise<ApiResponse> {
  const response = await formed(request, server, wanted);
  return deprecated.test(request.path) ? warned(response, deprecation) : response;
}

const deprecated = /^\/api\/v1\/(?:namespaces\/[^/]+\/)?endpoints(?:\/|$)/;
const deprecation = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

const warned = (response: ApiResponse, warning: string): ApiResponse =>
  response.kind === "watch" ? response : { ...response, warnings: [warning, ...(response.warnings ?? [])] };

async function formed(request: ApiRequest, server: ApiServer, wanted: Wanted): Promise<ApiResponse> {
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
    start: (send, end) => {
      const shown = tableEvents(options);
      return response.start((event) => send(shown(event)), end);
    },
  };
}

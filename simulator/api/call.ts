/** A request on its way through the server, and what its query and body ask for. */
import type { Admission } from "./admission.ts";
import type { ApiObject, ApiRequest, ApiResponse, DeleteOptions, Draft, WriteOptions } from "./model.ts";
import { badRequest } from "./refusals.ts";
import type { Route } from "./routes.ts";
import type { World } from "./world.ts";

export interface Call {
  readonly world: World;
  readonly admission: Admission | undefined;
  readonly request: ApiRequest;
  readonly route: Route;
}

/** At once where nobody has to be asked. */
export type Outcome = ApiResponse | Promise<ApiResponse>;

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws {StatusError} 400 */
export const objectIn = ({ request, route }: Call): Draft => {
  const { body } = request;
  if (isObject(body)) return body;
  const { kind, version } = route.kind.resource;
  throw badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: the body is ${body === undefined ? "empty" : "no JSON object"}`,
  );
};

const validations = ["Ignore", "Warn", "Strict"] as const;

export type FieldValidation = (typeof validations)[number];

const fieldValidationOf = (text: string | undefined): FieldValidation => {
  if (text === undefined || text === "") return "Warn";
  const found = validations.find((each) => each === text);
  if (found !== undefined) return found;
  throw badRequest(`fieldValidation: Unsupported value: "${text}": supported values: "Ignore", "Strict", "Warn"`);
};

/** @throws {StatusError} 400 */
const dryRunOf = (values: unknown): boolean => {
  if (values === undefined || values === "") return false;
  if (values === "All" || (Array.isArray(values) && values.every((each) => each === "All"))) return true;
  throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(values)}: supported values: "All"`);
};

/** The manager of the fields that are written: as the request says, or the program that it comes from. */
const managerOf = ({ query, userAgent }: ApiRequest): string | undefined => {
  const said = query["fieldManager"];
  if (said !== undefined && said !== "") return said;
  const program = userAgent?.split("/")[0];
  return program === "" ? undefined : program;
};

/** @throws {StatusError} 400 */
export const writeOptionsOf = ({ request, route }: Call): WriteOptions & { readonly dryRun: boolean } => {
  const manager = managerOf(request);
  return {
    dryRun: dryRunOf(request.query["dryRun"]),
    fieldValidation: fieldValidationOf(request.query["fieldValidation"]),
    ...(manager === undefined ? {} : { fieldManager: manager }),
    ...(route.subresource === undefined ? {} : { subresource: route.subresource }),
  };
};

const policies = ["Background", "Foreground", "Orphan"] as const;

/** From body and query; the body has the last word. @throws {StatusError} 400 */
export const deleteOptionsOf = ({ request: { query, body } }: Call): DeleteOptions & { readonly dryRun: boolean } => {
  const said: Json = isObject(body) ? body : {};
  const policy = said["propagationPolicy"] ?? query["propagationPolicy"];
  const propagationPolicy = policies.find((each) => each === policy);
  if (propagationPolicy === undefined && policy !== undefined && policy !== null && policy !== "") {
    throw badRequest(`invalid propagationPolicy ${JSON.stringify(policy)}: it is one of ${policies.join(", ")}`);
  }
  const asked = said["gracePeriodSeconds"] ?? query["gracePeriodSeconds"];
  const grace = asked === undefined || asked === null || asked === "" ? Number.NaN : Number(asked);
  const { uid, resourceVersion } = isObject(said["preconditions"]) ? said["preconditions"] : {};
  return {
    dryRun: dryRunOf(said["dryRun"] ?? query["dryRun"]),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(Number.isNaN(grace) ? {} : { gracePeriodSeconds: grace }),
    preconditions: {
      ...(typeof uid === "string" ? { uid } : {}),
      ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
    },
  };
};

export const selectorsOf = ({ request: { query }, route }: Call) => ({
  namespace: route.namespace,
  labelSelector: query["labelSelector"],
  fieldSelector: query["fieldSelector"],
});

const partial = "PartialObjectMetadata";

/** Whether only metadata is wanted. */
const asksForMetadata = ({ accept }: ApiRequest): boolean => accept?.includes(`as=${partial}`) === true;

const metadataOf = ({ metadata }: ApiObject) => ({ kind: partial, apiVersion: "meta.k8s.io/v1", metadata });

/** How the caller sees a stored object: in the version of its path, perhaps its metadata alone. */
export const shownTo = ({ request, route }: Call): ((object: ApiObject) => unknown) => {
  if (asksForMetadata(request)) return metadataOf;
  return route.kind.view?.show ?? ((object) => object);
};

/** What the caller's lists are called. */
export const listHead = ({ request, route: { kind } }: Call): { readonly kind: string; readonly apiVersion: string } =>
  asksForMetadata(request)
    ? { kind: `${partial}List`, apiVersion: "meta.k8s.io/v1" }
    : { kind: kind.resource.listKind, apiVersion: kind.apiVersion };

export const answer = (status: number, body: unknown, warnings: readonly string[] = []): ApiResponse =>
  warnings.length === 0 ? { kind: "answer", status, body } : { kind: "answer", status, body, warnings };

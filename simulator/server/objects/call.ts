/** A request on its way through the server, and the options in its query and body. */
import { isObject, type Json } from "../../../kube/object/json.ts";
import type { Admission } from "./admissionPort.ts";
import type { ApiObject, ApiRequest, ApiResponse, DeleteOptions, Draft, WriteOptions } from "../../model/model.ts";
import { badRequest, invalid } from "../state/refusals.ts";
import type { Route } from "../state/routes.ts";
import type { StatusError } from "../../model/statusError.ts";
import type { World } from "../state/state.ts";

export interface Call {
  readonly world: World;
  readonly admission: Admission | undefined;
  readonly request: ApiRequest;
  readonly route: Route;
}

/** Not a promise when no webhook has to be called. */
export type Outcome = ApiResponse | Promise<ApiResponse>;

/** @throws {StatusError} 400 */
export const objectIn = ({ request, route }: Call): Draft => {
  const { body } = request;
  if (isObject(body)) return body;
  const { kind } = route.kind.resource;
  const why =
    body === undefined ? "unexpected end of JSON input (<empty>)" : `cannot unmarshal ${typeof body} into an object`;
  throw badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why}`,
  );
};

/** apiVersion and kind of a body have to be those of the path. @throws {StatusError} 400, 422 */
export const checkKind = ({ route: { kind: served } }: Call, { apiVersion, kind, metadata }: Draft): void => {
  const { resource, custom } = served;
  if (kind === undefined && custom) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): Object 'Kind' is missing`,
    );
  }
  if (kind !== undefined && kind !== resource.kind) {
    if (custom) {
      const message = `Invalid value: ${JSON.stringify(kind)}: must be ${resource.kind}`;
      throw invalid({ ...resource, kind }, metadata?.name ?? "", [
        { reason: "FieldValueInvalid", message, field: "kind" },
      ]);
    }
    throw badRequest(
      `${kind} in version "${(apiVersion ?? resource.version).split("/").at(-1)}" cannot be handled as a ${resource.kind}: it is another kind`,
    );
  }
  if (apiVersion !== undefined && apiVersion !== served.apiVersion) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${served.apiVersion})`,
    );
  }
};

const validations = ["Ignore", "Warn", "Strict"] as const;

export type FieldValidation = (typeof validations)[number];

/** The error for options of this kind that are wrong in one place. */
const optionFault = (kind: string, field: string, value: unknown, supported: readonly string[]): StatusError => {
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((each) => JSON.stringify(each)).join(", ")}`;
  const causes = [{ reason: "FieldValueNotSupported", message, field }];
  return invalid({ group: "meta.k8s.io", name: "", kind }, "", causes);
};

const optionsKinds: Readonly<Record<string, string>> = {
  POST: "CreateOptions",
  PUT: "UpdateOptions",
  PATCH: "PatchOptions",
  DELETE: "DeleteOptions",
};

const optionsKind = ({ method }: ApiRequest): string => optionsKinds[method] ?? "ListOptions";

const fieldValidationOf = (request: ApiRequest): FieldValidation => {
  const text = request.query["fieldValidation"] ?? "";
  if (text === "") return "Warn";
  const found = validations.find((each) => each === text);
  if (found !== undefined) return found;
  throw optionFault(optionsKind(request), "fieldValidation", text, ["", "Ignore", "Strict", "Warn"]);
};

const dryRunOf = (request: ApiRequest, given: unknown): boolean => {
  const asked: unknown = given ?? request.query["dryRun"];
  if (asked === undefined || asked === "") return false;
  const values: readonly unknown[] = Array.isArray(asked) ? asked : [asked];
  if (values.every((each) => each === "All")) return values.length > 0;
  throw optionFault(optionsKind(request), "dryRun", values, ["All"]);
};

/** The manager of the fields that are written: the one that the request names, or the program that it comes from. */
const managerOf = ({ query, userAgent }: ApiRequest): string | undefined => {
  const given = query["fieldManager"];
  if (given !== undefined && given !== "") return given;
  const program = userAgent?.split("/")[0];
  return program === "" ? undefined : program;
};

/** @throws {StatusError} 422 */
export const writeOptionsOf = ({ request, route }: Call): WriteOptions & { readonly dryRun: boolean } => {
  const manager = managerOf(request);
  return {
    dryRun: dryRunOf(request, undefined),
    fieldValidation: fieldValidationOf(request),
    ...(manager === undefined ? {} : { fieldManager: manager }),
    ...(route.subresource === undefined ? {} : { subresource: route.subresource }),
  };
};

const policies = ["Background", "Foreground", "Orphan"] as const;

/** The policy in its older form. */
const orphaning = (isOrphaning: unknown): string | undefined =>
  typeof isOrphaning === "boolean" ? (isOrphaning ? "Orphan" : "Background") : undefined;

/** From body and query; the body takes precedence. @throws {StatusError} 422 */
export const deleteOptionsOf = ({ request }: Call): DeleteOptions & { readonly dryRun: boolean } => {
  const { query, body } = request;
  const given: Json = isObject(body) ? body : {};
  const policy = given["propagationPolicy"] ?? query["propagationPolicy"] ?? orphaning(given["orphanDependents"]);
  if (typeof given["orphanDependents"] === "boolean" && typeof given["propagationPolicy"] === "string") {
    const message = `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`;
    throw invalid({ group: "meta.k8s.io", name: "", kind: "DeleteOptions" }, "", [
      { reason: "FieldValueInvalid", message, field: "propagationPolicy" },
    ]);
  }
  const propagationPolicy = policies.find((each) => each === policy);
  if (propagationPolicy === undefined && policy !== undefined && policy !== null && policy !== "") {
    throw optionFault("DeleteOptions", "propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"]);
  }
  const asked = given["gracePeriodSeconds"] ?? query["gracePeriodSeconds"];
  const grace = asked === undefined || asked === null || asked === "" ? Number.NaN : Number(asked);
  const { uid, resourceVersion } = isObject(given["preconditions"]) ? given["preconditions"] : {};
  return {
    dryRun: dryRunOf(request, given["dryRun"]),
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
export const asksForMetadata = ({ accept }: ApiRequest): boolean => accept?.includes(`as=${partial}`) === true;

const metadataOf = ({ metadata }: ApiObject) => ({ kind: partial, apiVersion: "meta.k8s.io/v1", metadata });

/** How the caller sees a stored object: in the version of its path, perhaps its metadata alone. */
export const shownTo = ({ request, route }: Call): ((object: ApiObject) => unknown) => {
  if (asksForMetadata(request)) return metadataOf;
  return route.kind.view?.show ?? ((object) => object);
};

/** The kind of the lists that the caller gets. */
export const listHead = ({ request, route: { kind } }: Call): { readonly kind: string; readonly apiVersion: string } =>
  asksForMetadata(request)
    ? { kind: `${partial}List`, apiVersion: "meta.k8s.io/v1" }
    : { kind: kind.resource.listKind, apiVersion: kind.apiVersion };

export const answer = (status: number, body: unknown, warnings: readonly string[] = []): ApiResponse =>
  warnings.length === 0 ? { kind: "answer", status, body } : { kind: "answer", status, body, warnings };

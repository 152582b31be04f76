/** The server: requests in, answers out. HTTP is added elsewhere; in the same process it is called directly. */
import type { Admission } from "../objects/admissionPort.ts";
import { apply, checkNoForce } from "./applying.ts";
import type { Call, Outcome } from "../objects/call.ts";
import { coreOf, type CoreOptions, openWorld } from "../objects/core.ts";
import type { ApiRequest, ApiResponse, ApiServer } from "../../model/model.ts";
import { applyPatchType, patcherOf } from "./patching.ts";
import { get, listOrWatch } from "./reading.ts";
import { methodNotAllowed, noSuchPath } from "../state/refusals.ts";
import { reviewed } from "./reviews.ts";
import { routeOf } from "../state/routes.ts";
import { StatusError } from "../../model/statusError.ts";
import { ofSubresource } from "./subresources.ts";
import { create, patch, remove, removeAll, update } from "./writing.ts";
import { messageOf } from "../../../kube/object/errors.ts";

export interface ServerOptions extends CoreOptions {
  /** Reviews writes; absent by default. A mutating one would have to run before the schema's checks, in writing.ts. */
  readonly admit?: Admission;
}

const ofCollection = (call: Call): Outcome => {
  const { verbs } = call.route.kind.resource;
  switch (call.request.method) {
    case "GET":
      return listOrWatch(call);
    case "POST":
      return create(call);
    case "DELETE":
      if (verbs.includes("deletecollection")) return removeAll(call);
      break;
    default:
  }
  throw methodNotAllowed();
};

const ofObject = (call: Call, name: string): Outcome => {
  switch (call.request.method) {
    case "GET":
      return get(call, name);
    case "PUT":
      return update(call, name);
    case "PATCH":
      if (call.request.contentType === applyPatchType) return apply(call, name);
      checkNoForce(call);
      return patch(call, name, patcherOf(call));
    case "DELETE":
      if (call.route.subresource === undefined) return remove(call, name);
      break;
    default:
  }
  throw methodNotAllowed();
};

const outcomeOf = (call: Call): Outcome => {
  const { name, subresource } = call.route;
  if (name === undefined) return ofCollection(call);
  return subresource === undefined || subresource === "status"
    ? ofObject(call, name)
    : ofSubresource(call, name, subresource);
};

const refusalOf = (error: unknown): ApiResponse => {
  const statusError =
    error instanceof StatusError
      ? error
      : new StatusError(500, "InternalError", `Internal error occurred: ${messageOf(error)}`);
  const { status, warnings } = statusError;
  const retryAfterSeconds = status.details?.retryAfterSeconds;
  return {
    kind: "answer",
    status: status.code,
    body: status,
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
};

export const createApiServer = (options: ServerOptions): ApiServer => {
  const world = openWorld(options);
  const answerTo = (request: ApiRequest): Outcome => {
    const review = reviewed(request, options.clock.now());
    if (review !== undefined) return review;
    const route = routeOf(world.registry, request.path);
    if (route === undefined) throw noSuchPath();
    return outcomeOf({ world, admission: options.admit, request, route });
  };
  return {
    core: coreOf(world),
    // Not async: a request that needs no review is complete when this returns.
    handle(request) {
      try {
        const outcome = answerTo(request);
        return outcome instanceof Promise ? outcome.catch(refusalOf) : Promise.resolve(outcome);
      } catch (error) {
        return Promise.resolve(refusalOf(error));
      }
    },
  };
};

/** The API's refusals, in its own words. */
import type { Cause, Resource } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";

type Named = Pick<Resource, "group" | "name" | "kind">;

/** "replicasets.apps", "pods". */
export const qualified = ({ group, name }: Named): string => (group === "" ? name : `${name}.${group}`);

const detailsOf = ({ group, name: kind }: Named, name: string) => ({
  ...(name === "" ? {} : { name }),
  ...(group === "" ? {} : { group }),
  kind,
});

export const notFound = (resource: Named, name: string): StatusError =>
  new StatusError(404, "NotFound", `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));

/** For a path that does not exist. */
export const noSuchPath = (): StatusError =>
  new StatusError(404, "NotFound", "the server could not find the requested resource", {});

export const alreadyExists = (resource: Named, name: string, isLeaving = false): StatusError =>
  new StatusError(
    409,
    "AlreadyExists",
    `${isLeaving ? "object is being deleted: " : ""}${qualified(resource)} "${name}" already exists`,
    detailsOf(resource, name),
  );

export const conflict = (resource: Named, name: string, why: string): StatusError =>
  new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    detailsOf(resource, name),
  );

export const objectModified = (resource: Named, name: string): StatusError =>
  conflict(
    resource,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  );

export const badRequest = (message: string): StatusError => new StatusError(400, "BadRequest", message);

export const forbidden = (resource: Named, name: string, why: string, causes?: readonly Cause[]): StatusError =>
  new StatusError(403, "Forbidden", `${qualified(resource)} "${name}" is forbidden: ${why}`, {
    ...detailsOf(resource, name),
    ...(causes === undefined ? {} : { causes }),
  });

/** Causes with the same text are listed once, as in the API. */
export const invalid = ({ group, kind }: Named, name: string, causes: readonly Cause[]): StatusError => {
  const texts = [...new Set(causes.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)))];
  const what = group === "" ? kind : `${kind}.${group}`;
  const why = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new StatusError(422, "Invalid", `${what} "${name}" is invalid: ${why}`, {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    kind,
    causes,
  });
};

export const gone = (message: string): StatusError => new StatusError(410, "Expired", message);

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

/** What this server leaves out, and why. */
export const notImplemented = (why: string): StatusError => new StatusError(501, "NotImplemented", why);

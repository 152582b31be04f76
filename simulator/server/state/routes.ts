/** From a path to what it names. */
import type { Kind } from "./kinds.ts";
import type { Registry } from "./registry.ts";

export interface Route {
  readonly kind: Kind;
  /** Undefined: of all namespaces, or of none. */
  readonly namespace: string | undefined;
  /** Undefined: the collection. */
  readonly name: string | undefined;
  /** "status", "scale", … */
  readonly subresource: string | undefined;
}

const ofNamespaceItself = ["status", "finalize"];

/** Undefined for a path under which nothing is served. */
export const routeOf = (registry: Registry, path: string): Route | undefined => {
  const parts = path.split("/");
  // The path begins with a slash, so that the first part is empty.
  const isCore = parts[1] === "api";
  if (!isCore && parts[1] !== "apis") return undefined;
  const [group = "", version = ""] = isCore ? ["", parts[2]] : [parts[2], parts[3]];
  const rest = parts.slice(isCore ? 3 : 4);
  if (rest.at(-1) === "") rest.pop();
  const isInside = rest[0] === "namespaces" && rest.length > 2 && !ofNamespaceItself.includes(rest[2] ?? "");
  const namespace = isInside ? rest[1] : undefined;
  const [resource = "", name, subresource, ...more] = isInside ? rest.slice(2) : rest;
  if (more.length > 0) return undefined;
  const kind = registry.byPath(group, version, resource);
  if (kind === undefined) return undefined;
  const { namespaced, subresources } = kind.resource;
  if (namespaced ? name !== undefined && !isInside : isInside) return undefined;
  if (subresource !== undefined && !subresources.includes(subresource)) return undefined;
  return { kind, namespace, name, subresource };
};

/** The verb, resource and name of a request, read from its method and path: for error messages and metrics. */
export interface Target {
  /** As the API server's own metrics and RBAC name it. */
  readonly verb: "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";
  /** Plural resource: "rollouts"; the path itself when it is not that of a resource (/version). */
  readonly resource: string;
  /** "status", "scale", … */
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const verbs = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" } as const;

const EXTERNAL_METRICS = "external.metrics.k8s.io";

const place = (path: string): Omit<Target, "verb"> => {
  const parts = path.split("/").filter((part) => part !== "");
  // There the resource is the metric, whose name any author of templates chooses, by a Secret if he likes: it belongs
  // into no label of a metric, of which there are only so many, and into no log.
  if (parts[1] === EXTERNAL_METRICS) parts[parts[3] === "namespaces" ? 5 : 3] = EXTERNAL_METRICS;
  const rest = parts.slice(parts[0] === "apis" ? 3 : 2);
  if ((parts[0] !== "api" && parts[0] !== "apis") || rest[0] === undefined) return { resource: path };
  const namespaced = rest[0] === "namespaces" && rest.length > 2 && rest[2] !== "status" && rest[2] !== "finalize";
  const [resource = "", name, subresource] = namespaced ? rest.slice(2) : rest;
  return {
    resource,
    ...(namespaced && rest[1] !== undefined && { namespace: rest[1] }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
  };
};

/** `path` without query: "/apis/argoproj.io/v1alpha1/namespaces/ns/rollouts/web/status". */
export const targetOf = (method: Method, path: string, watch = false): Target => {
  const where = place(path);
  const isObject = where.name !== undefined || where.resource.startsWith("/");
  const verb = method === "GET" ? (watch ? "watch" : isObject ? "get" : "list") : verbs[method];
  return { verb, ...where };
};

/** `patch rollouts/status "ns/web"`, `list services in "ns"`, `watch rollouts`. */
export const describe = ({ verb, resource, subresource, namespace, name }: Target): string => {
  const what = `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
  if (name !== undefined) return `${what} "${namespace === undefined ? name : `${namespace}/${name}`}"`;
  return namespace === undefined ? what : `${what} in "${namespace}"`;
};

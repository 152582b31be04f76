/** Compares what roles allow with what was requested according to the audit log. */
import type { Api, KubeObject } from "./api.ts";
import type { Request } from "./auditLog.ts";
import type { Installation } from "./installation.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Role extends KubeObject {
  readonly rules: readonly Rule[];
}

interface Binding extends KubeObject {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

/** One verb on one resource, perhaps for some names only. */
export interface Right {
  /** "patch rollouts/status.argoproj.io", followed by the names. */
  readonly text: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly verb: string;
  readonly names: readonly string[] | undefined;
  /** Undefined: in all namespaces. */
  readonly namespace: string | undefined;
}

const rbac = "/apis/rbac.authorization.k8s.io/v1";

/** All that a ServiceAccount may do according to the bindings that name it. */
export async function rightsOf(api: Api, namespace: string, account: string): Promise<Right[]> {
  const own = `${rbac}/namespaces/${namespace}`;
  const found = await Promise.all(
    [[`${rbac}/clusterrolebindings`, undefined] as const, [`${own}/rolebindings`, namespace] as const].map(
      async ([path, where]) => {
        const { items } = await api.list<Binding>(path);
        const ours = items.filter(({ subjects = [] }) =>
          subjects.some(
            ({ kind, name, namespace: of = where }) =>
              kind === "ServiceAccount" && name === account && of === namespace,
          ),
        );
        const roles = ours.map(({ roleRef: { kind, name } }) =>
          api.get<Role>(kind === "Role" ? `${own}/roles/${name}` : `${rbac}/clusterroles/${name}`),
        );
        return (await Promise.all(roles)).flatMap(({ rules }) => rules.flatMap((rule) => rightsIn(rule, where)));
      },
    ),
  );
  return found.flat();
}

function rightsIn({ apiGroups, resources, verbs, resourceNames: names }: Rule, namespace: string | undefined): Right[] {
  return apiGroups.flatMap((apiGroup) =>
    resources.flatMap((resource) =>
      verbs.map((verb) => {
        const what = apiGroup === "" ? resource : `${resource}.${apiGroup}`;
        const text = `${verb} ${what}${names === undefined ? "" : ` ${names.join(", ")}`}`;
        return { text, apiGroup, resource, verb, names, namespace };
      }),
    ),
  );
}

/** Whether a request needed this right, or might have. */
const isUse = (right: Right, request: Request): boolean =>
  request.verb === right.verb &&
  request.apiGroup === right.apiGroup &&
  (request.subresource === "" ? request.resource : `${request.resource}/${request.subresource}`) === right.resource &&
  (right.names === undefined || right.names.includes(request.name)) &&
  (right.namespace === undefined || request.namespace === right.namespace);

export const unusedRights = (rights: readonly Right[], requests: readonly Request[]): string[] =>
  rights.filter((right) => !requests.some((request) => isUse(right, request))).map(({ text }) => text);

/**
 * What the authorizer did not allow. A server-side apply of a missing object is allowed as a patch and then refused as
 * a create, which only the response shows; other 403s come from admission.
 */
export const denials = (requests: readonly Request[]): string[] =>
  requests
    .filter(({ decision, code, message }) => {
      return decision === "forbid" || code === 401 || (code === 403 && / cannot \w+ resource /.test(message));
    })
    .map(({ verb, uri, code, message }) => `${verb} ${uri}: ${code} ${message}`);

/** What a user whom a role of the cluster is bound to may do with Rollouts: "yes" or "no". */
export async function canWithRole(
  { plane, kubectl }: Pick<Installation, "plane" | "kubectl">,
  role: string,
  verb: string,
): Promise<string> {
  const user = `${role}-user`;
  await kubectl("create", "rolebinding", `${role}-${verb}`, "-n", "default", `--clusterrole=${role}`, `--user=${user}`);
  const asked = await plane.kubectl(["auth", "can-i", verb, "rollouts.argoproj.io", "-n", "default", "--as", user]);
  return asked.stdout.trim();
}

/** `GET session`: who somebody is here, and where there is something to see. */
import { ApiError } from "../../../kube/client/apiError.ts";
import { pagesOf } from "../../../kube/client/pagedLists.ts";
import { collectionPath } from "../../../kube/client/path.ts";
import { NAMESPACES, ROLLOUTS } from "../../../kube/client/resources.ts";
import { timestamp } from "../../../kube/object/time.ts";
import type { KubeObject } from "../../../kube/runtime/watch.ts";
import type { Session } from "../../model.ts";
import type { Person } from "../auth/people.ts";
import { namespacesWithRollouts } from "../reference/reads.ts";
import type { Caller } from "./caller.ts";
import type { DashboardOptions } from "./options.ts";

/** One question to the API server each. */
const MOST_ASKED = 200;

export interface Places {
  readonly namespaces: readonly string[];
  readonly allNamespaces: boolean;
}

/** The namespaces whose Rollouts somebody may list. @param own the one that comes first */
export async function placesOf({ client, access }: Person, own: string): Promise<Places> {
  const may = (namespace: string): Promise<boolean> => access.allowed({ resource: ROLLOUTS, verb: "list", namespace });
  const first = (names: readonly string[]): readonly string[] => [...new Set([...(own === "" ? [] : [own]), ...names])];
  if (await may("").catch(() => false)) {
    const found = (await namespacesWithRollouts(client).catch(() => [])).toSorted();
    return { namespaces: first(found), allNamespaces: true };
  }
  const names = await readableNamespaces(client);
  const asked = first(names).slice(0, MOST_ASKED);
  const answers = await Promise.all(asked.map(async (name) => [name, await may(name).catch(() => false)] as const));
  return { namespaces: answers.flatMap(([name, allowed]) => (allowed ? [name] : [])), allNamespaces: false };
}

/** None where they may not be listed: a namespace is typed then. */
async function readableNamespaces(client: Person["client"]): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    for await (const { items } of pagesOf<KubeObject>({ client, path: collectionPath(NAMESPACES) }))
      found.push(...(items ?? []).map(({ metadata }) => metadata.name ?? ""));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  return found;
}

export async function sessionView(
  { auth, isReadOnly, version }: DashboardOptions,
  caller: Caller | undefined,
  csrf: string,
): Promise<Session> {
  const isOwn = auth.kind === "kubeconfig";
  const namespace = isOwn ? auth.namespace : "";
  const common = {
    logins: isOwn
      ? []
      : [...(auth.isTokenLogin ? (["token"] as const) : []), ...(auth.oidc === undefined ? [] : (["oidc"] as const))],
    readOnly: isReadOnly,
    version,
    namespace,
    cluster: isOwn ? auth.cluster : "",
  };
  if (caller === undefined) return { ...common, how: "token", csrf, namespaces: [], allNamespaces: false };
  const { viewer, session } = caller;
  const { user } = viewer.person;
  return {
    ...common,
    user: { name: user.name, groups: user.groups },
    how: isOwn ? "kubeconfig" : (session?.how ?? "token"),
    csrf: caller.csrf ?? "",
    ...(await placesOf(viewer.person, namespace)),
    ...(session === undefined ? {} : { endsAt: timestamp(session.endsAt) }),
  };
}

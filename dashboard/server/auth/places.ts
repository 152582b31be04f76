/** The namespaces in which somebody may see Rollouts. */
import { ApiError } from "../../../kube/client/apiError.ts";
import { pagesOf } from "../../../kube/client/pagedLists.ts";
import { collectionPath } from "../../../kube/client/path.ts";
import { NAMESPACES, ROLLOUTS } from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { KubeObject } from "../../../kube/runtime/watch.ts";
import type { Person } from "./people.ts";

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
    const found = (await namespacesWithRollouts(client).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1));
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

/** Namespaces with Rollouts; none where not all may be listed. */
export async function namespacesWithRollouts(client: KubeClient): Promise<readonly string[]> {
  const found = new Set<string>();
  const pages = pagesOf<KubeObject>({
    client,
    path: collectionPath(ROLLOUTS),
    accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
  });
  for await (const { items } of pages)
    for (const { metadata } of items ?? []) if (metadata.namespace !== undefined) found.add(metadata.namespace);
  return [...found];
}

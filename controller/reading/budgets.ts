/** PodDisruptionBudgets, which may keep a restart from going on. */
import { ApiError } from "../../kube/client/apiError.ts";
import { collectionPath } from "../../kube/client/path.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { matchesSelector } from "../../kube/object/selector.ts";
import type { Resource } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";

const BUDGETS: Resource = { group: "policy", version: "v1", plural: "poddisruptionbudgets" };

interface Budget {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly selector?: Parameters<typeof matchesSelector>[0] };
  readonly status?: { readonly disruptionsAllowed?: number };
}

/** The names of those around its pods that allow no eviction now; none where they cannot be read. */
export async function exhaustedBudgets(client: KubeClient, { metadata, spec }: Rollout): Promise<readonly string[]> {
  const labels = spec.template?.metadata?.labels ?? {};
  try {
    const page = await client.request<{ readonly items?: readonly Budget[] | null }>({
      method: "GET",
      path: collectionPath(BUDGETS, metadata.namespace),
    });
    return (page.items ?? [])
      .filter(
        ({ spec: budget, status }) => matchesSelector(budget?.selector, labels) && status?.disruptionsAllowed === 0,
      )
      .map(({ metadata: { name } }) => name);
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}
